"""``provenance.json``: every result back to its setting, seeds, code and versions, job by job."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from learnability import __version__
from learnability.archive.snakemake_records import read_records
from learnability.archive.source import Source
from learnability.pipeline.job_table import JobTable
from learnability.pipeline.jobs import Job
from learnability.pipeline.restored import left_out
from learnability.results.attributes import attributes, sha256

FORMAT = 1


def _digests(made: Sequence[Job], records: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The SHA-256 of every result; of a training artifact that is no longer here, as its analysis recorded it."""
    found: dict[str, str] = {}
    for record in records.values():
        for path, digest in (record["input_checksums"] or {}).items():
            found[path] = digest.removeprefix("sha256:")
    found |= {path: sha256(Path(path)) for job in made for path in job.outputs if Path(path).exists()}
    return found


def _of_job(
    job: Job,
    digests: Mapping[str, str],
    records: Mapping[str, Mapping[str, Any]],
    earlier_jobs: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    earlier = earlier_jobs.get(job.outputs[0])
    if earlier is not None and not Path(job.outputs[0]).exists() and earlier["code"] == job.code:
        return earlier
    record = dict(records.get(job.outputs[0], {}))
    content: dict[str, Any] = {
        "rule": job.rule,
        "study": job.study,
        "name": job.name,
        "parameters": json.loads(job.parameters) if job.parameters else {},
        "code": job.code,
        "inputs": {path: digests.get(path) for path in job.inputs},
        "outputs": {path: digests.get(path) for path in job.outputs},
        "record": record or None,
    }
    first = Path(job.outputs[0])
    if first.name.endswith(".zarr.zip") and first.exists():
        known = attributes(first)
        content["versions"] = json.loads(known["versions"])
        content["devices"] = known.get("devices") or ([known["device"]] if "device" in known else [])
    return content


def provenance(table: JobTable, made: Sequence[Job], source: Source, with_runs: bool) -> dict[str, Any]:
    """The whole of ``provenance.json``."""
    paths = [path for job in made for path in job.outputs]
    records = read_records(paths)
    digests, absent = _digests(made, records), left_out(table.main.scale)
    return {
        "format": FORMAT,
        "project": "learnability",
        "version": __version__,
        "scale": table.main.scale,
        "studies": list(table.configs),
        "root_seed": table.main.root_seed,
        "commit": source.commit,
        "uncommitted": list(source.changes),
        "with_runs": with_runs,
        "jobs": [_of_job(job, digests, records, absent) for job in made],
    }


def unrecorded(content: Mapping[str, Any], wanted: set[str]) -> list[str]:
    """Wanted results of which the engine has no record."""
    return [path for job in content["jobs"] if not job["record"] for path in job["outputs"] if path in wanted]

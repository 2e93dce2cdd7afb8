"""``make restore``: lays the results of an archive into ``results/``, so that only what changed is made again.

The engine's records come with them: a result whose code or setting is no longer the same is rebuilt by the next
``make figures``, and everything else is left alone. Without training artifacts in the archive, training runs again only
where an analysis has to be made again.
"""

import os
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from learnability.archive.crate import SOURCE
from learnability.archive.judge import judged_again
from learnability.archive.members import extract, open_archive, read_manifest
from learnability.archive.snakemake_records import out_of_date, write_records
from learnability.archive.verify import RULES, demand_sound
from learnability.pipeline.job_table import JobTable
from learnability.pipeline.lock import clear_leftovers, only_one_run, writing
from learnability.pipeline.restored import write_marker
from learnability.results import journal, manifest
from learnability.results.atomic import staging
from learnability.results.attributes import sha256
from learnability.results.errors import UserError

_COMPARED = ("Snakefile", "config/", "src/", "workflow/", "requirements.lock", "pyproject.toml")


def source_differences(path: Path) -> list[str]:
    """Files of the source that differ between an archive and the working directory, each with how."""
    with open_archive(path) as archive:
        listed = read_manifest(archive)
    archived = {name.removeprefix(f"{SOURCE}/"): digest for name, digest in listed.items() if name.startswith(SOURCE)}
    found = []
    for name, digest in sorted(archived.items()):
        if not name.startswith(_COMPARED):
            continue
        if not Path(name).is_file():
            found.append(f"only in the archive: {name}")
        elif sha256(Path(name)) != digest:
            found.append(f"changed: {name}")
    here = [p for top in ("config", "src", "workflow") for p in Path(top).rglob("*") if p.is_file()]
    skipped = {"__pycache__", ".pyc"}
    added = [p.as_posix() for p in here if p.as_posix() not in archived and not skipped & {*p.parts, p.suffix}]
    return found + [f"only here: {name}" for name in sorted(added) if ".egg-info/" not in name]


def _stored_results(path: Path, content: Mapping[str, Any]) -> dict[str, str]:
    """The results in the archive by path, with their checksums."""
    with open_archive(path) as archive:
        listed = read_manifest(archive)
    names = {name for job in content["jobs"] for name in job["outputs"]}
    outside = [name for name in names if not name.startswith(f"results/{content['scale']}/")]
    if outside:
        raise UserError(str(path), f"names results outside its scale: {outside[0]}", remedy="get it again")
    return {name: digest for name, digest in listed.items() if name in names}


def _demand_room(stored: Mapping[str, str], force: bool) -> None:
    """Results that are here and differ are not overwritten unasked."""
    other = [name for name, digest in stored.items() if Path(name).exists() and sha256(Path(name)) != digest]
    if other and not force:
        more = f" and {len(other) - 5} more" if len(other) > 5 else ""
        problem = f"other results are in the way: {', '.join(other[:5])}{more}"
        raise UserError("results", problem, remedy="move them away, or restore with FORCE=1")


def _extract(path: Path, stored: Mapping[str, str], folder: Path) -> None:
    """Extract beside the results, and check each file."""
    with open_archive(path) as archive:
        extract(archive, stored, folder)
    for name, digest in stored.items():
        if sha256(folder / name) != digest:
            raise UserError(name, "changed while it was extracted", remedy="restore again")


def _set_times(jobs: Sequence[Mapping[str, Any]], stored: Mapping[str, str]) -> None:
    """File times in the order in which the results depend on one another."""
    start = time.time() - 60
    rank = {name: RULES.index(job["rule"]) for job in jobs for name in job["outputs"]}
    for name in stored:
        moment = start + rank.get(name, len(RULES))
        os.utime(name, (moment, moment))


def _finish(content: Mapping[str, Any]) -> None:
    """What follows once the files are in place: times, the manifest, the engine's records, what was left out."""
    stored, jobs = content["stored"], content["jobs"]
    _set_times(jobs, stored)
    for job in jobs:
        for name in job["outputs"]:
            if name in stored and "inputs" in job:  # from a store, the manifest's records come as files
                inputs = {path: digest for path, digest in job["inputs"].items() if digest}
                record = manifest.Record(stored[name], job["rule"], job["parameters"], job["code"], inputs)
                manifest.write(Path(name), record)
    write_records({name: job["record"] for job in jobs if job["record"] for name in job["outputs"] if name in stored})
    if "marker" in content:
        write_marker(content["scale"], content["marker"])


def put_in_place(scale: str, staged: Path, stored: Mapping[str, str], jobs: Sequence[Mapping[str, Any]]) -> None:
    """Put files of a scale in place together, with the engine's records of them (``jobs``: rule, outputs, record).

    Call it with the lock of the results held; a kill leaves the old files, or :func:`finish_interrupted` ends it.
    """
    then = {"stored": dict(stored), "jobs": list(jobs), "scale": scale}
    journal.commit(Path("results") / scale, staged, {name: name for name in stored}, then, _finish)


def finish_interrupted(results: Path) -> bool:
    """End a restore that was interrupted; whether there was one. Call it with the lock of the results held."""
    return journal.recover(results, _finish)


def _marker(path: Path, content: Mapping[str, Any], stored: Mapping[str, str]) -> dict[str, Any]:
    runs = {name: job for job in content["jobs"] if job["rule"] == "train" for name in job["outputs"]}
    return {
        "archive": path.name,
        "sha256": sha256(path),
        "commit": content["commit"],
        "left_out": {name: job for name, job in runs.items() if name not in stored and not Path(name).exists()},
    }


def restore(path: Path, force: bool = False) -> dict[str, Any]:
    """Restore an archive and give its provenance. Raises UserError, with nothing written, for one that is not sound.

    Killed anywhere, the results are what they were, or the next command makes them those of the archive.
    """
    content = demand_sound(path)
    stored = _stored_results(path, content)
    forged = [judgement for judgement in judged_again(path, content) if judgement.forged]
    if forged and not force:
        said = "\n    ".join(line for judgement in forged for line in judgement.render()[:10])
        raise UserError(str(path), said, remedy="ask who made it; FORCE=1 restores it nevertheless")
    results = Path("results") / content["scale"]
    with only_one_run(Path(".cache/run.lock")), writing(results):
        finish_interrupted(results)
        clear_leftovers(results)
        _demand_room(stored, force)
        staged = staging(results)
        try:
            _extract(path, stored, staged)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        marker = _marker(path, content, stored)
        then = {"stored": stored, "jobs": content["jobs"], "marker": marker, "scale": content["scale"]}
        journal.commit(results, staged, {name: name for name in stored}, then, _finish)
    return content


def plan(table: JobTable) -> dict[str, int]:
    """How many results of each kind the next ``make figures`` makes again."""
    kinds = {
        "targets": "targets",
        "train": "training runs",
        "figures": "figure files",
        "claims.json": "lists of claims",
    }
    counted: Counter[str] = Counter()
    for name in out_of_date(table):
        part = next((kind for key, kind in kinds.items() if key in Path(name).parts), "analyses and pages")
        counted[part] += 1
    return dict(counted)


def describe(path: Path, content: Mapping[str, Any]) -> str:
    """What a person should know after restoring."""
    lines = [f"restored {path.name}: scale {content['scale']}, commit {content['commit'][:12]}"]
    if not content["with_runs"]:
        lines.append("without training artifacts: training runs again only where an analysis must be made again")
    for judgement in judged_again(path, content):
        lines += judgement.render()
    different = source_differences(path)
    if different:
        lines.append(f"the source here differs from that of the archive in {len(different)} files:")
        lines += [f"  {line}" for line in different[:20]]
        lines += [f"  and {len(different) - 20} more"] if len(different) > 20 else []
    try:
        again = plan(JobTable(Path("config"), {"scale": content["scale"], "studies": ",".join(content["studies"])}))
    except UserError as error:
        return "\n".join([*lines, error.render()])
    made = ", ".join(f"{count} {kind}" for kind, count in again.items())
    lines.append(f"make figures SCALE={content['scale']} will make again: {made or 'nothing'}")
    return "\n".join(lines)

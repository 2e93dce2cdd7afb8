"""What the workflow engine knows of the results: which are out of date, and its record of how each was made.

A record holds the rule, its parameters and the checksums of its inputs: it is what lets the engine see that a result no
longer fits its code or its setting. Records travel with the archive, so that restored results are judged like those
that were made here. The engine has no public way to read or write them; what this module uses of its private one is all
that the project uses, and :data:`RECORDS_KNOWN` names the releases that it was tested with.
"""

import hashlib
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from learnability.pipeline.job_table import JobTable
from learnability.results.errors import UserError

RECORDS_KNOWN = ("9.27",)
"""Releases of Snakemake (major.minor) whose records this module reads and writes."""

_FOLDER = Path(".snakemake")
_KEPT = (
    "rule",
    "input",
    "log",
    "shellcmd",
    "params",
    "code",
    "record_format_version",
    "software_stack_hash",
    "starttime",
    "endtime",
    "input_checksums",
)


def out_of_date(table: JobTable) -> dict[str, str]:
    """Every result that the engine would make again, with its reason. Raises UserError where it gives no summary."""
    config = [f"scale={table.main.scale}", f"studies={','.join(table.configs)}"]
    command = [sys.executable, "-m", "snakemake", "all", "--summary", "--config", *config]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        raise UserError("Snakefile", f"the engine gave no summary:\n{done.stderr.strip()}", remedy="see above")
    rows = [line.split("\t") for line in done.stdout.splitlines() if line.startswith("results/")]
    return {row[0]: row[-2].replace("ok", "made from something that changed") for row in rows if row[-1] != "no update"}


def _persistence() -> Any:
    from snakemake.persistence.file import FilePersistence

    return FilePersistence(path=_FOLDER)


def read_records(paths: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The engine's records of these results; those that have none are left out."""
    persistence = _persistence()
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        record = persistence._read_record(path)
        if record is not None and record.rule:
            found[path] = {key: record.get(key) for key in _KEPT}
    return found


def without_records(paths: Iterable[str]) -> int:
    """How many of these results the engine has no record of; 0 where the engine is not installed."""
    asked = list(paths)
    try:
        return len(asked) - len(read_records(asked)) if asked else 0
    except ImportError:
        return 0


def write_records(records: Mapping[str, Mapping[str, Any]]) -> None:
    """Tell the engine how results that were put in place were made."""
    from snakemake.persistence import MetadataRecord

    persistence = _persistence()
    for path, record in records.items():
        grouping = hashlib.sha256(f"{record['rule']} {record['shellcmd']}".encode()).digest()
        content = {**record, "incomplete": False, "job_hash": int.from_bytes(grouping[:6], "big")}
        persistence._write_record(path, MetadataRecord.model_validate(content))
        persistence._unmark_incomplete(path)

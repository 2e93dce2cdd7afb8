"""The manifest of a scale: for each output its digest, and what it was made by and from.

``results/<scale>/manifest/<path below results/<scale>>.json`` is the record of one output: one small file each, so that
jobs that end at the same moment never meet. A record says

========== ===============================================================================
sha256     the digest of the output's bytes
rule       the stage that made it (``targets``, ``train``, ``analyse``, ``figures``, ...)
job        the parameters: study, experiment, setting, seeds, root seed
code       the fingerprint of the code behind it
inputs     the digests of what it was made from, by path
taken_over whether it was there before there was a manifest, and was taken as it was
========== ===============================================================================

A record is written before its output is put in place: a kill in between leaves an output that does not fit its record,
and is made again, never one that passes for another.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from learnability.results.atomic import Staged, replacing_among_others
from learnability.results.attributes import attributes, sha256
from learnability.results.identity import misplaced
from learnability.results.integrity import ForeignArtifact, check

FOLDER = "manifest"


@dataclass(frozen=True)
class Record:
    """What is recorded of one output."""

    sha256: str
    rule: str
    job: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    taken_over: bool = False


def folder(path: Path) -> Path | None:
    """The folder of records for an output below ``results/<scale>/``; None for a path elsewhere."""
    parts = path.parts
    places = [i for i, part in enumerate(parts[:-2]) if part == "results"]
    return Path(*parts[: places[-1] + 2], FOLDER) if places else None


def place(path: Path) -> Path | None:
    """Where the record of an output stands; None for a path that is below no ``results/<scale>/``."""
    found = folder(path)
    if found is None:
        return None
    inside = path.relative_to(found.parent)
    return found / inside.with_name(f"{inside.name}.json")


def read(path: Path) -> Record | None:
    """The record of an output; None where there is none that can be read."""
    where = place(path)
    try:
        content = json.loads(where.read_text(encoding="utf-8")) if where else None
        return Record(**content) if content else None
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None


def write(path: Path, record: Record) -> None:
    """Replace the record of an output."""
    where = place(path)
    if where is not None:
        with replacing_among_others(where) as out:
            out.write((json.dumps(asdict(record), sort_keys=True, separators=(",", ":")) + "\n").encode())


def digests(paths: Iterable[Path]) -> dict[str, str]:
    """The digests of files by their paths."""
    return {path.as_posix(): sha256(path) for path in paths}


def record(
    outputs: Mapping[Path, Path] | Iterable[Path],
    rule: str,
    job: Mapping[str, Any] | None = None,
    code: str = "",
    inputs: Mapping[str, str] | None = None,
    taken_over: bool = False,
) -> None:
    """Record outputs of one job. A mapping gives for each output the file that holds its bytes now."""
    files = outputs if isinstance(outputs, Mapping) else {path: path for path in outputs}
    for path, file in files.items():
        write(path, Record(sha256(file), rule, job or {}, code, inputs or {}, taken_over))


def put(
    output: Path,
    content: bytes,
    rule: str,
    job: Mapping[str, Any] | None = None,
    code: str = "",
    inputs: Mapping[str, str] | None = None,
) -> None:
    """Write an output that is one file: record it, then put it in place."""
    staged = Staged([output])
    try:
        with staged.files[0].open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        record({output: staged.files[0]}, rule, job, code, inputs)
        staged.publish()
    except BaseException:
        staged.discard()
        raise


def demand_recorded(path: Path) -> str:
    """The digest of a file. Raises DamagedArtifact where the manifest records another one."""
    digest, record = sha256(path), read(path)
    if record is not None and record.sha256 != digest:
        if path.name.endswith(".zarr.zip"):
            check(path)  # names the damage, where it is damaged
        raise ForeignArtifact(path, "its bytes are not those that the manifest records")
    return digest


_OWN: set[tuple[str, int, int, int]] = set()


def demand_own(path: Path) -> None:
    """Raise DamagedArtifact unless an artifact is sound, belongs to its place and is what the manifest records of it.

    A file is checked once a process, as long as it is the same file with the same size and time.
    """
    state = path.stat()
    key = (str(path.resolve()), state.st_ino, state.st_size, state.st_mtime_ns)
    if key in _OWN:
        return
    check(path)
    demand_recorded(path.resolve())
    if problem := misplaced(path.resolve(), attributes(path)):
        raise ForeignArtifact(path, problem)
    _OWN.add(key)

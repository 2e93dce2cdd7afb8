"""``make verify``: is an archive, byte for byte, what was packed, and is it a valid Workflow Run Crate?"""

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from learnability.archive import profile, signature
from learnability.archive.crate import SOURCE
from learnability.archive.judge import judged_again
from learnability.archive.members import (
    MANIFEST,
    METADATA,
    NAME_ONE,
    PROVENANCE,
    UnsafeArchive,
    member_digest,
    open_archive,
    read_json,
    read_manifest,
)
from learnability.archive.provenance import FORMAT
from learnability.pipeline.config import NAME, SCALES
from learnability.results.errors import UserError
from learnability.results.integrity import DamagedArtifact, check

VALIDATOR = Path(".venv-validator/bin/python")
CONTEXT = Path("workflow/ro-crate/ro-crate-1.1.jsonld")
_SHOWN = 15  # findings in one message
RULES = ("targets", "train", "analyse", "figures", "claims", "verdicts", "report")
"""The stages that an archive may name, in the order in which they depend on one another."""

_SOURCE = tuple(
    f"{SOURCE}/{name}"
    for name in ("Snakefile", "requirements.lock", "config/config.yaml", "src/learnability/__init__.py")
)
"""What is always in the source of an archive: without it, it says nothing of how its results were made."""


@dataclass(frozen=True)
class Finding:
    """Something wrong with one member (or with the file as a whole, where ``name`` is empty)."""

    kind: str
    name: str
    detail: str = ""

    def render(self) -> str:
        return " ".join(
            part for part in (f"{self.kind}:", self.name, f"({self.detail})" if self.detail else "") if part
        )


def _files_in_metadata(archive: zipfile.ZipFile) -> dict[str, dict[str, Any]]:
    graph = read_json(archive, METADATA)["@graph"]
    found = {}
    for entity in graph:
        types = entity.get("@type", [])
        if "File" in (types if isinstance(types, list) else [types]):
            found[unquote(entity["@id"])] = entity  # a URI reference: spaces and braces are escaped
    return found


def _metadata_findings(archive: zipfile.ZipFile, digests: Mapping[str, str]) -> Iterator[Finding]:
    """What the metadata say of each file against what is there."""
    entities = _files_in_metadata(archive)
    described, present = set(digests) - {METADATA}, set(archive.namelist())
    for name in sorted(described - set(entities)):
        yield Finding("metadata", METADATA, f"has no entry for {name}")
    for name in sorted(set(entities) - described):
        yield Finding("metadata", METADATA, f"has an entry for {name}, which is no member")
    for name in sorted(described & set(entities)):
        entity = entities[name]
        if entity.get("sha256") != digests[name]:
            yield Finding("metadata", METADATA, f"another checksum for {name}")
        if name in present and entity.get("contentSize") != str(archive.getinfo(name).file_size):
            yield Finding("metadata", METADATA, f"another size for {name}")


def _provenance_findings(archive: zipfile.ZipFile, digests: Mapping[str, str]) -> Iterator[Finding]:
    for job in read_json(archive, PROVENANCE)["jobs"]:
        for name, digest in job["outputs"].items():
            if name in digests and digest != digests[name]:
                yield Finding("provenance", PROVENANCE, f"another checksum for {name}")


def _member_findings(archive: zipfile.ZipFile, listed: Mapping[str, str]) -> Iterator[Finding]:
    present = set(archive.namelist())
    for name in sorted(set(listed) - present):
        yield Finding("missing", name)
    for name in sorted(present - set(listed) - {MANIFEST}):
        yield Finding("extra", name, "not in the manifest")
    for name in sorted(present & set(listed)):
        digest = member_digest(archive, name)
        if digest != listed[name]:
            yield Finding("damaged", name, "unreadable" if digest is None else "another checksum")


def findings(path: Path) -> list[Finding]:
    """Everything that is wrong with an archive; empty for a sound one.

    Raises UnsafeArchive for one that must not be touched, UserError for a file that is no zip file.
    """
    with open_archive(path) as archive:
        if MANIFEST not in archive.namelist():
            return [Finding("missing", MANIFEST)]
        if member_digest(archive, MANIFEST) is None:
            return [Finding("damaged", MANIFEST, "unreadable")]
        try:
            listed = read_manifest(archive)
        except ValueError as error:
            return [Finding("damaged", MANIFEST, str(error))]
        found = list(_member_findings(archive, listed))
        needed = [name for name in (METADATA, PROVENANCE) if name not in listed]
        found += [Finding("missing", name) for name in (*needed, *(name for name in _SOURCE if name not in listed))]
        if not needed and not any(f.name in (METADATA, PROVENANCE) and f.kind != "extra" for f in found):
            found += _described(archive, listed)
    return found or _seal_findings(path)


def _described(archive: zipfile.ZipFile, listed: Mapping[str, str]) -> list[Finding]:
    try:
        return [*_metadata_findings(archive, listed), *_provenance_findings(archive, listed)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [Finding("metadata", METADATA, f"cannot be read: {str(error)[:200]}")]


def _seal_findings(path: Path) -> list[Finding]:
    """The members are right; are the bytes around them?"""
    try:
        check(path)
    except DamagedArtifact:
        return [Finding("damaged", path.name, "the members are right, but the zip file is not as it was packed")]
    return []


def demand_sound(path: Path) -> dict[str, Any]:
    """The provenance of a sound archive; raises UserError that names what is wrong with another."""
    found = findings(path)
    if found:
        shown = "\n".join(f"    {finding.render()}" for finding in found[:_SHOWN])
        raise UserError(str(path), f"the archive is damaged\n{shown}", remedy="get it again from its source")
    with open_archive(path) as archive:
        content: dict[str, Any] = read_json(archive, PROVENANCE)
    version = content.get("format") if isinstance(content, dict) else None
    if version != FORMAT:
        raise UserError(str(path), f"format {str(version)[:80]}", str(FORMAT), "use a newer version of this project")
    if problem := _provenance_problem(content):
        raise UnsafeArchive(path, f"{PROVENANCE} {problem}")
    return content


_JOB: dict[str, Any] = {
    "rule": str,
    "study": str,
    "name": str,
    "inputs": dict,
    "outputs": dict,
    "parameters": dict,
    "code": str,
}
_RECORD: dict[str, Any] = {"rule": str, "input": list, "shellcmd": (str, type(None)), "params": list}


def _provenance_problem(content: Mapping[str, Any]) -> str:
    """What in a provenance is not of the form that this version writes; checked before anything of it is used."""
    studies, scale = content.get("studies"), content.get("scale")
    if scale not in SCALES or not isinstance(studies, list) or not studies:
        return "names a scale or a study that cannot be one"
    if not all(isinstance(name, str) and re.fullmatch(NAME, name) for name in studies):
        return "names a scale or a study that cannot be one"
    if not isinstance(content.get("commit"), str) or not re.fullmatch("[0-9a-f]{40,64}", content["commit"]):
        return "names no commit"
    jobs = content.get("jobs")
    if not isinstance(jobs, list) or not all(isinstance(job, dict) for job in jobs):
        return "has no list of jobs"
    return next(filter(None, (_job_problem(job, str(scale)) for job in jobs)), "")


def _job_problem(job: Mapping[str, Any], scale: str) -> str:
    for key, form in _JOB.items():
        if not isinstance(job.get(key), form):
            return f"has a job whose {key!r} is no {form.__name__}"
    if job["rule"] not in RULES:
        return f"has a job of the unknown rule {job['rule'][:40]!r}"
    for name, digest in (*job["inputs"].items(), *job["outputs"].items()):
        if not (digest is None or (isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest))):
            return f"has a digest that is none, of {name[:80]!r}"
        if not name.startswith(f"results/{scale}/") or ".." in Path(name).parts or "/." in name:
            return f"names a result outside its scale: {name[:80]!r}"
    record = job.get("record")
    if record is None:
        return ""
    if not isinstance(record, dict):
        return "has a record that is none"
    wrong = next((key for key, form in _RECORD.items() if not isinstance(record.get(key), form)), "")
    return f"has a record whose {wrong!r} is of another form" if wrong else ""


def check_profile(path: Path, validator: Path = VALIDATOR, context: Path = CONTEXT) -> tuple[int, list[str]]:
    """0 valid, 3 not valid, 4 not checked; with the issues or the reason."""
    if not validator.exists():
        return 4, [f"not checked: there is no {validator} (make {validator.parents[1]} makes it)"]
    command = [str(validator), "-W", "ignore", str(Path(profile.__file__)), str(path), str(context)]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0:
        return 0, []
    if done.returncode == 1 and lines:
        return 3, lines
    return 4, ["not checked: the validator failed", *done.stderr.strip().splitlines()[-3:]]


def _report_profile(path: Path, validator: Path) -> int:
    status, lines = check_profile(path, validator)
    said = {0: "valid by the Workflow Run Crate profile 0.5", 3: "NOT VALID by the profile", 4: "profile"}[status]
    print("\n  ".join([said, *lines]))
    return status


def verify(
    path: Path,
    with_profile: bool = True,
    validator: Path = VALIDATOR,
    signers: Path | None = None,
    with_verdicts: bool = True,
) -> int:
    """Print what is right or wrong with an archive and give the exit status.

    0 sound and valid (or valid not asked), 1 damaged or refused, not signed by whom ``signers`` lists, or with verdicts
    that do not follow from its analyses or that the code which judged them cannot judge again, 3 sound but not valid by
    the profile, 4 sound but the profile could not be checked. Raises UserError where there is no such file.
    """
    if not path.is_file():
        raise UserError(str(path), "there is no such file", remedy=NAME_ONE)
    try:
        found = findings(path)
        content = None if found else demand_sound(path)
    except (UnsafeArchive, UserError) as error:
        print(error.render(), file=sys.stderr)
        return 1
    if content is None:
        shown = [f"  {finding.render()}" for finding in found[:_SHOWN]]
        more = [f"  and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        print("\n".join([f"{path} is DAMAGED", *shown, *more]))
        return 1
    with open_archive(path) as archive:
        print(f"{path} is sound: {len(archive.namelist())} files, every checksum right")
    signed, said = signature.check(path, signers)
    print(said)
    judged = judged_again(path, content) if with_verdicts else []
    if with_verdicts:
        lines = [line for judgement in judged for line in judgement.render()]
        print("\n".join(lines) or "its verdicts follow from its analyses")
    if not signed or any(judgement.forged for judgement in judged):
        return 1
    return _report_profile(path, validator) if with_profile else 0

"""``make verify``: is an archive, byte for byte, what was packed, and is it a valid Workflow Run Crate?"""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learnability.archive import profile
from learnability.archive.members import (
    MANIFEST,
    METADATA,
    PROVENANCE,
    UnsafeArchive,
    member_digest,
    open_archive,
    read_manifest,
)
from learnability.archive.provenance import FORMAT
from learnability.pipeline.config import SCALES
from learnability.results.errors import UserError
from learnability.results.integrity import DamagedArtifact, check

VALIDATOR = Path(".venv-validator/bin/python")
CONTEXT = Path("workflow/ro-crate/ro-crate-1.1.jsonld")


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
    graph = json.loads(archive.read(METADATA))["@graph"]
    found = {}
    for entity in graph:
        types = entity.get("@type", [])
        if "File" in (types if isinstance(types, list) else [types]):
            found[entity["@id"]] = entity
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
    for job in json.loads(archive.read(PROVENANCE))["jobs"]:
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
        found += [Finding("missing", name) for name in needed]
        if not needed and not any(f.name in (METADATA, PROVENANCE) and f.kind != "extra" for f in found):
            found += _described(archive, listed)
    return found or _seal_findings(path)


def _described(archive: zipfile.ZipFile, listed: Mapping[str, str]) -> list[Finding]:
    try:
        return [*_metadata_findings(archive, listed), *_provenance_findings(archive, listed)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [Finding("metadata", METADATA, f"cannot be read: {error}")]


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
        shown = "\n".join(f"    {finding.render()}" for finding in found[:20])
        raise UserError(str(path), f"the archive is damaged\n{shown}", remedy="get it again from its source")
    with open_archive(path) as archive:
        content: dict[str, Any] = json.loads(archive.read(PROVENANCE))
    if content.get("format") != FORMAT:
        raise UserError(
            str(path), f"format {content.get('format')}", str(FORMAT), "use a newer version of this project"
        )
    names = content.get("studies", [])
    if content.get("scale") not in SCALES or not all(re.fullmatch("[a-z][a-z0-9_]*", str(name)) for name in names):
        raise UnsafeArchive(path, f"{PROVENANCE} names a scale or a study that cannot be one")
    return content


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


def verify(path: Path, with_profile: bool = True, validator: Path = VALIDATOR) -> int:
    """Print what is right or wrong with an archive and give the exit status.

    0 sound and valid (or valid not asked), 1 damaged or refused, 3 sound but not valid by the profile, 4 sound but the
    profile could not be checked. Raises UserError where there is no such file.
    """
    if not path.is_file():
        raise UserError(str(path), "there is no such file", remedy="name an archive: ARCHIVE=file")
    try:
        found = findings(path)
    except (UnsafeArchive, UserError) as error:
        print(error.render(), file=sys.stderr)
        return 1
    if found:
        print("\n".join([f"{path} is DAMAGED", *(f"  {finding.render()}" for finding in found)]))
        return 1
    with open_archive(path) as archive:
        print(f"{path} is sound: {len(archive.namelist())} files, every checksum right")
    return _report_profile(path, validator) if with_profile else 0

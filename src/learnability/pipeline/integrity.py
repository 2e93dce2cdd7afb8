"""Damage in stored artifacts, found without the numerical libraries: every member of a ``.zarr.zip`` has a checksum."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from learnability.pipeline.errors import UserError


class DamagedArtifact(UserError):
    """An artifact whose bytes are not what was written."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(str(path), f"damaged artifact: {problem}", remedy="run the same command again: it is rebuilt")
        self.path = path


def check(path: Path) -> None:
    """Raise :class:`DamagedArtifact` unless every member of the file has the checksum it was written with."""
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise DamagedArtifact(path, f"not a readable zip file ({error})") from None
    if bad is not None:
        raise DamagedArtifact(path, f"wrong checksum of {bad}")


def set_aside(path: Path) -> None:
    """Rename a damaged artifact, so that the workflow makes it again and the damage can still be looked at."""
    if path.exists():
        path.replace(path.with_name(path.name + ".damaged"))


def set_damaged_aside(folder: Path) -> Iterator[DamagedArtifact]:
    """Check every artifact below ``folder``; set aside and yield the damaged ones."""
    for path in sorted(folder.rglob("*.zarr.zip")):
        try:
            check(path)
        except DamagedArtifact as damage:
            set_aside(path)
            damage.remedy = f"set aside as {path.name}.damaged; it is rebuilt now"
            yield damage

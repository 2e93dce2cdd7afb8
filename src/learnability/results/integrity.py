"""Damage in stored artifacts, found without the numerical libraries: every ``.zarr.zip`` ends with its own digest."""

import hashlib
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from learnability.results.errors import UserError

_DIGITS = 64
UNSEALED = b"sha256:" + b"0" * _DIGITS
"""The comment of a zip file before :func:`seal` has put the digest in its place."""


class DamagedArtifact(UserError):
    """An artifact whose bytes are not what was written."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(str(path), f"damaged artifact: {problem}", remedy="run the same command again: it is rebuilt")
        self.path = path


def seal(stream: BinaryIO) -> None:
    """Write the digest of everything before it over the last bytes of a zip file whose comment is :data:`UNSEALED`."""
    stream.flush()
    size = stream.seek(0, os.SEEK_END)
    digest = _digest(stream, size - _DIGITS)
    stream.seek(size - _DIGITS)
    stream.write(digest)


def _digest(stream: BinaryIO, size: int) -> bytes:
    stream.seek(0)
    running = hashlib.sha256()
    while size > 0 and (block := stream.read(min(size, 2**20))):
        running.update(block)
        size -= len(block)
    return running.hexdigest().encode()


def check(path: Path) -> None:
    """Raise :class:`DamagedArtifact` unless the file is, byte for byte, what was written.

    The checksums inside a zip file cover its members, not its headers: the digest in the comment covers every byte.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            if size < len(UNSEALED):
                raise DamagedArtifact(path, "cut off")
            stream.seek(size - len(UNSEALED))
            seal_found = stream.read()
            if seal_found[:-_DIGITS] == UNSEALED[:-_DIGITS] and seal_found[-_DIGITS:] == _digest(
                stream, size - _DIGITS
            ):
                return
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise DamagedArtifact(path, f"not a readable zip file ({error})") from None
    raise DamagedArtifact(path, f"wrong checksum of {bad}" if bad else "wrong checksum of the file")


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

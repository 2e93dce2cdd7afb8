"""Damage in stored artifacts, found without the numerical libraries: every ``.zarr.zip`` ends with its own digest.

What cannot be read is not what is damaged: a missing permission, a failing disk or a stale network handle says nothing
of a file's content, so that such a file is named and left where it is.
"""

import errno
import hashlib
import os
import zipfile
from pathlib import Path
from typing import BinaryIO

from learnability.results.errors import UserError

_DIGITS = 64
UNSEALED = b"sha256:" + b"0" * _DIGITS
"""The comment of a zip file before :func:`seal` has put the digest in its place."""

SYSTEM_ERRORS = {
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "the quota of the disk is used up: make room",
    errno.EROFS: "the file system is read-only: mount it for writing",
    errno.EACCES: "give yourself the permission",
    errno.EPERM: "give yourself the permission",
    errno.EIO: "the disk or the network fails: check it before anything else",
    errno.ESTALE: "the network file system lost the file: mount it again",
    errno.EMFILE: "too many files are open: raise ulimit -n",
}
"""What the system may refuse, and what to do about it."""


class DamagedArtifact(UserError):
    """An artifact whose bytes are not what was written."""

    what = "damaged artifact"

    def __init__(self, path: Path, problem: str) -> None:
        remedy = "run the same command again: it is rebuilt"
        super().__init__(str(path), f"{self.what}: {problem}", remedy=remedy)
        self.path = path


class ForeignArtifact(DamagedArtifact):
    """A sound artifact that is not the one that belongs to its place."""

    what = "not the artifact that belongs here"


class SystemTrouble(UserError):
    """The system could not read or write a file, which says nothing of the file's content."""

    def __init__(self, error: OSError, doing: str = "", path: Path | None = None) -> None:
        where = str(path or error.filename or "a file")
        words = os.strerror(error.errno) if error.errno else str(error)
        code = errno.errorcode.get(error.errno or 0, "")
        problem = f"{doing or 'reading or writing'} failed: {words}{f' ({code})' if code else ''}"
        remedy = SYSTEM_ERRORS.get(error.errno or 0, "see what the system says of it")
        super().__init__(where, problem, remedy=f"{remedy}, then run the same command again")


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


def sealed(raw: bytes) -> bool:
    """Whether the bytes of a file end with the digest of everything before it, as :func:`seal` wrote it."""
    intact = hashlib.sha256(raw[:-_DIGITS]).hexdigest().encode() == raw[-_DIGITS:]
    return intact and raw[-len(UNSEALED) : -_DIGITS] == UNSEALED[:-_DIGITS]


def check(path: Path) -> None:
    """Raise :class:`DamagedArtifact` unless the file is, byte for byte, what was written.

    The checksums inside a zip file cover its members, not its headers: the digest in the comment covers every byte.
    Raises :class:`SystemTrouble` for a file that could not be read, and FileNotFoundError where there is none.
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
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SystemTrouble(error, "reading", path) from None
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        # that every byte could be read is known by now
        raise DamagedArtifact(path, f"not a readable zip file ({error})") from None
    raise DamagedArtifact(path, f"wrong checksum of {bad}" if bad else "wrong checksum of the file")


def set_aside(path: Path, why: str = "damaged") -> Path:
    """Rename a file, so that the workflow makes it again and it can still be looked at; its new name."""
    aside = path.with_name(f"{path.name}.{why}")
    if path.exists():
        path.replace(aside)
    return aside

"""Files that are replaced in one step: a reader, a crash or a full disk never leaves half of one."""

import os
import re
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream that replaces ``path`` in one step when the block ends, and leaves it alone when the block fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


_OWNED = re.compile(r"\.{1,2}staged-(.+)-(\d+)(\.\d+)?\.tmp(\.[a-z0-9_]+\.tmp)?")


def _mark() -> str:
    """What the name of a file or folder begins with that only this process writes to."""
    return f".staged-{socket.gethostname()}-{os.getpid()}"


@contextmanager
def replacing_among_others(path: Path) -> Iterator[BinaryIO]:
    """:func:`replacing` in a folder that several processes write to.

    The name of the half-written file tells host and process, so that what a kill left goes at once, and nobody removes
    the file of a process that lives. What is written into a folder of :func:`staging` needs no name of its own.
    """
    own = path.with_name(f"{_mark()}.{threading.get_ident()}.tmp")
    with replacing(own) as stream:
        yield stream
    try:
        os.replace(own, path)
    except BaseException:
        own.unlink(missing_ok=True)
        raise


def staging(folder: Path) -> Path:
    """An empty folder for new files. Its name tells host and process, so that nobody removes it while they live."""
    made = folder / f"{_mark()}.tmp"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    return made


def staging_owner(path: Path) -> tuple[str, int] | None:
    """The host and the process that write to a file or folder that is not in place yet; None for any other path."""
    found = _OWNED.fullmatch(path.name)
    return (found[1], int(found[2])) if found else None


class Staged:
    """Outputs that are written beside their places and put there together."""

    def __init__(self, outputs: Iterable[Path]) -> None:
        self.outputs = list(outputs)
        self._folder = staging(self.outputs[0].parent)
        self.files = [self._folder / path.name for path in self.outputs]

    def publish(self) -> None:
        """Put every output in its place."""
        for file, path in zip(self.files, self.outputs, strict=True):
            os.replace(file, path)
        self.discard()
        sync_folder(self.outputs[0].parent)

    def discard(self) -> None:
        """Remove what is left of the folder."""
        for file in list(self._folder.glob("*")) + list(self._folder.glob(".*")):
            file.unlink(missing_ok=True)
        self._folder.rmdir()


def sync_folder(path: Path) -> None:
    """Have the system write a folder's entries to the disk, where it can."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some file systems have no fsync of folders
    finally:
        os.close(descriptor)

"""Files that are replaced in one step: a reader, a crash or a full disk never leaves half of one."""

import os
import shutil
import socket
import tempfile
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


_STAGED = ".staged-"


def staging(folder: Path) -> Path:
    """An empty folder for new files. Its name tells host and process, so that nobody removes it while they live."""
    made = folder / f"{_STAGED}{socket.gethostname()}-{os.getpid()}.tmp"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    return made


def staging_owner(path: Path) -> tuple[str, int] | None:
    """The host and the process that a folder of :func:`staging` belongs to; None for any other path."""
    host, _, pid = path.name.removeprefix(_STAGED).removesuffix(".tmp").rpartition("-")
    return (host, int(pid)) if path.name.startswith(_STAGED) and pid.isdigit() else None


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

"""The members of an archive, read with suspicion: nothing of a hostile file ever reaches the disk.

An archive stores its members without compression, so that a member is never larger than the file that holds it.
"""

import hashlib
import json
import stat
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from learnability import __version__
from learnability.results.atomic import replacing
from learnability.results.errors import UserError
from learnability.results.integrity import UNSEALED, seal

METADATA = "ro-crate-metadata.json"
MANIFEST = "manifest-sha256.txt"
PROVENANCE = "provenance.json"

MAX_JSON = 32 * 2**20  # bytes of a member that is read as JSON; the metadata of the paper scale have a few
MAX_NODES = 1_000_000
MAX_MEMBERS = 100_000

_EPOCH = (1980, 1, 1, 0, 0, 0)
_BLOCK = 2**20


class UnsafeArchive(UserError):
    """An archive that is refused before anything of it is used."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(str(path), f"refused: {problem}", remedy="get the archive again from its source")


def _name_problem(name: str) -> str:
    if not name or "\\" in name or "\0" in name or name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        return f"the member {name[:80]!r} has an absolute or foreign path"
    if PurePosixPath(name).as_posix() != name or any(part in ("..", ".") for part in PurePosixPath(name).parts):
        return f"the member {name[:80]!r} points outside the archive"
    if any(ord(character) < 32 for character in name):
        return "a member has control characters in its name"
    return ""


def _entry_problem(entry: zipfile.ZipInfo, room: int) -> str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.is_dir() or kind not in (0, stat.S_IFREG):
        return f"the member {entry.filename[:80]!r} is no plain file (a link, a folder or a device)"
    if entry.flag_bits & 0x1:
        return f"the member {entry.filename[:80]!r} is encrypted"
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        return f"the member {entry.filename[:80]!r} is compressed, which an archive of this project never is"
    if entry.file_size > room:
        return f"the member {entry.filename[:80]!r} claims {entry.file_size} bytes, more than the archive has"
    return ""


NAME_ONE = f"name an archive, such as results/archive/learnability-{__version__}-laptop.zip (ARCHIVE=... in make)"
"""The remedy where no archive has the name that was given."""


def _problem(entries: list[zipfile.ZipInfo], size: int) -> str:
    seen: set[str] = set()
    room = size
    if len(entries) > MAX_MEMBERS:
        return f"it has {len(entries)} members; at most {MAX_MEMBERS} are read"
    for entry in entries:
        found = _name_problem(entry.filename) or _entry_problem(entry, room)
        if found:
            return found
        if entry.filename.casefold() in seen:
            return f"the member {entry.filename[:80]!r} is there twice"
        seen.add(entry.filename.casefold())
        room -= entry.file_size
    folders = {parent.as_posix() for name in seen for parent in PurePosixPath(name).parents}
    clash = sorted(seen & folders)
    return f"the member {clash[0][:80]!r} is a file and a folder at once" if clash else ""


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive whose entries are all plain, stored, unique and inside it.

    Raises UnsafeArchive otherwise, and UserError when the file cannot be read as a zip file at all.
    """
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise UserError(str(path), "there is no such file", remedy=NAME_ONE) from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        remedy = "it may be cut off: get it again from its source"
        raise UserError(str(path), f"not a readable zip file ({error})", remedy=remedy) from None
    with archive:
        problem = _problem(archive.infolist(), path.stat().st_size)
        if problem:
            raise UnsafeArchive(path, problem)
        yield archive


def member_digest(archive: zipfile.ZipFile, name: str) -> str | None:
    """The SHA-256 of a member; None when it cannot be read (its own checksum is wrong, or its header is)."""
    digest = hashlib.sha256()
    try:
        with archive.open(name) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        return None
    return digest.hexdigest()


def read_manifest(archive: zipfile.ZipFile) -> dict[str, str]:
    """Path -> SHA-256, as ``sha256sum`` writes them. Raises ValueError for a line of another form."""
    found: dict[str, str] = {}
    if archive.getinfo(MANIFEST).file_size > MAX_JSON:
        raise ValueError(f"{MANIFEST} has more than {MAX_JSON} bytes")
    for line in archive.read(MANIFEST).decode("utf-8").splitlines():
        digest, separator, name = line.partition("  ")
        if not separator or len(digest) != 64 or set(digest) - set("0123456789abcdef") or name in found:
            raise ValueError(f"{MANIFEST}: cannot read the line {line[:80]!r}")
        found[name] = digest
    return found


def read_json(archive: zipfile.ZipFile, name: str) -> Any:
    """A member as JSON. Raises ValueError for one that is too large, too deep or no JSON."""
    size = archive.getinfo(name).file_size
    if size > MAX_JSON:
        raise ValueError(f"{name} has {size} bytes; at most {MAX_JSON} are read")
    content = archive.read(name)
    if content.count(b"[") + content.count(b"{") > MAX_NODES:
        raise ValueError(f"{name} has more than {MAX_NODES} lists and objects")
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError(f"{name} is nested too deeply") from None


def manifest(digests: Mapping[str, str]) -> bytes:
    """The manifest of these members, in the form that ``sha256sum -c`` reads."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()


def write_archive(path: Path, members: Mapping[str, Path | bytes]) -> None:
    """Pack members in the order of their names, stored, with fixed times, sealed: equal content, equal bytes."""
    with replacing(path) as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for name in sorted(members):
                _add(archive, name, members[name])
            archive.comment = UNSEALED
        seal(stream)


def _add(archive: zipfile.ZipFile, name: str, content: Path | bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    if isinstance(content, bytes):
        archive.writestr(entry, content)
        return
    entry.file_size = content.stat().st_size
    with content.open("rb") as source, archive.open(entry, "w") as target:
        while block := source.read(_BLOCK):
            target.write(block)


def extract(archive: zipfile.ZipFile, names: Iterable[str], folder: Path) -> None:
    """Write members below ``folder``; call it only on an archive that was verified."""
    for name in names:
        with archive.open(name) as stream, replacing(folder / name) as out:
            while block := stream.read(_BLOCK):
                out.write(block)

"""Whether anything changed since a run that left nothing to do: if not, the next run ends before it begins.

A complete run keeps one digest over everything that decides what the next run does:

- the bytes of the source, the config, the rules and the profiles,
- the bytes and the times of every file below ``results/<scale>/``,
- the bytes of the engine's records,
- the interpreter, and the names, sizes and times of what says which libraries are installed,
- the surrounding, without variables of the terminal and the session.

Nothing is taken from a time stamp alone, and nothing is weighed: the same digest means that whatever the full way looks
at is what it was when that way found nothing to do. Any other digest, or any doubt, means that it is asked again.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learnability.pipeline import surroundings
from learnability.results import kept

FOLDER = Path(".cache/settled")
_MOST = 32  # combinations of arguments and surrounding that are remembered

_DECIDING = ("Snakefile", "src", "config", "workflow", "profiles")
_RECORDS = Path(".snakemake")
_NOT_RECORDS = {"log", "locks", "iocache", "auxiliary", "shadow", "scripts"}  # in the engine's folder
_BY_RUNS = (
    ".lock",
    ".lock.owner",
    ".lock.owner.taking",
    ".lease",
    "exports",
)  # below results/<scale>: no job reads or makes them
_UNFINISHED = re.compile(r"\.tmp$|^\.journal")
_SESSION = re.compile(
    r"(MAKE|MFLAGS|TERM|COLORTERM|COLUMNS|LINES|LS_COLORS|LESS|PAGER|EDITOR|VISUAL|PWD|OLDPWD|SHLVL|_$|PS\d|HIST|MAIL"
    r"|SSH_|TMUX|STY$|WINDOWID|DISPLAY|WAYLAND|XAUTH|XDG_(SESSION|RUNTIME|SEAT|VTNR|CURRENT)|DBUS_|GPG_|VSCODE_|ITERM"
    r"|KITTY|WT_|VTE_|KONSOLE|ALACRITTY|DESKTOP_|GNOME_|KDE_|GTK_|QT_|INVOCATION_ID|JOURNAL_STREAM|LOGNAME$|PYTEST_"
    r"|PYTHONUNBUFFERED|LEARNABILITY_(LEASE|LIFELINE|EVENTS))"
)


class Doubt(Exception):
    """Something cannot be looked at as a whole: the full way decides."""


@dataclass(frozen=True)
class Seen:
    """Digests of what decides (``code``) and of what there is (``results``)."""

    code: str
    results: str


def _files(top: Path, skipped: tuple[str, ...] = ()) -> Iterator[Path]:
    """Every file below ``top``, or itself, by name, without those that ``skipped`` names in ``top`` itself.

    Raises Doubt for a link to a folder, whose files are elsewhere.
    """
    if not top.is_dir():
        if top.exists():
            yield top
        return
    for entry in sorted(os.scandir(top), key=lambda entry: entry.name):
        if entry.name in skipped:
            continue
        if entry.is_dir():
            if entry.is_symlink():
                raise Doubt(entry.path)
            yield from _files(Path(entry.path))
        else:
            yield Path(entry.path)


def _is_compiled(path: Path) -> bool:
    """What Python and its installer make of the source."""
    return path.suffix == ".pyc" or any(part.endswith(".egg-info") for part in path.parts)


def _line(path: Path, times: bool) -> bytes:
    """One file: its name, size and bytes, and its time where asked for."""
    with path.open("rb") as stream:
        state = os.fstat(stream.fileno())
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return f"{path.as_posix()}\0{state.st_size}\0{state.st_mtime_ns if times else ''}\0{digest}\n".encode()


def _libraries() -> Iterator[str]:
    """The interpreter, and what says which libraries it finds."""
    yield f"{sys.version}\0{sys.executable}\0{sys.prefix}"
    for folder in sorted({path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")}):
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if entry.name.endswith((".dist-info", ".egg-info", ".pth", ".egg-link")):
                state = entry.stat()
                yield f"{entry.path}\0{state.st_size}\0{state.st_mtime_ns}"


def _surrounding() -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in surroundings.clean().items() if not _SESSION.match(name))


def code() -> str:
    """A digest of everything outside the results that decides what a run does; empty where there is a doubt."""
    try:
        return _code()
    except (OSError, Doubt):
        return ""


def _code() -> str:
    digest = hashlib.sha256()
    for top in (*map(Path, _DECIDING), *sorted(Path().glob("*.py"))):
        for path in _files(top):
            if not _is_compiled(path):
                digest.update(_line(path, times=False))
    for line in _libraries():
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def look(results: Path) -> Seen | None:
    """What there is now; None where it cannot be looked at as a whole, or holds what another run left unfinished."""
    digest = hashlib.sha256()
    try:
        for path in _files(results, _BY_RUNS):
            if any(map(_UNFINISHED.search, path.parts)):
                return None
            digest.update(_line(path, times=True))
        for top in sorted(_RECORDS.iterdir()):
            for path in _files(top) if top.name not in _NOT_RECORDS else ():
                digest.update(_line(path, times=False))
        return Seen(_code(), digest.hexdigest())
    except (OSError, Doubt):
        return None


def place(arguments: Mapping[str, str]) -> Path:
    """Where the digest of runs with these arguments in this surrounding is kept.

    The number of cores is left out, and so is an argument that was not given.
    """
    asked = {name: value for name, value in sorted(arguments.items()) if value and name != "cores"}
    text = json.dumps([asked, _surrounding()])
    return FOLDER / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def keep(arguments: Mapping[str, str], seen: Seen, scale: str, figures: list[str]) -> None:
    """Remember that a run with these arguments has nothing to do while things are as they were seen."""
    content = {"code": seen.code, "results": seen.results, "scale": scale, "figures": figures}
    kept.write(place(arguments), content)
    kept.prune(FOLDER, _MOST)


def remembered(arguments: Mapping[str, str]) -> dict[str, Any] | None:
    """What :func:`keep` kept for these arguments."""
    found: dict[str, Any] | None = kept.read(place(arguments))
    return found


def unchanged(content: Mapping[str, Any]) -> bool:
    """Whether everything is as it was when ``content`` was kept."""
    return look(Path("results") / content["scale"]) == Seen(content["code"], content["results"])

"""Changes of many files that end in the old state or in the new one, wherever they are killed.

The new files are laid into a folder beside their places and written to the disk; then the journal says that they are
complete, and from there on whoever comes next (:func:`recover`) finishes what was begun. Without a journal nothing was
changed yet, and what lies in the folder is rubbish.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from learnability.results.atomic import replacing, replacing_among_others, staging, sync_folder
from learnability.results.errors import UserError, make_figures

Finish = Callable[[Mapping[str, Any]], None]


def place(folder: Path) -> Path:
    """Where the journal of a folder stands."""
    return folder / ".journal"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One after the other: whoever else wants to change the files of this folder waits, where the system has locks."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as stream:
        with suppress(OSError):  # without locks two at once replace one another's files, each as a whole
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def put(folder: Path, files: Mapping[str, bytes], content: Mapping[str, Any], finish: Finish) -> None:
    """Replace files of ``folder`` together, then call ``finish(content)``; see :func:`commit`."""
    staged = staging(folder)
    try:
        for name, raw in files.items():
            with replacing(staged / name) as out:
                out.write(raw)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    commit(folder, staged, {name: str(folder / name) for name in files}, content, finish)


def commit(folder: Path, staged: Path, names: Mapping[str, str], content: Mapping[str, Any], finish: Finish) -> None:
    """Put the file ``staged/name`` in the place ``names[name]`` for every name, then call ``finish(content)``.

    ``finish`` may be called again after a kill: it must give the same whenever it is repeated.
    """
    journal = {"staged": staged.name, "names": dict(names), "content": content}
    for parent in {path.parent for path in staged.rglob("*")} | {staged}:
        sync_folder(parent)
    kept = staged.with_name(f".journaled-{os.getpid()}")
    shutil.rmtree(kept, ignore_errors=True)
    os.replace(staged, kept)  # nobody clears it away, whether its process lives or not
    journal["staged"] = kept.name
    try:
        with replacing_among_others(place(folder)) as out:
            out.write(json.dumps(journal).encode())
    except BaseException:
        shutil.rmtree(kept, ignore_errors=True)
        raise
    sync_folder(folder)
    recover(folder, finish)


def recover(folder: Path, finish: Finish) -> bool:
    """Finish a change that was begun; whether there was one. Call it with the lock of the folder held.

    Raises UserError for a journal that cannot be read, and for one that names files outside the folder.
    """
    try:
        journal = json.loads(place(folder).read_text(encoding="utf-8"))
    except FileNotFoundError:
        for rubbish in folder.glob(".journaled-*"):
            shutil.rmtree(rubbish, ignore_errors=True)
        return False
    except ValueError:
        remedy = f"remove {place(folder)}, and run {make_figures(folder)}"
        raise UserError(
            str(place(folder)), "the journal of an interrupted change cannot be read", remedy=remedy
        ) from None
    staged = folder / journal["staged"]
    if not all(Path(target).resolve().is_relative_to(folder.resolve()) for target in journal["names"].values()):
        remedy = f"remove {place(folder)}: it was not written here"
        raise UserError(str(place(folder)), "names files outside its folder", remedy=remedy)
    changed = set()
    for name, target in journal["names"].items():
        if (staged / name).exists():  # what is gone from here is in its place already
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            os.replace(staged / name, target)
            changed.add(Path(target).parent)
    for parent in changed:
        sync_folder(parent)
    finish(journal["content"])
    place(folder).unlink()
    sync_folder(folder)
    shutil.rmtree(staged, ignore_errors=True)
    return True


def end_interrupted(folder: Path, finish: Finish) -> bool:
    """End a change of ``folder`` that was interrupted, as :func:`recover` does, if there was one; whether there was."""
    if not place(folder).is_file():
        return False
    with alone(folder):
        return recover(folder, finish)

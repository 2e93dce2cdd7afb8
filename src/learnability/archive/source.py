"""The source tree behind the results, as version control knows it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from learnability.results.errors import UserError

_NEEDED = ("Snakefile", "requirements.lock", "config/config.yaml", "src/learnability/__init__.py")


@dataclass(frozen=True)
class Source:
    """A commit, its date (ISO 8601) and the files of the tree; ``changes`` names those that are not as committed."""

    commit: str
    date: str
    files: tuple[str, ...]
    changes: tuple[str, ...]


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], text=True, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        what = (getattr(error, "stderr", "") or str(error)).strip()
        remedy = "archive from a git checkout with at least one commit"
        raise UserError("the source tree", f"git {arguments[0]} failed: {what}", remedy=remedy) from None
    return done.stdout


def read_source(allow_uncommitted: bool = False) -> Source:
    """The source tree in the working directory.

    Raises UserError when it holds uncommitted changes and they are not allowed, and when the repository is another's:
    a folder that was unpacked inside a repository would be archived with that one's commit, and without its source.
    """
    root = Path(_git("rev-parse", "--show-toplevel").removesuffix("\n"))
    if root.resolve() != Path.cwd().resolve():
        remedy = "archive from a git checkout of this project (git init and commit, or clone it)"
        raise UserError("the source tree", f"it belongs to another repository, {root}", remedy=remedy)
    changes = tuple(line[3:] for line in _git("status", "--porcelain", "--untracked-files=all").splitlines())
    if changes and not allow_uncommitted:
        shown = ", ".join(changes[:8]) + (f" and {len(changes) - 8} more" if len(changes) > 8 else "")
        remedy = "commit them, or archive with ALLOW_UNCOMMITTED=1"
        raise UserError("the source tree", f"uncommitted changes: {shown}", remedy=remedy)
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    files = tuple(sorted(name for name in set(listed) if name and Path(name).is_file() and not Path(name).is_symlink()))
    lacking = [name for name in _NEEDED if name not in files]
    if lacking:
        remedy = "see .gitignore, and git add it"
        raise UserError("the source tree", f"git knows no {lacking[0]}", remedy=remedy)
    commit, date = _git("log", "-1", "--format=%H %cI").split()
    return Source(commit, date, files, changes)

"""A run in another folder: a copy of the project with another root seed, or with the config of an archive."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from learnability.pipeline import lifeline, surroundings
from learnability.pipeline.lock import only_one_run
from learnability.results.errors import UserError

CODE = ("Snakefile", "workflow", "profiles", "src", "pyproject.toml", "requirements.lock")
"""What of the project a run needs, but for its config."""


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder for a copy and the run in it. Raises UserError that names who holds it, where another is at work.

    The lock stands beside the folder, so that the folder can be replaced and the run can take its own lock in it.
    """
    with only_one_run(folder.with_name(f"{folder.name}.lock")):
        with only_one_run(folder / ".cache/run.lock"):
            pass  # nobody runs there by hand, and no run outlives a command that was killed
        yield


def copy_project(folder: Path, parts: Sequence[str] = CODE) -> None:
    """Copy parts of the project that is here into ``folder``, in the place of what an earlier copy left of them."""
    for part in parts:
        source, copy = Path(part), folder / part
        shutil.rmtree(copy) if copy.is_dir() else copy.unlink(missing_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        elif source.exists():
            shutil.copy2(source, copy)


def run_in(
    folder: Path, scale: str, studies: Sequence[str], cores: str, device: str = "", figures: bool = True
) -> None:
    """``make figures`` with the code of ``folder``, in ``folder``; it ends when this process does, however that ends.

    Without ``figures`` it ends with the verdicts. Raises UserError where the run fails.
    """
    command = [sys.executable, "-m", "learnability.launch", "--scale", scale, "--studies", ",".join(studies)]
    command += ["--cores", cores, *(["--device", device] if device else []), *([] if figures else ["--no-figures"])]
    source = str((folder / "src").resolve())
    (folder / ".cache").mkdir(exist_ok=True)
    with lifeline.held(folder / ".cache/parent") as alive:
        environment = {**surroundings.clean(), "PYTHONPATH": source, lifeline.VARIABLE: str(alive.resolve())}
        status = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    if status:
        raise UserError(
            str(folder), f"the run ended with status {status}", remedy="see above; the same command goes on"
        )

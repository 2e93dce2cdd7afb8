"""A run in another folder: a copy of the project with another root seed, or with the config of an archive."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from learnability.pipeline import lifeline, surroundings
from learnability.results.errors import UserError


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

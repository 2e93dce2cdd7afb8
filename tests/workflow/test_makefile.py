"""The Makefile notices that its `.venv` was made in another folder."""

import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("place", "made_by_us", "stays"), [("here", True, True), ("there", True, False), ("there", False, True)]
)
def test_a_venv_of_another_folder_is_removed(tmp_path: Path, place: str, made_by_us: bool, stays: bool) -> None:
    here = tmp_path / "a folder"
    (here / ".venv/.made").mkdir(parents=True)
    shutil.copy2(MAKEFILE, here)
    where = here if place == "here" else tmp_path / "another"
    (here / ".venv/pyvenv.cfg").write_text(f"command = /usr/bin/python3 -m venv {where}/.venv\n")
    if made_by_us:
        (here / ".venv/.made/python").touch()
    done = subprocess.run(["make", "help"], cwd=here, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert (here / ".venv").exists() == stays
    assert ("made in another folder" in done.stdout) != stays

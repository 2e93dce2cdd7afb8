"""The Makefile notices that its `.venv` was made in another folder; what it names is there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from learnability.pipeline.config import read_yaml

ROOT = Path(__file__).parents[2]
MAKEFILE = ROOT / "Makefile"


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


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("given", "told"),
    [("SCAL", "; did you mean SCALE? known: SCALE "), ("CORE", "; did you mean CORES? "), ("QQQ", "; known: SCALE ")],
)
def test_an_unknown_variable_is_told_the_nearest(given: str, told: str) -> None:
    done = subprocess.run(["make", "-n", "figures", f"{given}=1"], cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 2
    assert f"{given} is not a variable of this Makefile{told}" in done.stderr


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_help_is_the_head_of_the_file_and_nothing_else() -> None:
    done = subprocess.run(["make", "--no-print-directory", "help"], cwd=ROOT, text=True, capture_output=True)
    head = MAKEFILE.read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    assert done.stdout.splitlines() == [line.removeprefix("#").removeprefix(" ") for line in head]
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_quick_figures_are_one_of_each_study() -> None:
    listed = re.search(r"^QUICK := (\S+)$", MAKEFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed
    named = [name.split("/") for name in listed[1].split(",")]
    studies = read_yaml(ROOT / "config/config.yaml")["studies"]
    assert sorted(study for study, _ in named) == sorted(studies)
    for study, figure in named:
        assert figure in read_yaml(ROOT / f"config/studies/{study}.yaml")["figures"]


def test_the_pictures_of_the_documents_are_figures() -> None:
    listed = re.search(r"^\t@for f in (.*); do", MAKEFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed
    for study, figure in (name.split("/") for name in listed[1].split()):
        assert figure in read_yaml(ROOT / f"config/studies/{study}.yaml")["figures"]
        assert (ROOT / f"docs/pictures/{study}/{figure}.png").is_file()

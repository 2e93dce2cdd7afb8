"""``make new-study`` gives a study that satisfies the contract and passes its own tests before anything is changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("config", "src/learnability", "templates", "tests/contracts", "tests/conftest.py", "tests/doubles.py")


def _call(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the new study ``toy``."""
    pytest.importorskip("cookiecutter")
    folder = tmp_path_factory.mktemp("template")
    for part in PARTS:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / part, folder / part)
    for name in ("Snakefile", "pyproject.toml"):
        shutil.copy2(ROOT / name, folder)
    done = _call(folder, "learnability.cli", "new-study", "toy")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "added toy to config/config.yaml" in done.stdout
    return folder


@pytest.mark.slow
def test_the_new_study_passes_its_tests_and_those_of_the_contract(project: Path) -> None:
    config = project / "config/config.yaml"
    listed = config.read_text()
    assert listed.rstrip().endswith("- toy")
    config.write_text("root_seed: 1\nstudies: [toy]\n")
    done = _call(project, "pytest", "tests/studies/toy", "tests/contracts/test_studies.py")
    config.write_text(listed)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "skipped" not in done.stdout


@pytest.mark.slow
def test_the_new_study_is_clean(project: Path) -> None:
    made = ["src/learnability/studies/toy", "tests/studies/toy"]
    for command in (("ruff", "check", *made), ("ruff", "format", "--check", *made), ("mypy", made[0])):
        done = _call(project, *command)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "words"), [("toy", "exists already"), ("Bad-Name", "lower-case letters")])
def test_a_name_that_cannot_be_used_is_refused(project: Path, name: str, words: str) -> None:
    done = _call(project, "learnability.cli", "new-study", name)
    assert done.returncode == 2
    assert words in done.stderr

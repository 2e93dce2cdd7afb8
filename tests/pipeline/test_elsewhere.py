"""A copy of the project for a run in another folder."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from learnability.archive import reproduce as reproducing
from learnability.pipeline.elsewhere import CODE, copy_project
from learnability.pipeline.job_table import JobTable
from learnability.pipeline.lock import only_one_run
from learnability.report import robustness
from learnability.results.errors import UserError


def test_a_copy_is_the_project_and_nothing_of_an_earlier_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for name in ("src/learnability/__pycache__", "src/learnability.egg-info", "config", "results"):
        (here / name).mkdir(parents=True)
    for name in ("Snakefile", "src/learnability/a.py", "src/learnability/__pycache__/a.pyc", "config/config.yaml"):
        (here / name).write_text("new")
    for name in ("src/gone", "results", "config", "workflow"):
        (there / name).mkdir(parents=True)
    for name in ("requirements.lock", "src/gone/b.py", "results/kept", "config/kept", "workflow/gone"):
        (there / name).write_text("old")
    monkeypatch.chdir(here)
    copy_project(there)
    found = {path.relative_to(there).as_posix(): path.read_text() for path in there.rglob("*") if path.is_file()}
    assert found == {"Snakefile": "new", "src/learnability/a.py": "new", "results/kept": "old", "config/kept": "old"}
    copy_project(there, (*CODE, "config"))
    assert [path.name for path in (there / "config").iterdir()] == ["config.yaml"]


def _robustness() -> None:
    table = SimpleNamespace(main=SimpleNamespace(scale="smoke"), configs={"demo": None})
    robustness.run_with_root_seed(cast(JobTable, table), 7, "1")


def _reproduce() -> None:
    with zipfile.ZipFile("demo.zip", "w") as archive:
        archive.writestr("source/config/config.yaml", "scale: smoke")
    reproducing.reproduce(Path("demo.zip"))


COMMANDS = [
    pytest.param(robustness, _robustness, Path(".cache/robustness/root-seed-7"), id="robustness"),
    pytest.param(reproducing, _reproduce, Path(".cache/reproduce/demo"), id="reproduce"),
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with one line of code, and an archive that counts as sound."""
    monkeypatch.chdir(tmp_path)
    for folder in ("src", "config"):
        Path(folder).mkdir()
    Path("src/code.py").write_text("first")
    Path("config/config.yaml").write_text("scale: smoke\n")
    content = {"scale": "smoke", "studies": ["demo"], "jobs": []}
    monkeypatch.setattr(reproducing, "demand_sound", lambda *_: content)
    monkeypatch.setattr(reproducing, "source_differences", lambda *_: [])


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("module", "command", "folder"), COMMANDS)
def test_a_second_command_leaves_the_source_of_a_run_alone(
    monkeypatch: pytest.MonkeyPatch, module: Any, command: Callable[[], None], folder: Path
) -> None:
    begun = []

    def run(*_: object, **__: object) -> None:
        """The run takes its own lock; while it is at work, the code is edited and the command given again."""
        begun.append(folder)
        with only_one_run(folder / ".cache/run.lock"):
            if len(begun) > 1:
                return
            Path("src/code.py").write_text("second")
            with pytest.raises(UserError, match="another run is at work"):
                command()
            assert (folder / "src/code.py").read_text() == "first"

    monkeypatch.setattr(module, "run_in", run)
    command()
    assert len(begun) == 1
    command()
    assert (folder / "src/code.py").read_text() == "second", "the next command is free"


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("module", "command", "folder"), COMMANDS)
def test_a_run_that_outlives_its_command_keeps_its_source(
    monkeypatch: pytest.MonkeyPatch, module: Any, command: Callable[[], None], folder: Path
) -> None:
    monkeypatch.setattr(module, "run_in", lambda *_, **__: None)
    command()
    Path("src/code.py").write_text("second")
    with only_one_run(folder / ".cache/run.lock"), pytest.raises(UserError, match="another run is at work"):
        command()
    assert (folder / "src/code.py").read_text() == "first"

"""What a command writes into the project itself is all old or all new after a fault at any step that writes."""

import json
import os
import shutil
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from learnability import cli
from learnability.pipeline import own_files
from learnability.report import robustness, verdict_table
from tests.faults import ERRORS, contents, faults

ROOT = Path(__file__).parents[2]
MAIN = Path("config/config.yaml")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, in which commands run."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")


def _old_or_new(error: BaseException, prepare: Callable[[], None], change: Callable[[], object]) -> None:
    """Both states occur and no other one, and the next call of ``change`` makes the new state wherever it stopped."""

    def afresh() -> None:
        for name in os.listdir():
            Path(name).unlink() if Path(name).is_file() else shutil.rmtree(name)
        prepare()

    afresh()
    old = contents(Path())
    change()
    new = contents(Path())
    assert old != new
    seen = set()
    for at, _ in faults(error, afresh, change):
        own_files.finish_interrupted()
        found = contents(Path())
        assert found in (old, new), f"fault {at}"
        assert not [name for name in os.listdir() if name == ".journal"]
        seen.add(found == new)
        if found == old:
            change()
            assert contents(Path()) == new
            assert not [name for name in os.listdir() if name.startswith((".journal", ".staged"))]
    assert at > 10
    assert seen == {False, True}


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_verdicts_and_their_page(error: BaseException, tmp_path: Path) -> None:
    row = json.loads((ROOT / "docs/verdicts.json").read_text())["claims"][0]
    claims = tmp_path / "laptop/claims.json"
    claims.parent.mkdir()

    def write(estimate: float) -> None:
        claims.write_text(json.dumps([row | {"estimate": estimate}]))
        verdict_table.write(claims)

    _old_or_new(error, lambda: write(0.25), lambda: write(0.75))
    assert verdict_table.in_step()


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_robustness_and_its_page(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[str, Any] = {"claims": 1, "scale": "laptop", "judged": "", "others": []}
    monkeypatch.setattr(robustness, "measure", lambda *_: dict(found))
    monkeypatch.setattr(robustness, "page", lambda content: f"{content['claims']} claims\n")
    monkeypatch.setattr(robustness, "undecided", lambda content: {})

    def write(count: int) -> None:
        found["claims"] = count
        robustness.write(None, [], 1)  # type: ignore[arg-type]

    _old_or_new(error, lambda: write(1), lambda: write(2))
    assert robustness.in_step()


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_new_study_and_its_line_in_the_config(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def render(*_: object, output_dir: str, **more: object) -> None:
        """A template of two files; nothing depends on how many there are."""
        for name in ("config/studies/toy.yaml", "src/learnability/studies/toy/__init__.py"):
            place = Path(output_dir, "toy", name)
            place.parent.mkdir(parents=True)
            place.write_text("toy")

    monkeypatch.setitem(sys.modules, "cookiecutter.main", types.SimpleNamespace(cookiecutter=render))

    def prepare() -> None:
        MAIN.parent.mkdir()
        MAIN.write_text("root_seed: 1\nstudies:\n  - atlas\n")

    _old_or_new(error, prepare, lambda: cli._create("toy"))
    assert MAIN.read_text().endswith("- atlas\n  - toy\n")


def test_the_next_command_ends_what_was_begun(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    """Half of the files are in place."""
    Path("Snakefile").touch()
    monkeypatch.setattr(cli.surroundings, "demand_own_source", lambda: None)
    real = os.replace
    moved: list[Path] = []

    def replace(source: Path, target: Path) -> None:
        if Path(target).name in ("a.md", "b.md"):
            moved.append(target)
            if len(moved) == 4:  # the folder beside has both, and one is in its place
                raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        own_files.replace_together({"docs/a.md": b"new", "docs/b.md": b"new"})
    assert list(contents(Path("docs"))) == ["a.md"]
    cli._in_project()
    assert contents(Path("docs")) == {"a.md": b"new", "b.md": b"new"}
    assert "had been interrupted" in capsys.readouterr().err

"""Killed at any step that writes, or refused there, a change of many files ends in the old state or in the new one."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from learnability.results import journal
from learnability.results.atomic import staging
from learnability.results.errors import UserError
from tests.faults import ERRORS, faults

NAMES = ("a", "deep/b", "c")
OLD = dict.fromkeys(NAMES, "old")
NEW = dict.fromkeys(NAMES, "new")


def _state(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in NAMES}


def _finish(content: Mapping[str, Any]) -> None:
    Path(content["record"]).write_text(json.dumps("new"))


def _change(folder: Path) -> None:
    staged = staging(folder)
    for name in NAMES:
        (staged / name).parent.mkdir(exist_ok=True)
        (staged / name).write_text("new")
    names = {name: str(folder / name) for name in NAMES}
    journal.commit(folder, staged, names, {"record": str(folder / "record")}, _finish)


def _prepare(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "deep").mkdir(parents=True)
    for name in NAMES:
        (folder / name).write_text("old")
    (folder / "record").write_text(json.dumps("old"))


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_the_state_after_a_fault_at_any_step_is_the_old_or_the_new(tmp_path: Path, error: BaseException) -> None:
    folder, seen = tmp_path / "results", set()
    for at, ended in faults(error, lambda: _prepare(folder), lambda: _change(folder)):
        found = journal.recover(folder, _finish)
        assert _state(folder) in (OLD, NEW), f"fault {at}"
        assert json.loads((folder / "record").read_text()) == next(iter(set(_state(folder).values())))
        assert not found or _state(folder) == NEW
        assert not list(folder.glob(".journal*")), f"fault {at}"
        seen.add((ended, _state(folder) == NEW))
    assert at > 10
    assert {(False, False), (False, True)} <= seen


def test_a_journal_that_names_other_places_moves_nothing(tmp_path: Path) -> None:
    (tmp_path / "results/.journaled-1").mkdir(parents=True)
    (tmp_path / "results/.journaled-1/a").write_text("theirs")
    (tmp_path / "mine").write_text("mine")
    for name in (str(tmp_path / "mine"), f"{tmp_path}/results/../mine"):
        content = {"staged": ".journaled-1", "names": {"a": name}, "content": {}}
        journal.place(tmp_path / "results").write_text(json.dumps(content))
        with pytest.raises(UserError, match="outside its folder"):
            journal.recover(tmp_path / "results", _finish)
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_journal_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    journal.place(tmp_path).write_text("{")
    with pytest.raises(Exception, match="cannot be read"):
        journal.recover(tmp_path, _finish)

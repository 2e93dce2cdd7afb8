"""Killed at any step that writes, or refused there, a change of many files ends in the old state or in the new one."""

import errno
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from learnability.results import journal
from learnability.results.atomic import staging

NAMES = ("a", "deep/b", "c")
OLD = dict.fromkeys(NAMES, "old")
NEW = dict.fromkeys(NAMES, "new")


class _Killed(BaseException):
    """A kill: no handler of Exception sees it."""


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


class _Fault:
    """Fails the ``count``-th call of what writes, and all calls after it when it is a kill."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int, error: BaseException) -> None:
        self.left, self.error, self.calls = count, error, 0
        for name in ("replace", "fsync", "open", "mkdir", "unlink", "rename"):
            self._wrap(monkeypatch, name, getattr(os, name))

    def _wrap(self, monkeypatch: pytest.MonkeyPatch, name: str, real: Any) -> None:
        def call(*arguments: Any, **more: Any) -> Any:
            self.calls += 1
            dead = isinstance(self.error, _Killed) and self.calls > self.left
            if self.calls == self.left or dead:
                raise self.error
            return real(*arguments, **more)

        monkeypatch.setattr(os, name, call)


@pytest.mark.parametrize("error", [_Killed(), OSError(errno.ENOSPC, "full"), OSError(errno.EIO, "broken")], ids=repr)
def test_the_state_after_a_fault_at_any_step_is_the_old_or_the_new(tmp_path: Path, error: BaseException) -> None:
    folder, seen, at = tmp_path / "results", set(), 0
    while True:
        at += 1
        _prepare(folder)
        with pytest.MonkeyPatch.context() as patch:
            fault = _Fault(patch, at, error)
            try:
                _change(folder)
                ended = True
            except (_Killed, OSError):
                ended = False
        if fault.calls < at:
            break
        found = journal.recover(folder, _finish)
        assert _state(folder) in (OLD, NEW), f"fault {at}"
        assert json.loads((folder / "record").read_text()) == next(iter(set(_state(folder).values())))
        assert not found or _state(folder) == NEW
        assert not list(folder.glob(".journal*")), f"fault {at}"
        seen.add((ended, _state(folder) == NEW))
    assert at > 10
    assert {(False, False), (False, True)} <= seen


def test_a_journal_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    journal.place(tmp_path).write_text("{")
    with pytest.raises(Exception, match="cannot be read"):
        journal.recover(tmp_path, _finish)

"""Faults at every step that writes: a kill, a full disk, a broken one."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

STEPS = ("open", "mkdir", "fdopen", "fsync", "replace", "rename", "unlink", "chmod", "rmdir", "link")


class Killed(BaseException):
    """A kill: no handler of Exception sees it, and nothing is written after it."""


ERRORS = (Killed(), OSError(errno.ENOSPC, "full"), OSError(errno.EIO, "broken"))


class Fault:
    """Fails one call of what writes, and all calls after it when it is a kill."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, error: BaseException) -> None:
        self.at, self.error, self.calls = at, error, 0
        for name in STEPS:
            patch.setattr(os, name, self._wrapped(getattr(os, name)))
        patch.setattr(tempfile, "mkstemp", self._wrapped(tempfile.mkstemp))
        patch.setattr(shutil, "rmtree", self._quiet(shutil.rmtree))
        self._patch_writes(patch)

    def step(self) -> None:
        """One step that writes: fails when it is its turn."""
        self.calls += 1
        dead = isinstance(self.error, Killed) and self.calls > self.at
        if self.calls == self.at or dead:
            raise self.error

    def _wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            self.step()
            return real(*arguments, **more)

        return call

    def _quiet(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """One step however many calls it makes: a folder that is half removed is rubbish all the same."""

        def call(path: Any, ignore_errors: bool = False, **more: Any) -> None:
            try:
                self.step()
            except OSError:
                if not ignore_errors:
                    raise
                return
            before, self.calls = self.calls, -(10**9)
            try:
                real(path, ignore_errors=ignore_errors, **more)
            finally:
                self.calls = before

        return call

    def _patch_writes(self, patch: pytest.MonkeyPatch) -> None:
        real, fault = os.fdopen, self

        class Stream:
            """A stream whose writes are steps."""

            def __init__(self, stream: Any) -> None:
                self._stream = stream

            def write(self, content: Any) -> Any:
                fault.step()
                return self._stream.write(content)

            def __enter__(self) -> "Stream":
                return self

            def __exit__(self, *details: object) -> None:
                self._stream.__exit__(*details)

            def __getattr__(self, name: str) -> Any:
                return getattr(self._stream, name)

        patch.setattr(os, "fdopen", lambda *arguments, **more: Stream(real(*arguments, **more)))


def faults(
    error: BaseException, prepare: Callable[[], object], change: Callable[[], object]
) -> Iterator[tuple[int, bool]]:
    """Prepare and change again and again with the fault at the next step, until there is none left to fail.

    Gives (step, whether the change ended nevertheless).
    """
    at = 0
    while True:
        at += 1
        prepare()
        with pytest.MonkeyPatch.context() as patch:
            fault = Fault(patch, at, error)
            try:
                change()
                ended = True
            except (Killed, OSError):
                ended = False
        if fault.calls < at:
            return
        yield at, ended


def contents(folder: Path, hidden: bool = False) -> dict[str, bytes]:
    """The files below a folder, without hidden ones."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        name: path.read_bytes()
        for name, path in found.items()
        if hidden or not any(part.startswith(".") for part in Path(name).parts)
    }

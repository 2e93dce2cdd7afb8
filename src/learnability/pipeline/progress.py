"""Progress of one job, for a person: now and then a line in the terminal and in the job's log, never a flood."""

import sys
import time
from pathlib import Path
from typing import TextIO

_LONGEST = 60  # characters of a message: a line stays a line


def clock(seconds: float) -> str:
    """Seconds as ``12s``, ``3m05s`` or ``2h07m``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


class Progress:
    """Prints ``label  37% message, 12s gone, 20s left`` at growing intervals (3 s at first, 30 s at most)."""

    def __init__(self, label: str, log: Path | None = None, terminal: TextIO | None = None) -> None:
        self._label, self._log = label, log
        self._terminal = sys.stderr if terminal is None else terminal
        self._start = time.monotonic()
        self._next = self._start + 3.0

    def say(self, text: str) -> None:
        """One line, to the terminal and the log."""
        line = f"{self._label}  {text}"
        print(line, file=self._terminal, flush=True)
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as stream:
                stream.write(line + "\n")

    def __call__(self, done: float, total: float, message: str = "") -> None:
        now = time.monotonic()
        if now < self._next:
            return
        gone = now - self._start
        self._next = now + min(30.0, max(3.0, gone / 5))
        share = min(1.0, max(0.0, done / total)) if total > 0 else 0.0
        left = clock(gone * (1 - share) / share) + " left" if share > 0.01 else "time left unknown"
        if len(message) > _LONGEST:
            message = message[: _LONGEST - 3] + "..."
        self.say(f"{100 * share:3.0f}%  {message + ', ' if message else ''}{clock(gone)} gone, {left}")

    def gone(self) -> str:
        """The time since the start."""
        return clock(time.monotonic() - self._start)

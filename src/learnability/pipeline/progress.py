"""Progress of one job: now and then a line in the job's log, and in the terminal or to whoever follows the run."""

import resource
import sys
import time
from pathlib import Path
from typing import TextIO

from learnability.pipeline import events
from learnability.pipeline.stopwatch import Stopwatch, cpu_seconds

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
    """Says ``label  37% message, 12s gone, 20s left`` at growing intervals (3 s at first, 30 s at most).

    The line goes to the log, and to the terminal unless somebody follows the run
    (:mod:`learnability.pipeline.events`): then the share goes there, named by the job's first ``output``.
    """

    def __init__(
        self, label: str, log: Path | None = None, terminal: TextIO | None = None, output: Path | None = None
    ) -> None:
        self._label, self._log, self._output = label, log, output
        self._terminal = sys.stderr if terminal is None else terminal
        self.watch = Stopwatch()
        self._start = time.monotonic()
        self._next = self._start + 3.0

    def say(self, text: str) -> None:
        """One line, to the log, and to the terminal where nobody follows the run."""
        line = f"{self._label}  {text}"
        if events.followed() is None:
            print(line, file=self._terminal, flush=True)
        self.log_only(line + "\n")

    def log_only(self, text: str) -> None:
        """Text for the log. A log that cannot be written is no reason to stop computing."""
        if self._log is None:
            return
        try:
            with self._log.open("a", encoding="utf-8") as stream:
                stream.write(text)
        except OSError:
            pass

    def __call__(self, done: float, total: float, message: str = "") -> None:
        now = time.monotonic()
        if now < self._next:
            return
        gone = now - self._start
        self._next = now + min(30.0, max(3.0, gone / 5))
        share = min(1.0, max(0.0, done / total)) if total > 0 else 0.0
        events.tell("progress", output=str(self._output), share=share, message=message)
        left = clock(gone * (1 - share) / share) + " left" if share > 0.01 else "time left unknown"
        if len(message) > _LONGEST:
            message = message[: _LONGEST - 3] + "..."
        self.say(f"{100 * share:3.0f}%  {message + ', ' if message else ''}{clock(gone)} gone, {left}")

    def failed(self, message: str) -> None:
        """The job cannot go on, and why."""
        events.tell("failed", output=str(self._output), message=message, log=str(self._log or ""))
        self.say(f"failed{chr(10) if chr(10) in message else ': '}{message}")

    def done(self) -> None:
        """The job has ended: its time, its CPU time (children included) and its memory."""
        gone = clock(time.monotonic() - self._start)
        own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        # ru_maxrss counts kilobytes on Linux and bytes on macOS
        memory = max(own.ru_maxrss, children.ru_maxrss) / (2**20 if sys.platform == "darwin" else 2**10)
        self.log_only(self.watch.line() + "\n")
        self.say(f"done in {gone} ({cpu_seconds():.2f} s of CPU, {memory:.0f} MB)")

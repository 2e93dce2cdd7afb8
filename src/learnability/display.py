"""The run as a person sees it: one line that lives in a terminal, sparse lines elsewhere."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

from learnability.pipeline.progress import clock
from learnability.report.wording import finding
from learnability.run_state import Happening, Job, RunState

_STEP = 0.1  # without a terminal, a line for each tenth of the run
_MOST_RUNNING = 3
_PUBLISH = 20.0  # seconds between two editions of the report during a run


def left_text(state: RunState) -> str:
    """The time left in words."""
    left = state.seconds_left()
    if left is None:
        return "planning"
    return f"about {clock(left)} left" if left >= 1 else "almost done"


def _running(jobs: Sequence[Job]) -> str:
    names = [f"{job.name} {100 * job.share:.0f}%" if job.share else job.name for job in jobs[:_MOST_RUNNING]]
    more = len(jobs) - _MOST_RUNNING
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def sentence(happening: Happening) -> str:
    """A happening as one line."""
    if happening.kind == "figure":
        path = Path(happening.path)
        found = finding(path.read_text(encoding="utf-8")) if path.exists() else ""
        first, _, more = found.partition("; ")  # of many panels the first speaks for all
        return f"figure  {happening.name}" + (f": {first}" if first else "") + ("; ..." if more else "")
    if happening.kind == "plan":
        return f"to do   {happening.name}"
    if happening.kind == "claims":
        return f"judged  {happening.name}"
    return f"FAILED  {happening.name}: {happening.text}"


class Display(Protocol):
    """Shows a run while it goes on; entered once for each call of the engine."""

    def __enter__(self) -> "Display": ...
    def __exit__(self, *details: object) -> None: ...
    def show(self, state: RunState, happenings: Sequence[Happening]) -> None:
        """Show the state, and what happened since the last call."""


class LiveLine:
    """One line at the foot of a terminal, with what finished above it."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> "LiveLine":
        self._live = Live(console=self._console, refresh_per_second=4, transient=True)
        self._live.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._live.__exit__(None, None, None)

    def show(self, state: RunState, happenings: Sequence[Happening]) -> None:
        """Print what happened, and renew the line."""
        for happening in happenings:
            style = "red" if happening.kind == "failure" else ""
            self._console.print(Text(sentence(happening), style=style, overflow="ellipsis", no_wrap=True))
        share = state.share()
        width = 20
        bar = "━" * round(width * share)
        line = Text.assemble(
            (bar, "green"),
            ("━" * (width - len(bar)), "dim"),
            f" {100 * share:3.0f}%  {left_text(state)}  ",
            (f"{state.finished}/{state.planned} jobs  " if state.planned else "", "dim"),
            (_running(state.running), "dim"),
            overflow="ellipsis",
            no_wrap=True,
        )
        self._live.update(line)


class PlainLines:
    """Without a terminal: a line for each figure, and for each tenth of the run; verdicts are told at the end."""

    def __init__(self, console: Console) -> None:
        self._console, self._next = console, 0.0

    def __enter__(self) -> "PlainLines":
        return self

    def __exit__(self, *details: object) -> None:
        pass

    def show(self, state: RunState, happenings: Sequence[Happening]) -> None:
        """Print what happened, and how far the run is when a tenth is complete."""
        for happening in happenings:
            if happening.kind != "claims":
                self._print(sentence(happening))
        share = state.share()
        if state.planned and (share >= self._next or (share >= 1.0 > self._next)):
            runs = _running(state.running)
            self._print(f"{100 * share:3.0f}%    {left_text(state)}" + (f"; now {runs}" if runs else ""))
            self._next = (share // _STEP + 1) * _STEP if share < 1.0 else 2.0

    def _print(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)


def display_for(console: Console) -> Display:
    """The display that suits where the output goes."""
    return LiveLine(console) if console.is_terminal else PlainLines(console)


def failures_text(failures: Sequence[Job]) -> Text:
    """The failed jobs with their message and log, and what to do."""
    text = Text()
    for job in failures:
        text.append(f"\n{job.rule} {job.name} failed\n", style="bold red")
        text.append("".join(f"  {line}\n" for line in job.failure.splitlines()))
        if job.log and job.log not in job.failure:
            text.append(f"  log:     {job.log}\n")
    return text


def wait_for(
    running: Callable[[], bool],
    read: Callable[[], Sequence[Mapping[str, Any]]],
    state: RunState,
    display: Display,
    publish: Callable[[], bool],
    record: Callable[[float, float | None], object],
) -> None:
    """Show the run until it ends.

    ``read`` gives the events since its last call; ``publish`` is called when a figure or verdicts are new, at most
    every 20 seconds, so that the report grows while the run goes on, and again where it says that it could not.
    ``record`` takes the share and the time left.
    """
    new, last = False, -math.inf
    while True:
        alive = running()
        happenings = [happening for event in read() for happening in state.update(event)]
        display.show(state, happenings)
        record(state.share(), state.seconds_left())
        new = new or any(happening.kind in ("figure", "claims") for happening in happenings)
        if not alive:
            return
        if new and time.monotonic() - last > _PUBLISH:
            new, last = not publish(), time.monotonic()
        time.sleep(0.25)

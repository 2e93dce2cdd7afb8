"""Where the CPU time of the last runs went: by part of a job, by stage, by study, and the jobs that took most.

Each job measures itself (:mod:`learnability.pipeline.stopwatch`) and says so at the end of its log; nothing is sampled
from outside, and nothing runs again.
"""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from learnability.pipeline.costs import name_of
from learnability.pipeline.stopwatch import PARTS, parts_in
from learnability.results.errors import UserError, make_figures

_STAGES = ("targets", "train", "analysis", "figures", "claims")
_NAME = 20  # columns of a name: those of the longest study
_TITLES = dict(zip(PARTS, ("start", "imports", "compile", "read", "compute", "write"), strict=True))


@dataclass(frozen=True)
class Spent:
    """CPU seconds of one job by part."""

    name: str
    parts: dict[str, float]

    @property
    def total(self) -> float:
        """All of them."""
        return sum(self.parts.values())

    @property
    def stage(self) -> str:
        """The stage of the workflow."""
        pieces = self.name.split("/")
        return next((stage for stage in _STAGES if stage in pieces), "other")

    @property
    def study(self) -> str:
        """The study."""
        return self.name.split("/")[1]


def measured(results: Path) -> list[Spent]:
    """What the logs of a scale tell, one entry for each job that has run since jobs measure themselves."""
    found = []
    for log in sorted((results / "logs").rglob("*.log")):
        parts = parts_in(log.read_text(encoding="utf-8", errors="replace"))
        if parts is not None:
            relative = log.relative_to(results / "logs").as_posix()
            found.append(Spent(name_of(f"{results.name}/{relative}"), parts))
    return found


def table(results: Path, longest: int) -> str:
    """The tables. Raises UserError where no job has told of itself yet."""
    jobs = measured(results)
    if not jobs:
        remedy = f"run {make_figures(results)}, and ask again"
        raise UserError(f"{results}/logs", "no job has said where its time went", remedy=remedy)
    order = {stage: place for place, stage in enumerate(_STAGES)}
    lines = _grouped("stage", jobs, lambda job: job.stage, lambda name: order.get(name, len(order)))
    lines += ["", *_grouped("study", jobs, lambda job: job.study, lambda name: name)]
    top = sorted(jobs, key=lambda job: -job.total)[:longest]
    lines += ["", _head("job")]
    lines += [line for job in top for line in _row(job.name.partition("/")[2], [job])]
    shares = [f"{part} {100 * sum(job.parts[part] for job in jobs) / _total(jobs):.0f}%" for part in PARTS]
    count = f"{len(jobs)} job{'s' if len(jobs) > 1 else ''}"
    lines += ["", *textwrap.wrap(f"{_total(jobs):.0f} s of CPU in {count}: {', '.join(shares)}.", 80)]
    return "\n".join(lines)


def _total(jobs: Sequence[Spent]) -> float:
    return sum(job.total for job in jobs)


def _grouped(
    title: str, jobs: Sequence[Spent], of: Callable[[Spent], str], order: Callable[[str], object]
) -> list[str]:
    names = sorted({of(job) for job in jobs}, key=order)  # type: ignore[arg-type]
    return [_head(title), *(line for name in names for line in _row(name, [job for job in jobs if of(job) == name]))]


def _head(title: str) -> str:
    return f"{title:<{_NAME}}{'jobs':>5}{'CPU s':>7}" + "".join(f"{_TITLES[part]:>8}" for part in PARTS)


def _row(name: str, jobs: Sequence[Spent]) -> list[str]:
    """A line of 80 columns; a name that is too long for its column has a line of its own."""
    numbers = "".join(f"{_seconds(sum(job.parts[part] for job in jobs)):>8}" for part in PARTS)
    told = f"{len(jobs):>5}{_seconds(_total(jobs)):>7}{numbers}"
    return [f"{name:<{_NAME}}{told}"] if len(name) <= _NAME else [name, f"{'':<{_NAME}}{told}"]


def _seconds(number: float) -> str:
    return f"{number:.1f}" if number < 1000 else f"{number:.0f}"

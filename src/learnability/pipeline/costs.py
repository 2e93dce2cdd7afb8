"""What each job costs, from earlier runs: for the time that is left, the order of jobs, and plans.

``workflow/costs.json`` holds, for each job, its CPU time in seconds and its memory in megabytes, as the last line of
its log gave them. ``learnability cost --refresh`` writes the file from the logs of a finished scale.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean

from learnability.results.atomic import replacing

FILE = Path("workflow/costs.json")
PROBES = Path("workflow/probes.json")
"""Estimates from the first seconds of jobs that were never run (:mod:`learnability.pipeline.probe`)."""
UNKNOWN = 3.0  # seconds: what starting a job takes, for a job of which nothing is known
_DONE = re.compile(r"done in \S+ \(([\d.]+) s of CPU, (\d+) MB\)")


def name_of(path: str | Path) -> str:
    """The name of the job behind a result: ``laptop/<study>/<experiment>/train/<setting>/seeds0-32``."""
    text = Path(path).as_posix().removeprefix("results/")
    for ending in (".zarr.zip", ".svg", ".pdf", ".png", ".json", ".log"):
        text = text.removesuffix(ending)
    return text


@dataclass(frozen=True)
class Cost:
    """CPU time in seconds and memory in megabytes."""

    cpu: float
    memory: float


def _groups(name: str) -> Iterable[str]:
    """The group of a job at its scale, the same at any scale, and its stage alone."""
    scale, *rest = name.split("/")
    stage = next((part for part in ("targets", "train", "figures", "analysis", "claims") if part in rest), "other")
    experiment = "/".join(rest[:2])
    return f"{scale}/{experiment}/{stage}", f"*/{experiment}/{stage}", f"*/{stage}"


def _read(path: Path) -> dict[str, Cost]:
    """A table of costs; empty where there is none, since costs only steer what is shown and when."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: Cost(*numbers) for name, numbers in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write(table: Mapping[str, Cost], path: Path) -> None:
    with replacing(path) as out:
        lines = {name: [round(cost.cpu, 1), round(cost.memory)] for name, cost in sorted(table.items())}
        rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in lines.items())
        out.write(f"{{\n{rows}\n}}\n".encode())


class Costs:
    """The reference costs: measured, else probed, else the mean of the job's experiment and stage, or of its stage."""

    def __init__(self, known: Mapping[str, Cost], probed: Mapping[str, Cost] | None = None) -> None:
        self.known, self.probed = known, probed or {}

    @classmethod
    def read(cls, path: Path = FILE, probes: Path = PROBES) -> "Costs":
        """The committed tables."""
        return cls(_read(path), _read(probes))

    def of(self, path: str | Path) -> Cost | None:
        """What is known of the job behind a result."""
        name = name_of(path)
        return self.known.get(name) or self.probed.get(name)

    @cached_property
    def _means(self) -> dict[str, float]:
        members: dict[str, list[float]] = {}
        for name, cost in self.known.items():
            for group in _groups(name):
                members.setdefault(group, []).append(cost.cpu)
        return {group: fmean(numbers) for group, numbers in members.items()}

    def groups(self, path: str | Path) -> tuple[str, str]:
        """Where a job belongs: its experiment's stage at its scale, and its stage at any."""
        own, _, stage = _groups(name_of(path))
        return own, stage

    def has(self, group: str) -> bool:
        """Whether any job of the group was measured."""
        return group in self._means

    def seconds(self, path: str | Path) -> float:
        """The CPU time of the job behind a result."""
        name = name_of(path)
        if (found := self.of(path)) is not None:
            return found.cpu
        return next((self._means[group] for group in _groups(name) if group in self._means), UNKNOWN)


def measured(results: Path) -> dict[str, Cost]:
    """What the logs of one scale say; a job that was not run lately has an older log, or none."""
    found = {}
    for log in sorted((results / "logs").rglob("*.log")):
        matches = _DONE.findall(log.read_text(encoding="utf-8", errors="replace"))
        if matches:
            cpu, memory = matches[-1]
            relative = log.relative_to(results / "logs").as_posix()
            found[name_of(f"{results.name}/{relative}")] = Cost(float(cpu), float(memory))
    return found


def refresh(results: Path, outputs: Iterable[str], path: Path = FILE) -> int:
    """Write the costs of the jobs behind ``outputs``, all those of some studies at one scale, into the table, and say
    how many of them it now knows. Logs of settings that the config no longer has are left out.
    """
    names = {name_of(output) for output in outputs}
    studies = {tuple(name.split("/")[:2]) for name in names}
    new = {name: cost for name, cost in measured(results).items() if name in names}
    kept = {name: cost for name, cost in _read(path).items() if tuple(name.split("/")[:2]) not in studies}
    _write({**kept, **new}, path)
    return len(new)


def add_probes(new: Mapping[str, Cost], path: Path = PROBES) -> None:
    """Add estimates by the path of the result; they replace older ones of the same jobs."""
    _write({**_read(path), **{name_of(result): cost for result, cost in new.items()}}, path)

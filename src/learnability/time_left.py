"""The time that a run still takes: what its jobs will cost on this machine now, and how they fit on its cores.

``Pace`` learns from the jobs that end. A job whose reference cost is known (:mod:`learnability.pipeline.costs`) takes
that many seconds times the pace of this run; of a job that was never measured, jobs of its own experiment in this run
say more than any reference. The pace is remembered over a fifth of the run's work, so that it follows a machine that
slows down.

``makespan`` lays the jobs that are left on the cores: near the end of a run the sum of what is left says too little,
since figures wait for analyses and a core stands idle.
"""

import heapq
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from learnability.pipeline.costs import Costs, name_of

START = 1.5
"""Wall seconds in which a job costs no CPU time: scheduling, and waiting for files."""
STAGES = {"targets": 0, "train": 1, "analyse": 2, "figures": 3, "claims": 3}
"""Rules by their place in the order of an experiment."""

# Reference seconds that stand behind the first guess of this machine's speed: the first jobs must not decide alone.
_PRIOR = 2.0
# Jobs that stand behind the guess for one that was never measured: a mean of its own experiment, or of its stage.
_PRIOR_OF_EXPERIMENT, _PRIOR_OF_STAGE = 3.0, 1.0
_MEMORY = 0.2  # of the run's work
_MOST = 2.5  # the factor by which one job can differ from what was expected: a machine that slept is no slower for it
_EVERY = 5.0  # seconds between two lines of the record


class Pace:
    """Wall seconds of jobs in this run, learned from those that ended.

    Parameters
    ----------
    costs
        Reference costs.
    work
        Reference seconds of the whole run.
    """

    def __init__(self, costs: Costs, work: float = math.inf) -> None:
        self.costs, self.work = costs, work
        self._wall = self._reference = _PRIOR
        self._met: dict[str, tuple[int, float]] = {}  # group of unmeasured jobs: how many ended, wall seconds in all
        self._looked_up: dict[str, tuple[float, str, float]] = {}

    @property
    def speed(self) -> float:
        """Wall seconds for each second of the reference."""
        return self._wall / self._reference

    def with_running(self, jobs: Iterable[tuple[str, float, float]]) -> float:
        """The speed where jobs at work count, too: (path, wall seconds so far, share done by their own word)."""
        wall, reference = self._wall, self._reference
        for path, gone, share in jobs:
            cost, group, _ = self._known(path)
            busy = gone - START
            if group or busy <= 0:
                continue
            done = share * cost if share else cost
            if share or busy > self.speed * cost:  # silent jobs say something once they are late
                wall, reference = wall + self._within(busy, done), reference + done
        return wall / reference

    def expected(self, path: str, speed: float | None = None) -> float:
        """Wall seconds of a job from start to end."""
        cost, group, prior = self._known(path)
        guess = cost * (self.speed if speed is None else speed) + START
        if not group:
            return guess
        count, seconds = self._met.get(group, (0, 0.0))
        return (prior * guess + seconds) / (prior + count)

    def learn(self, path: str, wall: float) -> None:
        """A job ended after so many wall seconds."""
        cost, group, _ = self._known(path)
        if group:
            count, seconds = self._met.get(group, (0, 0.0))
            self._met[group] = count + 1, seconds + min(wall, _MOST * self.expected(path))
        elif cost:
            kept = math.exp(-cost / (_MEMORY * self.work))
            busy = self._within(wall - START, cost)
            self._wall, self._reference = kept * self._wall + busy, kept * self._reference + cost

    def _within(self, busy: float, cost: float) -> float:
        usual = self.speed * cost
        return min(max(busy, usual / _MOST), usual * _MOST)

    def _known(self, path: str) -> tuple[float, str, float]:
        """Reference seconds of a job; if these are a guess, the group it belongs to, and the weight of the guess."""
        found = self._looked_up.get(path)
        if found is None:
            cost = self.costs.seconds(path)
            if self.costs.of(path) is not None:
                found = cost, "", 0.0
            else:
                own, stage = self.costs.groups(path)
                found = (cost, own, _PRIOR_OF_EXPERIMENT) if self.costs.has(own) else (cost, stage, _PRIOR_OF_STAGE)
            self._looked_up[path] = found
        return found


class Left(NamedTuple):
    """A job that is not done: its rule, its result, the wall seconds it still takes, and whether it is at work."""

    rule: str
    path: str
    seconds: float
    running: bool = False


def makespan(jobs: Iterable[Left], cores: int) -> float:
    """Seconds until all jobs are done on ``cores`` cores: jobs at work first, then stage by stage, the longest first.

    A training waits for the targets of its experiment, an analysis for its trainings, figures and claims for all
    analyses of their study. Most figures wait for less, which matters at the end of a run only, and little else is
    left then.
    """
    free = [0.0] * cores
    ends: dict[tuple[str, int], float] = {}
    for job in sorted(jobs, key=lambda job: (not job.running, STAGES[job.rule], -job.seconds)):
        study, experiment = [*name_of(job.path).split("/"), "", ""][1:3]
        stage = STAGES[job.rule]
        owner = study if stage == 3 else f"{study}/{experiment}"
        ready = 0.0 if job.running else max((ends.get((owner, before), 0.0) for before in range(stage)), default=0.0)
        end = max(heapq.heappop(free), ready) + job.seconds
        heapq.heappush(free, end)
        for place in {owner, study} if stage == 2 else {owner}:
            ends[place, stage] = max(ends.get((place, stage), 0.0), end)
    return max(free)


class Record:
    """A table of a run's estimates with their times: seconds gone, share, seconds left."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._start, self._next, self._whole = clock(), 0.0, False
        self._write("gone_s\tshare\tleft_s\n", "w")

    def note(self, share: float, left: float | None) -> None:
        """One line, every few seconds and where the run is whole."""
        gone = self._clock() - self._start
        if left is None or (gone < self._next and (share < 1.0 or self._whole)):
            return
        self._next, self._whole = gone + _EVERY, share >= 1.0
        self._write(f"{gone:.1f}\t{share:.4f}\t{left:.1f}\n", "a")

    def _write(self, text: str, mode: str) -> None:
        try:
            with self._path.open(mode, encoding="utf-8") as stream:
                stream.write(text)
        except OSError:
            pass  # nothing rests on the record

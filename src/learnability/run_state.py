"""What is known of a run while it goes on: from the events of jobs and engine to the share done and the time left.

The share is weighted by the reference cost of each job (:mod:`learnability.pipeline.costs`); it never falls. The time
left is that of :mod:`learnability.time_left`.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from learnability.pipeline.costs import Costs
from learnability.pipeline.job_table import JobTable
from learnability.time_left import STAGES, Left, Pace, makespan

_STAGE_RULES = tuple(STAGES)
_NOUNS = {
    "targets": ("target", "targets"),
    "train": ("training run", "training runs"),
    "analyse": ("analysis", "analyses"),
    "figures": ("figure", "figures"),
    "claims": ("study to judge", "studies to judge"),
    "report": ("report", "reports"),
}
"""What a job of each rule is called, one and several."""


@dataclass
class Job:
    """A job of the engine that was announced."""

    rule: str
    name: str
    output: tuple[str, ...]
    log: str
    cost: float
    started: float | None = None
    share: float = 0.0
    told: float = 0.0
    """When the job said its share."""
    done: bool = False
    failure: str = ""


@dataclass(frozen=True)
class Happening:
    """Something that a person wants to read: a plan, a figure drawn, a study judged, a job that failed."""

    kind: str
    name: str
    text: str = ""
    path: str = ""


def planned_outputs(table: JobTable, studies: Iterable[str] | None = None) -> dict[str, list[str]]:
    """The first output of each job of the chosen studies (or of these), by rule."""
    scale = table.main.scale
    found: dict[str, list[str]] = {rule: [] for rule in _STAGE_RULES}
    for study in table.configs if studies is None else studies:
        for name in table.configs[study].experiments:
            found["targets"] += table.target_paths(study, name, scale)
            found["train"] += table.train_paths(study, name, scale)
        found["analyse"] += table.analysis_paths(study, scale)
        found["figures"] += [path for path in table.figure_paths(study, scale) if path.endswith(".svg")]
        found["claims"].append(f"results/{scale}/{study}/claims.json")
    return found


@dataclass
class RunState:
    """The state of one run, which may take two calls of the engine."""

    table: JobTable
    cores: int
    costs: Costs = field(default_factory=Costs.read)
    clock: Callable[[], float] = time.monotonic
    jobs: dict[int, Job] = field(default_factory=dict)
    failures: list[Job] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._begun = self.clock()
        self._earlier = 0.0  # reference seconds of jobs that earlier calls finished
        self._finished = Counter[str]()
        self._total = 0.0
        self._share = 0.0
        self._pace = Pace(self.costs)
        self._waiting: dict[str, str] = {}  # planned outputs that no job was announced for, with their rules
        self._counts: Mapping[str, int] = {}
        self._by_output: dict[str, Job] = {}
        self._expected: frozenset[str] = frozenset()
        self._later: list[str] = []

    def expect(self, outputs: Iterable[str], more_calls: bool = False) -> None:
        """Say before a call of the engine which outputs are out of date, and whether it is not the last call.

        The engine tells how many jobs it plans, not which. A call that another one follows makes no figures and judges
        nothing: what is out of date of those is ahead of the run, too.
        """
        self._expected = frozenset(outputs)
        after = planned_outputs(self.table) if more_calls else {}
        later = [path for rule in ("figures", "claims") for path in after.get(rule, ())]
        self._later = [path for path in later if path in self._expected or not Path(path).exists()]

    # Events ----------------------------------------------------------------------------------------------------------

    def update(self, event: Mapping[str, Any]) -> list[Happening]:
        """Take in one event; what a person should hear of it."""
        handlers: dict[str, Callable[[Mapping[str, Any]], list[Happening]]] = {
            "plan": self._on_plan,
            "info": self._on_info,
            "started": self._on_started,
            "progress": self._on_progress,
            "finished": self._on_finished,
            "failed": self._on_failed,
            "error": self._on_error,
            "note": self._on_note,
        }
        return handlers[event["event"]](event)

    def _on_plan(self, event: Mapping[str, Any]) -> list[Happening]:
        """The engine counts jobs by rule; which they are is known only when they are announced."""
        self._counts = {rule: int(count) for rule, count in event["counts"].items()}
        self._earlier += sum(job.cost for job in self.jobs.values() if job.done)
        self.jobs, self._by_output = {}, {}
        self._finished.clear()
        self._total = 0.0
        self._waiting = {}
        for rule, outputs in planned_outputs(self.table).items():
            wanted = self._counts.get(rule, 0)
            chosen = sorted(outputs, key=lambda path: (Path(path).exists(), path not in self._expected))[:wanted]
            self._waiting |= dict.fromkeys(chosen, rule)
        self._waiting |= {path: "figures" if path.endswith(".svg") else "claims" for path in self._later}
        self._total += sum(map(self.costs.seconds, self._waiting))
        self._pace.work = max(self._earlier + self._total, 1e-9)
        told = [f"{count} {nouns[count > 1]}" for rule, nouns in _NOUNS.items() if (count := self._counts.get(rule))]
        return [Happening("plan", ", ".join(told))] if told else []

    def _on_info(self, event: Mapping[str, Any]) -> list[Happening]:
        output = tuple(event["output"])
        wildcards = event["wildcards"]
        parts = (wildcards.get(key, "") for key in ("study", "experiment", "figure"))
        name = "/".join(filter(None, parts)) or event["rule"]
        cost = self.costs.seconds(output[0]) if output and event["rule"] in _STAGE_RULES else 0.0
        log = event["log"][0] if event["log"] else ""
        earlier = self.jobs.get(event["id"])
        self.failures = [
            failed for failed in self.failures if failed is not earlier
        ]  # another attempt: the last counts
        job = Job(event["rule"], name, output, log, cost, started=self.clock())
        self.jobs[event["id"]] = job
        if output:
            self._by_output[output[0]] = job
            self._waiting.pop(output[0], None)
        return []

    def _on_started(self, event: Mapping[str, Any]) -> list[Happening]:
        for number in event["ids"]:
            if number in self.jobs:
                self.jobs[number].started = self.clock()
        return []

    def _on_progress(self, event: Mapping[str, Any]) -> list[Happening]:
        job = self._by_output.get(event["output"])
        if job is not None and not job.done:
            share = min(1.0, float(event["share"]))
            if share > job.share:
                job.share, job.told = share, self.clock()
        return []

    def _on_finished(self, event: Mapping[str, Any]) -> list[Happening]:
        job = self.jobs.get(event["id"])
        if job is None or job.done:
            return []
        job.done = True
        self._finished[job.rule] += 1
        if job.cost and job.started is not None:
            self._pace.learn(job.output[0], self.clock() - job.started)
        path = job.output[0] if job.output else ""
        if job.rule == "figures":
            return [Happening("figure", job.name, path=path)]
        if job.rule == "claims":
            return [Happening("claims", job.name, path=path)]
        return []

    def _on_failed(self, event: Mapping[str, Any]) -> list[Happening]:
        job = self._by_output.get(event["output"])
        if job is None:
            return []
        job.failure = event["message"]
        return []

    def _on_error(self, event: Mapping[str, Any]) -> list[Happening]:
        job = self.jobs.get(event["id"]) or next(
            (job for job in self.jobs.values() if job.log in event["log"] and job.log), None
        )
        if job is None:
            job = Job(event["rule"], event["rule"], (), (event["log"] or [""])[0], 0.0)
        if job in self.failures:
            return []
        job.failure = job.failure or event.get("words") or "ended without a word: killed, or out of memory"
        job.done = True  # nothing of it is ahead any more
        self.failures.append(job)
        return [Happening("failure", f"{job.rule} {job.name}", job.failure.splitlines()[0], job.log)]

    def _on_note(self, event: Mapping[str, Any]) -> list[Happening]:
        self.notes.append(event["message"])
        return []

    # What is shown ---------------------------------------------------------------------------------------------------

    @property
    def speed(self) -> float:
        """Wall seconds of a job for each second of its reference."""
        return self._pace.with_running((job.output[0], self._gone(job), self._share_of(job)) for job in self.running)

    @property
    def running(self) -> Sequence[Job]:
        """The jobs at work, the longest at work first."""
        found = (job for job in self.jobs.values() if not job.done and job.started is not None and job.cost)
        return sorted(found, key=lambda job: job.started or 0.0)

    @property
    def finished(self) -> int:
        """The number of jobs that this call of the engine has finished."""
        return sum(self._finished[rule] for rule in _STAGE_RULES)

    @property
    def planned(self) -> int:
        """The number of jobs of this call."""
        return sum(self._counts.get(rule, 0) for rule in _STAGE_RULES)

    def _gone(self, job: Job) -> float:
        return self.clock() - job.started if job.started is not None else 0.0

    def _share_of(self, job: Job) -> float:
        """The share that a job has done by now if it goes on as it last said; 0 if it never did."""
        if not job.share:
            return 0.0
        then = job.told - job.started if job.started is not None else 0.0
        return min(0.95, job.share * self._gone(job) / then) if then > 0 else job.share

    def _done_of(self, job: Job, speed: float) -> float:
        """Reference seconds of a running job that are behind it: by its own word, else by its time."""
        return min(0.95 * job.cost, self._share_of(job) * job.cost or self._gone(job) / speed)

    def _left_of(self, job: Job, speed: float) -> float:
        """Wall seconds that a running job still takes: by its own word, the more the further it is."""
        gone, share = self._gone(job), self._share_of(job)
        expected = max(self._pace.expected(job.output[0], speed) - gone, 0.1 * gone)
        trust = min(1.0, 5 * share)
        return trust * gone * (1 - share) / share + (1 - trust) * expected if share else expected

    def share(self) -> float:
        """The share of the run that is done, between 0 and 1; it never falls."""
        speed = self.speed
        done = self._earlier + sum(job.cost if job.done else self._done_of(job, speed) for job in self.jobs.values())
        total = max(self._earlier + self._total, done, 1e-9)
        if self._counts:
            whole = self.finished >= self.planned and not self._later
            self._share = max(self._share, 1.0 if whole else min(0.99, done / total))
        return self._share

    def seconds_left(self) -> float | None:
        """The estimate of the time left; None before the plan is known."""
        if not self._counts:
            return None
        if self.finished >= self.planned and not self._later:
            return 0.0
        speed = self.speed
        running = [Left(job.rule, job.output[0], self._left_of(job, speed), running=True) for job in self.running]
        ahead = [Left(rule, path, self._pace.expected(path, speed)) for path, rule in self._waiting.items()]
        return makespan([*running, *ahead], self.cores)

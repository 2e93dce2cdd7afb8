"""What a training will cost, from its first seconds: it runs until it has reported a share of its work, and is stopped.

``python -m learnability.pipeline.probe --job JSON --seconds 10`` prints the CPU time and the memory that the whole job
is expected to take, as JSON: what it took until its first report, compilation among it, and for the rest what a share
took from the first report to the last. Trainings report shares of steps or of time, which cost more or less as they go
on, and those that stop at a goal may end long before their last step: the number is an estimate, not a bound.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from learnability.pipeline import surroundings
from learnability.pipeline.costs import Cost

_PATIENCE = 6  # times the seconds of a probe, for trainings that report late


class Enough(Exception):
    """The training has reported enough."""


@dataclass
class Shares:
    """The first report of a training and its last one, as (seconds, share of the work), and what follows for all."""

    seconds: float
    reports: tuple[tuple[float, float], ...] = ()

    def note(self, spent: float, done: float, total: float) -> None:
        """Take note of a report; raises Enough once the last one is so many ``seconds`` behind the first one."""
        share = done / total if total else 0.0
        if share <= 0:
            return
        self.reports = (*self.reports[:1], (spent, share))
        (first, before), (last, now) = self.reports[0], self.reports[-1]
        if last - first > self.seconds and now > before:
            raise Enough

    @property
    def expected(self) -> float:
        """Seconds of the whole training by its first report and its last."""
        (first, before), (last, now) = self.reports[0], self.reports[-1]
        return last + (1 - now) * (last - first) / (now - before)


@dataclass
class _Listener:
    """Progress, checkpoints and streams of a training that is only listened to."""

    job: Mapping[str, Any]
    seeds: range
    seconds: float
    device: str = "cpu"

    def __post_init__(self) -> None:
        self._begun = time.process_time()
        self.shares = Shares(self.seconds)

    @property
    def spent(self) -> float:
        """CPU seconds so far."""
        return time.process_time() - self._begun

    @property
    def checkpoint(self) -> "_Listener":
        """There is none."""
        return self

    def load(self) -> None:
        """Nothing was saved."""

    def due(self) -> bool:
        """Never."""
        return False

    def stream(self, name: str) -> Any:
        """The stream of this name, as in the job."""
        from learnability.pipeline.streams import batch_names, stream

        names = batch_names(self.job["study"], self.job["experiment"], self.job["stream"], self.seeds)
        return stream(self.job["root_seed"], *names, name)

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Take note of the first share and of the last one, and stop once they are far enough apart."""
        self.shares.note(self.spent, done, total)


def probe(job: Mapping[str, Any], seconds: float) -> Cost | None:
    """The cost of one training job, in this process; None where it has reported nothing in time."""
    from learnability.pipeline.config import validate
    from learnability.pipeline.kinds import kind_of, stage_module
    from learnability.pipeline.streams import stream

    kind = kind_of(job["study"], job["kind"])
    setting = validate(kind.setting, job["setting"], "the job", job["experiment"])
    listener = _Listener(job, range(*job["seeds"]), seconds)
    inputs = []
    if "train" in kind.target_for:
        rng = stream(job["root_seed"], job["study"], job["experiment"], "probe", "target")
        inputs.append(stage_module(job["study"], job["kind"], "targets").build(setting.target, rng))
    train = stage_module(job["study"], job["kind"], "train").train
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(job["threads"])
    listener.__post_init__()
    try:
        train(setting, *inputs, listener)
        expected = listener.spent
    except Enough:
        expected = listener.shares.expected
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Cost(expected, memory)


def probe_apart(job: str, seconds: float) -> Cost | None:
    """The same in a process of its own, which is ended when it reports nothing for long; None then, and on an error."""
    command = [sys.executable, "-m", "learnability.pipeline.probe", "--seconds", str(seconds), "--job", job]
    try:
        done = subprocess.run(
            command,
            env={**surroundings.clean(), **surroundings.threads(1)},
            text=True,
            capture_output=True,
            check=False,
            timeout=_PATIENCE * max(seconds, 10.0),
        )
        return Cost(*json.loads(done.stdout.splitlines()[-1])) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError, IndexError, TypeError):
        return None


def one_of_each(jobs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, list[str]]]:
    """Jobs that differ by their seeds alone, together: the job to probe and the outputs of all of them."""
    found: dict[str, tuple[str, list[str]]] = {}
    for path, job in jobs:
        folder = path.rpartition("/")[0]
        found.setdefault(folder, (job, []))[1].append(path)
    return found


def main() -> int:
    """Probe one job and print what it costs."""
    parser = argparse.ArgumentParser(prog="python -m learnability.pipeline.probe", description=__doc__)
    parser.add_argument("--job", required=True, type=json.loads)
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    cost = probe(arguments.job, arguments.seconds)
    print(json.dumps(None if cost is None else [round(cost.cpu, 1), round(cost.memory)]))
    return 0 if cost is not None else 1


if __name__ == "__main__":
    sys.exit(main())

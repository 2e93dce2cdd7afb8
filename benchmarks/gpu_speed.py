"""How long a training of each experiment that can use a GPU takes there and on one core: what ``DEVICE=auto`` goes by.

    python -m benchmarks.gpu_speed --scales laptop,paper [--write]

A training runs until some seconds have passed since its first report, and the rest is estimated as
:mod:`learnability.pipeline.probe` does, in wall time. What comes before the first report, compilation among it, counts
once, the start of CUDA not at all. Of several settings the last one is taken, which is the largest in most. A training
of many sizes reports shares of the work that a CPU has with them. On a GPU small sizes take nearly the time of large
ones, so that its estimate is too high where the small ones come first: ``DEVICE=auto`` errs on the side of the CPU.
"""

import argparse
import json
import signal
import sys
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.gpu_check import ROOT, Context, Pools, named, planned_training, prepare

TABLE = ROOT / "workflow/devices.json"
# Experiments, by scale, whose seconds on a core are those of ``workflow/costs.json`` and its probes.
FROM_COSTS = "from_reference_costs"
# Times the seconds of a probe, for trainings that report late.
_PATIENCE = 8.0
# Trainings that are on the GPU together: they wait for launches, not for arithmetic.
_AT_ONCE = 3


@dataclass
class Listening(Context):
    """A context that stops its training once it has reported enough."""

    seconds: float = 3.0
    begun: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        from learnability.pipeline.probe import Shares

        self.shares = Shares(self.seconds)

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Take note, and stop after the last report that is wanted."""
        self.shares.note(time.perf_counter() - self.begun, done, total)


class _Late(Exception):
    """A training has reported nothing in time."""


def _alarm(*_: object) -> None:
    raise _Late


def expected_seconds(experiment: str, scale: str, device: str, seconds: float) -> float | None:
    """The wall time of the last training of an experiment at a scale, from its first seconds; None where it reports
    nothing for long."""
    import torch

    from learnability.pipeline.probe import Enough

    torch.set_num_threads(1)
    if device == "cuda":
        torch.zeros(1, device="cuda").add_(1)
    start, names, seeds = planned_training(experiment, scale, last=True)
    context = Listening(names, seeds, device, seconds=seconds)
    signal.signal(signal.SIGALRM, _alarm)
    # Again every second: torch.compile takes an exception for one of its own.
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE * seconds, 1.0)
    try:
        start(context)
    except Enough:
        return context.shares.expected
    except _Late:
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - context.begun


def measure(chosen: list[str], scale: str, seconds: float, budget: float) -> dict[str, dict[str, float]]:
    """Seconds by experiment and device at one scale, as far as the budget goes; a line for each experiment."""
    end = time.monotonic() + budget
    found: dict[str, dict[str, float]] = {}
    with Pools(_AT_ONCE) as pools:
        jobs = {
            (name, device): pool.submit(expected_seconds, name, scale, device, seconds)
            for name in chosen
            for device, pool in (("cuda", pools.device), ("cpu", pools.cpu))
        }
        for name in chosen:
            times = {device: _within(jobs[name, device], end - time.monotonic()) for device in ("cuda", "cpu")}
            said = (f"{device} {t if isinstance(t, str) else f'{t:.3g} s'}" for device, t in times.items())
            print(f"{scale:7s} {name:42s} " + "  ".join(said), flush=True)
            found[name] = {device: round(t, 2) for device, t in times.items() if not isinstance(t, str)}
    return {name: times for name, times in found.items() if times}


def _within(job: "Future[float | None]", left: float) -> float | str:
    """What a job found in the time that is left, or why there is nothing."""
    try:
        found = job.result(max(0.0, left))
    except TimeoutError:
        return "left out: the time is up"
    except Exception as error:  # what fails is the business of gpu_check
        return f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
    return "reported nothing in time" if found is None else found


def write(card: str, seconds: dict[str, dict[str, dict[str, float]]], table: Path = TABLE) -> None:
    """Put the seconds of some scales into the table; other scales stay where they are of the same card."""
    stored: dict[str, Any] = json.loads(table.read_text(encoding="utf-8")) if table.is_file() else {}
    kept = stored if stored.get("measured_on") == card else {}
    before = {scale: names for scale, names in kept.get(FROM_COSTS, {}).items() if scale not in seconds}
    content = {"measured_on": card, "seconds": {**kept.get("seconds", {}), **seconds}, FROM_COSTS: before}
    table.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_speed", description=__doc__.split("\n\n")[0])
    parser.add_argument("--scales", default="laptop,paper", help="comma-separated scales")
    parser.add_argument("--experiments", default="", help="comma-separated study/experiment; default: all")
    parser.add_argument("--probe", type=float, default=3.0, help="seconds of each training")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long it may take")
    parser.add_argument("--wheels", type=Path, help="a folder of wheels of what is not installed")
    parser.add_argument("--write", action="store_true", help=f"write them into {TABLE.relative_to(ROOT)}")
    parser.add_argument("--table", type=Path, default=TABLE, help="another table to write")
    arguments = parser.parse_args(argv)
    prepare(arguments.wheels)
    chosen = named(arguments.experiments, parser)
    import torch

    if not torch.cuda.is_available():
        print("torch sees no CUDA device here: nothing to measure", file=sys.stderr)
        return 2
    card = torch.cuda.get_device_name()
    scales, end = arguments.scales.split(","), time.monotonic() + arguments.seconds
    print(f"torch {torch.__version__}, {card}: seconds of one training, the rest estimated after {arguments.probe:g} s")
    measured = {scale: measure(chosen, scale, arguments.probe, end - time.monotonic()) for scale in scales}
    if arguments.write:
        write(card, measured, arguments.table)
    return 0


if __name__ == "__main__":
    sys.exit(main())

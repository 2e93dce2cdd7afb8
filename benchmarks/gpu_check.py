"""Every CUDA path beside the CPU, in one go: the same numbers or the same law, the same bytes after a kill, the times.

    python -m benchmarks.gpu_check                       # on a machine with a GPU; under eight minutes on an H100
    python -m benchmarks.gpu_check --wheels gpu_wheels   # on a machine with PyTorch and NumPy alone (make gpu-wheels)
    python -m benchmarks.gpu_check --device cpu --experiments multi_index/staircase   # the check itself, without a GPU

1. Each experiment that can use a GPU (``gpu: true`` in its config) trains one setting of the scale ``smoke`` on the GPU
   and on the CPU, from the same random streams. A variable agrees when its numbers do (relative to its largest, 1e-4:
   adaptive solvers take other steps after another rounding), or when the two samples of seeds have one law:
   Kolmogorov-Smirnov at up to six places of each variable, false-alarm rate 1% for the whole run (Bonferroni).
2. One training of each kind that saves checkpoints is stopped after a checkpoint and goes on: the same bytes.
3. With ``--write`` the trainings of the scales ``paper`` and ``laptop`` are timed on the GPU and on one core
   (``benchmarks.gpu_speed``), for ``DEVICE=auto``.
4. The engines are timed beside eager PyTorch, torch.compile and JAX (``benchmarks.sgd_engines``,
   ``parity_training``), in the time that is left.

Neither Snakemake nor Zarr is needed. Exit status 1 when a path fails or differs; what
was not reached in time is counted at the end.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
STUDIES = ROOT / "config/studies"
CLOSE = 1e-4
# Numbers up to this size are rounding: largest falls of what rises in exact arithmetic.
ROUNDING = 1e-11
FALSE_ALARMS = 0.01
# What took longest on an H200 begins first: adaptive flows and runs of few steps wait for launches.
LONGEST = (
    "gradient_hardness/figure_1_default",
    "gradient_hardness/figure_1_rademacher",
    "multi_index/precision",
    "subspace_polynomials/finite_dimension",
    "subspace_polynomials/escape_leap_3",
    "subspace_polynomials/escape_leap_2",
)
_PLACES = 6
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


class Interrupted(Exception):
    """Raised in the place of a kill, after a checkpoint."""


@dataclass
class Kept:
    """A checkpoint in memory, due at every question; with ``stop`` the training is interrupted at that save."""

    state: dict[str, Any] | None = None
    stop: int = 0
    saves: int = 0
    always: bool = False

    def load(self) -> dict[str, Any] | None:
        """What was saved last."""
        return self.state

    def due(self) -> bool:
        """At every question, or never."""
        return self.always

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep a copy, as the file would."""
        import numpy as np

        self.state = {name: np.array(value) for name, value in state.items()}
        self.saves += 1
        if self.saves == self.stop:
            raise Interrupted


@dataclass
class Context:
    """What a training knows of its surroundings (``learnability.results.contract.RunContext``)."""

    names: tuple[str, ...]
    seeds: range
    device: str
    checkpoint: Kept = field(default_factory=Kept)

    def stream(self, name: str) -> Any:
        """The named random stream of this setting."""
        from learnability.pipeline.streams import stream

        return stream(1, *self.names, name)

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Nobody listens."""


def experiments() -> Iterator[str]:
    """Every experiment that can use a GPU, as ``study/experiment``."""
    from learnability.pipeline.config import load_study

    for study in sorted(path.stem for path in STUDIES.glob("*.yaml")):
        for name, block in load_study(STUDIES, study).experiments.items():
            if block.gpu:
                yield f"{study}/{name}"


def named(wanted: str, parser: argparse.ArgumentParser) -> list[str]:
    """The experiments of a comma-separated list, all where it is empty; ends the program where one is unknown."""
    from difflib import get_close_matches

    known = list(experiments())
    chosen = [name for name in wanted.split(",") if name]
    for name in chosen:
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
            parser.error(f"argument --experiments: {name} is no experiment that can use a GPU; {hint}")
    return chosen or known


def planned_training(
    experiment: str, scale: str, last: bool = False
) -> tuple[Callable[[Any], Any], tuple[str, ...], range]:
    """The training of the first setting of an experiment at a scale, or of the last one: a function of its context, the
    names of its random streams and the seeds of its first batch."""
    import numpy as np
    import torch

    from learnability.pipeline.canonical import parts_of, stream_id
    from learnability.pipeline.config import load_study, plan_experiment
    from learnability.pipeline.kinds import stage_module

    study, name = experiment.split("/")
    block = load_study(STUDIES, study).experiments[name]
    planned = plan_experiment(study, study, name, block, scale)
    which = -1 if last else 0
    setting = parts_of(planned.declared, planned.settings[which])[which]
    names = (study, name, stream_id(planned.kind, planned.declared, setting), "seeds")
    torch.set_num_threads(planned.threads)
    inputs = []
    if "train" in planned.declared.target_for:
        build = stage_module(study, planned.kind, "targets").build
        inputs.append(build(setting.target, np.random.default_rng([1, 2])))
    module = stage_module(study, planned.kind, "train")
    return (lambda context: module.train(setting, *inputs, context)), names, range(planned.seed_batch)


def train(experiment: str, device: str, seeds: int, checkpoint: Kept | None = None) -> tuple[Any, float, Kept]:
    """One training of the first setting of an experiment at the scale smoke: its dataset and its seconds."""
    import torch

    start, names, batch = planned_training(experiment, "smoke")
    kept = checkpoint or Kept()
    context = Context(names, range(max(seeds, len(batch))), device, kept)
    begun = time.perf_counter()
    result = start(context)
    if device == "cuda":
        torch.cuda.synchronize()
    return result, time.perf_counter() - begun, kept


def _on_cpu(experiment: str, seeds: int) -> tuple[Any, float]:
    dataset, seconds, _ = train(experiment, "cpu", seeds)
    return dataset, seconds


@dataclass(frozen=True)
class Agreement:
    """How two datasets compare: whether they agree, and the words for it."""

    good: bool
    words: str


def compare(ours: Any, reference: Any, alpha: float) -> Agreement:
    """Whether two datasets hold the same numbers, or numbers of one law over their seeds."""
    import numpy as np

    worst, laws, p_least = 0.0, 0, 1.0
    for name, variable in reference.data_vars.items():
        if variable.dtype.kind not in "fiub" or name not in ours:
            continue
        a, b = (np.asarray(d[name].values, dtype=float) for d in (ours, reference))
        if a.shape != b.shape:
            return Agreement(False, f"{name}: shape {a.shape}, not {b.shape}")
        same = np.array_equal(np.isfinite(a), np.isfinite(b))
        size = np.max(np.abs(b[np.isfinite(b)]), initial=1e-300)
        finite = np.isfinite(a) & np.isfinite(b)
        off = float(np.max(np.abs(a[finite] - b[finite]), initial=0.0)) / size
        if same and max(np.max(np.abs(x), initial=0.0) for x in (a, b)) <= ROUNDING:
            continue
        if same and off <= CLOSE:
            worst = max(worst, off)
            continue
        if "seed" not in variable.dims:
            return Agreement(False, f"{name}: differs by {off:.1e} of its largest")
        axis = variable.dims.index("seed")
        p = _least_p(np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0))
        laws, p_least = laws + 1, min(p_least, p)
        if p < alpha:
            return Agreement(False, f"{name}: another law, p = {p:.1e} (limit {alpha:.1e})")
    law = f"; {laws} variables of one law, least p {p_least:.2g}" if laws else ""
    return Agreement(True, f"numbers within {worst:.0e}{law}")


def _least_p(a: Any, b: Any) -> float:
    """The least p-value of Kolmogorov-Smirnov at a few places of two samples along their first axis, times the places.

    NaN counts as a value larger than all others: a run that ended early is a result, too.
    """
    import numpy as np
    from scipy.stats import ks_2samp

    a, b = (np.nan_to_num(x.reshape(len(x), -1), nan=np.inf, posinf=np.inf) for x in (a, b))
    places = np.unique(np.linspace(0, a.shape[1] - 1, _PLACES).astype(int))
    found = []
    for place in places:
        x, y = a[:, place], b[:, place]
        top = 1 + 2 * np.max(np.abs(np.concatenate([x, y])[np.isfinite(np.concatenate([x, y]))]), initial=1.0)
        found.append(float(ks_2samp(np.where(np.isinf(x), top, x), np.where(np.isinf(y), top, y)).pvalue))
    return min(1.0, min(found) * len(places))


def _bytes(dataset: Any) -> bytes:
    return b"".join(name.encode() + variable.values.tobytes() for name, variable in sorted(dataset.variables.items()))


def resumed(experiment: str, device: str, seeds: int) -> str:
    """Whether a training that was stopped after its first checkpoint gives the bytes of one that was not."""
    whole, _, counted = train(experiment, device, seeds, Kept(always=True))
    if not counted.saves:
        return "saves none"
    stopped = Kept(always=True, stop=max(1, counted.saves // 2))
    try:
        train(experiment, device, seeds, stopped)
    except Interrupted:
        again, _, _ = train(experiment, device, seeds, Kept(stopped.state))
        return "same bytes" if _bytes(again) == _bytes(whole) else "OTHER BYTES"
    return "was not interrupted"


def carried(folder: Path) -> None:
    """Make the packages in a folder of wheels importable, without an installer."""
    unpacked = Path(tempfile.mkdtemp(prefix="gpu_check."))
    for wheel in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(unpacked), os.environ.get("PYTHONPATH", "")])
    sys.path.insert(0, str(unpacked))


def prepare(wheels: Path | None) -> None:
    """One thread for each process, the project importable, and what a folder of wheels holds."""
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    if wheels:
        carried(wheels)
    sys.path.insert(0, str(ROOT / "src"))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])


def _kind(experiment: str) -> str:
    from learnability.pipeline.config import load_study

    study, name = experiment.split("/")
    return f"{study}/{load_study(STUDIES, study).experiments[name].kind}"


def _on_device(experiment: str, device: str, seeds: int, resume: bool) -> tuple[Any, float, str]:
    dataset, seconds, _ = train(experiment, device, seeds)
    return dataset, seconds, resumed(experiment, device, seeds) if resume else ""


def _first_of_each_kind(chosen: list[str]) -> set[str]:
    return set({_kind(name): name for name in reversed(chosen)}.values())


class Pools:
    """Processes that train on the device, a few at a time, and on the CPU; ended, finished or not, at the end."""

    def __init__(self, on_device: int = 8) -> None:
        cores = os.cpu_count() or 1
        on_device, spawn = max(1, min(on_device, cores // 2)), multiprocessing.get_context("spawn")
        self.device = ProcessPoolExecutor(on_device, spawn)
        self.cpu = ProcessPoolExecutor(max(1, cores - on_device), spawn)

    def __enter__(self) -> "Pools":
        return self

    def __exit__(self, *_: object) -> None:
        for pool in (self.device, self.cpu):
            pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.kill()


class Found(Enum):
    """What came of a path."""

    GOOD = auto()
    BAD = auto()
    NOT_REACHED = auto()


def _line(name: str, device: Any, cpu: Any, left: Callable[[], float], alpha: float) -> tuple[Found, str]:
    """What came of a path, and the words for it."""
    try:
        ours, seconds, again = device.result(left())
        reference, on_cpu = cpu.result(left())
    except TimeoutError:
        return Found.NOT_REACHED, f"{name:42s} not reached: the time is up"
    except Exception as error:  # a path that fails is what is looked for; the others are still checked
        return Found.BAD, f"{name:42s} FAILS: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    agreement = compare(ours, reference, alpha)
    good = agreement.good and again != "OTHER BYTES"
    said = f"{'' if agreement.good else 'DIFFERS: '}{agreement.words}{again and f'; {again}'}"
    return Found.GOOD if good else Found.BAD, f"{name:42s} {seconds:8.2f} {on_cpu:7.2f}  {said}"


def check(chosen: list[str], device: str, seeds: int, budget: float) -> Counter[Found]:
    """Parts 1 and 2, within so many seconds: how many paths are good, bad or were not reached."""
    end, found = time.monotonic() + budget, Counter[Found]()
    alpha, kinds = FALSE_ALARMS / (8 * len(chosen)), _first_of_each_kind(chosen)
    ordered = sorted(chosen, key=lambda name: name not in LONGEST)
    print(f"{'experiment':42s} {device + ' s':>8s} {'cpu s':>7s}  agreement; resumed")
    with Pools() as pools:
        references = {name: pools.cpu.submit(_on_cpu, name, seeds) for name in ordered}
        trained = {name: pools.device.submit(_on_device, name, device, seeds, name in kinds) for name in ordered}
        for name in chosen:
            what, line = _line(name, trained[name], references[name], lambda: max(0.0, end - time.monotonic()), alpha)
            found[what] += 1
            print(line, flush=True)
    return found


def _timings(seconds: float, write: bool) -> None:
    """Parts 3 and 4: each in a process of its own, in the time that is left."""
    deadline = time.monotonic() + seconds
    speed = ["benchmarks.gpu_speed", "--write", "--scales", "paper,laptop", "--seconds", f"{0.6 * seconds:.0f}"]
    for command in [*([speed] if write else []), ["benchmarks.sgd_engines"], ["benchmarks.parity_training"]]:
        left = deadline - time.monotonic()
        if left < 20:
            print(f"{command[0]}: left out: the time is up")
            continue
        try:
            subprocess.run([sys.executable, "-m", *command], cwd=ROOT, timeout=left, check=False)
        except subprocess.TimeoutExpired:
            print(f"{command[0]}: stopped: the time is up")


def main(argv: list[str] | None = None) -> int:
    """The command line; a path that fails or differs decides the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_check", description=__doc__.split("\n\n")[0])
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--experiments", default="", help="comma-separated study/experiment; default: all")
    parser.add_argument("--seeds", type=int, default=16, help="at least so many seeds in each training")
    parser.add_argument("--seconds", type=float, default=470.0, help="how long it may take")
    parser.add_argument("--wheels", type=Path, help="a folder of wheels of what is not installed")
    parser.add_argument("--no-timings", action="store_true", help="without parts 3 and 4")
    parser.add_argument("--write", action="store_true", help="part 3 too, into workflow/devices.json")
    arguments = parser.parse_args(argv)
    prepare(arguments.wheels)
    chosen = named(arguments.experiments, parser)
    import torch

    if arguments.device == "cuda" and not torch.cuda.is_available():
        print("torch sees no CUDA device here: nothing to check (--device cpu runs the check itself)", file=sys.stderr)
        return 2
    begun = time.monotonic()
    card = torch.cuda.get_device_name() if arguments.device == "cuda" else "cpu"
    print(f"torch {torch.__version__}, {card}, {os.cpu_count()} cores")
    part = arguments.seconds * (1.0 if arguments.no_timings else 0.4)
    found = check(chosen, arguments.device, arguments.seeds, part)
    if not arguments.no_timings:
        _timings(arguments.seconds - (time.monotonic() - begun), arguments.write)
    counts = f"{found[Found.GOOD]} agree, {found[Found.BAD]} do not, {found[Found.NOT_REACHED]} were not reached"
    print(f"{len(chosen)} experiments: {counts}; {time.monotonic() - begun:.0f} s")
    return 1 if found[Found.BAD] else 0


if __name__ == "__main__":
    sys.exit(main())

"""Online SGD on one parity, as in the lecture's Figure 1: fresh batches until the goals or the horizon are
reached."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from learnability.sgd.hinge import Network
from learnability.results.status import Status
from learnability.results.contract import RunContext
from learnability.studies.gradient_hardness.gradient_spectrum import parity_gradient_norm
from learnability.studies.gradient_hardness.initialization import draw_network
from learnability.studies.gradient_hardness.parity_engine import Engine, make_engine
from learnability.studies.gradient_hardness.parity_problem import Problem
from learnability.studies.gradient_hardness.settings import TrainingSetting

# lambda_v is computed by enumeration of the cube up to this dimension.
LARGEST_ENUMERATION = 20
# The accuracy is looked at in steps of 1/32 of the steps so far: times are known to 3%.
CHECK_RESOLUTION = 32
NAMES = ("weights", "readout", "offset")


def check_steps(max_steps: int) -> np.ndarray:
    """The steps after which the accuracy is measured: all up to 32, then with a spacing of 1/32, and the
    horizon."""
    steps = [0]
    while steps[-1] < max_steps:
        steps.append(min(max_steps, steps[-1] + max(1, steps[-1] // CHECK_RESOLUTION)))
    return np.array(steps)


def seeded(base: int, *keys: int, device: str) -> torch.Generator:
    """The generator of one run: depends on the base seed, the dimension and the seed, not on the other runs."""
    state = np.random.SeedSequence([base, *keys]).generate_state(1, np.uint64)[0]
    return torch.Generator(device=device).manual_seed(int(state >> np.uint64(1)))


@dataclass(frozen=True)
class Start:
    """One run at its start: its dimension, network, data generator and engine, and lambda_v of the network."""

    dimension: int
    network: Network
    generator: torch.Generator
    engine: Engine
    gradient_norm: float


@dataclass
class Progress:
    """Where a job stands: how many runs are done, what they gave, and the state of the run under way."""

    finished: int
    results: dict[str, np.ndarray]
    checks_done: int = 0
    state: Mapping[str, np.ndarray] | None = None


class Job:
    """All runs (seed x dimension) of one setting, one after the other, resumable to the same bytes.

    Runs are not batched in one product: at width 2000 the batched product of a CPU is slower than one run
    at a time from d = 5 on (9 ms against 5.5 ms for a run at d = 16), and on an accelerator one run's
    activations fill the cache.
    """

    def __init__(self, setting: TrainingSetting, context: RunContext) -> None:
        self.setting, self.context = setting, context
        self.checks = check_steps(setting.max_steps)
        self.base = {name: int(context.stream(name).integers(2**62)) for name in ("init", "data")}
        self.shape = len(context.seeds), len(setting.target.dimensions)

    def run(self) -> dict[str, np.ndarray]:
        """Arrays (seed, dimension): ``steps`` to 100% and ``margin_steps`` to the loss goal (NaN where not
        reached), ``status`` and ``gradient_norm``; and (seed, dimension, time): ``accuracy`` and ``loss``,
        NaN behind the end."""
        progress = self._load()
        for number in range(progress.finished, self.shape[0] * self.shape[1]):
            column, seed = divmod(number, self.shape[0])
            start = self._start(seed, column)
            curves, status = self._train(start, progress)
            accurate = self.checks[curves[0] >= self.setting.accuracy_goal]
            close = self.checks[curves[1] <= (self.setting.loss_goal_at(start.dimension) or -np.inf)]
            found = {
                "steps": accurate[0] if accurate.size else np.nan,
                "margin_steps": close[0] if close.size else np.nan,
                "status": status,
                "gradient_norm": start.gradient_norm,
                "accuracy": curves[0],
                "loss": curves[1],
            }
            for name, value in found.items():
                progress.results[name][seed, column] = value
            progress.finished, progress.checks_done, progress.state = number + 1, 0, None
        return progress.results

    def _start(self, seed: int, column: int) -> Start:
        setting, device = self.setting, self.context.device
        dimension, name = setting.target.dimensions[column], self.context.seeds[seed]
        problem = Problem.of(setting, dimension, device)
        init = seeded(self.base["init"], dimension, name, device=device)
        network = draw_network(setting.initialization, dimension, setting.width, init)
        gradient_norm = np.nan
        if setting.predict and dimension <= LARGEST_ENUMERATION:
            gradient_norm = parity_gradient_norm(network, problem.degree, setting.coding)
        draws = seeded(self.base["data"], dimension, name, device=device)
        engine = make_engine(problem, network, draws, seeded(self.base["data"], dimension, device=device))
        return Start(dimension, network, draws, engine, gradient_norm)

    def _train(self, start: Start, progress: Progress) -> tuple[np.ndarray, Status]:
        """Curves (2, checks) of accuracy and loss, and how the run ended."""
        curves = np.full((2, self.checks.size), np.nan)
        if progress.state is not None:
            curves = _restore(progress.state, start.network, start.generator)
        for check in range(progress.checks_done, self.checks.size):
            for _ in range(int(self.checks[check] - self.checks[check - 1]) if check else 0):
                start.engine.advance()
            curves[:, check] = start.engine.measure()
            status = self._ended(curves[:, check], self.setting.loss_goal_at(start.dimension))
            if status is not None:
                return curves, status
            self.context.progress(progress.finished + check / self.checks.size, self.shape[0] * self.shape[1])
            if self.context.checkpoint.due():
                self._save(progress, check + 1, start, curves)
        return curves, Status.MAX_STEPS

    def _ended(self, point: np.ndarray, loss_goal: float | None) -> Status | None:
        """Whether the run ends at (accuracy, loss), and how."""
        if not np.isfinite(point[1]):
            return Status.DIVERGED
        close = loss_goal is None or point[1] <= loss_goal
        return Status.CONVERGED if close and point[0] >= self.setting.accuracy_goal else None

    def _load(self) -> Progress:
        saved = self.context.checkpoint.load()
        if saved is None:
            results = {name: np.full(self.shape, np.nan) for name in ("steps", "margin_steps", "gradient_norm")}
            results |= {name: np.full((*self.shape, self.checks.size), np.nan) for name in ("accuracy", "loss")}
            return Progress(0, results | {"status": np.zeros(self.shape, np.int8)})
        results = {name[7:]: value.copy() for name, value in saved.items() if name.startswith("result_")}
        state = {name[6:]: value for name, value in saved.items() if name.startswith("state_")}
        return Progress(int(saved["finished"]), results, int(saved["checks_done"]), state)

    def _save(self, progress: Progress, done: int, start: Start, curves: np.ndarray) -> None:
        tensors = zip(NAMES, start.network.tensors(), strict=True)
        state = {name: tensor.cpu().numpy() for name, tensor in tensors}
        state |= {"generator": start.generator.get_state().numpy(), "curves": curves}
        self.context.checkpoint.save(
            {"finished": np.array(progress.finished), "checks_done": np.array(done)}
            | {f"result_{name}": value for name, value in progress.results.items()}
            | {f"state_{name}": value for name, value in state.items()}
        )


def _restore(state: Mapping[str, np.ndarray], network: Network, generator: torch.Generator) -> np.ndarray:
    """Put the saved run back; returns its curves."""
    for tensor, name in zip(network.tensors(), NAMES, strict=True):
        tensor.copy_(torch.from_numpy(state[name]))
    generator.set_state(torch.from_numpy(state["generator"].copy()))
    return state["curves"].copy()

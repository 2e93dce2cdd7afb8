"""Online SGD on one parity, as in the lecture's Figure 1: fresh batches until the goals or the horizon are reached.

A parity as a learning problem (fresh batches, and the points on which the accuracy is measured); the engines, by tables
on a CPU where that is faster, else by dense products; and the job that trains all seeds and dimensions of a setting.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from learnability.hermite.walsh import cube_bits, parity_signs
from learnability.results.contract import RunContext
from learnability.results.status import Status
from learnability.sgd.cube import CubeBatch, cube_output, cube_step_, make_tables, tables_suit
from learnability.sgd.hinge import Batch, Network, captured_in_place, make_workspace, network_output, sgd_step_
from learnability.studies.gradient_hardness.gradient_spectrum import INPUT_VALUES, coded_inputs, parity_gradient_norm
from learnability.studies.gradient_hardness.initialization import draw_network
from learnability.studies.gradient_hardness.settings import degree_of
from learnability.studies.gradient_hardness.training.setting import TrainingSetting

# Up to this many points the batch is a draw of multinomial counts over the cube, and the accuracy is exact.
ENUMERATED = 4096
# Points on which the accuracy is measured where the cube is larger.
EVALUATION_POINTS = 4096
# lambda_v is computed by enumeration of the cube up to this dimension.
LARGEST_ENUMERATION = 20
# The accuracy is measured at intervals of 1/32 of the steps so far: times are known to 3%.
CHECK_RESOLUTION = 32
NAMES = ("weights", "readout", "offset")


@dataclass(frozen=True)
class Problem:
    """One parity at one dimension: ``points`` with their labels are the whole cube where that is enumerated,
    else None."""

    dimension: int
    degree: int
    setting: TrainingSetting
    points: Batch | None

    @classmethod
    def of(cls, setting: TrainingSetting, dimension: int, device: str) -> "Problem":
        degree = degree_of(setting.target.degree, dimension)
        points = None
        if 2**dimension <= ENUMERATED:
            points = labelled(torch.arange(1 << dimension, device=device), dimension, degree, setting)
        return cls(dimension, degree, setting, points)


def labelled(indices: torch.Tensor, dimension: int, degree: int, setting: TrainingSetting) -> Batch:
    """The points with these indices, each counted once."""
    bits = cube_bits(indices, dimension)
    counts = torch.ones(indices.shape[0], device=indices.device)
    return Batch(coded_inputs(bits, setting.coding), parity_signs(bits, degree), counts, 1 / len(counts), plain=True)


def point_labels(points: np.ndarray, degree: int) -> np.ndarray:
    """The parity of the first ``degree`` bits of each point, as float32."""
    return 1 - 2 * (np.bitwise_count(points & ((1 << degree) - 1)) & 1).astype(np.float32)


def draw_points(problem: Problem, generator: torch.Generator) -> CubeBatch:
    """The draw of ``draw_batch`` on a CPU, as distinct points with their counts: the multinomial law at any d."""
    size, cells = problem.setting.batch_size, 1 << problem.dimension
    indices = torch.randint(cells, (size,), generator=generator).numpy()
    if cells <= ENUMERATED:
        counts = np.bincount(indices, minlength=cells)
        points = counts.nonzero()[0]
        counts = counts[points]
    else:
        points, counts = np.unique(indices, return_counts=True)
    return CubeBatch(points, point_labels(points, problem.degree), counts.astype(np.float32), 1 / size)


def draw_batch(problem: Problem, generator: torch.Generator) -> Batch:
    """``batch_size`` uniform points; where the cube is enumerated, as counts over its points (the multinomial law).

    Equal rows are merged, which changes no gradient. On a CPU the points that were not drawn are left out
    when the batch is smaller than the cube; an accelerator needs fixed shapes and then takes the rows as they
    are drawn.
    """
    size = problem.setting.batch_size
    indices = torch.randint(1 << problem.dimension, (size,), generator=generator, device=generator.device)
    cells = 1 << problem.dimension
    if problem.points is None or (cells > size and generator.device.type != "cpu"):
        return labelled(indices, problem.dimension, problem.degree, problem.setting)
    counts = cube_counts(indices, cells)
    points = problem.points
    if cells <= size:
        return Batch(points.inputs, points.labels, counts, 1 / size)
    drawn = counts.nonzero()[:, 0]
    return Batch(points.inputs[drawn], points.labels[drawn], counts[drawn], 1 / size)


def cube_counts(indices: torch.Tensor, cells: int) -> torch.Tensor:
    """How often each cell was drawn, (cells,): multinomial for uniform indices. Counts are exact in any order."""
    counts = torch.zeros(cells, device=indices.device)
    return counts.index_add_(0, indices, counts.new_ones(indices.shape[0]))


def evaluation_points(problem: Problem, generator: torch.Generator) -> Batch:
    """The whole cube where it is enumerated, else ``EVALUATION_POINTS`` uniform points."""
    if problem.points is not None:
        return problem.points
    indices = evaluation_indices(problem, generator)
    return labelled(indices, problem.dimension, problem.degree, problem.setting)


def evaluation_indices(problem: Problem, generator: torch.Generator) -> torch.Tensor:
    """The indices of the evaluation points."""
    if problem.points is not None:
        return torch.arange(1 << problem.dimension, device=generator.device)
    size = (EVALUATION_POINTS,)
    return torch.randint(1 << problem.dimension, size, generator=generator, device=generator.device)


@dataclass(frozen=True)
class Engine:
    """``advance`` takes one step on fresh points, in place; ``measure`` gives (accuracy, hinge loss) on the
    evaluation points."""

    advance: Callable[[], None]
    measure: Callable[[], tuple[float, float]]


def make_engine(problem: Problem, network: Network, draws: torch.Generator, evaluation: torch.Generator) -> Engine:
    """The faster engine for the sizes of the problem. Both draw the same points from ``draws``."""
    suits = tables_suit(draws.device.type, problem.setting.batch_size, problem.dimension)
    return (table_engine if suits else dense_engine)(problem, network, draws, evaluation)


def table_engine(problem: Problem, network: Network, draws: torch.Generator, evaluation: torch.Generator) -> Engine:
    """On a CPU, up to the dimension of the tables."""
    tables = make_tables(network, INPUT_VALUES[problem.setting.coding])
    points = evaluation_indices(problem, evaluation).numpy()
    labels = point_labels(points, problem.degree)

    def advance() -> None:
        cube_step_(network, draw_points(problem, draws), problem.setting.step_size, tables)

    def measure() -> tuple[float, float]:
        margin = labels * cube_output(network, points, tables)
        return float(np.mean(margin > 0)), float(np.mean(np.maximum(1 - margin, 0), dtype=np.float64))

    return Engine(advance, measure)


def dense_engine(problem: Problem, network: Network, draws: torch.Generator, evaluation: torch.Generator) -> Engine:
    """On any device and in any dimension; on CUDA the step is replayed from a graph."""
    points = evaluation_points(problem, evaluation)
    buffers = make_workspace(network, points.labels.shape[0])
    workspace = make_workspace(network, problem.setting.batch_size)

    def step() -> None:
        sgd_step_(network, draw_batch(problem, draws), problem.setting.step_size, workspace)

    def measure() -> tuple[float, float]:
        margin = points.labels * network_output(network, points.inputs, buffers)
        return float((margin > 0).float().mean()), float((1 - margin).clamp(min=0).mean())

    return Engine(captured_in_place(step, network, draws), measure)


def check_steps(max_steps: int) -> np.ndarray:
    """The steps after which the accuracy is measured: all up to 32, then with a spacing of 1/32, and the horizon."""
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

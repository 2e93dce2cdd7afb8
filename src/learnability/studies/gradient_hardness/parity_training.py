"""Online SGD on one parity, as in the lecture's Figure 1: fresh batches until the goals or the horizon are reached.

A parity as a learning problem (fresh batches, and the points on which the accuracy is measured); the engines, by tables
on a CPU where that is faster, else by dense products, on an accelerator with the batches of many steps drawn at once;
and the job that trains all seeds and dimensions of a setting.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from learnability.hermite.walsh import cube_bits, parity_signs
from learnability.results.contract import RunContext
from learnability.results.sections import Arrays, Section, Sections
from learnability.results.status import Status
from learnability.sgd.cube import CubeBatch, cube_output, cube_step_, make_tables, tables_suit
from learnability.sgd.fused import fused, steps_at_once
from learnability.sgd.hinge import (
    Batch,
    HingeState,
    Network,
    hinge_engine,
    hinge_state,
    hinge_step,
    make_workspace,
    measured_engine,
    network_output,
    sgd_step_,
)
from learnability.sgd.loop import Engine, run
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
    """The points with these indices (..., n), each counted once."""
    bits = cube_bits(indices, dimension)
    counts = torch.ones(indices.shape, device=indices.device)
    scale = 1 / indices.shape[-1]
    return Batch(coded_inputs(bits, setting.coding), parity_signs(bits, degree), counts, scale, plain=True)


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

    Equal rows are merged, which changes no gradient, and the points that were not drawn are left out.
    """
    size = problem.setting.batch_size
    indices = torch.randint(1 << problem.dimension, (size,), generator=generator, device=generator.device)
    cells = 1 << problem.dimension
    if problem.points is None:
        return labelled(indices, problem.dimension, problem.degree, problem.setting)
    counts = cube_counts(indices, cells)
    points = problem.points
    if cells <= size:
        return Batch(points.inputs, points.labels, counts, 1 / size)
    drawn = counts.nonzero()[:, 0]
    return Batch(points.inputs[drawn], points.labels[drawn], counts[drawn], 1 / size)


def draw_batches(problem: Problem, steps: int, generator: torch.Generator) -> Batch:
    """The batches of so many steps, stacked on a first axis, with the law of ``draw_batch``.

    An accelerator needs fixed shapes: where the cube has more points than a batch, rows stay as they are drawn.
    """
    size, cells = problem.setting.batch_size, 1 << problem.dimension
    indices = torch.randint(cells, (steps, size), generator=generator, device=generator.device)
    if problem.points is None or cells > size:
        return labelled(indices, problem.dimension, problem.degree, problem.setting)
    inputs, labels = problem.points.inputs, problem.points.labels
    first = cells * torch.arange(steps, device=indices.device)[:, None]
    counts = cube_counts((indices + first).flatten(), steps * cells).view(steps, cells)
    return Batch(inputs.expand(steps, *inputs.shape), labels.expand(steps, cells), counts, 1 / size)


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


def make_engine(problem: Problem, network: Network, evaluation: torch.Generator) -> Engine:
    """The fastest engine for the device and the sizes of the problem.

    The two of a CPU draw the same points from the generator of the run.
    """
    if evaluation.device.type != "cpu":
        return stacked_engine(problem, network, evaluation)
    suits = tables_suit(evaluation.device.type, problem.setting.batch_size, problem.dimension)
    return (table_engine if suits else dense_engine)(problem, network, evaluation)


def table_engine(problem: Problem, network: Network, evaluation: torch.Generator) -> Engine:
    """On a CPU, up to the dimension of the tables."""
    tables = make_tables(network, INPUT_VALUES[problem.setting.coding])
    points = evaluation_indices(problem, evaluation).numpy()
    labels = point_labels(points, problem.degree)

    def step(network: Network, draws: torch.Generator) -> None:
        cube_step_(network, draw_points(problem, draws), problem.setting.step_size, tables)

    def measure(network: Network) -> tuple[float, float]:
        margin = labels * cube_output(network, points, tables)
        return float(np.mean(margin > 0)), float(np.mean(np.maximum(1 - margin, 0), dtype=np.float64))

    return hinge_engine("cube", step, measure)


def dense_engine(problem: Problem, network: Network, evaluation: torch.Generator) -> Engine:
    """On a CPU, in any dimension."""
    workspace = make_workspace(network, problem.setting.batch_size)

    def step(network: Network, draws: torch.Generator) -> None:
        sgd_step_(network, draw_batch(problem, draws), problem.setting.step_size, workspace)

    return hinge_engine("hinge", step, _measure(problem, network, evaluation))


def stacked_engine(problem: Problem, network: Network, evaluation: torch.Generator) -> Engine:
    """On an accelerator: the batches of all steps of a call are drawn at once."""
    setting = problem.setting
    numbers = setting.batch_size * (problem.dimension + 1)

    def advance(state: HingeState, step_sizes: torch.Tensor, draws: torch.Generator) -> HingeState:
        step = fused(hinge_step, state.weights)
        for part in step_sizes.split(steps_at_once(numbers, state.weights)):
            batch = draw_batches(problem, len(part), draws)
            for drawn in zip(batch.inputs, batch.labels, batch.counts, strict=True):
                state = step(state, *drawn, setting.step_size * batch.scale)
        return state

    return measured_engine("stacked", advance, _measure(problem, network, evaluation))


def _measure(
    problem: Problem, network: Network, evaluation: torch.Generator
) -> Callable[[Network], tuple[float, float]]:
    """Accuracy and loss of a network like ``network`` on the points of the evaluation."""
    points = evaluation_points(problem, evaluation)
    buffers = make_workspace(network, points.labels.shape[0])

    def measure(network: Network) -> tuple[float, float]:
        margin = points.labels * network_output(network, points.inputs, buffers)
        return float((margin > 0).float().mean()), float((1 - margin).clamp(min=0).mean())

    return measure


def check_steps(max_steps: int) -> np.ndarray:
    """The steps after which the accuracy is measured: all up to 32, then with a spacing of 1/32, and the horizon."""
    steps = [0]
    while steps[-1] < max_steps:
        steps.append(min(max_steps, steps[-1] + max(1, steps[-1] // CHECK_RESOLUTION)))
    return np.array(steps)


def seeded(base: int, dimension: int, seed: int, device: str) -> torch.Generator:
    """The generator of one run: depends on the base seed, the dimension and the seed, not on the other runs.

    Entropy that ends in zeros is the same without them, so what is drawn besides the runs has a base of its own.
    """
    state = np.random.SeedSequence([base, dimension, seed]).generate_state(1, np.uint64)[0]
    return torch.Generator(device=device).manual_seed(int(state >> np.uint64(1)))


class Job:
    """All runs (seed x dimension) of one setting, one after the other, resumable to the same bytes.

    Runs are not batched in one product: at width 2000 the batched product of a CPU is slower than one run
    at a time from d = 5 on (9 ms against 5.5 ms for a run at d = 16), and on an accelerator one run's
    activations fill the cache.
    """

    def __init__(self, setting: TrainingSetting, context: RunContext) -> None:
        self.setting, self.context = setting, context
        self.checks = check_steps(setting.max_steps)
        self.base = {name: int(context.stream(name).integers(2**62)) for name in ("init", "data", "evaluation")}

    def run(self) -> dict[str, np.ndarray]:
        """Arrays (seed, dimension): ``steps`` to 100% and ``margin_steps`` to the loss goal (NaN where not
        reached), ``status`` and ``gradient_norm``; and (seed, dimension, time): ``accuracy`` and ``loss``,
        NaN behind the end."""
        dimensions, seeds = self.setting.target.dimensions, self.context.seeds
        sections = Sections(self.context, {f"{d}/{seed}": 1 for seed in seeds for d in dimensions})

        def result(seed: int, dimension: int) -> Arrays:
            return sections.result(f"{dimension}/{seed}", lambda section: self._run(seed, dimension, section))

        runs = [[result(seed, d) for d in dimensions] for seed in seeds]
        return {name: np.array([[run[name] for run in row] for row in runs]) for name in runs[0][0]}

    def _run(self, seed: int, dimension: int, section: Section) -> Arrays:
        """One run: as :meth:`run`, without its first two axes."""
        setting, device = self.setting, self.context.device
        problem = Problem.of(setting, dimension, device)
        init = seeded(self.base["init"], dimension, seed, device=device)
        network = draw_network(setting.initialization, dimension, setting.width, init)
        gradient_norm = np.nan
        if setting.predict and dimension <= LARGEST_ENUMERATION:
            gradient_norm = parity_gradient_norm(network, problem.degree, setting.coding)
        loss_goal = setting.loss_goal_at(dimension)

        def ended(observed: Mapping[str, np.ndarray]) -> Status | None:
            """Whether the run ends at an accuracy and a loss, and how."""
            if not np.isfinite(observed["loss"][0]):
                return Status.DIVERGED
            close = loss_goal is None or observed["loss"][0] <= loss_goal
            return Status.CONVERGED if close and observed["accuracy"][0] >= setting.accuracy_goal else None

        found = run(
            make_engine(problem, network, seeded(self.base["evaluation"], dimension, 0, device=device)),
            hinge_state(network),
            self.checks,
            lambda steps: np.full(len(steps), setting.step_size),
            seeded(self.base["data"], dimension, seed, device=device),
            stop=lambda observed: ended(observed) is not None,
            checkpoint=section,
            progress=section.progress,
            bound=np.inf,
        )
        status = ended({name: values[-1] for name, values in found.observed.items()})
        behind = (0, self.checks.size - found.steps.size)
        accuracy, loss = (
            np.pad(found.observed[name][:, 0], behind, constant_values=np.nan) for name in ("accuracy", "loss")
        )
        accurate = self.checks[accuracy >= setting.accuracy_goal]
        close = self.checks[loss <= (loss_goal or -np.inf)]
        return {
            "steps": np.array(accurate[0] if accurate.size else np.nan, np.float64),
            "margin_steps": np.array(close[0] if close.size else np.nan, np.float64),
            "gradient_norm": np.array(gradient_norm, np.float64),
            "accuracy": accuracy,
            "loss": loss,
            "status": np.array(Status.MAX_STEPS if status is None else status, np.int8),
        }

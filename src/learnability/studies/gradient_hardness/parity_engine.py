"""How a run takes its steps and is measured: by tables on a CPU where that is faster, else by dense products."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from learnability.sgd.cube import cube_output, cube_step_, make_tables, tables_suit
from learnability.sgd.hinge import Network, captured_in_place, make_workspace, network_output, sgd_step_
from learnability.studies.gradient_hardness.gradient_spectrum import INPUT_VALUES
from learnability.studies.gradient_hardness.parity_problem import (
    Problem,
    draw_batch,
    draw_points,
    evaluation_indices,
    evaluation_points,
    point_labels,
)


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

"""A parity as a learning problem: fresh batches, and the points on which accuracy is measured."""

from dataclasses import dataclass

import numpy as np
import torch

from learnability.sgd.cube import CubeBatch
from learnability.sgd.hinge import Batch
from learnability.hermite.walsh import cube_bits, parity_signs
from learnability.studies.gradient_hardness.gradient_spectrum import coded_inputs
from learnability.studies.gradient_hardness.settings import TrainingSetting, degree_of

# Up to this many points the batch is a draw of multinomial counts over the cube, and the accuracy is exact.
ENUMERATED = 4096
# Points on which the accuracy is measured where the cube is larger.
EVALUATION_POINTS = 4096


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
    """``batch_size`` uniform points; where the cube is enumerated, as counts over its points (the multinomial
    law).

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
    """How often each cell was drawn, (cells,): multinomial for uniform indices. Counts are exact in any
    order."""
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

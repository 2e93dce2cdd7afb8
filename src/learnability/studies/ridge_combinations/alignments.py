"""Alignments of neurons with tasks at a uniform start, and what alignments say: who is localised, who is above a level,
which tasks are found.

What diverged is NaN and stays NaN, so that it counts neither as localised nor as not localised.
"""

import numpy as np


def uniform_starts(neurons: int, tasks: int, dimension: int, rng: np.random.Generator) -> np.ndarray:
    """Alignments (neuron, task) of uniform points of the sphere of R^dimension with orthonormal tasks."""
    drawn = rng.standard_normal((neurons, tasks))
    others = rng.chisquare(dimension - tasks, size=neurons)
    return np.asarray(drawn / np.sqrt((drawn**2).sum(1) + others)[:, None])


def above(largest: np.ndarray, level: float | np.ndarray) -> np.ndarray:
    """Alignments above a level, 1 or 0."""
    return np.where(np.isnan(largest), np.nan, largest > level)


def top_two(alignment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest and the second largest absolute alignment over the last axis, the tasks."""
    ordered = np.sort(np.abs(alignment), axis=-1)
    return ordered[..., -1], ordered[..., -2]


def localised_only(largest: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Neurons on a single direction, 1 or 0: largest alignment above 0.9 and second below 0.3 (merged pairs fail the
    second).
    """
    return np.where(np.isnan(largest), np.nan, (largest > 0.9) & (second < 0.3))


def tasks_found(largest: np.ndarray, task: np.ndarray) -> np.ndarray:
    """Number of tasks with a neuron above 0.9, from arrays whose last axis is the neuron."""
    winner = np.sort(np.where(largest > 0.9, task, -1), axis=-1)
    new = np.diff(winner, axis=-1, prepend=-1) > 0
    return np.where(np.isnan(largest).any(-1), np.nan, new.sum(-1).astype(float))

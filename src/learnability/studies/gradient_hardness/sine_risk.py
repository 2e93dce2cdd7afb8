"""Risk of the sine neuron ``(sin(2 pi L w.x) - sin(2 pi L w*.x))^2``, x ~ N(0, I_2), on a square grid of w.

With ``a = 2 pi^2 L^2`` the population risk is ``(1 - e^{-4a|w|^2})/2 + (1 - e^{-4a|w*|^2})/2 -
(e^{-a|w-w*|^2} - e^{-a|w+w*|^2})``. (The lecture prints the target with w in place of w*, which would make
the risk zero.)
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Grid:
    """Points ``axis x axis`` of the square [-half_width, half_width]^2."""

    axis: np.ndarray

    @classmethod
    def of(cls, half_width: float, points_per_unit: float) -> "Grid":
        return cls(np.linspace(-half_width, half_width, 2 * round(half_width * points_per_unit) + 1))

    def squared_distance(self, centre: np.ndarray) -> np.ndarray:
        """|w - centre|^2 on the grid, (n, n); the first index is the first coordinate."""
        return (self.axis[:, None] - centre[0]) ** 2 + (self.axis[None, :] - centre[1]) ** 2


def population_risk(grid: Grid, target: np.ndarray, frequency: float) -> np.ndarray:
    """The population risk on the grid."""
    a = 2 * math.pi**2 * frequency**2
    constant = -0.5 * math.expm1(-4 * a * float(target @ target))
    near, far = grid.squared_distance(target), grid.squared_distance(-target)
    return (
        -0.5 * np.expm1(-4 * a * grid.squared_distance(np.zeros(2))) + constant - (np.exp(-a * near) - np.exp(-a * far))
    )


def population_gradient_norm(grid: Grid, target: np.ndarray, frequency: float) -> np.ndarray:
    """|grad R| on the grid."""
    a = 2 * math.pi**2 * frequency**2
    near, far = np.exp(-a * grid.squared_distance(target)), np.exp(-a * grid.squared_distance(-target))
    centre = np.exp(-4 * a * grid.squared_distance(np.zeros(2)))
    first, second = grid.axis[:, None], grid.axis[None, :]
    parts = [
        4 * a * w * centre + 2 * a * ((w - t) * near - (w + t) * far)
        for w, t in ((first, target[0]), (second, target[1]))
    ]
    return np.hypot(*parts)


def empirical_risk(grid: Grid, inputs: np.ndarray, target: np.ndarray, frequency: float) -> np.ndarray:
    """The risk of a sample ``inputs`` (n, 2) on the grid, as two matrix products.

    ``sin^2 u = (1 - cos 2u)/2``, and the sine and the cosine of ``w_1 x_1 + w_2 x_2`` are sums of products over the
    axes, so the grid costs no loop over samples. The first is odd in w and the second even: half of the grid is enough.
    """
    scale = 2 * math.pi * frequency
    labels = np.sin(scale * (inputs @ target))
    half = len(grid.axis) // 2 + 1
    first = scale * np.outer(grid.axis[:half], inputs[:, 0])
    second = scale * np.outer(grid.axis, inputs[:, 1])
    cosines = np.hstack([np.cos(2 * first), np.sin(2 * first)]) @ np.hstack([np.cos(2 * second), -np.sin(2 * second)]).T
    sines = np.hstack([labels * np.sin(first), labels * np.cos(first)]) @ np.hstack([np.cos(second), np.sin(second)]).T
    even = 0.5 * (len(inputs) - cosines) + (labels**2).sum()
    odd = 2 * sines
    return np.vstack([even - odd, (even + odd)[-2::-1, ::-1]]) / len(inputs)


def strict_minima(values: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """Interior grid points lower than their eight neighbours by more than ``margin``: boolean, two smaller on
    each axis."""
    inner = values[1:-1, 1:-1]
    lowest = np.full(inner.shape, np.inf)
    rows, columns = inner.shape
    for i in range(3):
        for j in range(3):
            if (i, j) != (1, 1):
                np.minimum(lowest, values[i : i + rows, j : j + columns], out=lowest)
    return inner < lowest - margin


def outside_wells(grid: Grid, target: np.ndarray, frequency: float) -> np.ndarray:
    """Grid points further than ``3.2 / (2 pi L)`` from 0, w* and -w*, where the sample's field is stationary:
    boolean."""
    radius = 3.2 / (2 * math.pi * frequency)
    centres = (np.zeros(2), target, -target)
    return np.min([grid.squared_distance(centre) for centre in centres], axis=0) > radius**2


@dataclass(frozen=True)
class FieldStatistics:
    """Of one empirical landscape away from the wells: minima, area, standard deviation, mean depth of the minima."""

    minima: int
    area: float
    deviation: float
    depth: float


def field_statistics(risk: np.ndarray, grid: Grid, target: np.ndarray, frequency: float) -> FieldStatistics:
    """Minima of the empirical risk outside the wells, and how deep the field goes there."""
    free = outside_wells(grid, target, frequency)[1:-1, 1:-1]
    inner = risk[1:-1, 1:-1]
    minima = strict_minima(risk) & free
    cell = (grid.axis[1] - grid.axis[0]) ** 2
    average = float(inner[free].mean())
    depth = average - float(inner[minima].mean()) if minima.any() else math.nan
    return FieldStatistics(int(minima.sum()), float(free.sum() * cell), float(inner[free].std()), depth)

"""Probability measures on targets, as functions of uniform numbers: products, mixtures, surfaces, lists of points.

Theorem 6 asks for any Borel probability. A measure brings its own root box: its support where that is bounded, else
the cube that holds the mass it is asked to hold; a measure that piles up mass at the edge of its support gets a
wider box."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

Function = Callable[[np.ndarray], np.ndarray]


class Measure(Protocol):
    """A probability measure on R^d, for every d or for one."""

    @property
    def components(self) -> "tuple[Component, ...]":
        """The products of which the measure is the mean; none where it is no mixture of products."""

    def sample(self, uniforms: np.ndarray) -> np.ndarray:
        """Targets (n, d) from uniform numbers (n, d + 1)."""

    def root_box(self, dimension: int, mass: float) -> tuple[float, float]:
        """(low, high) of the root cube; it holds at least ``mass`` of the measure."""


@dataclass(frozen=True)
class Marginal:
    """One coordinate's distribution: its quantile function and its distribution function."""

    quantile: Function
    distribution: Function


@dataclass(frozen=True)
class Component:
    """A product of independent coordinates; the last marginal serves all coordinates that follow."""

    marginals: tuple[Marginal, ...]

    def marginal(self, coordinate: int) -> Marginal:
        """The distribution of a coordinate."""
        return self.marginals[min(coordinate, len(self.marginals) - 1)]

    def sample(self, uniforms: np.ndarray) -> np.ndarray:
        """Points (n, d) from uniform numbers (n, d)."""
        columns = [self.marginal(j).quantile(column) for j, column in enumerate(uniforms.T)]
        return np.stack(columns, axis=1)

    def distributions(self, dimension: int) -> list[Function]:
        """The distribution functions of the coordinates."""
        return [self.marginal(j).distribution for j in range(dimension)]


@dataclass(frozen=True)
class Mixture:
    """A mixture, with equal weights, of products of independent coordinates.

    ``support`` is (low, high) where bounded, ``None`` else; ``widening`` the fraction of the side by which the root
    box exceeds the support on either side."""

    components: tuple[Component, ...]
    support: tuple[float, float] | None
    widening: float = 0.0

    def sample(self, uniforms: np.ndarray) -> np.ndarray:
        """Targets (n, d) from uniform numbers (n, d + 1); the last column chooses the component."""
        choice = np.minimum((uniforms[:, -1] * len(self.components)).astype(int), len(self.components) - 1)
        draws = np.stack([component.sample(uniforms[:, :-1]) for component in self.components])
        return np.asarray(draws[choice, np.arange(len(uniforms))])

    def root_box(self, dimension: int, mass: float) -> tuple[float, float]:
        """(low, high) of the root cube; it holds at least ``mass`` of the measure."""
        if self.support is not None:
            low, high = self.support
            pad = self.widening * (high - low)
            return low - pad, high + pad
        outside = (1 - mass ** (1 / dimension)) / 2
        marginals = [c.marginal(j) for c in self.components for j in range(dimension)]
        low = min(float(m.quantile(np.array(outside))) for m in marginals)
        high = max(float(m.quantile(np.array(1 - outside))) for m in marginals)
        return low, high


@dataclass(frozen=True)
class Sphere:
    """The uniform measure on the sphere of the given radius around (1/2, ..., 1/2): no part of it is a product."""

    radius: float
    components: tuple[Component, ...] = ()

    def sample(self, uniforms: np.ndarray) -> np.ndarray:
        """Targets (n, d): normal vectors, projected."""
        normal = special.ndtri(uniforms[:, :-1])
        return 0.5 + self.radius * normal / np.linalg.norm(normal, axis=1, keepdims=True)

    def root_box(self, dimension: int, mass: float) -> tuple[float, float]:
        """The cube around the sphere."""
        return 0.5 - self.radius, 0.5 + self.radius


@dataclass(frozen=True)
class Points:
    """The uniform measure on a list of points (n, d): the empirical measure of samples."""

    points: np.ndarray
    components: tuple[Component, ...] = ()

    def sample(self, uniforms: np.ndarray) -> np.ndarray:
        """Targets (n, d); the last column of the uniform numbers chooses the point."""
        choice = np.minimum((uniforms[:, -1] * len(self.points)).astype(int), len(self.points) - 1)
        return np.asarray(self.points[choice])

    def root_box(self, dimension: int, mass: float) -> tuple[float, float]:
        """The smallest cube with parallel range in all coordinates that holds every point."""
        return float(self.points.min()), float(self.points.max())


def product_mean(measure: Measure, dimension: int, measure_of: Callable[[Sequence[Function]], float]) -> float:
    """A mixture's mean of what ``measure_of`` gives for the distribution functions of each component."""
    parts = [measure_of(component.distributions(dimension)) for component in measure.components]
    return sum(parts) / len(parts)


def normal(mean: float, deviation: float) -> Marginal:
    """N(mean, deviation^2)."""
    return Marginal(
        quantile=lambda p: mean + deviation * special.ndtri(p),
        distribution=lambda x: special.ndtr((x - mean) / deviation),
    )


def beta(a: float, b: float) -> Marginal:
    """Beta(a, b) on [0, 1]."""
    return Marginal(
        quantile=lambda p: special.betaincinv(a, b, p), distribution=lambda x: special.betainc(a, b, np.clip(x, 0, 1))
    )


def atoms(places: Sequence[float]) -> Marginal:
    """Equal masses at the places, in ascending order."""
    at = np.asarray(places, dtype=float)
    return Marginal(
        quantile=lambda p: at[np.minimum((np.asarray(p) * len(at)).astype(int), len(at) - 1)],
        distribution=lambda x: np.searchsorted(at, x, side="right") / len(at),
    )


def quantile_table(values: Sequence[float]) -> Marginal:
    """The distribution whose quantiles at equally spaced probabilities 0, ..., 1 are the values, linear between."""
    at, p = np.asarray(values, dtype=float), np.linspace(0.0, 1.0, len(values))
    # Where values repeat there is an atom: the distribution function is right-continuous, so the last one counts.
    place, last = np.unique(at, return_index=False), np.searchsorted(at, np.unique(at), side="right") - 1
    first = np.searchsorted(at, place, side="left")

    def distribution(x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, dtype=float)
        i = np.clip(np.searchsorted(place, x, side="right") - 1, 0, len(place) - 1)
        after = np.minimum(i + 1, len(place) - 1)
        gap = np.where(after > i, place[after] - place[i], 1.0)
        inside = p[last[i]] + (p[first[after]] - p[last[i]]) * (x - place[i]) / gap
        return np.where(x < place[0], 0.0, np.where(x >= place[-1], 1.0, inside))

    return Marginal(quantile=lambda q: np.interp(q, p, at), distribution=distribution)


CANTOR_DIGITS = 40
"""Ternary digits of a Cantor number: 3^-40 is below the rounding of a double."""


def _cantor_quantile(p: np.ndarray) -> np.ndarray:
    """``sum_i 2 b_i 3^-i`` for the binary digits b_i of p."""
    rest, value = np.array(p, dtype=float), np.zeros(np.shape(p))
    for i in range(1, CANTOR_DIGITS + 1):
        bit = np.floor(2 * rest)
        rest = 2 * rest - bit
        value += 2 * bit / 3.0**i
    return value


def _cantor_distribution(x: np.ndarray) -> np.ndarray:
    """Cantor's function: the binary number of the ternary digits up to the first 1, halved."""
    rest, value = np.clip(np.array(x, dtype=float), 0.0, 1.0), np.zeros(np.shape(x))
    full, open_ = rest >= 1.0, np.ones(np.shape(x), dtype=bool)
    for i in range(1, CANTOR_DIGITS + 1):
        digit = np.minimum(np.floor(3 * rest), 2)
        rest = 3 * rest - digit
        value += np.where(open_, np.minimum(digit, 1.0) / 2.0**i, 0.0)
        open_ &= digit != 1
    return np.where(full, 1.0, value)


UNIFORM = Marginal(quantile=lambda p: p, distribution=lambda x: np.clip(x, 0, 1))
CANTOR = Marginal(quantile=_cantor_quantile, distribution=_cantor_distribution)


def _iid(*marginals: Marginal) -> tuple[Component, ...]:
    """Components with independent coordinates of one distribution each."""
    return tuple(Component((marginal,)) for marginal in marginals)


MEASURES: dict[str, Measure] = {
    "uniform": Mixture(_iid(UNIFORM), (0.0, 1.0)),
    "gaussian": Mixture(_iid(normal(0.0, 1.0)), None),
    "beta_2_5": Mixture(_iid(beta(2.0, 5.0)), (0.0, 1.0)),
    "arcsine": Mixture(_iid(beta(0.5, 0.5)), (0.0, 1.0), widening=0.05),
    "two_clusters": Mixture(_iid(normal(0.25, 0.08), normal(0.75, 0.08)), None),
    "plane": Mixture((Component((atoms([0.5]), UNIFORM)),), (0.0, 1.0)),
    "atoms": Mixture(_iid(atoms([0.0, 0.25, 0.5, 0.75, 1.0])), (0.0, 1.0)),
    "cantor": Mixture(_iid(CANTOR), (0.0, 1.0)),
    "sphere": Sphere(0.4),
}
"""``arcsine`` is Beta(1/2, 1/2); ``two_clusters`` is not a product: one coin decides the cluster of all
coordinates. ``plane`` is uniform on f_1 = 1/2, ``atoms`` on the points whose coordinates are multiples of 1/4,
``cantor`` the product of Cantor measures (no atom, no density), ``sphere`` uniform on a sphere of radius .4."""

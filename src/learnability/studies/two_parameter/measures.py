"""Probability measures on targets: mixtures of products of one marginal, sampled by quantile functions.

Theorem 6 asks for any Borel probability. A measure brings its own root box: its support where that is bounded, else
the cube that holds the mass it is asked to hold; a measure that piles up mass at the edge of its support gets a
wider box."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Marginal:
    """One coordinate's distribution: its quantile function and its distribution function."""

    quantile: Function
    distribution: Function


@dataclass(frozen=True)
class Measure:
    """A mixture, with equal weights, of products of i.i.d. coordinates.

    ``support`` is (low, high) where bounded, ``None`` else; ``widening`` the fraction of the side by which the root
    box exceeds the support on either side."""

    components: tuple[Marginal, ...]
    support: tuple[float, float] | None
    widening: float = 0.0

    def sample(self, uniforms: np.ndarray) -> np.ndarray:
        """Targets (n, d) from uniform numbers (n, d + 1); the last column chooses the component."""
        choice = np.minimum((uniforms[:, -1] * len(self.components)).astype(int), len(self.components) - 1)
        draws = np.stack([component.quantile(uniforms[:, :-1]) for component in self.components])
        return np.asarray(draws[choice, np.arange(len(uniforms))])

    def root_box(self, dimension: int, mass: float) -> tuple[float, float]:
        """(low, high) of the root cube; it holds at least ``mass`` of the measure."""
        if self.support is not None:
            low, high = self.support
            pad = self.widening * (high - low)
            return low - pad, high + pad
        outside = (1 - mass ** (1 / dimension)) / 2
        low = min(float(c.quantile(np.array(outside))) for c in self.components)
        high = max(float(c.quantile(np.array(1 - outside))) for c in self.components)
        return low, high

    def product_mean(self, measure_of: Callable[[Function], float]) -> float:
        """The mixture's mean of what ``measure_of`` gives for each component's distribution function."""
        return sum(measure_of(component.distribution) for component in self.components) / len(self.components)


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


UNIFORM = Marginal(quantile=lambda p: p, distribution=lambda x: np.clip(x, 0, 1))

MEASURES: dict[str, Measure] = {
    "uniform": Measure((UNIFORM,), (0.0, 1.0)),
    "gaussian": Measure((normal(0.0, 1.0),), None),
    "beta_2_5": Measure((beta(2.0, 5.0),), (0.0, 1.0)),
    "arcsine": Measure((beta(0.5, 0.5),), (0.0, 1.0), widening=0.05),
    "two_clusters": Measure((normal(0.25, 0.08), normal(0.75, 0.08)), None),
}
"""``arcsine`` is Beta(1/2, 1/2); ``two_clusters`` is not a product: one coin decides the cluster of all
coordinates."""

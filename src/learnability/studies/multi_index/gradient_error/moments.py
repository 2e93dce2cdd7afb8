"""Second moments of the empirical gradient of the refitted link at one start.

On n samples (x_i, y_i), y = h_s(w*.x), the fit on orthonormal features h_1, ..., h_K of z = w.x explains the energy
``U(w) = sum_k A_k^2 / 2`` with ``A_k = mean y h_k(z)``, up to the fluctuation of the features' Gram matrix; its
gradient is
``sum_k A_k D_k`` with ``D_k = mean y sqrt(k) h_{k-1}(z) x``, tangent to the sphere at w. At the cosine lambda the
population gradient is ``s lambda^{2s-1} sqrt(1 - lambda^2)`` towards w*. The means are taken for jointly normal, with
their exact covariances over n; then second moments of the products are exact (Isserlis), for every n and d.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learnability.hermite.basis import gauss_hermite, hermite_basis

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Of the sample values behind A_k and the component of D_k towards w*: means and covariances (2K, 2K), A first;
    ``across`` (K, K) are the covariances of D_k in each direction orthogonal to w and w*."""

    means: Array
    covariances: Array
    across: Array

    @property
    def population(self) -> float:
        """The population gradient towards w*."""
        k = len(self.across)
        return float(self.means[:k] @ self.means[k:])

    def _towards(self) -> tuple[float, float]:
        """(coefficient of 1/n, of 1/n^2) of the mean squared error of the component towards w*."""
        k = len(self.across)
        a, b = self.means[:k], self.means[k:]
        aa, bb, ab = self.covariances[:k, :k], self.covariances[k:, k:], self.covariances[:k, k:]
        first = a @ bb @ a + b @ aa @ b + 2 * a @ ab.T @ b
        second = (aa * bb).sum() + (ab * ab.T).sum() + np.trace(ab) ** 2
        return float(first), float(second)

    def _across(self, dimension: int) -> tuple[float, float]:
        """The same of the squared length orthogonal to w and w*."""
        k = len(self.across)
        a, aa = self.means[:k], self.covariances[:k, :k]
        return float((dimension - 2) * (a @ self.across @ a)), float((dimension - 2) * (aa * self.across).sum())

    def gradient_samples(self, dimension: int, error: float) -> float:
        """n at which the r.m.s. error of the tangent gradient is ``error`` times the population gradient."""
        first, second = (p + q for p, q in zip(self._towards(), self._across(dimension), strict=True))
        return _root(first, second, error * self.population)

    def component_samples(self, error: float) -> float:
        """n at which the r.m.s. error of the component towards w* alone is ``error`` times the population gradient."""
        return _root(*self._towards(), error * self.population)

    def direction_samples(self, degree: int, error: float) -> float:
        """n at which the component of D_s towards w*, alone, has the relative r.m.s. error ``error``: what is left of
        the gradient's error when its coefficient A_s, the other degrees and the d - 2 directions across are set
        aside. D_s as a vector takes :func:`vector_samples`."""
        k, place = len(self.across), degree - 1
        return float(self.covariances[k + place, k + place] / (error * self.means[k + place]) ** 2)


def vector_samples(at: Moments, degree: int, dimension: int, error: float) -> float:
    """n at which D_s, as a vector of the tangent space, has the r.m.s. error ``error`` times the length of its mean.

    D_s is a mean over the samples, so that its squared error is that of one sample over n: the component towards w*
    and d - 2 components across. From ``n = C d^{s-1}``, where the first alone is resolved, its cosine with w* is of
    order ``d^{-1/2}``.
    """
    k, place = len(at.across), degree - 1
    towards, across = at.covariances[k + place, k + place], at.across[place, place]
    return float((towards + (dimension - 2) * across) / (error * at.means[k + place]) ** 2)


def _root(first: float, second: float, bound: float) -> float:
    """n with ``first/n + second/n^2 = bound^2``."""
    square = bound**2
    return (first + math.sqrt(first**2 + 4 * square * second)) / (2 * square)


def moments(degree: int, cosine: float, features: int) -> Moments:
    """The moments of h_``degree`` at the cosine lambda, exactly, by a Gauss rule for (z, x.t).

    t is the tangent direction towards w*: ``w*.x = lambda z + sqrt(1 - lambda^2) x.t``.
    """
    nodes, weights = gauss_hermite(degree + features + 3)
    z, t = (grid.ravel() for grid in np.meshgrid(nodes, nodes, indexing="ij"))
    weight = np.outer(weights, weights).ravel()
    label = hermite_basis(cosine * z + math.sqrt(1 - cosine**2) * t, degree)[:, degree]
    basis = hermite_basis(z, features)
    slopes = np.sqrt(np.arange(1, features + 1)) * basis[:, :-1]
    values = label[:, None] * np.concatenate([basis[:, 1:], slopes * t[:, None]], axis=1)
    # The means are known: rounding of the quadrature would swamp lambda^s.
    means = np.zeros(2 * features)
    means[degree - 1] = cosine**degree
    means[features + degree - 1] = degree * cosine ** (degree - 1) * math.sqrt(1 - cosine**2)
    second = values.T @ (weight[:, None] * values)
    scaled = label[:, None] * slopes
    return Moments(means, second - np.outer(means, means), scaled.T @ (weight[:, None] * scaled))

"""From moments to a whole subspace, one leap at a time: directions found so far enter the weights of the next leap."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learnability.estimators.moments import complement, leading
from learnability.hermite.basis import hermite_basis
from learnability.hermite.rotation import multi_indices

Array = NDArray[np.float64]
Moment = Callable[[Array, Array, int], Array]
Weights = Callable[[Array, Array], Array]

COSINES = 8
_DEGREE_ALONG = 2
_BASIS_LIMIT = 24


def label_weights(y: Array, along: Array) -> Array:
    """``y q(z_S)`` for Hermite products q of degree at most 2 in the directions found (n, s): what correlational
    methods see."""
    return _standard(y[:, None] * _products(along))


def rank_weights(y: Array, along: Array) -> Array:
    """``cos(pi j F(y)) q(z_S)``, j = 1..8, F the distribution function of the labels: a basis of transforms of the
    label that needs no knowledge of the link. Ties share their mean rank."""
    order = np.sort(y)
    uniform = (np.searchsorted(order, y, "left") + np.searchsorted(order, y, "right")) / (2 * len(y))
    cosines = np.cos(math.pi * uniform[:, None] * np.arange(1, COSINES + 1))
    products = _products(along)
    # Products of the directions alone carry no label: they are left out.
    both = cosines[:, :, None] * products[:, None, :]
    return _standard(both.reshape(len(y), -1)[:, :_BASIS_LIMIT])


def _products(along: Array) -> Array:
    """Hermite products of degree at most 2 of the columns of ``along``, the constant first: (n, number)."""
    n, s = along.shape
    if s == 0:
        return np.ones((n, 1))
    columns = hermite_basis(along, _DEGREE_ALONG)
    indices = [b for b in itertools.product(range(_DEGREE_ALONG + 1), repeat=s) if sum(b) <= _DEGREE_ALONG]
    indices.sort(key=lambda b: (sum(b), b))
    return np.stack([np.prod([columns[:, i, k] for i, k in enumerate(b)], axis=0) for b in indices], axis=1)


def _standard(weights: Array) -> Array:
    """Columns of mean zero and variance one; those that are constant vanish."""
    centred = weights - weights.mean(axis=0)
    size = centred.std(axis=0)
    return np.asarray(np.divide(centred, size, out=np.zeros_like(centred), where=size > 1e-9))


def stepwise(
    x: Array,
    y: Array,
    steps: Sequence[tuple[int, int]],
    weights: Weights,
    moment: Moment,
    frame: Array | None = None,
) -> Array:
    """The subspace (d, r) after the leaps ``steps`` = ((degree, directions gained), ...), which are taken as known.

    At every leap the inputs are projected on the complement of what was found, so that a direction is found once.
    ``frame`` (r, r) has the directions of the first r coordinates in the order of the leaps: where it is given, the
    coordinates that enter the weights are turned inside what was found until they agree with it best.
    """
    found = np.zeros((x.shape[1], 0))
    for degree, count in steps:
        basis = complement(found) if found.shape[1] else np.eye(x.shape[1])
        axes = found if frame is None else _turned(found, frame[:, : found.shape[1]])
        matrix = moment(x @ basis, weights(y, x @ axes), degree)
        found = np.concatenate([found, basis @ leading(matrix, count)], axis=1)
    return found


def _turned(found: Array, frame: Array) -> Array:
    """The basis of what was found (d, s) that is nearest to the directions ``frame`` (r, s)."""
    left, _, right = np.linalg.svd(found[: len(frame)].T @ frame)
    return np.asarray(found @ left @ right)


@dataclass(frozen=True, eq=False)
class BestTransforms:
    """Functions of the label and of the coordinates found so far, constant on the cells of a grid.

    ``edges`` has those of the label and of each coordinate, ``values`` (cell, transform) the functions, of variance
    one.
    """

    edges: tuple[Array, ...]
    values: Array

    def __call__(self, y: Array, along: Array) -> Array:
        """The weights (n, transform) of labels (n,) and coordinates (n, s)."""
        return np.asarray(self.values[_cells(self.edges, y, along)])


def _cells(edges: Sequence[Array], y: Array, along: Array) -> NDArray[np.intp]:
    place = np.zeros(len(y), dtype=np.intp)
    for cuts, column in zip(edges, (y, *along.T), strict=True):
        place = place * (len(cuts) + 1) + np.searchsorted(cuts, column, "right")
    return place


def best_transforms(y: Array, along: Array, rest: Array, degree: int) -> BestTransforms:
    """The transforms of the label that carry the most of ``E[He_k(z_perp) | y, z_S]``.

    The left singular functions of the conditional moment, from labels (n,), coordinates z_S (n, s) and z_perp (n, m) of
    the population: for one direction and k = 2 the only one is proportional to ``T(y) = E[z^2 - 1 | y]``, the best
    preprocessing of a spectral method up to the normalisation ``T / (1 + T)`` (arXiv 2403.05529; Kovacevic, Zhang,
    Mondelli, arXiv 2502.02545). Those below the noise of n points are left out, all but the first. Cells of equal
    probability; labels with few values have a cell each.
    """
    label, each = _CELLS[min(along.shape[1], len(_CELLS) - 1)]
    edges = tuple(
        np.unique(np.quantile(column, np.linspace(0, 1, count + 1)[1:-1]))
        for column, count in ((y, label), *((column, each) for column in along.T))
    )
    place, cells = _cells(edges, y, along), math.prod(len(cuts) + 1 for cuts in edges)
    share = np.bincount(place, minlength=cells) / len(y)
    columns = hermite_basis(rest, degree)
    sums = []
    for b in multi_indices(rest.shape[1], degree).tolist():
        value = np.prod([columns[:, i, k] for i, k in enumerate(b)], axis=0)
        sums.append(np.bincount(place, weights=value, minlength=cells))
    # Tensor entries that permutations of their indices repeat count as often in h_b: its norm is that of the tensor.
    size = np.sqrt(np.maximum(share, 1e-12))
    matrix = np.stack(sums, axis=1) / len(y) / size[:, None]
    left, singular, _ = np.linalg.svd(matrix, full_matrices=False)
    noise = (math.sqrt(cells) + math.sqrt(matrix.shape[1])) / math.sqrt(len(y))
    count = max(1, int((singular > _ABOVE_NOISE * noise).sum()))
    return BestTransforms(edges, left[:, :count] / size[:, None])


_CELLS = (200, 0), (48, 16), (24, 8), (12, 5)
"""Cells of the label and of each coordinate found so far, by the number of these."""

_ABOVE_NOISE = 1.5
"""Singular values of noise alone end at 1 in units of ``(sqrt cells + sqrt columns) / sqrt n``."""

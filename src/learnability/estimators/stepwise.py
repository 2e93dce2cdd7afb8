"""From moments to a whole subspace, one leap at a time: directions found so far enter the weights of the next leap."""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from learnability.estimators.moments import complement, leading
from learnability.hermite.basis import hermite_basis

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


def stepwise(x: Array, y: Array, steps: Sequence[tuple[int, int]], weights: Weights, moment: Moment) -> Array:
    """The subspace (d, r) after the leaps ``steps`` = ((degree, directions gained), ...), which are taken as known.

    At every leap the inputs are projected on the complement of what was found, so that a direction is found once.
    """
    found = np.zeros((x.shape[1], 0))
    for degree, count in steps:
        basis = complement(found) if found.shape[1] else np.eye(x.shape[1])
        matrix = moment(x @ basis, weights(y, x @ found), degree)
        found = np.concatenate([found, basis @ leading(matrix, count)], axis=1)
    return found


def best_transforms(y: Array, z: Array, degree: int, count: int) -> tuple[Array, Array]:
    """(bin edges of y, values (bin, count)) of the transforms that carry most of ``E[He_k(z) | y]``, k at most 2.

    The left singular functions of the conditional moment, from labels and hidden coordinates of the population: for
    one direction and k = 2 the first is proportional to ``T(y) = E[z^2 - 1 | y]``, the best preprocessing of a
    spectral method up to the normalisation ``T / (1 + T)`` (arXiv 2403.05529; Kovacevic, Zhang, Mondelli, arXiv
    2502.02545). Bins of equal probability; labels with few values have a bin each.
    """
    r = z.shape[1]
    if degree == 1:
        moments = z
    elif degree == 2:
        moments = np.stack([z[:, i] * z[:, j] - (i == j) for i in range(r) for j in range(r)], axis=1)
    else:
        raise ValueError(f"degree is {degree}; transforms are implemented for 1 and 2")
    edges = np.unique(np.quantile(y, np.linspace(0, 1, _BINS + 1)[1:-1]))
    place = np.searchsorted(edges, y, "right")
    share = np.bincount(place, minlength=len(edges) + 1) / len(y)
    sums = np.stack([np.bincount(place, weights=column, minlength=len(edges) + 1) for column in moments.T], axis=1)
    size = np.sqrt(np.maximum(share, 1e-12))
    left, _, _ = np.linalg.svd(sums / len(y) / size[:, None], full_matrices=False)
    return edges, left[:, :count] / size[:, None]


_BINS = 200

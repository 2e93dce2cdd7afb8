"""SGD of a two-layer network in which every sample is used twice: a second look leaves the correlational class.

For each sample the neuron takes a provisional step, and the update is the gradient at the place where that ends:

    s = <w, x> + b,    s' = s + rho |x|^2/d a y sigma'(s),    w <- normalise(w + eta a y sigma'(s') x)

with ReLU neurons and the correlation loss. The label enters s' inside sigma', so the update is a nonlinear function of
the label: its leap is the generative one (Arnaboldi, Dandi, Krzakala, Pesce, Stephan, arXiv 2405.15459; Lee, Oko,
Suzuki, Wu, arXiv 2406.01581). With ``rho = 0`` it is online SGD.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from learnability.compiled.loops import reordered

Array = NDArray[np.float64]

PROVISIONAL = 1.0
"""The size rho of the provisional step, in units in which the label has variance one."""

WIDTH = 12
_SHARE_OF_NOISE = 0.1


@reordered
def _pass(weights, signs, bias, x, y, step, rho):  # type: ignore[no-untyped-def]
    """One pass over the samples x (n, d), y (n,), in place on unit weights (J, d)."""
    n, d = x.shape
    for i in range(n):
        square = 0.0
        for k in range(d):
            square += x[i, k] * x[i, k]
        for j in range(len(weights)):
            h = 0.0
            for k in range(d):
                h += weights[j, k] * x[i, k]
            s = h + bias[j]
            pull = signs[j] * y[i]
            if s > 0:
                s += rho * square / d * pull
            if s > 0:
                c = step * pull
                own = 0.0
                for k in range(d):
                    own += weights[j, k] * weights[j, k]
                # |w + c x|^2, with the |w|^2 that rounding left: taken as 1, its error would grow exponentially.
                scale = 1 / np.sqrt(own + 2 * c * h + c * c * square)
                for k in range(d):
                    weights[j, k] = scale * (weights[j, k] + c * x[i, k])


def subspaces(
    batches: Iterable[tuple[Array, Array]],
    directions: int,
    rng: np.random.Generator,
    *,
    width: int = WIDTH,
    rho: float = PROVISIONAL,
    exponent: int = 2,
) -> Iterator[Array]:
    """The leading right singular vectors (d, directions) of the first layer after each batch (x (n, d), y (n,)) of one
    pass.

    The step size is ``0.1 d^(-max(2, k)/2)`` for the leap k that the update has: the noise of single samples then does
    not drown the signal at correlations of order ``d^(-1/2)`` (arXiv 2003.10409).
    """
    weights = signs = bias = None
    for x, y in batches:
        if weights is None or signs is None or bias is None:
            weights = rng.standard_normal((width, x.shape[1]))
            weights /= np.linalg.norm(weights, axis=1, keepdims=True)
            signs = np.where(np.arange(width) % 2, -1.0, 1.0)
            bias = rng.uniform(0.3, 1.0, width) * rng.choice([-1.0, 1.0], width)
        step = _SHARE_OF_NOISE * x.shape[1] ** (-max(2, exponent) / 2)
        _pass(weights, signs, bias, np.ascontiguousarray(x), np.ascontiguousarray(y), step, rho)
        yield np.ascontiguousarray(np.linalg.svd(weights, full_matrices=False)[2][:directions].T)


def learned_subspaces(
    x: Array,
    y: Array,
    counts: Sequence[int],
    directions: int,
    rng: np.random.Generator,
    *,
    rho: float = PROVISIONAL,
    exponent: int = 2,
) -> list[Array]:
    """:func:`subspaces` of one pass over the samples (n, d), after each number of samples in ``counts``."""
    parts = ((x[a:b], y[a:b]) for a, b in itertools.pairwise((0, *counts)))
    return list(subspaces(parts, directions, rng, rho=rho, exponent=exponent))

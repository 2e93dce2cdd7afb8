"""The random start of a flow on the Stiefel manifold, seen through the r x r correlations alone, at any dimension."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

Array = NDArray[np.float64]


def haar_correlations(dimensions: Sequence[int], r: int, samples: int, rng: np.random.Generator) -> Array:
    """``M = W*^T W`` for W uniform on St(d, r): shape (dimension, sample, r, r), exactly distributed for each d > 2r.

    ``M = X (X^T X + L L^T)^{-1/2}`` with X standard normal and L L^T a Wishart matrix of d - r degrees of freedom in
    Bartlett's form: lower triangular, ``L_ii^2 ~ chi^2(d - r - i)``, standard normal below the diagonal. X and the
    normal entries of L are shared by all dimensions, and so are the probabilities whose chi^2 quantiles stand on its
    diagonal: common random numbers take the sampling noise out of fitted exponents. No array of size d exists.
    """
    if min(dimensions) < 2 * r + 1:
        raise ValueError(f"the dimension {min(dimensions)} is too small for a subspace of dimension {r}")
    shared = rng.standard_normal((samples, r, r))
    below = np.tril(rng.standard_normal((samples, r, r)), -1)
    probabilities = rng.uniform(size=(samples, r))
    starts = []
    for dimension in dimensions:
        bartlett = below.copy()
        for i in range(r):
            bartlett[:, i, i] = np.sqrt(2 * gammaincinv((dimension - r - i) / 2, probabilities[:, i]))
        gram = shared.mT @ shared + bartlett @ bartlett.mT
        values, vectors = np.linalg.eigh(gram)
        starts.append(shared @ (vectors * values[:, None, :] ** -0.5) @ vectors.mT)
    return np.stack(starts)

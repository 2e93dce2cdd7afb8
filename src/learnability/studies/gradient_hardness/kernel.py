"""The kernel predictor that gradient descent on a wide network becomes, and its error on average over all parities."""

import numpy as np

from learnability.studies.gradient_hardness.representations import cube


def tangent_kernel(inputs: np.ndarray) -> np.ndarray:
    """Neural tangent kernel (n, n) of a two-layer ReLU network of infinite width on the rows of ``inputs`` (n, d).

    With a coordinate of ones and rows scaled to length one, ``u = <x, x'>``: ``u (pi - arccos u)/pi + (u (pi - arccos
    u) + sqrt(1 - u^2))/pi``, from the first layer and from the readout (Jacot et al. 2018; Cho and Saul 2009).
    """
    rows = np.concatenate((inputs, np.ones((len(inputs), 1))), 1) / np.sqrt(inputs.shape[1] + 1)
    u = np.clip(rows @ rows.T, -1, 1)
    angle = np.pi - np.arccos(u)
    return np.asarray((2 * u * angle + np.sqrt(1 - u**2)) / np.pi)


def mean_error(kernel: np.ndarray, sample: np.ndarray) -> float:
    """``E_v E_x (hat f_v - chi_v)^2`` of the interpolants of the parities at the points ``sample``, over all 2^d.

    ``hat f = A f(sample)`` with ``A = K(x, sample) K(sample, sample)^-1``, (2^d, n). The parities are orthogonal, so
    ``E_v chi_v(x) chi_v(y) = 1(x = y)`` and the mean is ``1 + (|A|^2 - 2 sum_i A_{x_i, i}) / 2^d`` for distinct points:
    0 at the points of the sample and ``1 + |A_x|^2`` at any other, whatever the kernel, where predicting 0 has 1. The
    identity, which predicts 0 there, is the best kernel, with ``1 - n / 2^d``.
    """
    weights = np.linalg.solve(kernel[np.ix_(sample, sample)], kernel[sample]).T
    own = weights[sample, np.arange(len(sample))].sum()
    return float(1 + ((weights**2).sum() - 2 * own) / len(kernel))


def samples_to_half(dimension: int, rng: np.random.Generator) -> tuple[int, float]:
    """The fewest of randomly ordered distinct points at which the mean error is at most 1/2, and the error there.

    By bisection, with one more sample than the point at which the error passes 1/2; were it to pass several times, the
    answer would be one of them.
    """
    points = 1 - 2 * cube(dimension)
    kernel, order = tangent_kernel(points), rng.permutation(len(points))
    low, high, error = 0, len(points), 0.0
    while high - low > 1:
        middle = (low + high) // 2
        found = mean_error(kernel, order[:middle])
        if found <= 0.5:
            high, error = middle, found
        else:
            low = middle
    return high, error

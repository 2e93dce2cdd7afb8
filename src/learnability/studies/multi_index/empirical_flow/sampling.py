"""The empirical second moment of h2 in a Krylov space: drawn in law, at a cost that does not grow with d.

Labels ``y = h_2(x_1)``, inputs x ~ N(0, I_d). All that the flow of w sees of n samples is the matrix

    S = mean y (x x^T - I) / sqrt(2),    A(w) = w^T S w = mean y h_2(w.x),    E S = e_1 e_1^T,

and from a start w_0 it stays in the span of ``w_0, S w_0, S^2 w_0, ...``. Lanczos' vectors q_j of that space need the
inputs in few directions: the part of ``S q`` outside the directions drawn so far is ``sum_i v_i g_i / (sqrt(2) n)``
with ``v_i = y_i (q.x_i)`` and coordinates g_i not drawn yet. Those are normal and independent of v, so that its length
is ``|v_perp| chi_{d-m}``; given that, the coordinates along it have the known product with v_perp and are normal
otherwise, and all coordinates not drawn are orthogonal to v_perp from then on. ``v_perp`` is v without the v of earlier
steps.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Krylov:
    """S in the orthonormal basis q_0 = w_0, q_1, ... (``matrix``, tridiagonal), and ``overlaps``, the e_1.q_j."""

    matrix: Array
    overlaps: Array


def draw_krylov(cosine: float, dimension: int, count: int, directions: int, rng: np.random.Generator) -> Krylov:
    """S of ``count`` samples in the first ``directions`` Krylov directions of a start with e_1.w_0 = ``cosine``.

    Exactly distributed; the basis ends early where it fills R^d. Costs ``directions`` normals a sample.
    """
    steps = min(directions, dimension)
    # Axes e_1, e_2 (which hold w_0), then one for each step; rows are the samples' coordinates along them.
    inputs = np.empty((min(steps + 1, dimension), count))
    rng.standard_normal(out=inputs[:2])
    labels = (inputs[0] ** 2 - 1) / math.sqrt(2)
    used = np.empty((len(inputs) - 2, count))
    basis = np.zeros((steps, len(inputs)))
    basis[0, :2] = cosine, math.sqrt(1 - cosine**2)
    matrix = np.zeros((steps, steps))
    for step in range(steps):
        m = min(step + 2, len(inputs))
        weighted = labels * (basis[step, :m] @ inputs[:m])
        image = np.zeros(len(inputs))
        image[:m] = inputs[:m] @ weighted / count - labels.mean() * basis[step, :m]
        if m < len(inputs):
            earlier = used[:step]
            rest = weighted - (earlier @ weighted) @ earlier
            length = math.sqrt(float(rest @ rest))
            chi = math.sqrt(rng.chisquare(dimension - m))
            image[m] = length * chi / count
            used[step] = rest / length
            fresh = rng.standard_normal(out=inputs[m])
            fresh -= (earlier @ fresh) @ earlier
            fresh += (chi - float(used[step] @ fresh)) * used[step]
        image /= math.sqrt(2)
        matrix[step, step] = basis[step] @ image
        for _ in range(2):
            image -= (basis[: step + 1] @ image) @ basis[: step + 1]
        if step + 1 < steps:
            matrix[step, step + 1] = matrix[step + 1, step] = size = math.sqrt(float(image @ image))
            basis[step + 1] = image / size
    return Krylov(matrix, basis[:, 0])

"""Initial particles of the mean-field flow."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def paired_second_layer(pairs: int, rng: np.random.Generator) -> Array:
    """a ~ U[0, 1], one draw in each of ``pairs`` equal strata, followed by the negatives: (2 pairs,)."""
    a = (np.arange(pairs) + rng.random(pairs)) / pairs
    return np.concatenate([a, -a])


def sampled_particles(
    count: int, variables: int, dimensions: Array, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """One seed: a (n,), w_V (dimension, n, p) and |w_perp| (dimension, n) for sqrt(d) w ~ N(0, I_d).

    Pairs (a, w), (-a, w), so the network is zero at the start. All dimensions share a and the normals behind w_V
    (common random numbers); at d = infinity w_V = 0 and |w_perp| = 1.
    """
    pairs = count // 2
    a = paired_second_layer(pairs, rng)
    normals = rng.standard_normal((pairs, variables))
    inside, radius = [], []
    for d in dimensions:
        if np.isinf(d):
            w, r = np.zeros((pairs, variables)), np.ones(pairs)
        else:
            w, r = normals / np.sqrt(d), np.sqrt(rng.chisquare(d - variables, pairs) / d)
        inside.append(np.concatenate([w, w]))
        radius.append(np.concatenate([r, r]))
    return a, np.stack(inside), np.stack(radius)

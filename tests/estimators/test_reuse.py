"""SGD in which every sample is used twice: the sphere, batches of one pass."""

import numpy as np
import pytest

from learnability.estimators import reuse


def test_weights_stay_on_the_sphere_when_updates_oppose_them() -> None:
    """Updates that shrink w enlarge an error of ``|w|`` that is not divided out, until it is NaN."""
    rng, d = np.random.default_rng(0), 16
    weights = np.eye(3, d)
    bias = np.full(3, 2.0)
    for _ in range(40):
        x = rng.standard_normal((5000, d))
        reuse._pass(weights, -np.ones(3), bias, x, np.prod(np.sign(x[:, :3]), axis=1), 0.002, 1.0)
    np.testing.assert_allclose(np.linalg.norm(weights, axis=1), 1, atol=1e-12)


@pytest.mark.parametrize("rho", [0.0, reuse.PROVISIONAL])
def test_batches_of_a_pass_are_the_pass(rho: float) -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((3000, 12))
    y = x[:, 0] ** 2 - 1
    parts = ((x[a:b], y[a:b]) for a, b in ((0, 100), (100, 1700), (1700, 3000)))
    found = list(reuse.subspaces(parts, 1, np.random.default_rng(2), rho=rho))
    whole = reuse.learned_subspaces(x, y, [3000], 1, np.random.default_rng(2), rho=rho)
    np.testing.assert_array_equal(found[-1], whole[0])

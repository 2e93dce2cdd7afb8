"""Kernel ridge regression beside the solution of its linear system."""

import math

import numpy as np
import pytest

from learnability.estimators.kernel import RIDGE, NestedRegression


def direct(x: np.ndarray, y: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The predictor from the whole linear system, as it is written."""
    d = x.shape[1]
    system = np.exp(x @ x.T / d) + RIDGE * math.e * np.eye(len(x))
    return np.exp(points @ x.T / d) @ np.linalg.solve(system, y - y.mean()) + y.mean()


@pytest.mark.parametrize("order", [(16, 32, 64, 128, 76, 91), (100, 40, 128)], ids=["doubled, then halved", "any"])
def test_every_leading_part_has_the_predictor_of_its_own_system(order: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    x, points = rng.standard_normal((128, 6)), rng.standard_normal((30, 6))
    y = 1 + x[:, 0] ** 2 + x[:, 1]
    nested = NestedRegression(points, 128)
    for n in order:
        np.testing.assert_allclose(nested.predictions(x[:n], y[:n]), direct(x[:n], y[:n], points), rtol=1e-9)

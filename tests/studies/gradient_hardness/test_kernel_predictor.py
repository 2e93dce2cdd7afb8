"""The mean error of the kernel predictor against predictions of every parity, and the kernel against a wide network."""

import numpy as np
import pytest
import torch

from learnability.studies.gradient_hardness.kernel import mean_error, samples_to_half, tangent_kernel
from learnability.studies.gradient_hardness.representations import cube


def test_mean_error_is_the_mean_over_all_parities() -> None:
    bits = cube(5)
    kernel = tangent_kernel(1 - 2 * bits)
    sample = np.random.default_rng(2).permutation(32)[:13]
    errors = []
    for v in bits:
        labels = (-1.0) ** (bits @ v)
        predicted = kernel[:, sample] @ np.linalg.solve(kernel[np.ix_(sample, sample)], labels[sample])
        errors.append(((predicted - labels) ** 2).mean())
    assert mean_error(kernel, sample) == pytest.approx(np.mean(errors), rel=1e-10)
    # n functions span n of 32 orthogonal directions.
    assert mean_error(kernel, sample) >= 1 - 13 / 32


def test_at_unseen_points_no_kernel_is_better_than_predicting_zero() -> None:
    """Every parity of five bits: the mean error is 0 at the sample and 1 + |A_x|^2 elsewhere."""
    bits = cube(5)
    kernel = tangent_kernel(1 - 2 * bits)
    sample = np.random.default_rng(3).permutation(32)[:20]
    weights = kernel[:, sample] @ np.linalg.inv(kernel[np.ix_(sample, sample)])
    labels = (-1.0) ** (bits @ bits.T)
    errors = ((weights @ labels[sample] - labels) ** 2).mean(axis=1)
    unseen = np.setdiff1d(np.arange(32), sample)
    np.testing.assert_allclose(errors[sample], 0, atol=1e-20)
    np.testing.assert_allclose(errors[unseen], 1 + (weights[unseen] ** 2).sum(axis=1))
    assert mean_error(kernel, sample) == pytest.approx(errors[unseen].mean() * unseen.size / 32)


@pytest.mark.parametrize("spread", [0.0, 3.0, 1e6])
def test_no_kernel_needs_fewer_than_half_of_the_cube(spread: float) -> None:
    """A trace: n samples give n of 2^d orthogonal directions. From the identity, which attains it, to nearly one
    direction."""
    rng = np.random.default_rng(4)
    factor = rng.standard_normal((16, 16))
    kernel = np.eye(16) + spread * factor @ factor.T
    for n in (1, 7, 8, 15):
        sample = rng.permutation(16)[:n]
        error = mean_error(kernel, sample)
        assert error >= 1 - n / 16 - 1e-9
        assert spread or error == pytest.approx(1 - n / 16)


def test_half_the_error_needs_half_the_cube() -> None:
    samples, error = samples_to_half(6, np.random.default_rng(0))
    assert 32 <= samples < 64
    assert error <= 0.5


def test_the_kernel_is_the_gradient_product_of_a_wide_network() -> None:
    """Width 200,000: within 2%, five standard errors of the mean over neurons (fixed seed)."""
    generator = torch.Generator().manual_seed(1)
    inputs = 1 - 2 * torch.from_numpy(cube(3))
    rows = torch.cat((inputs, torch.ones(8, 1, dtype=torch.float64)), 1) / 2
    width = 200_000
    weights = torch.randn(width, 4, generator=generator, dtype=torch.float64)
    readout = torch.randn(width, generator=generator, dtype=torch.float64)
    z = rows @ weights.T
    active = (z > 0).double()
    by_weights = ((active * readout**2) @ active.T) * (rows @ rows.T)
    by_readout = z.relu() @ z.relu().T
    # Gaussian weights and readout, h = sum a relu(z) sqrt(2/m).
    found = 2 / width * (by_weights + by_readout)
    assert np.allclose(found.numpy(), tangent_kernel(inputs.numpy()), rtol=0, atol=0.03)

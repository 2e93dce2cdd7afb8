"""Fourier coefficients of the gradient against automatic differentiation over every parity."""

import math

import numpy as np
import pytest
import torch

from learnability.hermite.walsh import cube_bits
from learnability.sgd.hinge import Network
from learnability.studies.gradient_hardness import gradient_spectrum
from learnability.studies.gradient_hardness.gradient_spectrum import (
    class_variance,
    coded_inputs,
    full_parity_over_mean,
    hinge_gradient_norm,
    parity_gradient_norm,
    rademacher_moments,
)
from learnability.studies.gradient_hardness.initialization import draw_network
from learnability.studies.gradient_hardness.settings import Coding, Initialization


def network_of(initialization: Initialization, dimension: int, width: int, noise: float = 0.0) -> Network:
    generator = torch.Generator().manual_seed(8)
    return draw_network(initialization, dimension, width, generator, noise, torch.float64)


def correlation_gradient(network: Network, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """grad E[f h] in the weights and the readout, by automatic differentiation; one flat vector."""
    weights, readout = (tensor.clone().requires_grad_() for tensor in (network.weights, network.readout))
    value = (labels * (torch.relu(inputs @ weights.T) @ readout)).mean()
    return torch.cat([gradient.flatten() for gradient in torch.autograd.grad(value, (weights, readout))])


@pytest.mark.parametrize("initialization", ["default", "gaussian", "rademacher"])
def test_moments_over_all_parities(initialization: Initialization) -> None:
    dimension = 5
    network = network_of(initialization, dimension, 7)
    bits = cube_bits(torch.arange(32), dimension, torch.float64)
    inputs = coded_inputs(bits, "sign")
    # grad R_f = const - 2 grad E[f h]: the constant drops out of the variance.
    gradients = torch.stack([-2 * correlation_gradient(network, inputs, (-1.0) ** (bits @ v)) for v in bits])
    found = class_variance(network)
    variance = float((gradients - gradients.mean(0)).square().sum(1).mean())
    assert found["variance"] == pytest.approx(variance, rel=1e-12)
    assert found["closed_form"] == pytest.approx(variance, rel=1e-12)
    energy = gradients.square().sum(1) / 4
    for degree in range(dimension + 1):
        level = float(energy[bits.sum(1) == degree].mean())
        assert found["level_energy"][degree] == pytest.approx(level, rel=1e-10, abs=1e-18)
    # Parseval: the energies of all parities add up to E|grad h|^2.
    assert found["gradient_norm"] == pytest.approx(float(energy.sum()), rel=1e-12)


@pytest.mark.parametrize("supremum", [0.5, 2.0])
def test_the_hinge_gradient_against_automatic_differentiation(supremum: float) -> None:
    """Every parity of five bits, the hinge risk itself; below one the mean is the bound, by Parseval."""
    network = network_of("default", 5, 9)
    bits = cube_bits(torch.arange(32), 5, torch.float64)
    inputs = coded_inputs(bits, "sign")
    output = torch.relu(inputs @ network.weights.T) @ network.readout + network.offset
    scale = supremum / float(output.abs().max())
    squares = []
    for v in bits:
        weights, readout = network.weights.clone().requires_grad_(), (scale * network.readout).requires_grad_()
        value = torch.relu(inputs @ weights.T) @ readout + scale * network.offset
        risk = (1 - (-1.0) ** (bits @ v) * value).clamp(min=0).mean()
        gradients = torch.autograd.grad(risk, (weights, readout))
        squares.append(sum(float(gradient.square().sum()) for gradient in gradients))
    found, bound = hinge_gradient_norm(network, supremum)
    assert found == pytest.approx(np.mean(squares), rel=1e-12)
    assert (found == pytest.approx(bound, rel=1e-12)) == (supremum < 1)


@pytest.mark.parametrize("dimension", [3, 4, 5, 6])
def test_at_zero_biases_odd_parities_have_a_gradient_in_the_biases_alone(dimension: int) -> None:
    """relu(z) = (z + |z|)/2 has no odd level above 1; its derivative 1(z > 0) has, and moves the bias."""
    network = network_of("gaussian", dimension, 9)
    bits = cube_bits(torch.arange(2**dimension), dimension, torch.float64)
    gradient = correlation_gradient(network, coded_inputs(bits, "sign"), (-1.0) ** bits.sum(1))
    weights, readout = gradient[: 9 * (dimension + 1)].reshape(9, -1), gradient[9 * (dimension + 1) :]
    odd = dimension % 2 == 1
    assert (float(weights[:, :-1].abs().max()) < 1e-15) == odd
    assert (float(readout.abs().max()) < 1e-15) == odd
    assert float(weights[:, -1].abs().max()) > 1e-3 if odd else float(weights[:, -1].abs().max()) < 1e-15


@pytest.mark.parametrize("coding", ["sign", "bit"])
@pytest.mark.parametrize("degree", [2, 6])
def test_lambda_of_one_parity(coding: Coding, degree: int) -> None:
    network = network_of("default", 6, 9)
    bits = cube_bits(torch.arange(64), 6, torch.float64)
    labels = (-1.0) ** bits[:, :degree].sum(1)
    expected = float(correlation_gradient(network, coded_inputs(bits, coding), labels).square().sum())
    assert parity_gradient_norm(network, degree, coding) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("dimension", "coding"), [(3, "bit"), (14, "sign")])
def test_the_sums_by_tables_are_those_by_products(
    dimension: int, coding: Coding, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = network_of("default", dimension, 30)
    expected = parity_gradient_norm(network, dimension, coding)
    monkeypatch.setattr(gradient_spectrum, "LARGEST_DIMENSION", 0)
    assert parity_gradient_norm(network, dimension, coding) == pytest.approx(expected, rel=1e-12)


def rademacher_lambda(network: Network) -> float:
    """lambda of the full parity for weights of one size, in closed form at any d.

    With ``t = sum_i s'_i``, ``s' = r s`` and ``chi(s) = prod(r) chi(s')`` only the number of minus signs
    counts: for K of them ``E[chi 1(z>0) g(K)] = sum_K C(d, K) 2^-d (-1)^K 1(b + (d - 2K)/sqrt(d) > 0)
    g(K)``, ``g = 1`` for the bias and ``(d - 2K)/d`` for every weight.
    """
    d = network.weights.shape[1] - 1
    counts = np.arange(d + 1)
    law = np.array([math.comb(d, int(k)) for k in counts]) / 2.0**d * (-1.0) ** counts
    total = 0.0
    for bias, readout in zip(network.weights[:, -1].tolist(), network.readout.tolist(), strict=True):
        height = bias + (d - 2 * counts) / math.sqrt(d)
        active = law * (height > 0)
        by_bias, by_weight = active.sum(), (active * (d - 2 * counts) / d).sum()
        total += readout**2 * (by_bias**2 + d * by_weight**2) + (active * height).sum() ** 2
    return total


@pytest.mark.parametrize("dimension", [4, 9, 14])
def test_lambda_of_a_rademacher_start_in_closed_form(dimension: int) -> None:
    network = network_of("rademacher", dimension, 30)
    assert parity_gradient_norm(network, dimension, "sign") == pytest.approx(rademacher_lambda(network), rel=1e-9)
    single = Network(*(tensor.float() for tensor in network.tensors()))
    assert parity_gradient_norm(single, dimension, "sign") == pytest.approx(rademacher_lambda(network), rel=1e-4)


@pytest.mark.parametrize(("dimension", "width"), [(5, 9), (10, 16), (11, 3)])
def test_the_full_parity_and_the_class_mean_in_closed_form(dimension: int, width: int) -> None:
    """The binomial sums against the transform over all parities, at the biases that were drawn."""
    network = network_of("rademacher", dimension, width)
    moments = sum(rademacher_moments(dimension, bias) for bias in network.weights[:, -1].tolist())
    found, weight = class_variance(network), np.array([1, 1 / width])
    assert float(moments[:2] @ weight) == pytest.approx(float(found["level_energy"][dimension]), rel=1e-9)
    assert float(moments[2:] @ weight) == pytest.approx(float(found["gradient_norm"]), rel=1e-9)


def test_the_mean_over_the_biases_is_exact() -> None:
    """Against a midpoint rule of 100,000 points: within 1e-4, the jumps at the steps in K."""
    biases = (np.arange(100_000) + 0.5) / 50_000 - 1
    mean = np.mean([rademacher_moments(4, bias) for bias in biases[::10]], axis=0)
    expected = 4 + np.log2(mean[:2] @ [30, 1]) - np.log2(mean[2:] @ [30, 1])
    assert full_parity_over_mean(4, 30) == pytest.approx(expected, abs=2e-3)


def test_the_full_parity_over_the_mean_depends_on_the_width() -> None:
    """120 networks of each width at d = 10, within 4 standard errors of a ratio of means (fixed seed); a width that
    falls with d adds to its growth, and at any fixed width it tends to one bit a dimension."""
    generator = torch.Generator().manual_seed(5)
    for width in (4, 32):
        networks = [draw_network("rademacher", 10, width, generator, dtype=torch.float64) for _ in range(120)]
        drawn = [class_variance(network) for network in networks]
        pairs = np.array([[one["level_energy"][10], one["gradient_norm"] / 2**10] for one in drawn])
        ratio = 2 ** full_parity_over_mean(10, width)
        residual = (pairs[:, 0] - ratio * pairs[:, 1]) / pairs[:, 1].mean()
        assert abs(residual.mean()) < 4 * residual.std() / math.sqrt(120)
        assert residual.std() < 0.7 * math.sqrt(120) * ratio
    assert full_parity_over_mean(10, 16) - full_parity_over_mean(10, 2000) > 0.9
    last = np.diff([full_parity_over_mean(d, 2000) for d in (400, 402)]) / 2
    assert float(last[0]) == pytest.approx(1, abs=0.01)


def test_initialisations_have_the_stated_moments() -> None:
    """Width 20,000: means of squares within 5 standard errors (at most 4% of themselves), fixed seed."""
    d, m = 8, 20_000
    default = network_of("default", d, m)
    assert default.weights.abs().max() <= 1 / math.sqrt(d)
    assert float(default.weights.square().mean()) == pytest.approx(1 / (3 * d), rel=0.02)
    assert default.readout.abs().max() <= 1 / math.sqrt(m)
    gaussian = network_of("gaussian", d, m)
    assert not gaussian.weights[:, -1].any()
    assert float(gaussian.weights[:, :-1].square().mean()) == pytest.approx(1 / d, rel=0.02)
    assert float(gaussian.readout.square().sum()) == pytest.approx(1, rel=0.05)
    rademacher = network_of("rademacher", d, m)
    assert torch.allclose(rademacher.weights[:, :-1].abs(), torch.full((m, d), 1 / math.sqrt(d), dtype=torch.float64))
    assert float(rademacher.readout.square().sum()) == pytest.approx(1)
    noisy = network_of("rademacher", d, m, noise=0.7)
    assert float(noisy.weights[:, :-1].square().mean()) == pytest.approx(1 / d, rel=0.03)
    # Common random numbers: noise changes the weights only.
    assert torch.equal(noisy.weights[:, -1], rademacher.weights[:, -1])
    assert torch.equal(noisy.readout, rademacher.readout)

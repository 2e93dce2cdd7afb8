"""Fourier spectrum of the gradient of a network over all parities: variances over the class and ``lambda_v``
of one parity."""

import itertools
import math

import numpy as np
import torch

from learnability.hermite.walsh import cube_bits, levels, parity_signs, walsh_hadamard_
from learnability.sgd.cube import LARGEST_DIMENSION, active_sums, make_tables
from learnability.sgd.hinge import Network
from learnability.studies.gradient_hardness.settings import Coding

# Points of the cube that go through the network at once: bounds the memory at any dimension.
CHUNK = 8192
# The same where the sums go by tables: what a neuron makes of them stays in cache, a bit for each point.
TABLE_CHUNK = 1 << 12
# What the network sees for a bit of 0 and of 1.
INPUT_VALUES: dict[Coding, tuple[float, float]] = {"sign": (1.0, -1.0), "bit": (0.0, 1.0)}


def coded_inputs(bits: torch.Tensor, coding: Coding) -> torch.Tensor:
    """Bits (..., d) as the network sees them, with a one behind them, (..., d+1): signs 1 - 2x, or the bits."""
    inputs = 1 - 2 * bits if coding == "sign" else bits
    return torch.cat((inputs, inputs.new_ones(*inputs.shape[:-1], 1)), -1)


def parity_gradient_norm(network: Network, degree: int, coding: Coding) -> float:
    """``lambda_v = |E_x[chi_v grad h]|^2`` over all parameters of the first layer and the readout, v the
    first ``degree`` bits.

    By enumeration of the cube, in chunks. With S_j = E[chi_v 1(z_j > 0)(x, 1)]: ``sum_j a_j^2 |S_j|^2 + (S_j
    . W_j)^2``. The entries of a chunk's sum are integers, so float32 is exact there; chunks add up in
    float64.
    """
    weights, readout, _ = network.tensors()
    dimension = weights.shape[1] - 1
    tables = weights.device.type == "cpu" and dimension <= LARGEST_DIMENSION
    sums = (_sums_by_tables if tables else _sums_by_products)(network, degree, coding) / (1 << dimension)
    by_readout = (sums * weights).sum(1).square().sum()
    by_weights = (readout.double().square()[:, None] * sums.square()).sum()
    return float(by_readout + by_weights)


def _sums_by_tables(network: Network, degree: int, coding: Coding) -> torch.Tensor:
    """2^d S of ``parity_gradient_norm``, (m, d+1) in float64."""
    size, tables = 1 << (network.weights.shape[1] - 1), make_tables(network, INPUT_VALUES[coding])
    sums = np.zeros(network.weights.shape)
    for start in range(0, size, TABLE_CHUNK):
        points = np.arange(start, min(start + TABLE_CHUNK, size))
        odd = np.bitwise_count(points & ((1 << degree) - 1)) & 1
        sums += active_sums(network, points, 1.0 - 2 * odd, tables)
    return torch.from_numpy(sums)


def _sums_by_products(network: Network, degree: int, coding: Coding) -> torch.Tensor:
    """The same on any device and in any dimension."""
    weights, dimension = network.weights, network.weights.shape[1] - 1
    sums = torch.zeros_like(weights.T, dtype=torch.float64)
    for start in range(0, 1 << dimension, CHUNK):
        indices = torch.arange(start, min(start + CHUNK, 1 << dimension), device=weights.device)
        bits = cube_bits(indices, dimension, weights.dtype)
        inputs = coded_inputs(bits, coding)
        active = torch.mm(inputs, weights.T).gt_(0)
        # The few columns first: twice as fast as the mask first.
        sums += torch.mm((parity_signs(bits, degree)[:, None] * inputs).T, active)
    return sums.T


def neuron_gradient(network: Network, neuron: int, signs: torch.Tensor) -> torch.Tensor:
    """Gradient of h in the parameters of one neuron on the whole cube, (d+2, 2^d): readout, bias, weights;
    signs (2^d, d)."""
    weights, readout = network.weights[neuron], network.readout[neuron]
    dimension = signs.shape[1]
    preactivation = torch.mv(signs, weights[:dimension]) + weights[dimension]
    active = readout * (preactivation > 0).to(signs.dtype)
    return torch.cat((preactivation.clamp(min=0)[None], active[None], active * signs.T), 0)


def class_variance(network: Network) -> dict[str, np.ndarray]:
    """Moments of the gradient of R_f = E(h - f)^2 over all 2^d parities f, for each neuron exactly and by transform.

    With ``ghat(v) = E_x[chi_v grad h]`` summed over the parameters of all neurons: ``variance`` =
    ``4 2^-d (sum_v |ghat(v)|^2 - 2^-d |sum_v ghat(v)|^2)`` from the transform; ``closed_form`` =
    ``4 2^-d (E|grad h|^2 - 2^-d |grad h(x=0)|^2)``; ``gradient_norm`` = ``E|grad h|^2``; ``level_energy``
    (d+1,) the mean of ``|ghat(v)|^2`` over the v of each size. One neuron is in memory at a time: (d+2) 2^d
    numbers.
    """
    dimension = network.weights.shape[1] - 1
    size = 1 << dimension
    signs = 1 - 2 * cube_bits(torch.arange(size, device=network.weights.device), dimension, network.weights.dtype)
    energy = torch.zeros(size, dtype=torch.float64, device=signs.device)
    mean_square = gradient_norm = at_origin = 0.0
    for neuron in range(network.weights.shape[0]):
        gradient = neuron_gradient(network, neuron, signs)
        gradient_norm += float(gradient.square().sum(dtype=torch.float64)) / size
        at_origin += float(gradient[:, 0].double().square().sum())
        coefficients = walsh_hadamard_(gradient).div_(size)
        energy += coefficients.square().sum(0, dtype=torch.float64)
        mean_square += float(coefficients.mean(1, dtype=torch.float64).square().sum())
    level = levels(dimension, energy.device)
    counts = torch.bincount(level, minlength=dimension + 1)
    return {
        "variance": np.array(4 * (float(energy.mean()) - mean_square)),
        "closed_form": np.array(4 / size * (gradient_norm - at_origin / size)),
        "gradient_norm": np.array(gradient_norm),
        "level_energy": (torch.bincount(level, energy, dimension + 1) / counts).cpu().numpy(),
    }


def hinge_gradient_norm(network: Network, supremum: float) -> tuple[float, float]:
    """``E_f |grad R_f|^2`` of the hinge risk ``R_f = E max(0, 1 - f h)`` over all 2^d parities, and its bound.

    The readout and the offset are scaled to ``sup |h| = supremum``. Every parity by itself, the expectation over the
    whole cube, with the points that the hinge counts; the gradient in the first layer and the readout. The bound is
    ``E|grad h|^2 / 2^d``, which the lecture derives for |h| <= 1.
    """
    weights, readout, offset = network.tensors()
    dimension = weights.shape[1] - 1
    bits = cube_bits(torch.arange(1 << dimension, device=weights.device), dimension, weights.dtype)
    inputs = coded_inputs(bits, "sign")
    preactivation = inputs @ weights.T
    output = torch.relu(preactivation) @ readout + offset
    scale = supremum / float(output.abs().max())
    labels = 1 - 2 * (bits @ bits.T).remainder(2)
    signal = -labels * (labels * output * scale < 1) / len(bits)
    active = scale * readout * (preactivation > 0).to(weights.dtype)
    # The gradient at each point of the cube, (2^d, parameters): readout, then first layer with its biases.
    by_weights = (active[:, :, None] * inputs[:, None, :]).flatten(1)
    gradient = torch.cat((torch.relu(preactivation), by_weights), 1)
    square = float((signal @ gradient).square().sum()) / len(bits)
    return square, float(gradient.square().sum()) / len(bits) ** 2


def rademacher_moments(dimension: int, bias: float) -> np.ndarray:
    """Moments (4,) of one neuron whose weights are signs / sqrt(d), at any d: what the full parity's part of the
    gradient and ``E|grad h|^2`` get from its readout, and from its first layer for a readout of one.

    With ``t = sum_i r_i s_i`` only the number K of minus signs counts: ``chi = prod(r) (-1)^K``, ``z = b + (d - 2K)
    / sqrt(d)``, and K is binomial. By symmetry the gradient in every weight is ``E[chi 1(z > 0) (d - 2K)] / d``.
    """
    counts = np.arange(dimension + 1)
    law = np.array([math.comb(dimension, int(k)) / 2**dimension for k in counts])
    total = dimension - 2 * counts
    height = bias + total / math.sqrt(dimension)
    active = law * (height > 0)
    signed = active * (-1.0) ** counts
    by_readout, by_bias, by_weight = (
        float(signed @ part) for part in (height, np.ones_like(height), total / dimension)
    )
    first_layer = by_bias**2 + dimension * by_weight**2
    return np.array([by_readout**2, first_layer, active @ height**2, (dimension + 1) * active.sum()])


def full_parity_over_mean(dimension: int, width: int) -> float:
    """log2 of ``E|ghat(v)|^2`` of the full parity over the class mean ``2^-d E|grad h|^2``, each averaged over
    Rademacher starts of ``width`` neurons with biases U(-1, 1) and a readout of signs/sqrt(m).

    The readout's part is a sum over the neurons, the first layer's a mean. In the bias the moments are polynomials of
    degree at most two between the heights at which a neuron gains a value of K, so that two Gauss points a piece are
    exact.
    """
    steps = (2 * np.arange(dimension + 1) - dimension) / math.sqrt(dimension)
    ends = [-1.0, *steps[np.abs(steps) < 1], 1.0]
    mean = np.zeros(4)
    for low, high in itertools.pairwise(ends):
        for node in (-1, 1):
            bias = (low + high) / 2 + node * (high - low) / math.sqrt(12)
            mean += (high - low) / 4 * rademacher_moments(dimension, bias)
    weight = np.array([width, 1])
    return float(np.log2(mean[:2] @ weight) - np.log2(mean[2:] @ weight) + dimension)

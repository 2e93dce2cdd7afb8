"""Steps of the full engine for free weights with a sine in float64: all between the two products in one compiled pass.

Compiled code calls libm number by number, so that the functions are evaluated here: x = n pi/2 + r with |r| <= pi/4,
pi/2 in three parts of which the first two have exact products with n < 2^20 (Cody and Waite), and Taylor's
polynomials of r, whose remainders are below half a unit in the last place.
"""

import math
from typing import cast

import numpy as np
import torch
from torch import Tensor

from learnability.compiled.loops import contracted, reordered
from learnability.hermite.activations import Sine
from learnability.sgd.compiled import array
from learnability.sgd.problem import TwoLayerProblem

# Projections (neurons x samples) that stay in a core's second-level cache, their sines beside them.
_TILE_ENTRIES = 1 << 17

_HIGH = math.floor(math.pi / 2 * 2**32) / 2**32
_MIDDLE = math.pi / 2 - _HIGH
_LOW = 6.123233995736766e-17  # pi/2 less the double next to it
_TO_QUARTERS = 2 / math.pi
_SINE = tuple((-1) ** k / math.factorial(2 * k + 1) for k in range(8))
_COSINE = tuple((-1) ** k / math.factorial(2 * k) for k in range(9))


@contracted
def _sine_and_cosine(h, shift, sine):  # type: ignore[no-untyped-def]
    """sin(h + shift) into ``sine`` and cos(h + shift) into h. No branches: then the loop uses vector instructions."""
    for i in range(len(h)):
        x = h[i] + shift
        n = np.floor(x * _TO_QUARTERS + 0.5)
        r = ((x - n * _HIGH) - n * _MIDDLE) - n * _LOW
        z = r * r
        s, c = _SINE[7], _COSINE[8]
        for k in range(6, 0, -1):
            s = _SINE[k] + z * s
        for k in range(7, 1, -1):
            c = _COSINE[k] + z * c
        s, c = r + r * (z * s), (1 - 0.5 * z) + z * z * c
        # Odd quarters of a turn swap the two functions; n = 2 and 3 modulo 4 change the signs of both.
        half = 0.5 * n
        halves = np.floor(half)
        odd, sign = 2 * (half - halves), 1 - 4 * (0.5 * halves - np.floor(0.5 * halves))
        sine[i] = sign * ((1 - odd) * s + odd * c)
        h[i] = sign * ((1 - odd) * c - odd * s)


@reordered
def _learn(h, sine, error, shift, second_layer, output_scale, share, sums):  # type: ignore[no-untyped-def]
    """Turns projections h (neuron, sample) into share a e sigma' in place, and adds the sums of share e sigma and of
    share a e sigma' of each neuron to ``sums`` (2, neuron).

    ``error`` (sample,) holds the labels, from which the outputs are taken (none for ``output_scale`` 0); ``sine`` is
    room like h.
    """
    for j in range(len(h)):
        wave, a = sine[j], output_scale * second_layer[j]
        _sine_and_cosine(h[j], shift[j], wave)
        for b in range(len(error)):
            error[b] -= a * wave[b]
    for j in range(len(h)):
        row, wave, a, hidden, slope = h[j], sine[j], share * second_layer[j], 0.0, 0.0
        for b in range(len(error)):
            e = a * error[b] * row[b]
            hidden += error[b] * wave[b]
            slope += e
            row[b] = e
        sums[0, j] += share * hidden
        sums[1, j] += slope


def sine_compiles(problem: TwoLayerProblem, like: Tensor) -> bool:
    """Whether :func:`sine_steps` serve: a sine, free weights, on the CPU, in float64."""
    here = like.device.type == "cpu" and like.dtype == torch.float64
    return here and isinstance(problem.activation, Sine) and not problem.spherical


def sine_steps(
    problem: TwoLayerProblem,
    parameters: tuple[Tensor, Tensor, Tensor, Tensor],
    x: Tensor,
    label: Tensor,
    step_sizes: Tensor,
) -> None:
    """As :func:`learnability.sgd.compiled.full.network_steps`, where :func:`sine_compiles`; the scale of free weights
    is one.

    The products are torch's, whose BLAS takes three quarters of the time of SciPy's in float64 on x86.
    """
    neurons, batch = parameters[0].shape[1], x.shape[2]
    output_scale = 0.0
    if problem.loss == "squared":
        output_scale = problem.scale_of(neurons)
    phase, tile = cast(Sine, problem.activation).phase, min(batch, max(16, _TILE_ENTRIES // neurons))
    room, sine = x.new_empty(neurons * tile), np.empty((neurons, tile))
    counts = [min(tile, batch - first) for first in range(0, batch, tile)]
    tiles = [(i * tile, room[: neurons * count].view(neurons, count)) for i, count in enumerate(counts)]
    sums, errors, shares = np.empty((2, neurons)), array(label.clone()), step_sizes.numpy() / batch
    for r, weights in enumerate(parameters[0]):
        second_layer, bias = array(parameters[2][r]), array(parameters[3][r])
        along = torch.zeros_like(weights) if len(tiles) > 1 else weights
        for k, samples in enumerate(x[:, r]):
            shift = bias + phase
            sums.fill(0)
            for first, h in tiles:
                rows, error = samples[first : first + tile], errors[k, r, first : first + tile]
                torch.mm(weights, rows.mT, out=h)
                _learn(h.numpy(), sine, error, shift, second_layer, output_scale, shares[k], sums)
                along.addmm_(h, rows)
            if along is not weights:
                weights += along
                along.zero_()
            second_layer += problem.second_layer_rate * sums[0]
            bias += problem.bias_rate * sums[1]

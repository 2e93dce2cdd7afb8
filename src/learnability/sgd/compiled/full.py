"""Compiled steps of the full engine: every number is touched once, in cache, and matrix products are BLAS's."""

import numpy as np
from torch import Tensor

from learnability.compiled.blas import multiply, one_blas_thread
from learnability.compiled.loops import assign, reordered
from learnability.sgd.compiled import array
from learnability.sgd.problem import TwoLayerProblem

# Neurons of a matrix product: fewer cost BLAS speed, more do not fit into the cache with their projections.
_UNIT = 1024
# Samples of a product on the correlation loss, for the same reason.
_TILE = 256
# The square of a length that weights do not keep: one step on from there, its square is a float32 still.
_LONG = 2.0**40


@reordered
def _add_outputs(projections, scale, second_layer, bias, out):  # type: ignore[no-untyped-def]
    """Adds sum_j a_j max(scale_j h_jb + bias_j, 0) of projections h (neuron, batch) to ``out`` (batch,)."""
    zero = out.dtype.type(0)
    for j in range(len(projections)):
        h, factor, shift, a = projections[j], scale[j], bias[j], second_layer[j]
        for b in range(len(out)):
            out[b] += a * max(factor * h[b] + shift, zero)


@reordered
def _to_slopes(projections, error, scale, bias, sums):  # type: ignore[no-untyped-def]
    """Turns projections h (neuron, batch) into e sigma' in place, and adds sum e sigma' h, sum e sigma' and sum e
    sigma(h) of each neuron to ``sums`` (neuron, 3)."""
    zero = error.dtype.type(0)
    for j in range(len(projections)):
        h, factor, shift = projections[j], scale[j], bias[j]
        radial, slope, hidden = zero, zero, zero
        for b in range(len(error)):
            active = factor * h[b] + shift
            e = error[b] if active > zero else zero
            radial += e * h[b]
            slope += e
            hidden += e * active
            h[b] = e
        sums[j, 0] += radial
        sums[j, 1] += slope
        sums[j, 2] += hidden


@reordered
def _to_factors(parameters, sums, share, rates, spherical, factor):  # type: ignore[no-untyped-def]
    """The factor of sum e sigma' x in the weights of each neuron; moves the output parameters. ``share`` is eta / B.

    On the sphere the scale becomes scale (1 - eta <w, G>), the factor that the weights keep (see :func:`full_step`).
    """
    _, scale, second_layer, bias = parameters
    for j in range(len(scale)):
        a, length = second_layer[j], scale[j]
        factor[j] = a * share
        if spherical:
            scale[j] = length * (1 - a * share * length * sums[j, 0])
            factor[j] /= scale[j]
        if rates[0] != 0:
            second_layer[j] = a + rates[0] * share * sums[j, 2]
        if rates[1] != 0:
            bias[j] += rates[1] * share * a * sums[j, 1]


@reordered
def _to_unit_length(weights, scale):  # type: ignore[no-untyped-def]
    """The scale that gives each row of ``weights`` unit length, with the sign it has. A long row, which further steps
    could take out of range, is divided by its length."""
    for j in range(len(weights)):
        row, square = weights[j], scale.dtype.type(0)
        for i in range(len(row)):
            square += row[i] * row[i]
        scale[j] = np.sign(scale[j]) / np.sqrt(square)
        if square > _LONG:
            factor = abs(scale[j])
            for i in range(len(row)):
                row[i] *= factor
            scale[j] = np.sign(scale[j])


@reordered
def _add_scaled(weights, factor, direction):  # type: ignore[no-untyped-def]
    for j in range(len(weights)):
        row, here, along = weights[j], factor[j], direction[j]
        for i in range(len(row)):
            row[i] += here * along[i]


@reordered
def _move(parameters, h, error, x, share, rates, spherical, sums, factor):  # type: ignore[no-untyped-def]
    """The second half of a step of some neurons: from projections h and the error to the weights that follow."""
    weights, scale, _, bias = parameters
    sums[:] = 0
    _to_slopes(h, error, scale, bias, sums)
    _to_factors(parameters, sums, share, rates, spherical, factor)
    for j in range(len(h)):
        row, here = h[j], factor[j]
        for b in range(len(row)):
            row[b] *= here
    multiply(h, x, weights, False, True)
    if spherical:
        _to_unit_length(weights, scale)


@reordered
def _step_by_tiles(parameters, h, tile, error, x, share, rates, spherical, sums, factor, direction):  # type: ignore[no-untyped-def]
    """A step of some neurons on the correlation loss, ``tile`` samples at a time, for which the vector h has room.

    sum e sigma' x gathers in ``direction`` (neuron, axis), since its factor is known after the last sample.
    """
    weights, scale, _, bias = parameters
    sums[:] = 0
    for first in range(0, len(x), tile):
        rows = x[first : first + tile]
        room = h[: len(weights) * len(rows)].reshape(len(weights), len(rows))
        multiply(weights, rows, room, True, False)
        _to_slopes(room, error[first : first + len(rows)], scale, bias, sums)
        multiply(room, rows, direction, False, first > 0)
    _to_factors(parameters, sums, share, rates, spherical, factor)
    _add_scaled(weights, factor, direction)
    if spherical:
        _to_unit_length(weights, scale)


@reordered
def _part(parameters, r, first, last):  # type: ignore[no-untyped-def]
    weights, scale, second_layer, bias = parameters
    return weights[r, first:last], scale[r, first:last], second_layer[r, first:last], bias[r, first:last]


@reordered
def _correlation_steps(parameters, x, label, step_sizes, rates, spherical, unit, tile):  # type: ignore[no-untyped-def]
    """Steps on the correlation loss: each unit of neurons goes through all steps while it is in cache.

    ``tile`` samples are treated at a time; other arguments as in :func:`_squared_steps`.
    """
    replicas, neurons, axes = parameters[0].shape
    batch = x.shape[2]
    tiled = batch > tile
    h = np.empty(unit * min(tile, batch), x.dtype)
    direction = np.empty((unit if tiled else 0, axes), x.dtype)
    sums, factor = np.empty((unit, 3), x.dtype), np.empty(unit, x.dtype)
    for r in range(replicas):
        for start in range(0, neurons, unit):
            part = _part(parameters, r, start, min(start + unit, neurons))
            count = len(part[0])
            for k in range(len(x)):
                samples, error, share = x[k, r], label[k, r], step_sizes[k] / batch
                if tiled:
                    _step_by_tiles(
                        part, h, tile, error, samples, share, rates, spherical, sums[:count], factor, direction[:count]
                    )
                else:
                    room = h[: count * batch].reshape(count, batch)
                    multiply(part[0], samples, room, True, False)
                    _move(part, room, error, samples, share, rates, spherical, sums[:count], factor)


@reordered
def _squared_steps(parameters, x, label, step_sizes, rates, spherical, unit, output_scale):  # type: ignore[no-untyped-def]
    """Steps on the squared loss, a replica after the other; ``unit`` neurons enter a product.

    ``parameters``: weights (replica, neuron, axis), scale, second layer and bias (replica, neuron), in place; x (step,
    replica, batch, axis), label (step, replica, batch) and step_sizes (step,); ``rates`` of the second layer and of the
    bias.
    """
    replicas, neurons, _ = parameters[0].shape
    batch, units = x.shape[2], (neurons + unit - 1) // unit
    h, outputs = np.empty((units, unit, batch), x.dtype), np.empty((units, batch), x.dtype)
    sums, factor, error = np.empty((unit, 3), x.dtype), np.empty(unit, x.dtype), np.empty(batch, x.dtype)
    for r in range(replicas):
        for k in range(len(x)):
            samples = x[k, r]
            outputs[:] = 0
            for u in range(units):
                weights, scale, second_layer, bias = _part(parameters, r, u * unit, min((u + 1) * unit, neurons))
                room = h[u, : len(weights)]
                multiply(weights, samples, room, True, False)
                _add_outputs(room, scale, second_layer, bias, outputs[u])
            assign(error, label[k, r])
            for u in range(units):
                for b in range(batch):
                    error[b] -= output_scale * outputs[u, b]
            for u in range(units):
                part = _part(parameters, r, u * unit, min((u + 1) * unit, neurons))
                count = len(part[0])
                share = step_sizes[k] / batch
                _move(part, h[u, :count], error, samples, share, rates, spherical, sums[:count], factor)


def network_steps(
    problem: TwoLayerProblem,
    parameters: tuple[Tensor, Tensor, Tensor, Tensor],
    x: Tensor,
    label: Tensor,
    step_sizes: Tensor,
) -> None:
    """Steps of :func:`full_step` in place on (weights, scale, second layer, bias), all contiguous.

    x (step, replica, batch, dimension), label (step, replica, batch), step_sizes (step,).
    """
    arrays = tuple(array(t) for t in parameters)
    neurons, real = arrays[0].shape[1], arrays[0].dtype.type
    unit = -(-neurons // -(-neurons // _UNIT))
    rates = real(problem.second_layer_rate), real(problem.bias_rate)
    common = arrays, array(x), array(label), array(step_sizes), rates, problem.spherical, unit
    with one_blas_thread():
        if problem.loss == "correlation":
            _correlation_steps(*common, _TILE)
        else:
            _squared_steps(*common, real(problem.scale_of(neurons)))

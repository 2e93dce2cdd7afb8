"""Compiled passes of the SGD engines over ReLU networks on the CPU: every number is touched once, in cache.

They do what the torch steps beside them do (:func:`full_step`, :func:`block_step`), which stay for other activations
and other devices and which the tests hold them against. Arrays are C-contiguous.
"""

import numpy as np

from learnability.compiled.loops import assign, reordered
from learnability.compiled.blas import multiply
from learnability.compiled.threads import meet

# Neurons that a single-sample pass treats side by side; with 64 axes their weights fit into the first-level cache.
STRIP = 96
# The square of a length that weights do not keep: one step on from there, its square is a float32 still.
_LONG = 2.0**40
# Unsigned indices need no test for a negative one, and distances known at compile time none for overlapping rows:
# without either the inner loops are not turned into vector instructions.
_U = np.uint64


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
def correlation_steps(  # type: ignore[no-untyped-def]
    parameters, x, label, step_sizes, rates, spherical, unit, tile, first, last
):
    """Steps on the correlation loss of the units ``first`` to ``last``, each through all steps while it is in cache.

    ``tile`` samples are treated at a time; other arguments as in :func:`squared_steps`.
    """
    neurons, axes, batch = parameters[0].shape[1], x.shape[3], x.shape[2]
    units = (neurons + unit - 1) // unit
    tiled = batch > tile
    h = np.empty(unit * min(tile, batch), x.dtype)
    direction = np.empty((unit if tiled else 0, axes), x.dtype)
    sums, factor = np.empty((unit, 3), x.dtype), np.empty(unit, x.dtype)
    for item in range(first, last):
        r, start = item // units, item % units * unit
        part = _part(parameters, r, start, min(start + unit, neurons))
        count = len(part[0])
        for k in range(len(x)):
            samples, error, share = x[k, r % x.shape[1]], label[k, r % label.shape[1]], step_sizes[k] / batch
            if tiled:
                _step_by_tiles(
                    part, h, tile, error, samples, share, rates, spherical, sums[:count], factor, direction[:count]
                )
            else:
                room = h[: count * batch].reshape(count, batch)
                multiply(part[0], samples, room, True, False)
                _move(part, room, error, samples, share, rates, spherical, sums[:count], factor)


@reordered
def squared_steps(  # type: ignore[no-untyped-def]
    parameters, x, label, step_sizes, rates, spherical, unit, first, last, output_scale, outputs, counter, threads
):
    """Steps on the squared loss of the units ``first`` to ``last``; the threads meet once a step, over the outputs.

    A unit is ``unit`` neurons of one replica. ``parameters``: weights (replica, neuron, axis), scale, second layer
    and bias (replica, neuron), in place; x (step, replica, batch, axis) and label (step, replica, batch), or one
    replica for all; step_sizes (step,); ``rates`` of the second layer and of the bias; room for outputs (2, unit of
    any replica, batch): the next step may be written while this one is being read.
    """
    neurons, batch = parameters[0].shape[1], x.shape[2]
    units = (neurons + unit - 1) // unit
    h, error = np.empty((last - first, unit, batch), x.dtype), np.empty(batch, x.dtype)
    sums, factor = np.empty((unit, 3), x.dtype), np.empty(unit, x.dtype)
    for k in range(len(x)):
        shares = outputs[k % 2]
        for item in range(first, last):
            r, start = item // units, item % units * unit
            weights, scale, second_layer, bias = _part(parameters, r, start, min(start + unit, neurons))
            room = h[item - first, : len(weights)]
            multiply(weights, x[k, r % x.shape[1]], room, True, False)
            shares[item] = 0
            _add_outputs(room, scale, second_layer, bias, shares[item])
        if threads > 1:
            meet(counter, (k + 1) * threads)
        for item in range(first, last):
            r, start = item // units, item % units * unit
            if item == first or start == 0:
                assign(error, label[k, r % label.shape[1]])
                for u in range(r * units, (r + 1) * units):
                    for b in range(batch):
                        error[b] -= output_scale * shares[u, b]
            part = _part(parameters, r, start, min(start + unit, neurons))
            count, samples = len(part[0]), x[k, r % x.shape[1]]
            room = h[item - first, :count]
            _move(part, room, error, samples, step_sizes[k] / batch, rates, spherical, sums[:count], factor)


@reordered
def _moved_and_projected(strip, x, following, gamma, s, width):  # type: ignore[no-untyped-def]
    """u_j + gamma_j x, and s_j = <u_j, following> of the result, in one pass over the weights of a strip.

    ``strip`` is flat, (axis, neuron) with a multiple of four axes: four are treated at a time, so that s is stored
    once for four. ``width`` is STRIP, as a number that the compiler does not know.
    """
    for j in range(width):
        s[j] = 0
    axis = 0
    for start in range(0, len(strip), 4 * STRIP):
        x0, x1, x2, x3 = x[axis], x[axis + 1], x[axis + 2], x[axis + 3]
        y0, y1, y2, y3 = following[axis], following[axis + 1], following[axis + 2], following[axis + 3]
        axis += 4
        first = _U(start)
        for j in range(width):
            here, c = first + _U(j), gamma[j]
            v0 = strip[here] + c * x0
            v1 = strip[here + _U(STRIP)] + c * x1
            v2 = strip[here + _U(2 * STRIP)] + c * x2
            v3 = strip[here + _U(3 * STRIP)] + c * x3
            strip[here] = v0
            strip[here + _U(STRIP)] = v1
            strip[here + _U(2 * STRIP)] = v2
            strip[here + _U(3 * STRIP)] = v3
            s[j] += (v0 * y0 + v1 * y1) + (v2 * y2 + v3 * y3)


@reordered
def _spherical_step(s, a, b, target, square, scale, gamma):  # type: ignore[no-untyped-def]
    """gamma and the new scale of a strip from s = <u, x>."""
    one, zero = s.dtype.type(1), s.dtype.type(0)
    for j in range(len(s)):
        projection = s[j] * scale[j]
        c = target * a[j] if projection + b[j] > zero else zero
        cs = c * projection
        kept = scale[j] * (one - cs)
        gamma[j] = c / kept
        scale[j] = kept / np.sqrt(one + c * c * square - cs * cs)


@reordered
def _free_step(s, a, b, target, gamma):  # type: ignore[no-untyped-def]
    zero = s.dtype.type(0)
    for j in range(len(s)):
        gamma[j] = target * a[j] if s[j] + b[j] > zero else zero


@reordered
def squared_lengths(x, out):  # type: ignore[no-untyped-def]
    """|x|^2 (replica, sample) of x (replica, sample, axis)."""
    for r in range(len(x)):
        for k in range(x.shape[1]):
            row, total = x[r, k], out.dtype.type(0)
            for i in range(len(row)):
                total += row[i] * row[i]
            out[r, k] = total


@reordered
def single_samples(weights, second_layer, bias, x, targets, squares, spherical, width):  # type: ignore[no-untyped-def]
    """Single-sample correlation steps on x (sample, axis), targets eta y and |x|^2 (sample,), weights in place.

    ``weights`` (neuron, dimension) of scale one; ``x`` is padded with zeros to a multiple of four axes. Inside, w =
    scale * u. With c = eta y a sigma'(s + b), s = <w, x>: gamma = c / (scale (1 - c s)) and |w (1 - c s) + c x|^2 =
    1 + c^2 |x|^2 - (c s)^2 on the sphere, whose root goes into the scale; gamma = c on free weights.
    """
    neurons, dimension = weights.shape
    strip = np.zeros(x.shape[1] * STRIP, weights.dtype)
    s, gamma, scale = np.empty(STRIP, weights.dtype), np.zeros(STRIP, weights.dtype), np.ones(STRIP, weights.dtype)
    a, b = np.zeros(STRIP, weights.dtype), np.zeros(STRIP, weights.dtype)
    for first in range(0, neurons, STRIP):
        count = min(STRIP, neurons - first)
        for j in range(count):
            a[j], b[j] = second_layer[first + j], bias[first + j]
            for i in range(dimension):
                strip[i * STRIP + j] = weights[first + j, i]
        scale[:], gamma[:], a[count:] = 1, 0, 0
        _moved_and_projected(strip, x[0], x[0], gamma, s, width)
        for k in range(len(x)):
            if spherical:
                _spherical_step(s, a, b, targets[k], squares[k], scale, gamma)
            else:
                _free_step(s, a, b, targets[k], gamma)
            _moved_and_projected(strip, x[k], x[min(k + 1, len(x) - 1)], gamma, s, width)
        for j in range(count):
            for i in range(dimension):
                weights[first + j, i] = strip[i * STRIP + j] * scale[j]

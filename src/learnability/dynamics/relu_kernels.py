"""Compiled passes of the SGD engines over ReLU networks on the CPU: every number is touched once, in cache.

They do what the torch steps beside them do (:func:`full_step`, :func:`block_step`, :func:`chain_step`,
:func:`matched_step`), which stay for other activations and other devices and which the tests hold them against.
Arrays are C-contiguous.
"""

import numpy as np

from learnability.numerics.compiled import reordered
from learnability.numerics.compiled_blas import add_product, times_transposed
from learnability.numerics.threads import meet

# Neurons that a single-sample pass treats side by side; with 64 axes their weights stay in the first-level cache.
STRIP = 64
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
def _to_coefficients(  # type: ignore[no-untyped-def]
    projections, error, scale, second_layer, bias, step_size, second_layer_rate, bias_rate, spherical
):
    """Turns projections h (neuron, batch) into the coefficients of the samples, in place, and moves a and b.

    On the sphere ``scale`` becomes scale (1 - eta <w, G>), the factor that the weights keep (see :func:`full_step`).
    """
    zero = error.dtype.type(0)
    batch = len(error)
    share = step_size / batch
    for j in range(len(projections)):
        h, factor, shift, a = projections[j], scale[j], bias[j], second_layer[j]
        radial, slope, hidden = zero, zero, zero
        for b in range(batch):
            active = factor * h[b] + shift
            e = error[b] if active > zero else zero
            radial += e * h[b]
            slope += e
            hidden += e * active
            h[b] = e
        weight = a * share
        if spherical:
            kept = factor * (1 - weight * factor * radial)
            scale[j] = kept
            weight = weight / kept
        scaled = error.dtype.type(weight)
        for b in range(batch):
            h[b] *= scaled
        if second_layer_rate != 0:
            second_layer[j] = a + second_layer_rate * share * hidden
        if bias_rate != 0:
            bias[j] = shift + bias_rate * share * a * slope


@reordered
def _to_unit_length(weights, scale):  # type: ignore[no-untyped-def]
    """The scale that gives each row of ``weights`` unit length, with the sign it has."""
    for j in range(len(weights)):
        row, square = weights[j], scale.dtype.type(0)
        for i in range(len(row)):
            square += row[i] * row[i]
        scale[j] = np.sign(scale[j]) / np.sqrt(square)


@reordered
def _move(parameters, x, h, error, step_size, rates, spherical):  # type: ignore[no-untyped-def]
    """The second half of a step of some neurons: from projections h and the error to the weights that follow."""
    weights, scale, second_layer, bias = parameters
    _to_coefficients(h, error, scale, second_layer, bias, step_size, rates[0], rates[1], spherical)
    add_product(h, x, weights)
    if spherical:
        _to_unit_length(weights, scale)


@reordered
def _part(parameters, r, first, last):  # type: ignore[no-untyped-def]
    weights, scale, second_layer, bias = parameters
    return weights[r, first:last], scale[r, first:last], second_layer[r, first:last], bias[r, first:last]


@reordered
def correlation_steps(parameters, x, label, step_sizes, rates, spherical, h, unit, first, last):  # type: ignore[no-untyped-def]
    """Steps on the correlation loss of the units ``first`` to ``last``, each through all steps while it is in cache.

    Arguments as in :func:`squared_steps`.
    """
    neurons = parameters[0].shape[1]
    units = (neurons + unit - 1) // unit
    for item in range(first, last):
        r, start = item // units, item % units * unit
        stop = min(start + unit, neurons)
        part, room = _part(parameters, r, start, stop), h[r, start:stop]
        for k in range(len(x)):
            samples = x[k, r % x.shape[1]]
            times_transposed(part[0], samples, room)
            _move(part, samples, room, label[k, r % label.shape[1]], step_sizes[k], rates, spherical)


@reordered
def squared_steps(  # type: ignore[no-untyped-def]
    parameters, x, label, step_sizes, rates, spherical, h, unit, first, last, output_scale, outputs, counter, threads
):
    """Steps on the squared loss of the units ``first`` to ``last``; the threads meet once a step, over the outputs.

    A unit is ``unit`` neurons of one replica. ``parameters``: weights (replica, neuron, axis), scale, second layer
    and bias (replica, neuron), in place; x (step, replica, batch, axis) and label (step, replica, batch), or one
    replica for all; step_sizes (step,); ``rates`` of the second layer and of the bias; room for h (replica, neuron,
    batch) and outputs (2, unit of any replica, batch): the next step may be written while this one is being read.
    """
    neurons = parameters[0].shape[1]
    units = (neurons + unit - 1) // unit
    error = np.empty(label.shape[2], label.dtype)
    for k in range(len(x)):
        shares = outputs[k % 2]
        for item in range(first, last):
            r, start = item // units, item % units * unit
            stop = min(start + unit, neurons)
            weights, scale, second_layer, bias = _part(parameters, r, start, stop)
            times_transposed(weights, x[k, r % x.shape[1]], h[r, start:stop])
            shares[item] = 0
            _add_outputs(h[r, start:stop], scale, second_layer, bias, shares[item])
        if threads > 1:
            meet(counter, (k + 1) * threads)
        for item in range(first, last):
            r, start = item // units, item % units * unit
            stop = min(start + unit, neurons)
            if item == first or start == 0:
                error[:] = label[k, r % label.shape[1]]
                for u in range(r * units, (r + 1) * units):
                    for b in range(len(error)):
                        error[b] -= output_scale * shares[u, b]
            part = _part(parameters, r, start, stop)
            _move(part, x[k, r % x.shape[1]], h[r, start:stop], error, step_sizes[k], rates, spherical)


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


@reordered
def _chain_sums(g, h, label, kappa, rest, bias, factor, s, c):  # type: ignore[no-untyped-def]
    """s and c of one neuron over the batch, then sum c s, sum c h and sum c^2. ``g`` is (task, batch)."""
    zero = s.dtype.type(0)
    for b in range(len(s)):
        s[b] = rest * h[b]
    for m in range(len(g)):
        row, weight = g[m], kappa[m]
        for b in range(len(s)):
            s[b] += weight * row[b]
    radial, along, spread = zero, zero, zero
    for b in range(len(s)):
        coefficient = factor * label[b] if s[b] + bias > zero else zero
        c[b] = coefficient
        radial += coefficient * s[b]
        along += coefficient * h[b]
        spread += coefficient * coefficient
    return radial, along, spread


@reordered
def chain_moments(g, h, label, frame, rest, factor, bias, pulled, radial, along, spread):  # type: ignore[no-untyped-def]
    """sum c g, sum c s, sum c h and sum c^2 of every neuron, with c = factor y sigma'(s + bias).

    g (replica, task, batch), h (replica, neuron, batch), label (replica, batch), frame and pulled (replica, neuron,
    task), the others (replica, neuron).
    """
    batch = h.shape[2]
    s, c = np.empty(batch, frame.dtype), np.empty(batch, frame.dtype)
    for r in range(len(frame)):
        for j in range(frame.shape[1]):
            radial[r, j], along[r, j], spread[r, j] = _chain_sums(
                g[r], h[r, j], label[r], frame[r, j], rest[r, j], bias[r, j], factor[r, j], s, c
            )
            for m in range(frame.shape[2]):
                row, total = g[r, m], frame.dtype.type(0)
                for b in range(batch):
                    total += c[b] * row[b]
                pulled[r, j, m] = total

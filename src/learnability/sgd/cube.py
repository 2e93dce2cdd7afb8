"""The step of ``hinge_sgd`` on a CPU where the inputs are points of a cube: tables instead of products.

Each coordinate of an input takes one of two values, so the pre-activation of a neuron is a sum of a few numbers that
many points share. The d coordinates fall into three groups of at most 8 bits. With ``p_g(x)`` the bits of x in group g
and ``T_g[p, j]`` the part of ``W_j . (x, 1)`` that a pattern p of the group gives (the bias stands in the first group),

    W_j . (x_b, 1) = T_0[p_0(b), j] + T_1[p_1(b), j] + T_2[p_2(b), j]:

two additions in place of d + 1 multiplications. Backwards the signal g_b of a row (``hinge_sgd``'s, times B) goes to
one row of each table of sums, ``U_g[p, j] = sum_b g_b 1(p_g(b) = p) 1(z_bj > 0)``, and these fold by halves, bit by
bit, into ``S_j = sum_b g_b 1(z_bj > 0) (x_b, 1)``. Counts are integers, so on signs or bits the sums are exact in any
order up to 2^24 in float32: only the rounding of z and of the outputs differs from the dense step.

Neurons go through blocks, so that the tables of a block stay near the processor; the innermost loops run over the
neurons of a block. For n rows and m neurons a step makes about 12 n m additions, multiplications and comparisons at
any d, where the dense step makes ``4 n m (d+1) + 7 n m``, and about 20 m 2^{d/3} on the tables themselves.
"""

from dataclasses import dataclass

import numpy as np
import torch

from learnability.compiled.loops import assign, reordered
from learnability.sgd.hinge import Network

# Three tables of at most 2^8 rows.
LARGEST_DIMENSION = 24
GROUPS = 3
# Rows for each pattern of a group from which tables are faster. Measured at width 1000: as fast at 0.25 to 0.5 (d = 16
# to 24), two to four times as fast at 2 to 8.
FEWEST_ROWS = 0.5
# Neurons of a block: a multiple of the vector registers, and no power of two, whose rows would share cache lines.
# Measured at d = 20 and width 2000: 512 to 1008 alike, 256 a third slower, one block a half.
BLOCK = 672


@dataclass(frozen=True)
class CubeBatch:
    """Points of the cube, each at most once: ``points`` (n,) with the bits of x in an integer, lowest bit first,
    ``labels`` (n,) of -1 and 1, ``counts`` (n,); ``counts * scale`` sums to one."""

    points: np.ndarray
    labels: np.ndarray
    counts: np.ndarray
    scale: float


@dataclass(frozen=True)
class Tables:
    """Buffers of a step: ``values`` (2,) the input of a 0 and of a 1, ``splits`` (4,) the first bit of each group
    and d, ``parts`` and ``sums`` (3, patterns, block) the T and U of the module's text, ``rows`` (d+1, block) weights
    or their gradients."""

    values: np.ndarray
    splits: np.ndarray
    parts: np.ndarray
    sums: np.ndarray
    rows: np.ndarray


def tables_suit(device: str, rows: int, dimension: int) -> bool:
    """Whether a step of ``rows`` rows is faster by tables than by products."""
    return device == "cpu" and dimension <= LARGEST_DIMENSION and rows >= FEWEST_ROWS * 2 ** -(-dimension // GROUPS)


def make_tables(network: Network, values: tuple[float, float]) -> Tables:
    """Buffers for points whose coordinates are ``values[0]`` at a 0 and ``values[1]`` at a 1.

    Raises ValueError beyond ``LARGEST_DIMENSION`` and for weights that are not on the CPU.
    """
    width, dimension = network.weights.shape[0], network.weights.shape[1] - 1
    device = network.weights.device.type
    if device != "cpu" or not 1 <= dimension <= LARGEST_DIMENSION:
        raise ValueError(f"tables serve 1 to {LARGEST_DIMENSION} dimensions on a CPU, not {dimension} on {device}")
    splits = np.array([group * dimension // GROUPS for group in range(GROUPS + 1)])
    patterns, block = 1 << int(np.diff(splits).max()), min(BLOCK, -(-width // 16) * 16)
    # Torch's memory is aligned to 64 bytes, NumPy's to 16.
    parts, sums = (network.weights.new_zeros(GROUPS, patterns, block).numpy() for _ in range(2))
    rows = network.weights.new_zeros(dimension + 1, block).numpy()
    return Tables(np.array(values, rows.dtype), splits, parts, sums, rows)


def cube_step_(network: Network, batch: CubeBatch, step_size: float, tables: Tables) -> None:
    """One step of SGD on the hinge risk of the batch, in place: ``hinge_sgd.sgd_step_`` up to rounding."""
    weights, readout, offset = network.tensors()
    output = cube_output(network, batch.points, tables)
    residual = np.where(batch.labels * output < 1, -batch.labels * batch.counts, 0).astype(output.dtype)
    wrong = residual.nonzero()[0]
    gradient = torch.from_numpy(active_sums(network, batch.points[wrong], residual[wrong], tables))
    rate = step_size * batch.scale
    readout_gradient = (gradient * weights).sum(1)
    weights.addcmul_(gradient, readout[:, None], value=-rate)
    readout.sub_(readout_gradient, alpha=rate)
    offset.sub_(float(residual.sum()), alpha=rate)


def cube_output(network: Network, points: np.ndarray, tables: Tables) -> np.ndarray:
    """f at the points, shape (n,)."""
    weights, readout, offset = (tensor.numpy() for tensor in network.tensors())
    return _output(weights, readout, points, tables.values, tables.splits, tables.parts, tables.rows) + offset


def active_sums(network: Network, points: np.ndarray, signal: np.ndarray, tables: Tables) -> np.ndarray:
    """``S_j = sum_b signal_b 1(W_j . (x_b, 1) > 0) (x_b, 1)``, shape (m, d+1)."""
    weights = network.weights.numpy()
    result = np.empty_like(weights)
    buffers = tables.values, tables.splits, tables.parts, tables.sums, tables.rows
    _signed_sums(weights, points, signal.astype(weights.dtype), result, *buffers)
    return result


@reordered
def _fill_parts(weights, start, size, values, splits, parts, rows):  # type: ignore[no-untyped-def]
    """The T of the neurons ``start`` to ``start + size``, each pattern from the one without its highest bit."""
    dimension = weights.shape[1] - 1
    for j in range(size):
        for i in range(dimension + 1):
            rows[i, j] = weights[start + j, i]
    for group in range(GROUPS):
        table = parts[group]
        if group == 0:
            assign(table[0, :size], rows[dimension])
        else:
            table[0, :size] = 0
        for i in range(splits[group], splits[group + 1]):
            for j in range(size):
                table[0, j] += values[0] * rows[i, j]
        step = values[1] - values[0]
        for i in range(splits[group], splits[group + 1]):
            half = 1 << (i - splits[group])
            for p in range(half):
                for j in range(size):
                    table[half + p, j] = table[p, j] + step * rows[i, j]


@reordered
def _output(weights, readout, points, values, splits, parts, rows):  # type: ignore[no-untyped-def]
    """``sum_j a_j relu(z_bj)`` for each point b."""
    result = np.zeros(points.size, weights.dtype)
    zero = weights.dtype.type(0)
    first, second = splits[1], splits[2]
    low, middle = (1 << first) - 1, (1 << (second - first)) - 1
    for start in range(0, weights.shape[0], parts.shape[2]):
        size = min(parts.shape[2], weights.shape[0] - start)
        _fill_parts(weights, start, size, values, splits, parts, rows)
        scale = readout[start : start + size]
        for b in range(points.size):
            x = points[b]
            one, two, three = parts[0, x & low], parts[1, (x >> first) & middle], parts[2, x >> second]
            total = zero
            for j in range(size):
                z = one[j] + two[j] + three[j]
                # In this form a NaN goes through, as it does in the dense step.
                total += scale[j] * (zero if z <= 0 else z)
            result[b] += total
    return result


@reordered
def _fill_sums(points, signal, size, splits, parts, sums):  # type: ignore[no-untyped-def]
    """The U of a block whose T are in ``parts``."""
    first, second = splits[1], splits[2]
    low, middle = (1 << first) - 1, (1 << (second - first)) - 1
    zero = parts.dtype.type(0)
    sums[:] = 0
    for b in range(points.size):
        x, g = points[b], signal[b]
        p, q, r = x & low, (x >> first) & middle, x >> second
        one, two, three = parts[0, p], parts[1, q], parts[2, r]
        to_one, to_two, to_three = sums[0, p], sums[1, q], sums[2, r]
        for j in range(size):
            added = g if one[j] + two[j] + three[j] > 0 else zero
            to_one[j] += added
            to_two[j] += added
            to_three[j] += added


@reordered
def _fold(size, values, splits, sums, rows):  # type: ignore[no-untyped-def]
    """From the U of a block to its S, into ``rows`` (d+1, block); overwrites ``sums``."""
    for group in range(GROUPS):
        table = sums[group]
        for i in range(splits[group + 1] - 1, splits[group] - 1, -1):
            half = 1 << (i - splits[group])
            rows[i, :size] = 0
            for p in range(half):
                for j in range(size):
                    rows[i, j] += values[0] * table[p, j] + values[1] * table[half + p, j]
                    table[p, j] += table[half + p, j]
    rows[rows.shape[0] - 1, :size] = sums[0, 0, :size]


@reordered
def _signed_sums(weights, points, signal, result, values, splits, parts, sums, rows):  # type: ignore[no-untyped-def]
    """The S of all neurons into ``result`` (m, d+1)."""
    for start in range(0, weights.shape[0], parts.shape[2]):
        size = min(parts.shape[2], weights.shape[0] - start)
        _fill_parts(weights, start, size, values, splits, parts, rows)
        _fill_sums(points, signal, size, splits, parts, sums)
        _fold(size, values, splits, sums, rows)
        for j in range(size):
            for i in range(weights.shape[1]):
                result[start + j, i] = rows[i, j]

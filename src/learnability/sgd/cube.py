"""The step of ``hinge_sgd`` on a CPU where the inputs are points of a cube: tables instead of products.

Each coordinate of an input takes one of two values, so the pre-activation of a neuron is a sum of a few numbers that
many points share. The d coordinates fall into three groups of at most 8 bits. With ``p_g(x)`` the bits of x in group g
and ``T_g[p, j]`` the part of ``W_j . (x, 1)`` that a pattern p of the group gives (the bias stands in the first group),

    W_j . (x_b, 1) = T_0[p_0(b), j] + T_1[p_1(b), j] + T_2[p_2(b), j]:

two additions in place of d + 1 multiplications. Backwards nothing is added up: the signal g_b of a row
(``hinge_sgd``'s, times B) is an integer, so the step counts rows. As sets of rows, let ``A_j`` be those with
``z_bj > 0``, kept while the outputs are made; ``P_k`` those whose |g_b| has the power 2^k; ``N`` those of negative
signal; ``X_i`` those where bit i of x is set. Then

    sum_b g_b 1(z_bj > 0) (-1)^{x_bi} = sum_k 2^k (|A_j & P_k| - 2 |A_j & P_k & (X_i ^ N)|),

with 32 rows in a word. The same without ``X_i`` is the sum of the signal, and the two give
``S_j = sum_b g_b 1(z_bj > 0) (x_b, 1)``. On signs or bits that is exact up to 2^24 in float32: only the rounding of z
and of the outputs differs from the dense step.

Neurons go through blocks, so that the tables of a block stay near the processor; the innermost loops run over the
neurons of a block. For n rows and m neurons a step makes about 7 n m additions, multiplications and comparisons at any
d, where the dense step makes ``4 n m (d+1) + 7 n m``, then ``3 m (d+2)`` operations for every 32 rows, and about
10 m 2^{d/3} on the tables themselves.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numba.extending import intrinsic

from learnability.compiled.loops import assign, compiled, reordered
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
# Neurons whose counts are taken at once, and the rows of a word.
COUNTED, WORD = 256, 32


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
    and d, ``parts`` (3, patterns, block) the T of the module's text, ``rows`` (d+1, block) the weights of a block."""

    values: np.ndarray
    splits: np.ndarray
    parts: np.ndarray
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
    parts = network.weights.new_zeros(GROUPS, patterns, block).numpy()
    rows = network.weights.new_zeros(dimension + 1, block).numpy()
    return Tables(np.array(values, rows.dtype), splits, parts, rows)


def cube_step_(network: Network, batch: CubeBatch, step_size: float, tables: Tables) -> None:
    """One step of SGD on the hinge risk of the batch, in place: ``hinge_sgd.sgd_step_`` up to rounding."""
    weights, readout, offset = network.tensors()
    output, active = _forward(network, batch.points, tables, kept=True)
    residual = np.where(batch.labels * output < 1, -batch.labels * batch.counts, 0).astype(output.dtype)
    gradient = torch.from_numpy(_signed_sums(active, batch.points, residual, tables))
    rate = step_size * batch.scale
    readout_gradient = (gradient * weights).sum(1)
    weights.addcmul_(gradient, readout[:, None], value=-rate)
    readout.sub_(readout_gradient, alpha=rate)
    offset.sub_(float(residual.sum()), alpha=rate)


def cube_output(network: Network, points: np.ndarray, tables: Tables) -> np.ndarray:
    """f at the points, shape (n,)."""
    return _forward(network, points, tables, kept=False)[0]


def active_sums(network: Network, points: np.ndarray, signal: np.ndarray, tables: Tables) -> np.ndarray:
    """``S_j = sum_b signal_b 1(W_j . (x_b, 1) > 0) (x_b, 1)``, shape (m, d+1); the signal is of integers."""
    return _signed_sums(_forward(network, points, tables, kept=True)[1], points, signal, tables)


def _forward(network: Network, points: np.ndarray, tables: Tables, kept: bool) -> tuple[np.ndarray, np.ndarray]:
    """f at the points, and where they are ``kept`` the bits A of the module's text, (words, m)."""
    weights, readout, offset = (tensor.numpy() for tensor in network.tensors())
    active = np.zeros((-(-points.size // WORD) if kept else 0, weights.shape[0]), np.uint32)
    return _output(
        weights, readout, points, tables.values, tables.splits, tables.parts, tables.rows, active
    ) + offset, active


def _signed_sums(active: np.ndarray, points: np.ndarray, signal: np.ndarray, tables: Tables) -> np.ndarray:
    """The S of the module's text from its A, shape (m, d+1)."""
    dimension = tables.rows.shape[0] - 1
    result = np.empty((active.shape[1], dimension + 1), tables.values.dtype)
    _count(active, _masks(points, signal, dimension), tables.values, result)
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
def _output(weights, readout, points, values, splits, parts, rows, active):  # type: ignore[no-untyped-def]
    """``sum_j a_j relu(z_bj)`` for each point b; ``active``, of zeros, takes the A where it has rows."""
    result = np.zeros(points.size, weights.dtype)
    zero, off = weights.dtype.type(0), np.uint32(0)
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
            # In this form of the maximum a NaN goes through, as it does in the dense step.
            if active.shape[0] > 0:
                words, bit = active[b // WORD, start : start + size], np.uint32(1 << (b % WORD))
                for j in range(size):
                    z = one[j] + two[j] + three[j]
                    total += scale[j] * (zero if z <= 0 else z)
                    words[j] |= bit if z > 0 else off
            else:
                for j in range(size):
                    z = one[j] + two[j] + three[j]
                    total += scale[j] * (zero if z <= 0 else z)
            result[b] += total
    return result


@compiled
def _masks(points, signal, dimension):  # type: ignore[no-untyped-def]
    """(powers, words, d+2) for each P_k of the module's text: P_k & (X_i ^ N), at d P_k & N, and P_k itself."""
    largest = 0
    for b in range(points.size):
        largest = max(largest, int(abs(signal[b])))
    powers = 0
    while largest >> powers:
        powers += 1
    masks = np.zeros((powers, (points.size + WORD - 1) // WORD, dimension + 2), np.uint32)
    for b in range(points.size):
        x, negative, size = np.uint32(points[b]), np.uint32(signal[b] < 0), int(abs(signal[b]))
        shift = np.uint32(b % WORD)
        for power in range(powers):
            if (size >> power) & 1:
                row = masks[power, b // WORD]
                for i in range(dimension + 1):
                    row[i] |= np.uint32((((x >> np.uint32(i)) & 1) ^ negative) << shift)
                row[dimension + 1] |= np.uint32(1 << shift)
    return masks


@intrinsic
def _ones(_context, word):  # type: ignore[no-untyped-def]
    """How many bits of an integer are set."""
    return word(word), lambda _, builder, __, arguments: builder.ctpop(arguments[0])


@compiled
def _count(active, masks, values, result):  # type: ignore[no-untyped-def]
    """The S of all neurons into ``result`` (m, d+1)."""
    dimension, number = result.shape[1] - 1, values.dtype.type
    mean, half = (values[0] + values[1]) * number(0.5), (values[0] - values[1]) * number(0.5)
    counts = np.empty((dimension + 2, COUNTED), np.int32)
    for start in range(0, result.shape[0], COUNTED):
        size = min(COUNTED, result.shape[0] - start)
        counts[:] = 0
        for power in range(masks.shape[0] - 1, -1, -1):
            counts *= 2
            for word in range(masks.shape[1]):
                rows, drawn = masks[power, word], active[word, start : start + size]
                # From a power on few words have a row at all.
                if rows[dimension + 1]:
                    for i in range(dimension + 2):
                        mask, count = rows[i], counts[i]
                        for j in range(size):
                            count[j] += np.int32(_ones(np.uint32(drawn[j] & mask)))  # type: ignore[call-arg]
        for j in range(size):
            all_rows = counts[dimension + 1, j]
            total = number(all_rows - 2 * counts[dimension, j])
            result[start + j, dimension] = total
            for i in range(dimension):
                result[start + j, i] = mean * total + half * number(all_rows - 2 * counts[i, j])

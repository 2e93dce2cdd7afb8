"""The sums of :mod:`learnability.flows.kernel_sums` through moments as one compiled loop, for the CPU.

Particles come in tiles of :data:`LANES`, features lie one row each, so every inner loop runs over particles or over
columns that lie side by side and no sum changes its order. A feature is an earlier one times one coordinate.
"""

import numpy as np
from numpy.typing import NDArray

from learnability.compiled.loops import assign, compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LANES = 32


@compiled
def _grow(features: Floats, coordinates: Floats, parent: Integers, factor: Integers) -> None:
    """``features[i] = features[parent[i]] * coordinates[factor[i]]``, the first is 1."""
    for v in range(LANES):
        features[0, v] = 1.0
    for i in range(1, len(parent)):
        source, c = parent[i], factor[i]
        for v in range(LANES):
            features[i, v] = features[source, v] * coordinates[c, v]


@compiled
def _accumulate(moments: Floats, weighted: Floats, columns: Floats, counts: Integers) -> None:
    """``moments[i, j] += sum_v weighted[i, v] columns[v, j]`` for j < counts[i]; columns (lanes, count)."""
    for i in range(len(counts)):
        count = counts[i]
        for v in range(0, LANES, 4):
            a, b, c, d = weighted[i, v], weighted[i, v + 1], weighted[i, v + 2], weighted[i, v + 3]
            for j in range(count):
                moments[i, j] += (a * columns[v, j] + b * columns[v + 1, j]) + (
                    c * columns[v + 2, j] + d * columns[v + 3, j]
                )


@compiled
def _contract_columns(along: Floats, moments: Floats, rest: Floats, counts: Integers) -> None:
    """``along[i, v] = sum_j moments[i, j] rest[j, v]`` over j < counts[i]."""
    for i in range(len(counts)):
        count = counts[i]
        for v in range(LANES):
            along[i, v] = 0.0
        whole = count - count % 4
        for j in range(0, whole, 4):
            a, b, c, d = moments[i, j], moments[i, j + 1], moments[i, j + 2], moments[i, j + 3]
            for v in range(LANES):
                along[i, v] += (a * rest[j, v] + b * rest[j + 1, v]) + (c * rest[j + 2, v] + d * rest[j + 3, v])
        for j in range(whole, count):
            a = moments[i, j]
            for v in range(LANES):
                along[i, v] += a * rest[j, v]


@compiled
def _dot(out: Floats, left: Floats, right: Floats, scale: Floats, high: Integers, low: Integers) -> None:
    """``out[v] = sum_i scale[i] left[high[i], v] right[low[i], v]``."""
    for v in range(LANES):
        out[v] = 0.0
    for i in range(len(high)):
        h, k, s = high[i], low[i], scale[i]
        for v in range(LANES):
            out[v] += s * left[h, v] * right[k, v]


@compiled
def _load(coordinates: Floats, w: Floats, square: Floats, start: int) -> int:
    """Coordinates w, r^2 of one tile, zero beyond the last particle; returns how many there are."""
    size = min(LANES, len(square) - start)
    p = w.shape[1]
    coordinates[:] = 0.0
    for v in range(size):
        for c in range(p):
            coordinates[c, v] = w[start + v, c]
        coordinates[p, v] = square[start + v]
    return size


@compiled
def moment_sums(
    w: Floats,
    square: Floats,
    mass: Floats,
    rows: tuple[Integers, Integers],
    columns: tuple[Integers, Integers],
    counts: Integers,
    factors: Floats,
    level: Floats,
    raised_rows: tuple[Integers, Integers, Integers, Floats],
    raised_columns: tuple[Integers, Integers, Integers, Floats],
    value: Floats,
    gradient: Floats,
    stretch: Floats,
) -> None:
    """Fill value (b, n), gradient (b, n, p) and ``r dN/dr`` (b, n) of samples w (b, n, p), r^2 and mass (b, n).

    ``rows`` and ``columns`` are (parent, coordinate) of each feature; ``counts`` says how many columns each row meets;
    ``factors`` (rows, columns) turn moments into coefficients; ``raised_*`` are (start of each coordinate, higher,
    lower, power).
    """
    b, n, p = w.shape
    head = len(raised_rows[0]) - 1
    row_count, column_count = factors.shape
    coordinates = np.empty((p + 1, LANES))
    first, rest = np.empty((row_count, LANES)), np.empty((column_count, LANES))
    weighted, turned = np.empty((row_count, LANES)), np.empty((LANES, column_count))
    along, across = np.empty((row_count, LANES)), np.empty((column_count, LANES))
    line, every = np.empty(LANES), np.arange(column_count)
    ones, flipped = np.ones(column_count), np.zeros((column_count, row_count))
    starts = np.zeros(column_count, dtype=np.int64)
    for j in range(column_count):
        for i in range(row_count):
            if counts[i] > j:
                starts[j] = i + 1
    for s in range(b):
        moments = np.zeros((row_count, column_count))
        for start in range(0, n, LANES):
            size = _load(coordinates, w[s], square[s], start)
            _grow(first, coordinates[:head], rows[0], rows[1])
            _grow(rest, coordinates[head:], columns[0], columns[1])
            weighted[:] = 0.0
            for i in range(row_count):
                for v in range(size):
                    weighted[i, v] = first[i, v] * mass[s, start + v]
            for j in range(column_count):
                for v in range(LANES):
                    turned[v, j] = rest[j, v]
            _accumulate(moments, weighted, turned, counts)
        for i in range(row_count):
            for j in range(column_count):
                moments[i, j] = moments[i, j] * factors[i, j] if j < counts[i] else 0.0
                flipped[j, i] = moments[i, j]
        for start in range(0, n, LANES):
            size = _load(coordinates, w[s], square[s], start)
            _grow(first, coordinates[:head], rows[0], rows[1])
            _grow(rest, coordinates[head:], columns[0], columns[1])
            _contract_columns(across, flipped, first, starts)
            _dot(line, across, rest, ones, every, every)
            assign(value[s, start : start + size], line)
            _dot(line, across, rest, level, every, every)
            assign(stretch[s, start : start + size], line)
            for c in range(p - head):
                a, e = raised_columns[0][c], raised_columns[0][c + 1]
                _dot(line, across, rest, raised_columns[3][a:e], raised_columns[1][a:e], raised_columns[2][a:e])
                assign(gradient[s, start : start + size, head + c], line)
            _contract_columns(along, moments, rest, counts)
            for c in range(head):
                a, e = raised_rows[0][c], raised_rows[0][c + 1]
                _dot(line, along, first, raised_rows[3][a:e], raised_rows[1][a:e], raised_rows[2][a:e])
                assign(gradient[s, start : start + size, c], line)

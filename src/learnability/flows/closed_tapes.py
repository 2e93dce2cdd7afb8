"""The closed flows of multi-index models as tapes for :mod:`learnability.flows.compiled_tape`.

The formulas are those of :mod:`~learnability.flows.multi_index` and :mod:`~learnability.flows.multi_index_spectral`,
whose docstrings derive them; Jacobians come from :func:`~learnability.flows.expressions.derivatives`.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learnability.flows.compiled_tape import Code, Program
from learnability.flows.expressions import (
    Expression,
    Graph,
    absolute,
    at_least,
    at_most,
    choose,
    derivatives,
    exponential,
    is_below,
    logarithm,
    root,
    sigmoid,
    tape,
    total,
)
from learnability.flows.multi_index_spectral import LARGEST_RATIO, LEARNED, SATURATED, TAPER
from learnability.hermite.polynomial_map import PolynomialMap

Matrix = list[list[Expression]]


def product(a: Matrix, b: Matrix) -> Matrix:
    """a b."""
    graph = a[0][0].graph
    return [[total((x * y for x, y in zip(row, column, strict=True)), graph) for column in transposed(b)] for row in a]


def transposed(a: Matrix) -> Matrix:
    """a^T."""
    return [list(column) for column in zip(*a, strict=True)]


def difference(a: Matrix, b: Matrix) -> Matrix:
    """a - b."""
    return [[x - y for x, y in zip(left, right, strict=True)] for left, right in zip(a, b, strict=True)]


def square(entries: Sequence[Expression]) -> Matrix:
    """The matrix with these entries by rows."""
    r = round(len(entries) ** 0.5)
    return [list(entries[i * r : (i + 1) * r]) for i in range(r)]


def flat(a: Matrix) -> list[Expression]:
    """The entries by rows."""
    return [x for row in a for x in row]


def polynomials(
    source: PolynomialMap, x: Sequence[Expression], graph: Graph, own: Sequence[Expression] | None
) -> list[Expression]:
    """The values of the map; ``own`` are its coefficients by rows where they are not numbers."""
    monomials = [[graph.one]]
    for parents, last in zip(source.parents, source.last, strict=True):
        monomials.append([monomials[-1][p] * x[v] for p, v in zip(parents.tolist(), last.tolist(), strict=True)])
    every = [m for level in monomials for m in level]
    if own is not None:
        rows = [own[i * len(every) : (i + 1) * len(every)] for i in range(source.coefficients.shape[0])]
        return [total((c * m for c, m in zip(row, every, strict=True)), graph) for row in rows]
    dense = source.coefficients.to_dense().numpy()
    return [total((every[k] * float(row[k]) for k in np.flatnonzero(row)), graph) for row in dense]


def _upper(a: Matrix) -> list[Expression]:
    return [a[i][j] for i in range(len(a)) for j in range(i, len(a))]


def _symmetric(entries: Sequence[Expression], r: int) -> Matrix:
    place = dict(zip(((i, j) for i in range(r) for j in range(i, r)), entries, strict=True))
    return [[place[min(i, j), max(i, j)] for j in range(r)] for i in range(r)]


def _cosines(matrix: Matrix) -> list[Expression]:
    """Singular values, falling, of up to two rows in closed form; of more the entries, for the loop to reduce."""
    if len(matrix) == 1:
        return [absolute(matrix[0][0])]
    if len(matrix) > 2:
        return flat(matrix)
    (a, b), (c, d) = matrix
    sums = root((a + d) * (a + d) + (b - c) * (b - c))
    differences = root((a - d) * (a - d) + (b + c) * (b + c))
    largest = (sums + differences) * 0.5
    return [largest, absolute(a * d - b * c) / at_least(largest, 1e-300)]


@dataclass(frozen=True)
class _Flow:
    """The expressions of a flow; ``observed`` are the loss, then the cosines or the matrix that has them."""

    graph: Graph
    state: Sequence[Expression]
    field: Sequence[Expression]
    observed: Sequence[Expression]
    settled: Sequence[Expression] = ()

    def program(self, r: int, scale: float, success_loss: float, first_rate: int = -1, exponent: int = 0) -> Program:
        """The tapes, with the Jacobian of the field."""
        columns = [derivatives(self.field, y) for y in self.state]
        jacobian = [column[i] for i in range(len(self.state)) for column in columns]
        outputs = self.field, [*self.field, *jacobian], self.observed, self.settled
        tapes = [tape(out, len(self.graph.inputs)) for out in outputs]
        field, linearised, observed, settled = (Code(t.instructions, t.numbers, t.outputs) for t in tapes)
        return Program(
            field=field,
            linearised=linearised,
            observed=observed,
            settled=settled,
            registers=max(t.registers for t in tapes),
            n=len(self.state),
            r=r,
            scale=scale,
            success_loss=success_loss,
            first_rate=first_rate,
            exponent=exponent,
        )


def joint(
    r: int, scale: float, success_loss: float, gradient: PolynomialMap, potential: PolynomialMap, own: bool
) -> Program:
    """``dM/dt = (I - G) S(G) M``. With ``own`` the chart holds, behind the trap speed, the coefficients of the
    gradient, of its derivative, of the potential and of its derivative."""
    sizes = [part.numel() if own else 0 for part in _parts(gradient, potential)]
    graph = Graph(r * r + 1 + sum(sizes))
    state, chart = graph.inputs[: r * r], graph.inputs[r * r :]
    starts = np.cumsum([1, *sizes])
    coefficients = [chart[a:b] if own else None for a, b in itertools.pairwise(starts)]
    matrix = square(state)
    gram = product(matrix, transposed(matrix))
    slope = _symmetric(polynomials(gradient, _upper(gram), graph, coefficients[0]), r)
    pull = product(slope, matrix)
    field = difference(pull, product(gram, pull))
    share = _symmetric(polynomials(potential, _upper(gram), graph, coefficients[2]), r)
    loss = 1.0 - total((x * y for x, y in zip(flat(share), flat(gram), strict=True)), graph) * (1 / scale)
    return _Flow(graph, state, flat(field), [loss, *_cosines(matrix)]).program(r, scale, success_loss)


def _parts(gradient: PolynomialMap, potential: PolynomialMap):  # type: ignore[no-untyped-def]
    return gradient.coefficients, gradient.derivative, potential.coefficients, potential.derivative


def planted(
    r: int, scale: float, success_loss: float, gradient: PolynomialMap, potential: PolynomialMap, exponent: int
) -> Program:
    """``dM/dt = R - M sym(M^T R)``."""
    graph = Graph(r * r + 1)
    state = graph.inputs[: r * r]
    matrix = square(state)
    pull = square(polynomials(gradient, state, graph, None))
    both = product(transposed(matrix), pull)
    both = [[(both[i][j] + both[j][i]) * 0.5 for j in range(r)] for i in range(r)]
    field = difference(pull, product(matrix, both))
    share = polynomials(potential, state, graph, None)
    loss = 1.0 - total((x * y for x, y in zip(share, state, strict=True)), graph) * (1 / scale)
    flow = _Flow(graph, state, flat(field), [loss, *_cosines(matrix)])
    return flow.program(r, scale, success_loss, exponent=exponent)


def _room(u: Expression) -> Expression:
    return at_least(at_most((SATURATED - u) * (1 / TAPER), 1.0), 0.0)


def single(
    r: int, scale: float, success_loss: float, degrees: Sequence[int], own: bool, tensors: Sequence[NDArray[np.float64]]
) -> Program:
    """The log-odds of one direction. The chart holds the trap rate, the frame, and with ``own`` the tensors."""
    graph = Graph(3 + (len(degrees) if own else 0))
    u = graph.inputs[0]
    values = graph.inputs[3:] if own else [graph.constant(float(t.item())) for t in tensors]
    mu = sigmoid(u)
    powers = [graph.one]
    for _ in range(max(degrees)):
        powers.append(powers[-1] * mu)
    rate = total((t * t * powers[k - 1] * float(2 * k) for k, t in zip(degrees, values, strict=True)), graph)
    learned = total((t * t * powers[k] for k, t in zip(degrees, values, strict=True)), graph)
    flow = _Flow(graph, [u], [rate * _room(u)], [1.0 - learned * (1 / scale), root(mu)])
    return flow.program(r, scale, success_loss, first_rate=0)


def _once(entries: Sequence[Expression], r: int, degree: int) -> list[Expression]:
    """All entries of a symmetric tensor by rows, each value by the first of those that are equal."""
    words = itertools.product(range(r), repeat=degree)
    return [entries[sum(i * r**k for k, i in enumerate(sorted(word, reverse=True)))] for word in words]


def _cycle(tensor: Sequence[Expression], matrix: Matrix, leading: int) -> list[Expression]:
    """Contract the axis after the ``leading`` entries with the first axis of the matrix; the new axis goes last."""
    r, graph = len(matrix), matrix[0][0].graph
    rest = len(tensor) // (leading * r)
    return [
        total((tensor[(first * r + i) * rest + t] * matrix[i][j] for i in range(r)), graph)
        for first in range(leading)
        for t in range(rest)
        for j in range(r)
    ]


def _contracted(tensor: Sequence[Expression], degree: int, gram: Matrix) -> Matrix:
    """``C[i, j] = T[i, a...] G[a, b]... T[j, b...]``."""
    r, graph, partial = len(gram), gram[0][0].graph, tensor
    for _ in range(degree - 1):
        partial = _cycle(partial, gram, r)
    rest = len(tensor) // r
    rows = [[values[i * rest : (i + 1) * rest] for i in range(r)] for values in (partial, tensor)]
    upper = [
        total((x * y for x, y in zip(rows[0][i], rows[1][j], strict=True)), graph)
        for i in range(r)
        for j in range(i, r)
    ]
    return _symmetric(upper, r)


def _inverse_triangle(a: Matrix, graph: Graph) -> Matrix:
    r = len(a)
    out = [[graph.one if i == j else graph.zero for j in range(r)] for i in range(r)]
    for j in range(r):
        for i in range(j + 1, r):
            out[i][j] = -total((a[i][k] * out[k][j] for k in range(j, i)), graph)
    return out


def _inverse_definite(a: Matrix, graph: Graph) -> Matrix:
    """Of a symmetric matrix: in closed form for two rows, else by Gauss and Jordan without pivots."""
    r = len(a)
    if r == 2:
        (x, y), (_, z) = a
        scale = graph.one / (x * z - y * y)
        return [[z * scale, -y * scale], [-y * scale, x * scale]]
    work = [[*a[i], *(graph.one if i == j else graph.zero for j in range(r))] for i in range(r)]
    for k in range(r):
        pivot = work[k][k]
        work[k] = [graph.one if j == k else x / pivot for j, x in enumerate(work[k])]
        for i in range(r):
            if i != k:
                factor = work[i][k]
                rows = zip(work[i], work[k], strict=True)
                work[i] = [graph.zero if j == k else x - factor * y for j, (x, y) in enumerate(rows)]
    return [row[r:] for row in work]


def _gram(triangle: Matrix, log_odds: Sequence[Expression], graph: Graph) -> Matrix:
    """``G = L E (I + E (L^T L - I) E)^{-1} E L^T`` with E^2 = sigmoid(u)."""
    r = len(triangle)
    roots = [root(sigmoid(u)) for u in log_odds]
    upper = [(i, j) for i in range(r) for j in range(i, r)]
    excess = [  # of L^T L over I
        total((triangle[k][i] * triangle[k][j] for k in range(j + 1, r)), graph) + (triangle[j][i] if i < j else 0.0)
        for i, j in upper
    ]
    middle = [e * roots[i] * roots[j] + float(i == j) for e, (i, j) in zip(excess, upper, strict=True)]
    half = [[triangle[i][j] * roots[j] for j in range(r)] for i in range(r)]
    left = product(half, _inverse_definite(_symmetric(middle, r), graph))
    return _symmetric([total((left[i][k] * half[j][k] for k in range(r)), graph) for i, j in upper], r)


def _spin(change: Matrix, log_odds: Sequence[Expression], graph: Graph) -> Matrix:
    """X: strictly lower triangular."""
    r = len(change)
    learning = [is_below(u, LEARNED) for u in log_odds]
    out = [[graph.zero] * r for _ in range(r)]
    for i in range(r):
        for j in range(i):
            ratio = exponential(at_most(log_odds[i] - log_odds[j], LARGEST_RATIO))
            turning = at_most(learning[i] + learning[j], 1.0)
            out[i][j] = (change[i][j] + change[j][i] * ratio) * turning
    return out


def _orthonormal_columns(a: Matrix, graph: Graph) -> tuple[Matrix, Matrix]:
    """(Q, R) by modified Gram-Schmidt."""
    columns, r = transposed(a), len(a)
    upper = [[graph.zero] * r for _ in range(r)]
    for j in range(r):
        for i in range(j):
            upper[i][j] = total((x * y for x, y in zip(columns[i], columns[j], strict=True)), graph)
            columns[j] = [x - y * upper[i][j] for x, y in zip(columns[j], columns[i], strict=True)]
        upper[j][j] = root(total((x * x for x in columns[j]), graph))
        columns[j] = [x / upper[j][j] for x in columns[j]]
    return transposed(columns), upper


def _sorted_columns(a: Matrix, graph: Graph) -> Matrix:
    """By falling size; those of equal size keep their order."""
    columns = transposed(a)
    sizes = [total((x * x for x in column), graph) for column in columns]
    for last in range(len(columns) - 1, 0, -1):
        for j in range(last):
            grows = is_below(sizes[j] - sizes[j + 1], 0.0)
            sizes[j], sizes[j + 1] = choose(grows, sizes[j + 1], sizes[j]), choose(grows, sizes[j], sizes[j + 1])
            pairs = list(zip(columns[j], columns[j + 1], strict=True))
            columns[j] = [choose(grows, y, x) for x, y in pairs]
            columns[j + 1] = [choose(grows, x, y) for x, y in pairs]
    return transposed(columns)


def _settled(
    triangle: Matrix,
    log_odds: Sequence[Expression],
    frame: Matrix,
    originals: Sequence[Sequence[Expression]],
    graph: Graph,
) -> list[Expression]:
    """The entries of L below the diagonal, the log-odds, the frame and the rotated tensors after a factorisation."""
    r = len(triangle)
    grown = [exponential(u * 0.5) for u in log_odds]
    factor = [[x * g for x, g in zip(row, grown, strict=True)] for row in triangle]
    turn, upper = _orthonormal_columns(_sorted_columns(factor, graph), graph)
    sizes = transposed(_orthonormal_columns(transposed(upper), graph)[1])
    entries = [sizes[i][j] / sizes[j][j] for i in range(r) for j in range(i)]
    moved = product(frame, turn)
    cubed = product(moved, product(transposed(moved), moved))
    moved = [[1.5 * x - 0.5 * y for x, y in zip(a, b, strict=True)] for a, b in zip(moved, cubed, strict=True)]
    rotated: list[Expression] = []
    for tensor in originals:
        values = list(tensor)
        size = len(values)
        while size > 1:
            values, size = _cycle(values, moved, 1), size // r
        rotated += values
    return [*entries, *(2.0 * logarithm(sizes[i][i]) for i in range(r)), *flat(moved), *rotated]


def spectral(
    r: int, scale: float, success_loss: float, degrees: Sequence[int], own: bool, tensors: Sequence[NDArray[np.float64]]
) -> Program:
    """The joint flow in spectral coordinates of several directions. The chart holds the trap rate, the frame, the
    tensors in it, and with ``own`` the tensors in the axes of the target."""
    below, sizes = r * (r - 1) // 2, [r**k for k in degrees]
    n, held = below + r, sum(sizes)
    graph = Graph(n + 1 + r * r + held * (2 if own else 1))
    entries, log_odds, chart = graph.inputs[:below], graph.inputs[below:n], graph.inputs[n:]
    starts = np.cumsum([1 + r * r, *sizes])
    rotated = [_once(chart[a:], r, k) for a, k in zip(starts[:-1], degrees, strict=True)]
    if own:
        originals = [_once(chart[held + a :], r, k) for a, k in zip(starts[:-1], degrees, strict=True)]
    else:
        originals = [[graph.constant(x) for x in tensor.ravel().tolist()] for tensor in tensors]
    rows = iter(entries)
    triangle = [[next(rows) if j < i else (graph.one if i == j else graph.zero) for j in range(r)] for i in range(r)]
    gram = _gram(triangle, log_odds, graph)
    shares = [_contracted(tensor, k, gram) for k, tensor in zip(degrees, rotated, strict=True)]
    slope = [
        [total((s[i][j] * float(k) for k, s in zip(degrees, shares, strict=True)), graph) for j in range(r)]
        for i in range(r)
    ]
    change = product(_inverse_triangle(triangle, graph), product(slope, triangle))
    turn = product(triangle, _spin(change, log_odds, graph))
    field = [
        *(turn[i][j] for i in range(r) for j in range(i)),
        *(2.0 * change[i][i] * _room(u) for i, u in enumerate(log_odds)),
    ]
    learned = total((x * y for share in shares for x, y in zip(flat(share), flat(gram), strict=True)), graph)
    cosines = flat(gram)
    if r == 2:
        (a, b), (_, d) = gram
        largest = (a + d + root((a - d) * (a - d) + 4.0 * b * b)) * 0.5
        cosines = [root(at_least(at_most(x, 1.0), 0.0)) for x in (largest, (a * d - b * b) / largest)]
    settled = _settled(triangle, log_odds, square(chart[1 : 1 + r * r]), originals, graph)
    flow = _Flow(graph, [*entries, *log_odds], field, [1.0 - learned * (1 / scale), *cosines], settled)
    return flow.program(r, scale, success_loss, first_rate=below)

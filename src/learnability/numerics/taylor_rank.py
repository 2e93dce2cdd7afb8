"""Which directions the Taylor coefficients of the simplified flow reach, order by order.

The simplified flow of the first stage, ``dw/dt = E[z h(z) sigma'(w.z)]`` with w(0) = 0 (equation (4.1) of Chen and Ge
2024 at a = 1), is the gradient of

    Phi(w) = sum_n s_n E[h(z) (w.z)^n] / n! = sum_k sum_i s_{k+2i} (|w|^2/2)^i / i! H_k(w),    s_n = sigma^{(n)}(0),

so the coefficients of ``w(t) = sum_j q_j t^j`` follow from each other by arithmetic on power series: exactly, in
fractions, when the coefficients of h and the s_n are rational. A common factor of the s_n only changes the unit of time.
The sufficient condition asks that ``q_1, ..., q_s`` span the hidden subspace for some s.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp

from learnability.numerics.polynomials import HermiteExpansion, MultiIndex
from learnability.numerics.reflective_exact import as_rational, row_echelon

Number = Fraction | float
Series = list[Number]
RANK_TOLERANCE = 1e-10


def _polynomial_derivatives(rule: Sequence[int], start: Number, count: int) -> list[Number]:
    """``y, y', y'', ...`` at a point where ``y' = sum_k rule_k y^k`` and y = start."""
    expression: list[int] = [0, 1]
    values: list[Number] = []
    for _ in range(count):
        values.append(sum((c * start**k for k, c in enumerate(expression)), start * 0))
        following = [0] * (len(expression) + len(rule))
        for k, c in enumerate(expression):
            for j, d in enumerate(rule):
                if k:
                    following[k - 1 + j] += k * c * d
        expression = following
    return values


def sine_derivatives(count: int) -> list[Number]:
    """Of sin(x + pi/4), times sqrt(2): 1, 1, -1, -1, ..."""
    return [Fraction([1, 1, -1, -1][n % 4]) for n in range(count)]


def tanh_derivatives(count: int) -> list[Number]:
    """Of tanh(x): y' = 1 - y^2, y = 0."""
    return _polynomial_derivatives([1, 0, -1], Fraction(0), count)


def exponential_derivatives(count: int) -> list[Number]:
    """Of exp(x)."""
    return [Fraction(1)] * count


def sigmoid_derivatives(count: int) -> list[Number]:
    """Of the logistic function at x - 1/2: y' = y - y^2, in floating point."""
    return _polynomial_derivatives([0, 1, -1], 1 / (1 + exp(0.5)), count)


DERIVATIVES: dict[str, Callable[[int], list[Number]]] = {
    "sine": sine_derivatives,
    "sigmoid": sigmoid_derivatives,
    "exponential": exponential_derivatives,
    "tanh": tanh_derivatives,
}
DESCRIPTIONS = {
    "sine": "sin(x + pi/4)",
    "sigmoid": "1/(1 + exp(1/2 - x))",
    "exponential": "exp(x)",
    "tanh": "tanh(x)",
}


def _times(left: Series, right: Series) -> Series:
    """The product of two power series, to the length of the shorter."""
    length = min(len(left), len(right))
    return [sum((left[i] * right[n - i] for i in range(n + 1)), left[0] * 0) for n in range(length)]


def _plus(total: Series, scale: Number, term: Series) -> Series:
    return [t + scale * x for t, x in zip(total, term, strict=True)]


class _SimplifiedFlow:
    """``grad Phi`` on power series, for coefficients ``terms`` of H and derivatives ``s`` of the activation."""

    def __init__(self, terms: dict[MultiIndex, Number], variables: int, s: list[Number]) -> None:
        self.terms, self.variables, self.s = terms, variables, s

    def _monomial(self, w: list[Series], index: MultiIndex, one: Series) -> Series:
        product = one
        for variable, power in enumerate(index):
            for _ in range(power):
                product = _times(product, w[variable])
        return product

    def __call__(self, w: list[Series]) -> list[Series]:
        length = len(w[0])
        zero: Series = [self.s[0] * 0] * length
        one: Series = [zero[0] + 1, *zero[1:]]
        half_square = zero
        for component in w:
            half_square = _plus(
                half_square, Fraction(1, 2) if isinstance(zero[0], Fraction) else 0.5, _times(component, component)
            )
        powers = [one]
        while len(powers) < length // 2 + 2:
            powers.append([x / len(powers) for x in _times(powers[-1], half_square)])
        slope = [list(zero) for _ in w]
        for index, coefficient in self.terms.items():
            self._add_term(slope, w, index, coefficient, powers)
        return slope

    def _add_term(
        self, slope: list[Series], w: list[Series], index: MultiIndex, c: Number, powers: list[Series]
    ) -> None:
        """The gradient of ``sum_i s_{k+2i} q^i / i! c w^index`` with q = |w|^2 / 2; ``powers`` holds q^i / i!."""
        k, length = sum(index), len(w[0])
        levels = max(0, (length - k) // 2) + 2
        even = odd = [x * 0 for x in powers[0]]
        for i in range(min(levels, len(powers))):
            even = _plus(even, self.s[k + 2 * i], powers[i])
            odd = _plus(odd, self.s[k + 2 * i + 2], powers[i])
        for j, power in enumerate(index):
            if power:
                lowered = (*index[:j], power - 1, *index[j + 1 :])
                slope[j] = _plus(slope[j], c * power, _times(even, self._monomial(w, lowered, powers[0])))
        value = _times(odd, self._monomial(w, index, powers[0]))
        for j, component in enumerate(w):
            slope[j] = _plus(slope[j], c, _times(value, component))


def taylor_coefficients(
    terms: dict[MultiIndex, Number], variables: int, derivatives: list[Number], order: int
) -> list[list[Number]]:
    """``q_1, ..., q_order``, each with ``variables`` components, of ``w' = grad Phi(w)``, w(0) = 0."""
    flow = _SimplifiedFlow(terms, variables, derivatives)
    zero = derivatives[0] * 0
    w: list[Series] = [[zero] for _ in range(variables)]
    for j in range(order):
        slope = flow(w)
        w = [[*component, slope[i][j] / (j + 1)] for i, component in enumerate(w)]
    return [[component[j] for component in w] for j in range(1, order + 1)]


def _rational_terms(target: HermiteExpansion) -> dict[MultiIndex, Number] | None:
    terms = {index: as_rational(value) for index, value in target.unnormalised().items()}
    if None in terms.values():
        return None
    return {index: value for index, value in terms.items() if value is not None}


def _ranks_in_floats(q: list[list[Number]], sizes: list[list[Number]]) -> list[int]:
    """Ranks by Gram-Schmidt; a remainder counts beyond 1e-10 of what the terms of q_j add up to without signs."""
    basis: list[list[float]] = []
    ranks = []
    for vector, size in zip(q, sizes, strict=True):
        rest = [float(x) for x in vector]
        for _ in range(2):
            for b in basis:
                overlap = sum(x * y for x, y in zip(rest, b, strict=True))
                rest = [x - overlap * y for x, y in zip(rest, b, strict=True)]
        length = sum(x * x for x in rest) ** 0.5
        if length > RANK_TOLERANCE * sum(float(x) ** 2 for x in size) ** 0.5:
            basis.append([x / length for x in rest])
        ranks.append(len(basis))
    return ranks


@dataclass(frozen=True)
class TaylorRanks:
    """``ranks[j - 1]`` is the dimension of span(q_1, ..., q_j); ``exact`` in rational arithmetic."""

    ranks: tuple[int, ...]
    variables: int
    exact: bool

    @property
    def spanning_order(self) -> int | None:
        """The first order s at which the coefficients span the hidden subspace; None within the orders computed."""
        return next((j for j, rank in enumerate(self.ranks, start=1) if rank == self.variables), None)


def taylor_ranks(target: HermiteExpansion, activation: str, order: int = 10) -> TaylorRanks:
    """Ranks of the Taylor coefficients of the simplified flow for a key of :data:`DERIVATIVES`."""
    derivatives = DERIVATIVES[activation](target.degree + order + 6)
    terms = _rational_terms(target)
    exact = terms is not None and all(isinstance(s, Fraction) for s in derivatives)
    if exact and terms is not None:
        q = taylor_coefficients(terms, target.variables, derivatives, order)
        rows = [[Fraction(x) for x in vector] for vector in q]
        ranks = tuple(len(row_echelon(rows[: j + 1])) for j in range(order))
        return TaylorRanks(ranks, target.variables, True)
    floats = [float(s) for s in derivatives]
    values: dict[MultiIndex, Number] = dict(target.unnormalised())
    q = taylor_coefficients(values, target.variables, list(floats), order)
    sizes = taylor_coefficients(
        {b: abs(c) for b, c in values.items()}, target.variables, [abs(s) for s in floats], order
    )
    return TaylorRanks(tuple(_ranks_in_floats(q, sizes)), target.variables, False)

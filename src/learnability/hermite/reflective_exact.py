"""The dimensions of the closure in rational arithmetic.

The closure does not change when a homogeneous part H_k is multiplied by a number, so it is enough that the
coefficients of each degree are rational multiples of one another.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction

from learnability.hermite.activation_class import ActivationClass
from learnability.hermite.expansion import HermiteExpansion, MultiIndex

Polynomial = dict[MultiIndex, Fraction]
Vector = list[Fraction]

LARGEST_DENOMINATOR = 10_000
WORK_LIMIT = 20_000


def as_rational(value: float) -> Fraction | None:
    """The fraction with a denominator up to 10^4 that a float rounds, None where there is none within 4 ulp."""
    fraction = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    return fraction if abs(float(fraction) - value) <= 1e-15 * abs(value) else None


def rational_parts(target: HermiteExpansion, activation: ActivationClass) -> list[Polynomial] | None:
    """The allowed homogeneous parts H_k of ``E h(z + v)``, each scaled to rational coefficients; None if impossible."""
    parts: dict[int, dict[MultiIndex, float]] = {}
    for index, value in target.unnormalised().items():
        if sum(index) and activation.allows(sum(index)):
            parts.setdefault(sum(index), {})[index] = value
    rational = []
    for part in parts.values():
        unit = max(part.values(), key=abs)
        ratios = {index: as_rational(value / unit) for index, value in part.items()}
        if None in ratios.values():
            return None
        rational.append({index: ratio for index, ratio in ratios.items() if ratio is not None})
    return rational


def _work(parts: Iterable[Polynomial], dimension: int) -> int:
    """About how many terms the substitution of a generic subspace of this dimension makes."""
    return sum(sum(k > 0 for k in index) * dimension ** min(sum(index) - 1, 12) for part in parts for index in part)


def derivative(part: Polynomial, variable: int) -> Polynomial:
    """The derivative in one variable."""
    return {
        (*index[:variable], index[variable] - 1, *index[variable + 1 :]): value * index[variable]
        for index, value in part.items()
        if index[variable]
    }


def substitute(polynomial: Polynomial, basis: list[Vector]) -> Polynomial:
    """The polynomial on the subspace ``y = sum_j t_j basis_j``, as a polynomial in t."""
    total: Polynomial = {}
    for index, value in polynomial.items():
        terms: Polynomial = {(0,) * len(basis): value}
        for variable, power in enumerate(index):
            for _ in range(power):
                terms = _times_linear(terms, [vector[variable] for vector in basis])
        for exponent, coefficient in terms.items():
            total[exponent] = total.get(exponent, Fraction(0)) + coefficient
    return {exponent: coefficient for exponent, coefficient in total.items() if coefficient}


def _times_linear(terms: Mapping[MultiIndex, Fraction], linear: Vector) -> Polynomial:
    product: Polynomial = {}
    for exponent, coefficient in terms.items():
        for j, slope in enumerate(linear):
            if slope:
                raised = (*exponent[:j], exponent[j] + 1, *exponent[j + 1 :])
                product[raised] = product.get(raised, Fraction(0)) + coefficient * slope
    return product


def row_echelon(vectors: Iterable[Vector]) -> list[Vector]:
    """The reduced row echelon form of the span, one basis vector a row."""
    rows: list[Vector] = []
    for vector in vectors:
        reduced = list(vector)
        for row in rows:
            pivot = next(i for i, x in enumerate(row) if x)
            if reduced[pivot]:
                factor = reduced[pivot]
                reduced = [x - factor * y for x, y in zip(reduced, row, strict=True)]
        lead = next((i for i, x in enumerate(reduced) if x), None)
        if lead is None:
            continue
        reduced = [x / reduced[lead] for x in reduced]
        rows = [[x - row[lead] * y for x, y in zip(row, reduced, strict=True)] for row in rows]
        rows.append(reduced)
    return rows


def _gradient_vectors(part: Polynomial, variables: int, basis: list[Vector]) -> Iterable[Vector]:
    """Vectors that span ``{grad H(y) : y in the span of the basis}``: the coefficients of the restricted gradient."""
    restricted = [substitute(derivative(part, i), basis) for i in range(variables)]
    exponents = sorted({exponent for component in restricted for exponent in component})
    return ([component.get(exponent, Fraction(0)) for component in restricted] for exponent in exponents)


def exact_closure_basis(target: HermiteExpansion, activation: ActivationClass) -> list[list[Vector]] | None:
    """Row-echelon bases of W_0, W_1, ..., W*; None where the coefficients are not rational or the work is too large."""
    parts = rational_parts(target, activation)
    if parts is None or _work(parts, target.variables) > WORK_LIMIT:
        return None
    chain: list[list[Vector]] = [[]]
    while len(chain[-1]) < target.variables:
        basis = chain[-1]
        new = [vector for part in parts for vector in _gradient_vectors(part, target.variables, basis)]
        grown = row_echelon([*basis, *new])
        if len(grown) == len(basis):
            break
        chain.append(grown)
    return chain


def exact_closure(target: HermiteExpansion, activation: ActivationClass) -> tuple[int, ...] | None:
    """The dimensions of W_0, W_1, ..., W*; None where rational arithmetic does not apply."""
    chain = exact_closure_basis(target, activation)
    return None if chain is None else tuple(map(len, chain))

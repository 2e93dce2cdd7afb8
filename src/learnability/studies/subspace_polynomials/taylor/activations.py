"""Activations whose derivatives at 0 are rational, up to a common factor: Taylor coefficients in exact arithmetic."""

from collections.abc import Callable
from fractions import Fraction

from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.feature_rank import exact_derivatives, exact_terms
from learnability.hermite.reflective_exact import row_echelon
from learnability.hermite.taylor_rank import DESCRIPTIONS as OF_HERMITE
from learnability.hermite.taylor_rank import TaylorRanks, taylor_coefficients

LOGISTIC = "logistic"


def logistic_derivatives(count: int) -> list[Fraction]:
    """Of ``y = 1 / (1 + 2 exp(-x))``, the logistic function at x - ln 2: y' = y - y^2 and y(0) = 1/3."""
    start, polynomial, values = Fraction(1, 3), [0, 1], []
    for _ in range(count):
        values.append(sum((c * start**k for k, c in enumerate(polynomial)), Fraction(0)))
        following = [0] * (len(polynomial) + 1)
        for k, c in enumerate(polynomial):  # (y^k)' = k (y^k - y^(k+1))
            following[k] += k * c
            following[k + 1] -= k * c
        polynomial = following
    return values


def _of_hermite(name: str) -> Callable[[int], list[Fraction]]:
    return lambda count: exact_derivatives(name, count)


ACTIVATIONS: dict[str, Callable[[int], list[Fraction]]] = {
    "sine": _of_hermite("sine"),
    LOGISTIC: logistic_derivatives,
    "exponential": _of_hermite("exponential"),
    "tanh": _of_hermite("tanh"),
}
DESCRIPTIONS = {name: OF_HERMITE.get(name, "1/(1 + 2 exp(-x))") for name in ACTIVATIONS}


def exact_ranks(target: HermiteExpansion, activation: str, order: int) -> TaylorRanks:
    """Ranks of the Taylor coefficients of the simplified flow for a key of :data:`ACTIVATIONS`, over the rationals.

    Raises ValueError where a coefficient of the target is not rational.
    """
    derivatives = ACTIVATIONS[activation](target.degree + order + 8)
    rows = taylor_coefficients({**exact_terms(target)}, target.variables, [*derivatives], order)
    ranks = tuple(len(row_echelon([list(row) for row in rows[: j + 1]])) for j in range(order))
    return TaylorRanks(ranks, target.variables, True)

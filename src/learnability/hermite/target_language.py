"""A strict parser for targets written as text, such as ``h1(z1) + 0.8*h1(z1)*h2(z2) - 0.5*z3^2*z1``.

::

    target = ["+" | "-"] term {("+" | "-") term}
    term   = factor {"*" factor}
    factor = number | "h"K"("zI")" | "He"K"("zI")" | zI ["^" N]

``hK`` is the orthonormal Hermite polynomial, ``HeK = sqrt(K!) hK``, variables are ``z1, z2, ...``. Products
are expanded exactly. Pure Python without numpy: the config is checked with it before anything heavy is
imported.
"""

import math
import re
from dataclasses import dataclass

from learnability.hermite.expansion import HermiteExpansion, root_factorial

MAX_DEGREE = 299  # the recurrence of the Hermite polynomials is accurate in float64 up to here
MAX_POWER = 100  # of one monomial factor; the coefficients of higher ones leave the range of a float in products
MAX_VARIABLES = 64

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[-+*^()])|(?P<bad>\S))"
)


class TargetError(ValueError):
    """A mistake in a target's text; ``column`` counts from 1."""

    def __init__(self, text: str, column: int, problem: str) -> None:
        self.text, self.column, self.problem = text, column, problem
        super().__init__(f"column {column} of {text!r}: {problem}")


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int


@dataclass(frozen=True)
class _Factor:
    """``scale`` times a function of one variable; a plain number has variable 0."""

    variable: int
    function: HermiteExpansion
    scale: float


def parse(text: str, variables: int | None = None) -> HermiteExpansion:
    """The exact Hermite expansion of a target's text.

    ``variables`` is the number of variables; without it, the highest index that occurs. Raises
    :class:`TargetError` (a ValueError) with the column of the mistake: an unknown variable, name or sign, a
    degree above 299, an empty text.
    """
    terms = _Parser(text, variables).target()
    count = variables or max((f.variable for term in terms for f in term), default=0) or 1
    total = HermiteExpansion(count, {})
    try:
        for term in terms:
            total = total + _product(term, count)
    except (OverflowError, ValueError):
        raise TargetError(text, 1, "its coefficients exceed the range of a float") from None
    return total


def _product(factors: list[_Factor], variables: int) -> HermiteExpansion:
    result = HermiteExpansion(variables, {(0,) * variables: math.prod(f.scale for f in factors)})
    for factor in factors:
        if factor.variable:
            place = factor.variable - 1
            widened = {
                (0,) * place + b + (0,) * (variables - place - 1): a for b, a in factor.function.coefficients.items()
            }
            result = result * HermiteExpansion(variables, widened)
    return result


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str, variables: int | None) -> None:
        self.text, self.variables = text, variables
        self.tokens = [
            _Token(m.lastgroup or "", m[m.lastgroup or 0], m.start(m.lastgroup or 0) + 1) for m in _TOKEN.finditer(text)
        ]
        self.tokens.append(_Token("end", "the end", len(text) + 1))
        self.place = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.place]

    def fail(self, token: _Token, problem: str) -> TargetError:
        return TargetError(self.text, token.column, problem)

    def take(self) -> _Token:
        token = self.next
        self.place += 1
        return token

    def accept(self, signs: str) -> str:
        """The next sign if it is one of ``signs``, else nothing."""
        return self.take().text if self.next.kind == "sign" and self.next.text in signs else ""

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            raise self.fail(self.next, f"expected {sign!r}, found {self.next.text!r}")

    def target(self) -> list[list[_Factor]]:
        terms = [self.term(self.accept("+-"))]
        while sign := self.accept("+-"):
            terms.append(self.term(sign))
        if self.next.kind != "end":
            raise self.fail(self.next, f"expected '+', '-' or '*', found {self.next.text!r}")
        return terms

    def term(self, sign: str) -> list[_Factor]:
        start = self.next
        factors = [self.factor()]
        while self.accept("*"):
            factors.append(self.factor())
        if sum(f.function.degree for f in factors) > MAX_DEGREE:
            raise self.fail(start, f"the degree of the term exceeds {MAX_DEGREE}")
        return [_constant(-1.0 if sign == "-" else 1.0), *factors]

    def factor(self) -> _Factor:
        token = self.take()
        if token.kind == "number":
            value = float(token.text)
            if not math.isfinite(value):
                raise self.fail(token, f"{token.text} is too large")
            return _constant(value)
        if token.kind != "name":
            raise self.fail(token, f"expected a number, hK(zI), HeK(zI) or zI, found {token.text!r}")
        if hermite := re.fullmatch(r"(h|He)(\d+)", token.text):
            self.expect("(")
            variable = self.variable(self.take())
            self.expect(")")
            degree = self.bounded(token, int(hermite[2]))
            scale = 1.0 if hermite[1] == "h" else root_factorial((degree,))
            return _Factor(variable, HermiteExpansion(1, {(degree,): scale}), 1.0)
        variable = self.variable(token)
        return _Factor(variable, HermiteExpansion.from_monomials(1, {(self.exponent(),): 1.0}), 1.0)

    def exponent(self) -> int:
        if not self.accept("^"):
            return 1
        token = self.take()
        if token.kind != "number" or not token.text.isdigit():
            raise self.fail(token, f"an exponent is a whole number, not {token.text!r}")
        return self.bounded(token, int(token.text), MAX_POWER)

    def bounded(self, token: _Token, degree: int, most: int = MAX_DEGREE) -> int:
        if degree > most:
            raise self.fail(token, f"the degree {degree} exceeds {most}")
        return degree

    def variable(self, token: _Token) -> int:
        match = re.fullmatch(r"z([1-9]\d*)", token.text)
        most = self.variables or MAX_VARIABLES
        if match is None or int(match[1]) > most:
            raise self.fail(token, f"unknown variable {token.text!r}: the variables are z1 to z{most}")
        return int(match[1])


def _constant(value: float) -> _Factor:
    return _Factor(0, HermiteExpansion(1, {(0,): 1.0}), value)

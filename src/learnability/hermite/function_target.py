"""Targets that are not polynomials: trees of sums, products and functions of polynomials of Gaussian variables.

Free of numpy, so that a config can be checked without importing it; values are computed with numpy or torch, whichever
the argument belongs to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from learnability.hermite.expansion import HermiteExpansion, MultiIndex

#: What may be applied to a polynomial, and whether it is bounded.
FUNCTIONS: Mapping[str, bool] = {
    "sign": True,
    "abs": False,
    "relu": False,
    "tanh": True,
    "erf": True,
    "sin": True,
    "cos": True,
    "exp": False,
    "indicator": True,
    "sqrt": False,
}
#: Functions with a kink or a jump where their argument is zero.
KINKED = frozenset({"sign", "abs", "relu", "indicator"})
#: Functions that are injective: the label carries as much as their argument.
INJECTIVE = frozenset({"tanh", "erf", "exp", "sqrt"})


@dataclass(frozen=True)
class Polynomial:
    """A leaf: a polynomial of the variables."""

    expansion: HermiteExpansion


@dataclass(frozen=True)
class Sum:
    """The sum of its terms."""

    terms: tuple[Node, ...]


@dataclass(frozen=True)
class Product:
    """The product of its factors."""

    factors: tuple[Node, ...]


@dataclass(frozen=True)
class Power:
    """A power with a whole exponent."""

    base: Node
    exponent: int


@dataclass(frozen=True)
class Apply:
    """A function of :data:`FUNCTIONS` applied to its argument."""

    name: str
    argument: Node


@dataclass(frozen=True)
class Opaque:
    """A callable of points (..., variables), of which nothing else is known."""

    function: Callable[[Any], Any]
    variables: int


Node = Polynomial | Sum | Product | Power | Apply | Opaque


@dataclass(frozen=True)
class FunctionTarget:
    """A target f(z), z ~ N(0, I) in ``variables`` variables, that is not a polynomial; ``text`` is how it was given."""

    text: str
    variables: int
    root: Node = field(repr=False)

    def __call__(self, z: Any) -> Any:
        """``f(z)`` for z of shape (..., variables), a numpy array or a torch tensor."""
        return _value(self.root, z)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def from_callable(cls, function: Callable[[Any], Any], variables: int, name: str = "a callable") -> FunctionTarget:
        """A target given as a function of a numpy array (..., variables) that returns (...)."""
        if variables < 1:
            raise ValueError(f"a target has at least one variable, not {variables}")
        return cls(name, variables, Opaque(function, variables))

    @classmethod
    def from_table(cls, path: str | Path) -> FunctionTarget:
        """A link of one variable from a text file with two columns, z and f(z); straight lines between its points."""
        import numpy as np

        try:
            table = np.loadtxt(path, delimiter="," if "," in Path(path).read_text(encoding="utf-8") else None, ndmin=2)
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: not a table of numbers with two columns z, f(z): {error}") from None
        if table.shape[1] != 2 or len(table) < 2 or not np.isfinite(table).all():
            raise ValueError(f"{path}: a link is two columns of finite numbers, z and f(z), with at least two rows")
        table = table[np.argsort(table[:, 0])]
        if (np.diff(table[:, 0]) <= 0).any():
            raise ValueError(f"{path}: a value of z is given twice")
        z, y = table.T
        slopes = (y[1] - y[0]) / (z[1] - z[0]), (y[-1] - y[-2]) / (z[-1] - z[-2])

        def link(points: Any) -> Any:
            x = np.asarray(points)[..., 0]
            inside = np.interp(x, z, y)
            return np.where(
                x < z[0], y[0] + slopes[0] * (x - z[0]), np.where(x > z[-1], y[-1] + slopes[1] * (x - z[-1]), inside)
            )

        return cls.from_callable(link, 1, f"table {Path(path).name}")

    def leaves(self) -> Iterator[HermiteExpansion]:
        """The polynomials that the tree is made of."""
        return (node.expansion for node in _walk(self.root) if isinstance(node, Polynomial))

    @property
    def is_opaque(self) -> bool:
        """Whether it holds a callable of which only values are known."""
        return any(isinstance(node, Opaque) for node in _walk(self.root))

    def kinked_arguments(self) -> list[FunctionTarget]:
        """The arguments whose zeros are kinks or jumps of f."""
        return [
            FunctionTarget(self.text, self.variables, node.argument)
            for node in _walk(self.root)
            if isinstance(node, Apply) and node.name in KINKED
        ]

    def injective_argument(self) -> HermiteExpansion | None:
        """The polynomial P where f is an injective function of P alone (such as tanh(P)); None elsewhere."""
        node = self.root
        while True:
            match node:
                case Apply(name=name, argument=argument) if name in INJECTIVE:
                    node = argument
                case Product(factors=(Polynomial(expansion=factor), other)) if not factor.degree:
                    node = other
                case Sum(terms=(Polynomial(expansion=term), other)) if not term.degree:
                    node = other
                case Polynomial(expansion=expansion):
                    return expansion
                case _:
                    return None

    def mapped(self, change: Callable[[HermiteExpansion], HermiteExpansion], variables: int) -> FunctionTarget:
        """The target with every polynomial replaced by ``change`` of it; not for opaque targets."""
        return FunctionTarget(self.text, variables, _mapped(self.root, change))


def _walk(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case Sum(terms=inner) | Product(factors=inner):
            for one in inner:
                yield from _walk(one)
        case Power(base=one) | Apply(argument=one):
            yield from _walk(one)


def _mapped(node: Node, change: Callable[[HermiteExpansion], HermiteExpansion]) -> Node:
    match node:
        case Polynomial(expansion=expansion):
            return Polynomial(change(expansion))
        case Sum(terms=terms):
            return Sum(tuple(_mapped(term, change) for term in terms))
        case Product(factors=factors):
            return Product(tuple(_mapped(factor, change) for factor in factors))
        case Power(base=base, exponent=exponent):
            return Power(_mapped(base, change), exponent)
        case Apply(name=name, argument=argument):
            return Apply(name, _mapped(argument, change))
        case Opaque():
            raise TypeError("a callable has no polynomials")


def _value(node: Node, z: Any) -> Any:
    match node:
        case Polynomial(expansion=expansion):
            return _polynomial(expansion, z)
        case Sum(terms=terms):
            values = [_value(term, z) for term in terms]
            return sum(values[1:], values[0])
        case Product(factors=factors):
            values = [_value(factor, z) for factor in factors]
            return math.prod(values[1:], start=values[0])
        case Power(base=base, exponent=exponent):
            return _value(base, z) ** exponent
        case Apply(name=name, argument=argument):
            return _function(name, _value(argument, z))
        case Opaque(function=function):
            return function(z)


def _polynomial(expansion: HermiteExpansion, z: Any) -> Any:
    from learnability.hermite.basis import hermite_columns

    degrees = [max((b[i] for b in expansion.coefficients), default=0) for i in range(expansion.variables)]
    columns = [hermite_columns(z[..., i], degree) for i, degree in enumerate(degrees)]
    total = z[..., 0] * 0
    for index, value in expansion.coefficients.items():
        total = total + math.prod([columns[i][k] for i, k in enumerate(index) if k], start=value)
    return total


def _function(name: str, x: Any) -> Any:
    import numpy as np

    if isinstance(x, np.ndarray | float):
        from scipy.special import erf

        known: dict[str, Callable[[Any], Any]] = {
            "sign": np.sign,
            "abs": np.abs,
            "relu": lambda u: np.maximum(u, 0),
            "tanh": np.tanh,
            "erf": erf,
            "sin": np.sin,
            "cos": np.cos,
            "exp": np.exp,
            "indicator": lambda u: np.asarray(u > 0, dtype=np.float64),
            "sqrt": lambda u: np.sqrt(np.maximum(u, 0)),  # rounding may leave less than 0
        }
        return known[name](x)
    import torch

    own = {"indicator": lambda u: (u > 0).to(u.dtype), "sqrt": lambda u: u.clamp(min=0).sqrt()}
    return own.get(name, getattr(torch, name, None))(x)  # type: ignore[misc]


def exponent_problem(node: Node) -> str | None:
    """Why ``E f(z)^2`` is infinite, or cannot be shown to be finite; None where it is finite.

    Every term of f grows at most like a polynomial times ``exp(q)``, q the sum of the arguments of exp in the term;
    ``E exp(2 q) < infinity`` where the parts of q above degree two are nowhere positive and ``I - 4 A`` is positive
    definite, A the matrix of its quadratic part.
    """
    for exponents in _growth(node):
        problem = _diverges(exponents)
        if problem:
            return problem
    return None


def _growth(node: Node) -> list[HermiteExpansion | None]:
    """For each term, the sum of the arguments of exp; None where there is no exp."""
    match node:
        case Sum(terms=terms):
            return list(dict.fromkeys(g for term in terms for g in _growth(term)))
        case Product(factors=factors):
            total: list[HermiteExpansion | None] = [None]
            for factor in factors:
                total = list(dict.fromkeys(_joined(a, b) for a in total for b in _growth(factor)))
            return total
        case Power(base=base, exponent=exponent):
            return [None if g is None else g.scaled(float(exponent)) for g in _growth(base)]
        case Apply(name="exp", argument=Polynomial(expansion=expansion)):
            return [expansion]
        case Apply(name="abs" | "relu", argument=argument):
            return _growth(argument)
        case Apply(name="sqrt", argument=argument):
            return [None if g is None else g.scaled(0.5) for g in _growth(argument)]
    return [None]


def _joined(a: HermiteExpansion | None, b: HermiteExpansion | None) -> HermiteExpansion | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b


def _diverges(exponent: HermiteExpansion | None) -> str | None:
    if exponent is None:
        return None
    monomials = exponent.monomials()
    r = exponent.variables
    rng = _Directions(r)
    for degree in range(3, exponent.degree + 1):
        part = {b: c for b, c in monomials.items() if sum(b) == degree and abs(c) > 1e-14}
        if part and max(_at(part, v) for v in rng.sample(400)) > 1e-12:
            return "the second moment is infinite: the argument of exp has a part of degree above two that is positive"
    quadratic = [[0.0] * r for _ in range(r)]
    for index, value in monomials.items():
        if sum(index) == 2:
            i, j = (k for k, power in enumerate(index) for _ in range(power))
            quadratic[i][j] += value / 2
            quadratic[j][i] += value / 2
    matrix = [[(i == j) - 4 * quadratic[i][j] for j in range(r)] for i in range(r)]
    if not _positive_definite(matrix):
        return "the second moment is infinite: the argument of exp grows too fast (a part c z^2 needs c < 1/4)"
    linear = math.sqrt(sum(c * c for b, c in monomials.items() if sum(b) == 1))
    if linear > 15:
        return "the second moment exceeds the range of a float: the argument of exp is too steep"
    return None


@dataclass
class _Directions:
    variables: int

    def sample(self, count: int) -> list[list[float]]:
        import random

        rng = random.Random(5)
        points = [[rng.gauss(0, 1) for _ in range(self.variables)] for _ in range(count)]
        for i in range(self.variables):
            points += [[s if j == i else 0.0 for j in range(self.variables)] for s in (1.0, -1.0)]
        return points


def _at(part: Mapping[MultiIndex, float], v: list[float]) -> float:
    return sum(c * math.prod(x**k for x, k in zip(v, b, strict=True)) for b, c in part.items())


def _positive_definite(matrix: list[list[float]]) -> bool:
    """By elimination, with a margin."""
    rest = [row[:] for row in matrix]
    for k in range(len(rest)):
        if rest[k][k] < 1e-6:
            return False
        for i in range(k + 1, len(rest)):
            factor = rest[i][k] / rest[k][k]
            rest[i] = [x - factor * y for x, y in zip(rest[i], rest[k], strict=True)]
    return True

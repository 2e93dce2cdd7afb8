"""Targets that are not polynomials: trees of sums, products and functions of polynomials of Gaussian variables.

Free of numpy, so that a config can be checked without importing it; values are computed with numpy or torch, whichever
the argument belongs to.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
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
#: Bounds of links: the points travel with every job of a question.
LEAST_POINTS, MOST_POINTS, MOST_BYTES = 15, 400, 100_000
#: Where a callable is looked at: beyond 8 a normal variable has a probability of 1e-15.
CALLABLE_REACH, CALLABLE_POINTS = 8.0, 321
#: The logarithm of the second moment of an exponential, either way, up to which its square has a second moment, too.
LARGEST_LOGARITHM = 450.0
#: How far from 0, and how narrow, a steep exponential may be, for quadrature to see it.
FARTHEST, NARROWEST = 8.0, 0.003
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
class Link:
    """A function of one variable that is known at points ``z``, in increasing order, by its ``values``.

    Between neighbouring points it is a cubic that goes by the slopes around it (modified Akima interpolation, which
    does not overshoot at a jump), beyond the ends the straight line through the last two points. Points and values are
    kept to 12 digits.

    Raises
    ------
    ValueError
        For another number of values than of points, fewer than 15 or more than 400 points, a point that is given twice,
        or a number that is not finite.
    """

    z: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.z) != len(self.values):
            raise ValueError(f"a link has a value for every point, not {len(self.values)} for {len(self.z)} points")
        if not LEAST_POINTS <= len(self.z) <= MOST_POINTS:
            raise ValueError(f"a link has {LEAST_POINTS} to {MOST_POINTS} points, not {len(self.z)}")
        pairs = sorted((float(f"{z:.12g}"), float(f"{y:.12g}")) for z, y in zip(self.z, self.values, strict=True))
        if not all(math.isfinite(number) for pair in pairs for number in pair):
            raise ValueError("the points and values of a link are finite numbers")
        for (before, _), (after, _) in itertools.pairwise(pairs):
            if before == after:
                raise ValueError(f"the point {before:g} of a link is given twice")
        object.__setattr__(self, "z", tuple(z for z, _ in pairs))
        object.__setattr__(self, "values", tuple(y for _, y in pairs))

    @classmethod
    def from_callable(cls, function: Callable[[Any], Any]) -> Link:
        """The link of a function of a numpy array, at 321 points from -8 to 8.

        Raises ValueError for a function whose values have another shape or are not finite.
        """
        import numpy as np

        z = np.linspace(-CALLABLE_REACH, CALLABLE_REACH, CALLABLE_POINTS)
        values = np.asarray(function(z), dtype=np.float64)
        if values.shape != z.shape:
            raise ValueError(
                f"a link maps an array of numbers to one of the same shape; {z.shape} was mapped to {values.shape}"
            )
        return cls(tuple(z.tolist()), tuple(values.tolist()))

    @classmethod
    def from_table(cls, path: str | Path) -> Link:
        """The link of a text file with two columns, z and g(z), in any order of the rows.

        Columns are separated by commas, semicolons or blanks; what follows a ``#`` is a comment.

        Raises ValueError, with the path, for a file that cannot be read or has more than 100 000 bytes, for a row that
        is not two numbers, and for points that are no link.
        """
        file = Path(path)
        try:
            if file.stat().st_size > MOST_BYTES:
                raise ValueError(f"{path}: is larger than {MOST_BYTES} bytes; a link has at most {MOST_POINTS} points")
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise ValueError(f"{path}: cannot be read ({reason})") from None
        rows = []
        for number, line in enumerate(text.splitlines(), 1):
            cells = re.split(r"\s*[,;]\s*|\s+", line.partition("#")[0].strip())
            if cells == [""]:
                continue
            try:
                z, y = map(float, cells)
            except ValueError:
                shown = line.strip() if len(line.strip()) <= 40 else line.strip()[:37] + "..."
                raise ValueError(
                    f"{path}, line {number}: {shown!r} is not two numbers, z and g(z); a heading starts with #"
                ) from None
            rows.append((z, y))
        try:
            return cls(tuple(z for z, _ in rows), tuple(y for _, y in rows))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    @cached_property
    def _pieces(self) -> Callable[[Any], Any]:
        from scipy.interpolate import Akima1DInterpolator

        return Akima1DInterpolator(self.z, self.values, method="makima")

    def __call__(self, x: Any) -> Any:
        """The values at a numpy array, or at a torch tensor (without a gradient)."""
        import numpy as np

        if not isinstance(x, np.ndarray | float):
            import torch

            return torch.as_tensor(self(x.detach().cpu().numpy()), dtype=x.dtype, device=x.device)
        (a, b), (c, d) = self.z[:2], self.z[-2:]
        (p, q), (u, v) = self.values[:2], self.values[-2:]
        inside = self._pieces(np.clip(x, a, d))
        left, right = np.minimum(np.asarray(x) - a, 0), np.maximum(np.asarray(x) - d, 0)
        return inside + left * (q - p) / (b - a) + right * (v - u) / (d - c)

    def coarser(self) -> Link:
        """The link that every second point gives, with the last one: what it differs by is an error of this one."""
        kept = [*range(0, len(self.z) - 1, 2), len(self.z) - 1]
        z, values = (tuple(of[i] for i in kept) for of in (self.z, self.values))
        return Link(z, values)


@dataclass(frozen=True)
class Apply:
    """A function of :data:`FUNCTIONS` applied to its argument, or the function ``link``, whatever its name."""

    name: str
    argument: Node
    link: Link | None = None


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
        """A target given as a function of a numpy array (..., variables) that returns (...): ``z[..., 0]`` is z1.

        Raises ValueError for fewer than one variable, and for a function whose values have another shape.
        """
        if variables < 1:
            raise ValueError(f"a target has at least one variable, not {variables}")
        _demand_shape(function, variables)
        return cls(name, variables, Opaque(function, variables))

    @classmethod
    def from_table(cls, path: str | Path) -> FunctionTarget:
        """A link of one variable from a text file with two columns, z and f(z): see :class:`learnability.Link`."""
        variable = HermiteExpansion(1, {(1,): 1.0})
        return cls(f"table {Path(path).name}", 1, Apply("table", Polynomial(variable), Link.from_table(path)))

    def leaves(self) -> Iterator[HermiteExpansion]:
        """The polynomials that the tree is made of."""
        return (node.expansion for node in walk(self.root) if isinstance(node, Polynomial))

    @property
    def is_opaque(self) -> bool:
        """Whether it holds a callable of which only values are known."""
        return any(isinstance(node, Opaque) for node in walk(self.root))

    @property
    def links(self) -> dict[str, Link]:
        """The links that are applied somewhere, by name."""
        return {node.name: node.link for node in walk(self.root) if isinstance(node, Apply) and node.link is not None}

    def coarser(self) -> FunctionTarget | None:
        """The target with every link at half of its points; None where it has no links."""
        return FunctionTarget(self.text, self.variables, _coarser(self.root)) if self.links else None

    def beyond_links(self) -> float:
        """The largest share of the law of a link's argument that lies beyond the points of the link."""
        import numpy as np

        z = np.random.default_rng(41).standard_normal((20_000, self.variables))
        shares = [0.0]
        for node in walk(self.root):
            if isinstance(node, Apply) and node.link is not None:
                x = _value(node.argument, z)
                shares.append(float(np.mean((x < node.link.z[0]) | (x > node.link.z[-1]))))
        return max(shares)

    def kinked_arguments(self) -> list[FunctionTarget]:
        """The arguments whose zeros are kinks or jumps of f."""
        return [
            FunctionTarget(self.text, self.variables, node.argument)
            for node in walk(self.root)
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
        """The target with every polynomial replaced by ``change`` of it. Raises TypeError for an opaque target."""
        return FunctionTarget(self.text, variables, _mapped(self.root, change))


def _demand_shape(function: Callable[[Any], Any], variables: int) -> None:
    """Raise ValueError for a function that does not map (..., variables) to (...); one that is not for numpy passes."""
    import numpy as np

    z = np.full((variables + 1, variables + 2, variables), 0.5)
    try:
        shape = np.shape(function(z))
    except TypeError:
        return
    except (IndexError, ValueError) as error:
        shape, said = None, f"it ends with {type(error).__name__}: {error}"
    if shape != z.shape[:-1]:
        said = f"{z.shape} was mapped to {shape}" if shape is not None else said
        raise ValueError(
            "the function of a target maps an array (..., variables) to an array (...), with any axes before the last: "
            f"{said}; write z[..., 0] for z1, not z[:, 0]"
        )


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    match node:
        case Sum(terms=inner) | Product(factors=inner):
            for one in inner:
                yield from walk(one)
        case Power(base=one) | Apply(argument=one):
            yield from walk(one)


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
        case Apply(name=name, argument=argument, link=link):
            return Apply(name, _mapped(argument, change), link)
        case Opaque():
            raise TypeError("a callable has no polynomials")


def _coarser(node: Node) -> Node:
    match node:
        case Sum(terms=terms):
            return Sum(tuple(_coarser(term) for term in terms))
        case Product(factors=factors):
            return Product(tuple(_coarser(factor) for factor in factors))
        case Power(base=base, exponent=exponent):
            return Power(_coarser(base), exponent)
        case Apply(name=name, argument=argument, link=link):
            return Apply(name, _coarser(argument), None if link is None else link.coarser())
    return node


def _value(node: Node, z: Any) -> Any:
    match node:
        case Polynomial(expansion=expansion):
            from learnability.hermite.basis import evaluate

            return evaluate(expansion, z)
        case Sum(terms=terms):
            values = [_value(term, z) for term in terms]
            return sum(values[1:], values[0])
        case Product(factors=factors):
            values = [_value(factor, z) for factor in factors]
            return math.prod(values[1:], start=values[0])
        case Power(base=base, exponent=exponent):
            return _value(base, z) ** exponent
        case Apply(name=name, argument=argument, link=link):
            return _function(name, _value(argument, z)) if link is None else link(_value(argument, z))
        case Opaque(function=function):
            return function(z)


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
    linear = [sum(c for b, c in monomials.items() if sum(b) == 1 and b[i]) for i in range(r)]
    steep = math.hypot(*linear) > math.sqrt(LARGEST_LOGARITHM / 2)
    if exponent.degree <= 2:
        logarithm, centre = _tilted(matrix, linear, monomials.get((0,) * r, 0.0))
        unseen = math.hypot(*centre) > FARTHEST or max(matrix[i][i] for i in range(r)) > NARROWEST**-2
        steep = abs(logarithm) > LARGEST_LOGARITHM or (steep and unseen)
    return "the argument of exp is too steep: its second moment cannot be computed in floating point" if steep else None


def _tilted(matrix: list[list[float]], linear: list[float], constant: float) -> tuple[float, list[float]]:
    """``log E exp(2 q)`` of ``q = c + b.z + z^T A z``, and the mean of the normal law with density ``exp(2 q) phi``.

    With M = I - 4 A positive definite, by elimination: ``2 c + 2 b^T M^-1 b - log det(M) / 2`` and ``2 M^-1 b``.
    """
    rest, logarithm = [[*row, b] for row, b in zip(matrix, linear, strict=True)], 2 * constant
    for k, row in enumerate(rest):
        logarithm += 2 * row[-1] ** 2 / row[k] - math.log(row[k]) / 2
        for below in rest[k + 1 :]:
            factor = below[k] / row[k]
            below[:] = [x - factor * y for x, y in zip(below, row, strict=True)]
    mean = [0.0] * len(rest)
    for k in reversed(range(len(rest))):
        mean[k] = (2 * rest[k][-1] - sum(rest[k][i] * mean[i] for i in range(k + 1, len(rest)))) / rest[k][k]
    return logarithm, mean


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

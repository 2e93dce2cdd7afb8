"""Hermite expansions of targets that are not polynomials, with a statement of how far they can be trusted.

A target is expanded into terms, a term into factors, and factors that share variables form a group; a term is the
product of its groups. A group of one variable, or of one linear form, has the coefficients of a function of one normal
variable: in closed form for a function of ``a t + b``, by quadrature between the kinks otherwise. Any other group is
integrated at random points, and its coefficients carry standard errors.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learnability.hermite.basis import hermite_basis
from learnability.hermite.expansion import HermiteExpansion, MultiIndex
from learnability.hermite.function_target import (
    KINKED,
    Apply,
    FunctionTarget,
    Node,
    Opaque,
    Polynomial,
    Power,
    Product,
    Sum,
    walk,
)
from learnability.hermite.rotation import multi_indices

Array = NDArray[np.float64]

MOST_TERMS = 400
_REPLICATES, _POINTS = 16, 8192


@dataclass(frozen=True)
class Expanded:
    """Coefficients up to ``degree``; those below their ``error`` were dropped.

    ``error`` is 0 for closed forms (unless coefficients cancelled to rounding), a bound for quadrature, and five
    standard errors for random points (``random``). Links add what half of their points would change.
    ``norm_squared`` is ``E f^2`` of the whole function, with ``norm_error``.
    """

    expansion: HermiteExpansion
    degree: int
    error: float
    random: bool
    closed: bool
    norm_squared: float
    norm_error: float

    @property
    def missing(self) -> float:
        """The share of ``E f^2`` above the degree of the expansion."""
        return max(0.0, 1 - self.expansion.norm_squared / self.norm_squared) if self.norm_squared else 0.0


def default_degree(variables: int) -> int:
    """The degree to which a function is expanded."""
    return {1: 30, 2: 14, 3: 10, 4: 8}.get(variables, 6)


def expand(target: FunctionTarget, degree: int | None = None) -> Expanded:
    """The Hermite expansion of a target up to ``degree``."""
    degree = default_degree(target.variables) if degree is None else degree
    total, reader = _coefficients(target, degree)
    coarser = target.coarser()
    if coarser is not None:
        other, _ = _coefficients(coarser, degree)
        moved = max((abs(total.get(b, 0.0) - other.get(b, 0.0)) for b in total | other), default=0.0)
        reader.error, reader.closed = max(reader.error, moved), False
    # What cancels between terms is rounding.
    size = math.sqrt(sum(v * v for v in total.values())) or 1.0
    floor = max(reader.error, 1e-14 * size)
    kept = {b: v for b, v in total.items() if abs(v) > floor}
    if any(0 < abs(v) <= floor for v in total.values()):
        reader.error = floor
    square, square_error = norm_squared(target)
    expansion = HermiteExpansion(target.variables, kept)
    return Expanded(expansion, degree, reader.error, reader.random, reader.closed, square, square_error)


def _coefficients(target: FunctionTarget, degree: int) -> tuple[dict[MultiIndex, float], "_Expander"]:
    reader = _Expander(target.variables, degree)
    total: dict[MultiIndex, float] = {}
    for term in _terms(target.root):
        for index, value in reader.term(term).items():
            total[index] = total.get(index, 0.0) + value
    return total, reader


_FARTHEST = 37.0  # from where on the density of the law is no float


def _square(target: FunctionTarget, count: int, reach: float = 13.0) -> float:
    """``E f^2`` of one variable by quadrature to a distance; f alone may be large where the density is small."""
    x, w = panels(kinks(target), count, reach)
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sum((np.sqrt(w) * target(x[:, None])) ** 2))


def norm_squared(target: FunctionTarget) -> tuple[float, float]:
    """``E f^2`` and its error: term by term where the groups of f^2 depend on one form, else at random points."""
    if target.variables == 1:
        first, second = (_square(target, count) for count in (150, 300))
        # The square of an exponential has its mass where the law has none: at 2 a for exp(a z).
        far = _square(target, 900, _FARTHEST)
        if not abs(far - second) <= 1e-10 * abs(far):
            first, second = far, _square(target, 1800, _FARTHEST)
        return second, abs(second - first) + 1e-14 * abs(second)
    terms = list(_terms(Product((target.root, target.root))))
    reader = _Expander(target.variables, 0)
    zero = (0,) * target.variables
    parts = []
    for term in terms:
        parts.append(reader.term(term).get(zero, 0.0))
        if reader.random:
            break
    else:
        total = math.fsum(parts)
        return total, max(1e-13 * abs(total), len(terms) * reader.error)
    rng = np.random.default_rng(17)
    means = np.array(
        [float(np.mean(target(normal_points(target.variables, _POINTS, rng)) ** 2)) for _ in range(_REPLICATES)]
    )
    return float(means.mean()), 5 * float(means.std(ddof=1)) / math.sqrt(_REPLICATES)


def mean_over_others(target: FunctionTarget, kept: frozenset[int]) -> FunctionTarget | None:
    """``E[f | z_i, i in kept]`` where every group of every term has its variables on one side and none takes random
    points; None elsewhere."""
    zero, reader, terms = (0,) * target.variables, _Expander(target.variables, 0), list[Node]()
    for term in _terms(target.root):
        if any(support(factor) & kept and support(factor) - kept for factor in term):
            return None
        mean = reader.term([factor for factor in term if not support(factor) & kept]).get(zero, 0.0)
        constant = Polynomial(HermiteExpansion(target.variables, {zero: mean}))
        terms.append(Product((constant, *(factor for factor in term if support(factor) & kept))))
    return None if reader.random else FunctionTarget(target.text, target.variables, Sum(tuple(terms)))


def square(target: FunctionTarget, degree: int) -> Expanded | None:
    """The expansion of f^2 up to ``degree``; None where it takes random points.

    ``norm_squared`` is that of this part alone.
    """
    whole = FunctionTarget(target.text, target.variables, Product((target.root, target.root)))
    first, reader = _Expander(target.variables, 0), _Expander(target.variables, degree)
    total: dict[MultiIndex, float] = {}
    for term in _terms(whole.root):
        first.term(term)
        if first.random:
            return None
        for index, value in reader.term(term).items():
            total[index] = total.get(index, 0.0) + value
    size = math.sqrt(sum(v * v for v in total.values())) or 1.0
    floor = max(reader.error, 1e-14 * size)
    expansion = HermiteExpansion(target.variables, {b: v for b, v in total.items() if abs(v) > floor})
    return Expanded(expansion, degree, floor, False, reader.closed, expansion.norm_squared, 0.0)


def _terms(node: Node) -> Iterator[list[Node]]:
    """The terms of a sum, each as its factors; sums inside a product are multiplied out while they are few."""
    match node:
        case Sum(terms=terms):
            for term in terms:
                yield from _terms(term)
        case Product(factors=factors):
            parts = [list(_terms(factor)) for factor in factors]
            if math.prod(map(len, parts)) > MOST_TERMS:
                yield [node]
                return
            for chosen in itertools.product(*parts):
                yield [factor for part in chosen for factor in part]
        case Power(base=base, exponent=exponent) if not isinstance(base, Sum):
            yield [factor for inner in _terms(base) for factor in inner] * exponent
        case Apply(name="sign" | "abs" as name, argument=Polynomial(expansion=expansion)):
            yield _split(name, expansion)
        case _:
            yield [node]


def _split(name: str, expansion: HermiteExpansion) -> list[Node]:
    """``sign(c z1 z2)`` is ``sign(c) sign(z1) sign(z2)``, and so for abs."""
    monomials = {b: c for b, c in expansion.monomials().items() if abs(c) > 1e-13 * expansion.norm}
    if len(monomials) != 1:
        return [Apply(name, Polynomial(expansion))]
    ((index, value),) = monomials.items()
    r = expansion.variables
    constant = math.copysign(1.0, value) if name == "sign" else abs(value)
    factors: list[Node] = [Polynomial(HermiteExpansion(r, {(0,) * r: constant}))]
    for i, power in enumerate(index):
        variable = tuple(int(j == i) for j in range(r))
        one = Apply(name, Polynomial(HermiteExpansion(r, {variable: 1.0})))
        factors += [one] * (power if name == "abs" else power % 2)
    return factors


def support(node: Node) -> frozenset[int]:
    """The variables that occur."""
    match node:
        case Polynomial(expansion=expansion):
            return frozenset(i for b in expansion.coefficients for i, k in enumerate(b) if k)
        case Sum(terms=inner) | Product(factors=inner):
            return frozenset().union(*map(support, inner))
        case Power(base=inner_node) | Apply(argument=inner_node):
            return support(inner_node)
        case Opaque(variables=variables):
            return frozenset(range(variables))


@dataclass
class _Expander:
    variables: int
    degree: int
    error: float = 0.0
    random: bool = False
    closed: bool = True

    def term(self, factors: list[Node]) -> dict[MultiIndex, float]:
        """The coefficients of a product of factors."""
        groups: list[tuple[set[int], list[Node]]] = []
        for factor in factors:
            here, members = set(support(factor)), [factor]
            apart = []
            for variables, others in groups:
                if variables & here:
                    here |= variables
                    members = others + members
                else:
                    apart.append((variables, others))
            groups = [*apart, (here, members)]
        result: dict[MultiIndex, float] = {(0,) * self.variables: 1.0}
        for _, members in groups:
            part = self.group(members)
            product: dict[MultiIndex, float] = {}
            for (a, x), (b, y) in itertools.product(result.items(), part.items()):
                if sum(a) + sum(b) <= self.degree:
                    index = tuple(i + j for i, j in zip(a, b, strict=True))
                    product[index] = product.get(index, 0.0) + x * y
            result = product
        return result

    def group(self, members: Sequence[Node]) -> dict[MultiIndex, float]:
        """The coefficients of factors that share variables."""
        if all(isinstance(member, Polynomial) for member in members):
            total = members[0].expansion  # type: ignore[union-attr]
            for member in members[1:]:
                total = total * member.expansion  # type: ignore[union-attr]
            return {b: v for b, v in total.coefficients.items() if sum(b) <= self.degree}
        node: Node = members[0] if len(members) == 1 else Product(tuple(members))
        direction = line(node, self.variables)
        if direction is not None:
            coefficients, error = self.on_line(node, direction)
            self.error = max(self.error, error)
            return _ridge(coefficients, direction)
        polynomial = [m for m in members if isinstance(m, Polynomial)]
        rest = [m for m in members if not isinstance(m, Polynomial)]
        inner = line(rest[0] if len(rest) == 1 else Product(tuple(rest)), self.variables)
        if polynomial and inner is not None and not any(isinstance(m, Opaque) for m in rest):
            return self.times_polynomial(polynomial, rest)
        return self.at_random_points(node)

    def times_polynomial(self, polynomial: Sequence[Polynomial], rest: Sequence[Node]) -> dict[MultiIndex, float]:
        """A polynomial times a function of one linear form: the product of their expansions, cut at the degree."""
        factor = polynomial[0].expansion
        for one in polynomial[1:]:
            factor = factor * one.expansion
        wide = _Expander(self.variables, self.degree + factor.degree)
        other = HermiteExpansion(self.variables, wide.group(rest))
        self.error, self.closed = max(self.error, wide.error * factor.norm), self.closed and wide.closed
        return {b: v for b, v in (factor * other).coefficients.items() if sum(b) <= self.degree}

    def on_line(self, node: Node, direction: Array) -> tuple[Array, float]:
        """The coefficients of ``t -> f(t u)`` and their error."""
        if isinstance(node, Apply) and isinstance(node.argument, Polynomial) and node.argument.expansion.degree == 1:
            slope = math.sqrt(node.argument.expansion.centred().norm_squared)
            sign = math.copysign(1.0, float(np.array(gradient(node.argument.expansion)) @ direction))
            closed = closed_form(node.name, sign * slope, node.argument.expansion.mean, self.degree)
            if closed is not None:
                return closed, 0.0
        self.closed = False
        link = FunctionTarget("", self.variables, node)
        along = FunctionTarget.from_callable(lambda t: link(t * direction), 1)
        bends = _roots(link.kinked_arguments(), direction)
        found = []
        for count in (150, 300):
            x, w = panels(bends, count)
            found.append((w * along(x[:, None])) @ hermite_basis(x, self.degree))
        error = float(np.abs(found[1] - found[0]).max())
        return found[1], max(error, 1e-14 * float(np.linalg.norm(found[1])))

    def at_random_points(self, node: Node) -> dict[MultiIndex, float]:
        """Coefficients by shifted lattice points."""
        self.random, self.closed = True, False
        variables = sorted(support(node))
        indices = np.concatenate([multi_indices(len(variables), k) for k in range(self.degree + 1)])
        function, rng, means = FunctionTarget("", self.variables, node), np.random.default_rng(23), []
        for _ in range(_REPLICATES):
            inner = normal_points(len(variables), _POINTS, rng)
            z = np.zeros((len(inner), self.variables))
            z[:, variables] = inner
            basis = hermite_basis(inner, self.degree)
            weighted = function(z) / len(z)
            block = np.ones((len(indices), len(z)))
            for place in range(len(variables)):
                block *= basis[:, place, :].T[indices[:, place]]
            means.append(block @ weighted)
        stack = np.array(means)
        mean, error = stack.mean(axis=0), 5 * stack.std(axis=0, ddof=1) / math.sqrt(_REPLICATES)
        self.error = max(self.error, float(np.median(error)))
        result = {}
        for index, value, bound in zip(indices.tolist(), mean.tolist(), error.tolist(), strict=True):
            if abs(value) > bound:
                whole = [0] * self.variables
                for place, power in zip(variables, index, strict=True):
                    whole[place] = power
                result[tuple(whole)] = value
        return result


def gradient(expansion: HermiteExpansion) -> list[float]:
    """The coefficients of degree one."""
    r = expansion.variables
    return [expansion.coefficients.get(tuple(int(i == j) for j in range(r)), 0.0) for i in range(r)]


def line(node: Node, variables: int) -> Array | None:
    """The unit vector u where the node is a function of u.z alone; None elsewhere."""
    if isinstance(node, Opaque):
        return np.ones(1) if variables == 1 else None
    covariance = np.zeros((variables, variables))
    for leaf in FunctionTarget("", variables, node).leaves():
        parts = [leaf.derivative(i).coefficients for i in range(variables)]
        size = leaf.centred().norm_squared
        if size:
            covariance += (
                np.array([[sum(a * q.get(b, 0.0) for b, a in p.items()) for q in parts] for p in parts]) / size
            )
    if any(isinstance(inner, Opaque) for inner in walk(node)):
        return np.ones(1) if variables == 1 else None
    eigenvalues, vectors = np.linalg.eigh(covariance)
    if variables > 1 and eigenvalues[-2] > 1e-12 * eigenvalues[-1]:
        return None
    u: Array = vectors[:, -1]
    u[np.abs(u) < 1e-15] = 0
    return u * np.sign(u[np.abs(u).argmax()])


def _ridge(coefficients: Array, direction: Array) -> dict[MultiIndex, float]:
    """``sum_k c_k h_k(u.z)`` with ``h_k(u.z) = sum_b sqrt(k!/b!) u^b h_b(z)``."""
    places = np.flatnonzero(direction)
    result: dict[MultiIndex, float] = {}
    for k, value in enumerate(coefficients.tolist()):
        if value == 0:
            continue
        for inner in multi_indices(len(places), k).tolist() if k else [[0] * len(places)]:
            index = [0] * len(direction)
            weight = math.factorial(k)
            size = value
            for place, power in zip(places, inner, strict=True):
                index[place] = power
                weight //= math.factorial(power)
                size *= float(direction[place]) ** power
            result[tuple(index)] = size * math.sqrt(weight)
    return result


def closed_form(name: str, slope: float, shift: float, degree: int) -> Array | None:
    """``E[g(a t + b) h_k(t)]``, k = 0..degree, t standard normal, for the functions that have one.

    exp: ``exp(b + a^2/2) a^k / sqrt(k!)``; sin and cos are its parts at ``i a``. With ``c = -b/a`` and
    ``P_k = E[1(t > c) h_k] = h_{k-1}(c) phi(c) / sqrt(k)``: the indicator, sign = 2 P - 1, relu by
    ``t h_k = sqrt(k+1) h_{k+1} + sqrt(k) h_{k-1}``, abs = 2 relu - (a t + b). erf: its derivative is Gaussian.
    """
    a, b = slope, shift
    k = np.arange(degree + 1)
    root = np.sqrt([float(math.factorial(j)) for j in k])
    if name == "exp":
        return np.asarray(math.exp(b + a * a / 2) * a**k / root)
    if name in ("sin", "cos"):
        # The parts of i^k exp(i b) in turn, so that what vanishes is exactly zero.
        turns = [math.sin(b), math.cos(b), -math.sin(b), -math.cos(b)]
        shift = 0 if name == "sin" else 1
        phases = np.array([turns[(j + shift) % 4] for j in k.tolist()])
        return np.asarray(math.exp(-a * a / 2) * phases * a**k / root)
    if name == "erf":
        # erf(a t + b) = 2 P(N < sqrt 2 (a t + b)) - 1: smooth the step over the noise N.
        total = math.sqrt(1 + 2 * a * a)
        mean = math.erf(b / total)
        if degree == 0:
            return np.array([mean])
        x = math.sqrt(2) * b / total
        rho = math.sqrt(2) * a / total
        h = hermite_basis(np.array(-x), degree)
        density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return np.array([mean, *(2 * rho**j * h[j - 1] * density / math.sqrt(j) for j in range(1, degree + 1))])
    if name not in KINKED:
        return None
    flip = (-1.0) ** k if a < 0 else np.ones(degree + 1)  # t -> -t makes the slope positive
    positive = abs(a)
    c = -b / positive
    h = hermite_basis(np.array(c), degree + 2)
    density = math.exp(-c * c / 2) / math.sqrt(2 * math.pi)
    step = np.array(
        [0.5 * math.erfc(c / math.sqrt(2)), *(h[j - 1] * density / math.sqrt(j) for j in range(1, degree + 3))]
    )
    if name == "indicator":
        return step[: degree + 1] * flip
    if name == "sign":
        return (2 * step[: degree + 1] - (k == 0)) * flip
    below = np.array([0.0, *(math.sqrt(j) * step[j - 1] for j in range(1, degree + 1))])
    above = np.sqrt(k + 1) * step[1 : degree + 2]
    relu = positive * (above + below) + b * step[: degree + 1]
    if name == "abs":
        relu = 2 * relu - b * (k == 0) - positive * (k == 1)
    # Beyond degree one the two parts cancel to h_{k-2}(c) phi(c) / sqrt(k (k-1)).
    for j in range(2, degree + 1):
        relu[j] = positive * h[j - 2] * density / math.sqrt(j * (j - 1)) * (2 if name == "abs" else 1)
    return np.asarray(relu * flip)


def kinks(target: FunctionTarget) -> tuple[float, ...]:
    """The kinks and jumps of a target of one variable."""
    return _roots(target.kinked_arguments(), np.ones(1))


def _roots(arguments: Sequence[FunctionTarget], direction: Array, reach: float = 13.0) -> tuple[float, ...]:
    """The t at which functions change sign along ``t u``, by bisection on a grid."""
    grid = np.linspace(-reach, reach, 5201) + 1e-7 * math.pi
    found: set[float] = set()
    for argument in arguments:
        values = np.asarray(argument(grid[:, None] * direction)) + np.zeros(len(grid))
        cells = np.flatnonzero(np.signbit(values[1:]) != np.signbit(values[:-1]))
        low, high = grid[cells], grid[cells + 1]
        below = np.signbit(values[cells])
        for _ in range(60 if len(cells) else 0):
            middle = (low + high) / 2
            same = np.signbit(np.asarray(argument(middle[:, None] * direction)) + np.zeros(len(middle))) == below
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        found |= set(np.round((low + high) / 2, 15).tolist())
    return tuple(sorted(found))


def panels(kinks: tuple[float, ...], count: int, reach: float = 13.0, crowded: bool = False) -> tuple[Array, Array]:
    """Nodes and weights for N(0, 1): 16-point Gauss-Legendre rules on panels between the kinks.

    ``crowded`` maps each stretch between two kinks by a sine, which makes square-root singularities at its ends smooth.
    """
    edges = [-reach, *sorted({k for k in kinks if -reach < k < reach}), reach]
    nodes, weights = np.polynomial.legendre.leggauss(16)
    xs, ws = [], []
    for a, b in itertools.pairwise(edges):
        cuts = np.linspace(-1, 1, max(2, math.ceil(count * (b - a) / (2 * reach)) + 1))
        middle, half = (cuts[1:] + cuts[:-1]) / 2, (cuts[1:] - cuts[:-1]) / 2
        s, w = (middle[:, None] + half[:, None] * nodes).ravel(), (half[:, None] * weights).ravel()
        if crowded:
            s, w = np.sin(np.pi * s / 2), w * np.pi / 2 * np.cos(np.pi * s / 2)
        xs.append((a + b) / 2 + (b - a) / 2 * s)
        ws.append((b - a) / 2 * w)
    x = np.concatenate(xs)
    w = np.concatenate(ws) * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return x, w / w.sum()


def normal_points(variables: int, count: int, rng: np.random.Generator) -> Array:
    """A Kronecker sequence with a random shift as standard normal points (count, variables)."""
    from scipy.special import ndtri

    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / (variables + 1))
    steps = root ** -np.arange(1, variables + 1)
    u = (np.arange(count)[:, None] * steps + rng.random(variables)) % 1
    return np.asarray(ndtri(np.clip(u, 1e-15, 1 - 1e-15)))

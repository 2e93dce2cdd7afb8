"""Polynomials of Gaussian variables by their exact Hermite expansion.

Free of numpy, so that a config can be checked without importing it. Conventions: ``He_k`` are the
probabilists' Hermite polynomials, ``h_k = He_k / sqrt(k!)`` the orthonormal ones, ``h_b(z) = prod_i
h_{b_i}(z_i)`` for a multi-index ``b``.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

MultiIndex = tuple[int, ...]


@dataclass(frozen=True)
class HermiteExpansion:
    """``f(z) = sum_b a_b h_b(z)`` in ``variables`` variables, z ~ N(0, I), with orthonormal coefficients
    ``a_b``.

    Zero coefficients are dropped and the rest is sorted by degree, then lexicographically (``z1`` first),
    so equal polynomials compare and hash equal. ``|f|^2 = E f(z)^2 = sum_b a_b^2``.

    Raises ValueError for no variables, for an index that is no multi-index of them, and for a coefficient that is not
    finite.
    """

    variables: int
    coefficients: Mapping[MultiIndex, float]

    def __post_init__(self) -> None:
        if self.variables < 1:
            raise ValueError(f"a polynomial needs at least one variable, not {self.variables}")
        for index, value in self.coefficients.items():
            if len(index) != self.variables or min(index) < 0:
                raise ValueError(f"{index} is not a multi-index of {self.variables} variables")
            if not math.isfinite(value):
                raise ValueError(f"the coefficient of {index} is not finite")
        kept = {b: float(a) for b, a in self.coefficients.items() if a != 0}
        order = sorted(kept, key=lambda b: (sum(b), tuple(-i for i in b)))
        object.__setattr__(self, "coefficients", MappingProxyType({b: kept[b] for b in order}))

    def __hash__(self) -> int:
        return hash((self.variables, tuple(self.coefficients.items())))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HermiteExpansion):
            return NotImplemented
        return self.variables == other.variables and dict(self.coefficients) == dict(other.coefficients)

    def __reduce__(self) -> tuple[type, tuple[int, dict[MultiIndex, float]]]:
        return HermiteExpansion, (self.variables, dict(self.coefficients))

    @property
    def degree(self) -> int:
        """The total degree; 0 for a constant and for zero."""
        return max(map(sum, self.coefficients), default=0)

    @property
    def norm_squared(self) -> float:
        """``E f(z)^2``."""
        return math.fsum(a * a for a in self.coefficients.values())

    @property
    def norm(self) -> float:
        """``sqrt(E f(z)^2)``."""
        return math.sqrt(self.norm_squared)

    @property
    def mean(self) -> float:
        """``E f(z)``."""
        return self.coefficients.get((0,) * self.variables, 0.0)

    @property
    def information_exponent(self) -> int:
        """The lowest degree above zero that is present; 0 for a constant."""
        return min((sum(b) for b in self.coefficients if sum(b)), default=0)

    def centred(self) -> "HermiteExpansion":
        """``f - E f``."""
        return HermiteExpansion(self.variables, {b: a for b, a in self.coefficients.items() if sum(b)})

    def normalised(self) -> "HermiteExpansion":
        """``f / |f|``."""
        return self.scaled(1 / self.norm)

    def scaled(self, factor: float) -> "HermiteExpansion":
        """``factor * f``."""
        return HermiteExpansion(self.variables, {b: factor * a for b, a in self.coefficients.items()})

    def homogeneous(self, degree: int) -> "HermiteExpansion":
        """The part of one degree in the Hermite basis."""
        return HermiteExpansion(self.variables, {b: a for b, a in self.coefficients.items() if sum(b) == degree})

    def in_variables(self, variables: int) -> "HermiteExpansion":
        """The same function as one of more variables."""
        padding = (0,) * (variables - self.variables)
        return HermiteExpansion(variables, {b + padding: a for b, a in self.coefficients.items()})

    def derivative(self, variable: int) -> "HermiteExpansion":
        """``df/dz_i`` (``variable`` counts from 0), from ``h_k' = sqrt(k) h_{k-1}``."""
        terms = {lowered(b, variable): math.sqrt(b[variable]) * a for b, a in self.coefficients.items() if b[variable]}
        return HermiteExpansion(self.variables, terms)

    def unnormalised(self) -> dict[MultiIndex, float]:
        """Coefficients ``c_b`` of ``f = sum_b c_b He_b``; they are those of the smoothing ``E f(z + v) =
        sum_b c_b v^b``."""
        return {b: a / root_factorial(b) for b, a in self.coefficients.items()}

    def monomials(self) -> dict[MultiIndex, float]:
        """Coefficients ``m_b`` of ``f = sum_b m_b z^b``."""
        return _map_terms(self.unnormalised(), _he_in_monomials)

    @classmethod
    def from_unnormalised(cls, variables: int, coefficients: Mapping[MultiIndex, float]) -> "HermiteExpansion":
        """From the coefficients of ``sum_b c_b He_b``."""
        return cls(variables, {b: c * root_factorial(b) for b, c in coefficients.items()})

    @classmethod
    def from_monomials(cls, variables: int, coefficients: Mapping[MultiIndex, float]) -> "HermiteExpansion":
        """From the coefficients of ``sum_b m_b z^b``, by ``x^n = sum_j n!/(2^j j! (n-2j)!) He_{n-2j}``."""
        return cls.from_unnormalised(variables, _map_terms(coefficients, _monomial_in_he))

    def __add__(self, other: "HermiteExpansion") -> "HermiteExpansion":
        return HermiteExpansion(self.variables, _collect([*self.coefficients.items(), *other.coefficients.items()]))

    def __mul__(self, other: "HermiteExpansion") -> "HermiteExpansion":
        """The product, by ``He_m He_n = sum_k C(m,k) C(n,k) k! He_{m+n-2k}`` in each variable."""
        terms: list[tuple[MultiIndex, float]] = []
        for b, a in self.coefficients.items():
            for g, c in other.coefficients.items():
                terms += _map_product([_orthonormal_product(m, n) for m, n in zip(b, g, strict=True)], a * c)
        return HermiteExpansion(self.variables, _collect(terms))

    def __str__(self) -> str:
        return " + ".join(_term_text(b, a) for b, a in self.coefficients.items()).replace("+ -", "- ") or "0"


def lowered(index: MultiIndex, place: int) -> MultiIndex:
    """The multi-index with one entry less by one."""
    return (*index[:place], index[place] - 1, *index[place + 1 :])


def root_factorial(index: MultiIndex) -> float:
    """``sqrt(b!)``, also where ``b!`` itself exceeds the range of a float (beyond degree 170)."""
    return math.isqrt(math.prod(map(math.factorial, index)) << 128) / (1 << 64)


def _collect(terms: Iterable[tuple[MultiIndex, float]]) -> dict[MultiIndex, float]:
    groups: dict[MultiIndex, list[float]] = {}
    for index, value in terms:
        groups.setdefault(index, []).append(value)
    return {index: math.fsum(values) for index, values in groups.items()}


def _map_product(factors: list[dict[int, float]], scale: float) -> list[tuple[MultiIndex, float]]:
    """The terms of ``scale * prod_i factors_i(z_i)``."""
    terms: list[tuple[MultiIndex, float]] = [((), scale)]
    for factor in factors:
        terms = [((*b, k), a * c) for b, a in terms for k, c in factor.items()]
    return terms


def _map_terms(terms: Mapping[MultiIndex, float], change: Callable[[int], dict[int, float]]) -> dict[MultiIndex, float]:
    expanded = [t for b, a in terms.items() for t in _map_product([change(k) for k in b], a)]
    return _collect(expanded)


def _monomial_in_he(n: int) -> dict[int, float]:
    f = math.factorial
    return {n - 2 * j: float(f(n) // (2**j * f(j) * f(n - 2 * j))) for j in range(n // 2 + 1)}


def _he_in_monomials(k: int) -> dict[int, float]:
    return {power: (-1) ** ((k - power) // 2) * value for power, value in _monomial_in_he(k).items()}


def _orthonormal_product(m: int, n: int) -> dict[int, float]:
    f = math.factorial
    return {
        m + n - 2 * k: math.comb(m, k) * math.comb(n, k) * f(k) * math.sqrt(f(m + n - 2 * k) / (f(m) * f(n)))
        for k in range(min(m, n) + 1)
    }


def _term_text(index: MultiIndex, value: float) -> str:
    factors = [f"h{k}(z{i})" for i, k in enumerate(index, start=1) if k]
    return "*".join([*([f"{value:.12g}"] if value != 1 or not factors else []), *factors])

"""Values of elementary functions with their first and second partial derivatives, by the rules of calculus.

Forward mode over forward mode gives the same numbers, but its overhead is over a hundred times the arithmetic when
there are few points."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Jet:
    """k functions of W parameters at n points: values (k, n), first derivatives (W, k, n), second ones (W, W, k, n).

    In a jet of first order, ``second`` has no rows, (0, W, k, n), so that nothing is computed there. A jet with k = 1
    is broadcast against others.
    """

    value: Tensor
    first: Tensor
    second: Tensor

    @classmethod
    def at(cls, parameters: Tensor, order: int) -> Self:
        """The parameters (W, n) as functions of themselves."""
        count, n = parameters.shape
        identity = torch.eye(count, dtype=parameters.dtype, device=parameters.device)
        second = parameters.new_zeros((count if order == 2 else 0, count, count, n))
        return cls(parameters, identity[:, :, None].expand(count, count, n), second)

    def __iter__(self) -> Iterator["Jet"]:
        """The k functions one by one, each with an axis k of length 1."""
        for i in range(len(self.value)):
            k = slice(i, i + 1)
            yield Jet(self.value[k], self.first[:, k], self.second[:, :, k])

    def __add__(self, other: "Jet | Tensor | float") -> "Jet":
        if not isinstance(other, Jet):
            return Jet(self.value + other, self.first, self.second)
        return Jet(self.value + other.value, self.first + other.first, self.second + other.second)

    __radd__ = __add__

    def __sub__(self, other: "Jet | Tensor | float") -> "Jet":
        return self + -1 * other

    def __mul__(self, other: "Jet | float") -> "Jet":
        """A product with another jet by Leibniz' rule, or with a number."""
        if not isinstance(other, Jet):
            return self._linear(lambda part: part * other)
        mixed = self._rows() * other.first + other._rows() * self.first
        return Jet(
            self.value * other.value,
            self.value * other.first + self.first * other.value,
            self.value * other.second + mixed + self.second * other.value,
        )

    __rmul__ = __mul__

    def __truediv__(self, other: "Jet") -> "Jet":
        inverse = 1 / other.value
        return self * other.composed(inverse, -inverse.square(), 2 * inverse**3)

    def __rmatmul__(self, matrix: Tensor) -> "Jet":
        """Linear combinations, one a row of the matrix."""
        return self._linear(lambda part: matrix @ part)

    def composed(self, value: Tensor, slope: Tensor, curvature: Tensor) -> "Jet":
        """The chain rule for g(self), where g, g' and g'' (k, n) have these values."""
        return Jet(value, slope * self.first, curvature * (self._rows() * self.first) + slope * self.second)

    def _rows(self) -> Tensor:
        """The first derivatives along the first axis of ``second``."""
        return self.first[: len(self.second), None]

    def _linear(self, function: Callable[[Tensor], Tensor]) -> "Jet":
        return Jet(function(self.value), function(self.first), function(self.second))


def joined(jets: Sequence[Jet]) -> Jet:
    """Several functions as one jet, along the axis k."""
    return Jet(
        torch.cat([jet.value for jet in jets]),
        torch.cat([jet.first for jet in jets], dim=1),
        torch.cat([jet.second for jet in jets], dim=2),
    )


def sin(jet: Jet) -> Jet:
    """Elementwise sine."""
    value = torch.sin(jet.value)
    return jet.composed(value, torch.cos(jet.value), -value)


def cos(jet: Jet) -> Jet:
    """Elementwise cosine."""
    value = torch.cos(jet.value)
    return jet.composed(value, -torch.sin(jet.value), -value)


def tanh(jet: Jet) -> Jet:
    """Elementwise hyperbolic tangent."""
    value = torch.tanh(jet.value)
    slope = 1 - value.square()
    return jet.composed(value, slope, -2 * value * slope)


def exp(jet: Jet) -> Jet:
    """Elementwise exponential."""
    value = torch.exp(jet.value)
    return jet.composed(value, value, value)

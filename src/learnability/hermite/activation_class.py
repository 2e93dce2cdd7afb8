"""What of an activation decides which targets trap it: its polynomial degree, its parity and whether it has a bias.

Plain Python: settings are validated with it.
"""

from dataclasses import dataclass
from typing import Literal

Parity = Literal["odd", "even"]


@dataclass(frozen=True)
class ActivationClass:
    """The degrees k with ``mu_k(r) = E sigma^{(k)}(r g)`` not identically zero.

    ``degree`` is that of a polynomial activation, None for any other smooth one. With ``bias`` the argument
    ``u + w.x`` ranges over all shifts u and the parity is lost. Without a bias (u = 0) an odd activation drops every
    even k; the derivatives at 0 of the parity that is left must then all be nonzero (up to the degree).

    Raises ValueError for a degree below 1.
    """

    degree: int | None = None
    parity: Parity | None = None
    bias: bool = True

    def __post_init__(self) -> None:
        if self.degree is not None and self.degree < 1:
            raise ValueError(f"an activation of degree {self.degree} has no features to learn with")

    def allows(self, k: int) -> bool:
        """Whether the homogeneous part of degree k of a target reaches the gradient."""
        if self.degree is not None and k > self.degree:
            return False
        if self.bias or self.parity is None:
            return True
        return k % 2 == (1 if self.parity == "odd" else 0)

    def describe(self) -> str:
        """In words, for tables and titles."""
        what = "smooth" if self.degree is None else f"degree {self.degree}"
        if self.bias or self.parity is None:
            return what
        return f"{what}, {self.parity}, no bias"


SMOOTH = ActivationClass()
QUADRATIC = ActivationClass(degree=2)
ODD = ActivationClass(parity="odd", bias=False)

ACTIVATION_CLASSES = {"smooth": SMOOTH, "quadratic": QUADRATIC, "odd": ODD}


class ReluWithoutBias(ActivationClass):
    """ReLU at u = 0: ``mu_k(r) = c_k r^{1-k}`` with ``c_k = 0`` for odd k above 1."""

    def allows(self, k: int) -> bool:
        """Degree 1 and the even ones."""
        return k == 1 or k % 2 == 0

    def describe(self) -> str:
        """In words."""
        return "ReLU, no bias"


RELU = ReluWithoutBias(bias=False)

"""The target and the setting of the kind ``superorthogonal``."""

from pydantic import Field

from learnability.results.contract import Model, Setting


class Superorthogonal(Model):
    """E[f^k h_l] = 0 for 1 <= k <= powers and 1 <= l <= degrees, f a polynomial of one parity."""

    powers: int = Field(default=2, ge=1, le=4)
    degrees: int = Field(default=2, ge=1, le=6)
    digits: int = Field(default=120, ge=30, le=400)


class SuperorthogonalSetting(Setting):
    """Construction of superorthogonal polynomials in multiprecision, and the least degree for which they exist."""

    target: Superorthogonal
    cases: tuple[tuple[int, int, int, int], ...] = ((2, 2, 1, 17), (2, 2, 0, 20), (2, 3, 1, 23))

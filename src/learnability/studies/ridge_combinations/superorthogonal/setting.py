"""The target and the setting of the kind ``superorthogonal``."""

from pydantic import Field

from learnability.results.contract import Model, Setting


class Superorthogonal(Model):
    """E[f^k h_l] = 0 for 1 <= k <= powers and 1 <= l <= degrees, f a polynomial of one parity."""

    powers: int = Field(default=2, ge=2, le=3)
    degrees: int = Field(default=2, ge=2, le=6)
    digits: int = Field(default=120, ge=30, le=400)


class SuperorthogonalSetting(Setting):
    """Least degrees by exact pivots, and polynomials that interval Newton certifies.

    ``cases`` are (powers, degrees, parity, degree): for K = 3 the largest degree of a parity that is excluded and the
    next, at which a polynomial is certified.
    """

    target: Superorthogonal
    cases: tuple[tuple[int, int, int, int], ...] = (
        (2, 2, 1, 17),
        (2, 2, 0, 20),
        (2, 3, 0, 20),
        (2, 3, 1, 23),
        (3, 2, 1, 17),
        (3, 2, 1, 19),
        (3, 2, 0, 20),
        (3, 2, 0, 22),
        (3, 3, 0, 20),
        (3, 3, 0, 22),
        (3, 3, 1, 23),
        (3, 3, 1, 25),
    )

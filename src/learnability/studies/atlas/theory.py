"""What the theory predicts of samples and times without a run."""

import math
from collections.abc import Sequence

ONLINE = "Ben Arous, Gheissari, Jagannath, arXiv 2003.10409; Abbe, Boix-Adsera, Misiakiewicz, arXiv 2302.11055"
GENERATIVE = "Damian, Pillaud-Vivien, Lee, Bruna, arXiv 2403.05529; Damian, Lee, Bruna, arXiv 2506.05500"
FLOWS = "Bietti, Bruna, Pillaud-Vivien, arXiv 2310.19793"


def online_exponent(leap: int) -> float:
    """``n ~ d^max(1, s-1)`` samples of online SGD for a largest leap s, up to a logarithm at s = 2."""
    return float(max(1, leap - 1))


def correlational_exponent(leap: int) -> float:
    """``n ~ d^max(1, s/2)``: the lower bound of correlational queries, which partial traces reach."""
    return max(1.0, leap / 2)


def generative_exponent(leap: int) -> float:
    """``n ~ d^max(1, k/2)`` for the largest generative leap k."""
    return max(1.0, leap / 2)


def joint_exponent(leap: int) -> float:
    """Escape time of the joint flow ~ d^(s-1), log d for s = 1."""
    return leap - 1.0


def planted_exponent(exponents: Sequence[int], direction: int) -> float:
    """Escape time of the planted flow from the first saddle ~ d^(s/2-1) for s > 2, log d for s = 2, 1 for s = 1.

    NaN for directions that are learned at a later saddle, of which the source states nothing.
    """
    first = exponents[0]
    return (
        max(first / 2 - 1.0, 0.0) if exponents[direction] == first and direction < exponents.count(first) else math.nan
    )

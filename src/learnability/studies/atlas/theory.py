"""What the theory predicts of samples and times without a run."""

import math
from collections.abc import Sequence
from statistics import linear_regression
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from learnability.studies.atlas.problem import Known


def online_exponent(leap: int) -> float:
    """``n ~ d^max(1, s-1)`` samples of online SGD for a largest leap s, up to a logarithm at s = 2."""
    return float(max(1, leap - 1))


def correlational_exponent(leap: int) -> float:
    """``n ~ d^max(1, s/2)``: the lower bound of correlational queries, which partial traces reach."""
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


OWN_LEAP = {
    "online_sgd": "correlational",
    "reused_samples": "generative",
    "partial_trace": "correlational",
    "best_transform": "generative",
    "u_statistic": "generative",
}
"""The leap that a method's number of samples follows."""


def law(method: str, leap: int) -> float:
    """p of ``n ~ d^p`` for a method whose own leap this is: ``max(1, k-1)`` for SGD, ``max(1, k/2)`` for the others."""
    return online_exponent(leap) if method in ("online_sgd", "reused_samples") else correlational_exponent(leap)


def polynomials_exponent(degree: int, dimensions: Sequence[float]) -> float:
    """Local exponent in d of ``C(d + p, p)``, the number of polynomials of degree at most p: a kernel's samples there.

    Its slope in log d over the ``dimensions``; p as d grows, and less at finite d: 1.85 for p = 2 at d = 12, 20, 32.
    """
    logs = [math.lgamma(d + degree + 1) - math.lgamma(d + 1) for d in dimensions]
    return linear_regression([math.log(d) for d in dimensions], logs).slope


def sample_exponent(method: str, known: "Known") -> float:
    """p of ``n ~ d^p`` for a method of the check; inf where it cannot learn the target, NaN where no theorem is known.

    Online SGD ``max(1, s-1)`` with the largest correlational leap s; a sample used twice replaces the leap by the
    generative one k; partial traces of the label ``max(1, s/2)``, unless the trace of a leap's tensor misses a
    direction; the best transform and the U-statistic ``max(1, k/2)``; a kernel the least degree p at which the target,
    cut there, depends on every direction.
    """
    leap = max(k for k, _ in known.correlational)
    generative = max((k for k, _ in known.generative), default=0) if known.complete else 0
    if method == "online_sgd":
        return online_exponent(leap)
    if method == "partial_trace":
        return correlational_exponent(leap) if known.traceable else math.inf
    if method == "kernel_ridge":
        return float(known.kernel_degree)
    if not generative or method == "two_timescale":
        return math.nan
    return law(method, generative)

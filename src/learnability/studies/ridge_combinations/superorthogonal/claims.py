"""Claims on polynomials that hide from statistical queries."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, AtLeast, Claim, Equals, Measurement, NotAtThisScale
from learnability.results.measuring import Measure, exactly
from learnability.studies.ridge_combinations import PAPER
from learnability.studies.ridge_combinations.superorthogonal.polynomials import Outcome, free_degrees

PAIRS = ((2, 2), (2, 3), (3, 2), (3, 3))
# M and d of the study's other experiments, for the samples of phase I, M d^(p-1).
TASKS, DIMENSION = 8, 64
_NONE = 10**6  # a degree beyond all


def _least(conditions: int, parity: str | None) -> Callable[[xr.Dataset], Any]:
    """The least degree for K = 2 and L = ``conditions``, in one parity or over all polynomials."""

    def value(analysis: xr.Dataset) -> Any:
        degrees = analysis["least_degree"].sel(conditions=conditions)
        return degrees.min() if parity is None else degrees.sel(parity=parity)

    return value


def _exists(analysis: xr.Dataset) -> np.ndarray:
    return np.asarray(analysis["status"].values == int(Outcome.EXISTS))


def _certified_pairs(analyses: Analyses) -> Measurement:
    """Pairs (K, L) with a certified polynomial; a pair with a case that is not excluded may still
    have one."""
    analysis = analyses["superorthogonal"]
    cases = analysis["case_definition"].values
    tried = {(int(k), int(ell)) for k, ell, _, _ in cases}
    if not set(PAIRS) <= tried:
        raise NotAtThisScale("a polynomial for every pair (K, L) in {2, 3} x {2, 3}")
    found = {(int(k), int(ell)) for k, ell, _, _ in cases[_exists(analysis)]} & set(PAIRS)
    excluded = analysis["status"].values == int(Outcome.IMPOSSIBLE)
    possible = {(int(k), int(ell)) for k, ell, _, _ in cases[~excluded]} & set(PAIRS)
    degrees = [int(cases[_exists(analysis) & (cases[:, :2] == pair).all(1), 3].min()) for pair in sorted(found)]
    note = f"least degrees certified: {', '.join(map(str, degrees))} for (K, L) = {', '.join(map(str, sorted(found)))}"
    return Measurement(len(found), len(found), len(possible), None, note)


def _least_of_one_parity(powers: int, degrees: int) -> Measure:
    """The least certified degree over both parities; the lower end is the least that is not excluded."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["superorthogonal"]
        cases, status = analysis["case_definition"].values, analysis["status"].values
        certified, open_ = [], []
        for parity in (0, 1):
            of = (cases[:, :3] == (powers, degrees, parity)).all(1)
            found = cases[of & (status == int(Outcome.EXISTS)), 3]
            without = cases[of & (status == int(Outcome.IMPOSSIBLE)), 3]
            if not of.any():
                raise NotAtThisScale(f"a polynomial of either parity with K = {powers} and L = {degrees}")
            certified.append(int(found.min(initial=_NONE)))
            open_.append(int(without.max(initial=0)) + 2)
        note = f"certified at even degree {certified[0]} and odd degree {certified[1]}"
        return Measurement(min(certified), min(*open_, *certified), min(certified), None, note)

    return measure


def information_exponents(cases: np.ndarray) -> np.ndarray:
    """p of the polynomial of every case (powers, degrees, parity, degree): its least degree, the first above L of its
    parity."""
    return np.array([free_degrees(int(ell), int(parity), int(degree))[0] for _, ell, parity, degree in cases])


def _least_moment(analyses: Analyses) -> Measurement:
    """The least certified kurtosis of the constructed polynomials over the samples of phase I for each one's p, log10.

    A mean of f^4 over n inputs is at most n times the square of their mean of f^2. Where that is E f^2 within a factor,
    E f^4 / (E f^2)^2 far above n is therefore not seen.
    """
    analysis = analyses["superorthogonal"]
    found = _exists(analysis)
    p = information_exponents(analysis["case_definition"].values[found])
    kurtosis = np.log10(analysis["kurtosis"].values[found])
    samples = np.log10(TASKS) + (p - 1) * np.log10(DIMENSION)
    ends = kurtosis - samples[:, None]
    low, high = np.sort(ends[ends[:, 0].argmin()])  # an enclosure may be narrower than a rounding of its ends
    by_exponent = ", ".join(
        f"{kurtosis[p == value].min():.1f} against {samples[p == value][0]:.1f} for p = {value}"
        for value in np.unique(p)
    )
    note = f"{len(ends)} polynomials; log10, the least: {by_exponent}"
    return Measurement(float((low + high) / 2), float(low), float(high), None, note)


_claim = partial(Claim, experiments=("superorthogonal",), figure="superorthogonal", evidence="exact")
_DEFINED = "superorthogonal polynomial f (f != 0, E f = 0, E[f^k h_l] = 0 for 1 <= k <= K, 1 <= l <= L)"
_MEASURED = "least degree with a rational pivot of E[h_i (x^2-1) h_j] that is not positive"

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "superorthogonal.odd",
        "this study",
        "The least degree of an odd polynomial f != 0 with E[f^k h_l] = 0 for 1 <= k, l <= 2 (K = L = 2) is 17.",
        _MEASURED,
        Equals(17, 0),
        exactly("superorthogonal", _least(2, "odd")),
        expected="17",
    ),
    _claim(
        "superorthogonal.even",
        "this study",
        "The least degree of an even polynomial f != 0 with E f = 0 and E[f^k h_l] = 0 for 1 <= k, l <= 2 (K = L = 2) "
        "is 20.",
        _MEASURED,
        Equals(20, 0),
        exactly("superorthogonal", _least(2, "even")),
        expected="20",
    ),
    _claim(
        "superorthogonal.all",
        "this study",
        f"The least degree of a {_DEFINED} of any parity, mixed ones included, is 17 for K = L = 2.",
        f"{_MEASURED}, over both parities (E[f^2 h_2] is the sum over the even and the odd part)",
        Equals(17, 0),
        exactly("superorthogonal", _least(2, None)),
    ),
    _claim(
        "superorthogonal.l3",
        "this study",
        f"The least degree of a {_DEFINED} of any parity, mixed ones included, is 20 for K = 2, L = 3; among odd ones "
        "alone it is 23.",
        f"{_MEASURED}, over both parities",
        Equals(20, 0),
        exactly("superorthogonal", _least(3, None)),
    ),
    *(
        _claim(
            f"superorthogonal.k3-l{degrees}",
            "this study",
            f"The least degree of a {_DEFINED} of one parity is {least} for K = 3, L = {degrees}.",
            "least degree, over both parities, with a polynomial that interval Newton certifies, where smaller ones "
            "are excluded by the pivots or by a cubic condition E[f^3 h_l] without a zero, in ball arithmetic; the "
            "lower end is the least degree that is not excluded",
            Equals(least, 0),
            _least_of_one_parity(3, degrees),
            expected=str(least),
            window_seen=True,
        )
        for degrees, least in ((2, 19), (3, 22))
    ),
    _claim(
        "superorthogonal",
        f"{PAPER}, Proposition 13",
        "For K, L in {2, 3} there are non-constant polynomials f with E[f^k h_l] = 0 for 1 <= k <= K and 1 <= l <= L "
        "(the proposition says so for all K and L).",
        "pairs (K, L) with a polynomial that interval Newton certifies, out of four; the upper end counts "
        "the undecided",
        AtLeast(4),
        _certified_pairs,
        evidence="existence",
    ),
    _claim(
        "superorthogonal.moments",
        "this study",
        "E f^4 / (E f^2)^2 of the superorthogonal polynomials that are constructed here exceeds the samples of phase "
        "I, M d^(p-1) at M = 8, d = 64 and each one's information exponent p: the fourth moment is not seen in such a "
        "sample, whose mean of f^4 is at most its size times the square of its mean of f^2.",
        "log10 of the least E f^4 / (E f^2)^2, enclosed by ball arithmetic, over M d^(p-1)",
        AtLeast(0.0),
        _least_moment,
    ),
)

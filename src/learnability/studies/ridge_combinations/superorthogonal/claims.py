"""Claims on polynomials that hide from statistical queries."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, AtLeast, Claim, Equals, Measurement, NotAtThisScale
from learnability.results.measuring import Measure, exactly
from learnability.studies.ridge_combinations import PAPER
from learnability.studies.ridge_combinations.superorthogonal.polynomials import Outcome

PAIRS = ((2, 2), (2, 3), (3, 2), (3, 3))
# Samples of phase I, M d^(p-1), at the sizes of the study's other experiments and p = 3, in units of one.
PHASE_ONE = 8 * 64**2
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


def _least_moment(analyses: Analyses) -> Measurement:
    """The least certified kurtosis of the constructed polynomials over the samples of phase I, log10."""
    analysis = analyses["superorthogonal"]
    ends = np.log10(analysis["kurtosis"].values[_exists(analysis)] / PHASE_ONE)
    low, high = np.sort(ends[ends[:, 0].argmin()])  # an enclosure may be narrower than a rounding of its ends
    return Measurement(float((low + high) / 2), float(low), float(high), None, f"{len(ends)} polynomials")


_claim = partial(Claim, experiments=("superorthogonal",), figure="superorthogonal", evidence="exact")
_MEASURED = "least degree with a rational pivot of E[h_i (x^2-1) h_j] that is not positive"

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "superorthogonal.odd",
        "this study",
        "The least degree of an odd polynomial f with E[f^k h_l] = 0 for 1 <= k, l <= 2 (K = L = 2) is 17.",
        _MEASURED,
        Equals(17, 0),
        exactly("superorthogonal", _least(2, "odd")),
        expected="17",
    ),
    _claim(
        "superorthogonal.even",
        "this study",
        "The least degree of an even polynomial f with E f = 0 and E[f^k h_l] = 0 for 1 <= k, l <= 2 (K = L = 2) is "
        "20.",
        _MEASURED,
        Equals(20, 0),
        exactly("superorthogonal", _least(2, "even")),
        expected="20",
    ),
    _claim(
        "superorthogonal.all",
        "this study",
        "The least degree of a superorthogonal polynomial of any parity, mixed ones included, is 17 for K = L = 2.",
        f"{_MEASURED}, over both parities (E[f^2 h_2] is the sum over the even and the odd part)",
        Equals(17, 0),
        exactly("superorthogonal", _least(2, None)),
    ),
    _claim(
        "superorthogonal.l3",
        "this study",
        "The least degree of a superorthogonal polynomial of any parity, mixed ones included, is 20 for K = 2, L = 3; "
        "among odd ones alone it is 23.",
        f"{_MEASURED}, over both parities",
        Equals(20, 0),
        exactly("superorthogonal", _least(3, None)),
    ),
    *(
        _claim(
            f"superorthogonal.k3-l{degrees}",
            "this study",
            "Among polynomials of one parity the least degree of a superorthogonal one is "
            f"{least} for K = 3, L = {degrees}.",
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
        "For all K and L there are polynomials f with E[f^k h_l] = 0 for 1 <= k <= K and 1 <= l <= L; constructed here "
        "for K and L in {2, 3}.",
        "pairs (K, L) with a polynomial that interval Newton certifies, out of four; the upper end counts "
        "the undecided",
        AtLeast(4),
        _certified_pairs,
        evidence="existence",
    ),
    _claim(
        "superorthogonal.moments",
        "this study",
        "No sample of the size of phase I (M d^2 at M = 8, d = 64) shows the second moment of the superorthogonal "
        "polynomials that are constructed here: E f^4 exceeds the sample size times (E f^2)^2.",
        "log10 of the least E f^4 / (E f^2)^2, enclosed by ball arithmetic, over M d^2",
        AtLeast(0.0),
        _least_moment,
    ),
)

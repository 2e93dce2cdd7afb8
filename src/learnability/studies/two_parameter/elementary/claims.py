"""Claims on elementary models: with fewer parameters than dimensions they learn a set of measure zero."""

import math

from learnability.results.claim import Analyses, AtLeast, Claim, Measurement
from learnability.results.labelled import bounds_of
from learnability.results.measuring import Measure, entry
from learnability.studies.two_parameter.theory import PAPER

_THM8 = "The targets that a Pfaffian model with W < d parameters learns have measure zero"
_PFAFFIAN = ("linear", "cubic", "tanh_network", "wide_tanh_network", "gaussian_bumps", "rational", "torus")
_COR10 = "The targets that a model of sines of linear functions with W < d parameters learns have measure zero"
_CONJECTURE = "The targets that an elementary model with unbounded sines and W < d parameters learns have measure zero"
_PROP2 = "The targets that a model with one parameter learns have measure zero, d >= 2"


_ASKED = 0.5
_DIMENSION = 3
"""The largest exponent: the targets within eps of one learned point alone have a share like eps^d."""


def _tail_exponent(family: str) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        row = entry(analyses["elementary"], "family", family)
        used, unresolved, targets = int(row.used), int(row.unresolved), int(row.targets)
        value, low, high = (float(part) for part in bounds_of(row.exponent))
        note = f"{used} distances, {unresolved} flows unfinished; d - W = {int(row.predicted)}"
        if math.isinf(value) and low >= _ASKED:
            # A bound from below that decides is given; one that does not leaves the claim open.
            said = f"at least {low:.2f}, no estimate: none of the distances lies in the lower tenth of the decade"
            return Measurement(low, low, float(_DIMENSION), targets, f"{said}; {note}")
        return Measurement(value, low, high, targets, note)

    return measure


def _claim(prefix: str, family: str, statement: str, source: str, expected: str) -> Claim:
    return Claim(
        f"{prefix}.{family.replace('_', '-')}",
        f"{PAPER}, {source}",
        f"{statement}: {family.replace('_', ' ')}",
        "local exponent of P(final distance <= eps) over the last decade that holds enough targets, below eps = .03 "
        "(W = 2) or .1 (W = 1): 0 on a set of positive measure, d - W beside a surface; half is asked; its lower 95% "
        "bound where no distance lies in the lower tenth of the decade, with d = 3 as the upper end",
        AtLeast(_ASKED),
        _tail_exponent(family),
        ("elementary",),
        expected,
        evidence="asymptotic",
        window_seen=True,
        seeds_needed=500,
        figure="distances",
    )


CLAIMS: tuple[Claim, ...] = (
    *(
        _claim("elementary", family, statement, source, "1")
        for statement, source, families in (
            (_THM8, "Theorem 8", _PFAFFIAN),
            (_COR10, "Corollary 10", ("sine", "fast_sine")),
            (_CONJECTURE, "conjecture after Corollary 10", ("helicoid", "graph_of_sine")),
        )
        for family in families
    ),
    *(
        _claim("one-parameter", family, _PROP2, "Proposition 2", "2")
        for family in ("line", "moment_curve", "toral_curve")
    ),
)

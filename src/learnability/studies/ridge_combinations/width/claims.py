"""Claims on the share of the neurons that a weak task gets.

That equally strong tasks get equal shares needs no run: they are exchangeable.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from learnability.results.claim import Analyses, AtMost, Claim, Equals, Measurement
from learnability.results.measuring import limit_exponent, measured, seeds_of
from learnability.studies.ridge_combinations import PAPER


def _weak_ratio(analyses: Analyses) -> Measurement:
    """Share of a weak task over the finite-M formula, at the M where it is farthest from 1."""
    analysis = analyses["width"]
    ratios = analysis["weak_ratio"]
    worst = int(np.abs(np.log(ratios.isel(bound=0).values)).argmax())
    measured_slope, formula = float(analysis["slope"][-1, 0]), float(analysis["expected_slope"][-1])
    note = (
        f"worst over M, at M = {int(analysis['tasks'][worst])}; slope of the share {measured_slope:.2f}, of the "
        f"formula {formula:.2f} at these M: -C_p = -2 is approached like 1 / log M"
    )
    return measured(ratios.isel(tasks=worst, drop=True), seeds_of(analysis), note)


def _limit(analyses: Analyses) -> Measurement:
    """Exponent of the exact share in the limit: nothing is drawn for it, and it has no seeds."""
    return replace(limit_exponent("width", {"strength_exponent": -1}, "share")(analyses), seeds=None)


def _needed_width(analyses: Analyses) -> Measurement:
    """Exponent in M of the neurons that a weak task needs, one over its share, minus C_p + 1/2."""
    analysis = analyses["width"].isel(strength_exponent=-1)
    slope = -analysis["slope"].isel(bound=[0, 2, 1])  # what was the upper end is the lower one now
    allowed, tasks = float(analysis["strength_exponent"]) + 0.5, analysis["tasks"].values
    note = f"slope {float(slope[0]):.2f}, M from {tasks[0]} to {tasks[-1]}"
    return measured(slope - allowed, seeds_of(analysis), note)


_claim = partial(Claim, experiments=("width",), seeds_needed=4, figure="coherence", evidence="statistical")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "width",
        "this study",
        "With leading coefficients in the ratio sqrt 2 (C_p = 2, p = 3) the share of a weak task among M is within 15% "
        "of the probability that its start wins, int phi(g) Phi(g/sqrt 2)^(M/2) Phi(g)^(M/2-1) dg.",
        "share by the population flow from random starts over that probability, the worst over M from 4 on",
        Equals(1.0, 0.15),
        _weak_ratio,
    ),
    _claim(
        "width.limit",
        "this study",
        "The probability that the start of a weak task wins among M tasks falls like M^(-C_p) in the limit of many "
        "tasks, here C_p = 2.",
        "exponent in M of the formula of `width`, by quadrature, extrapolated in 1/log M from M up to 10^15; its "
        "interval holds the slope without a correction, too; no neuron is run",
        Equals(-2.0, 0.1),
        _limit,
        evidence="asymptotic",
    ),
    _claim(
        "width.needed",
        f"{PAPER}, Theorem 4",
        "One over the share of a weak task grows no faster than M^(C_p + 1/2), the number of neurons of the theorem, "
        "here C_p = 2.",
        "slope of log(1 / share) against log M over all M, minus C_p + 1/2",
        AtMost(0.0),
        _needed_width,
    ),
)

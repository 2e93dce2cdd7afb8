"""Claims on trapping at finite dimension, for targets whose reflective subspace is a proper part of the hidden one."""

import numpy as np

from learnability.results.claim import Analyses, AtMost, Between, Claim, Measurement
from learnability.results.labelled import bounds_of, texts
from learnability.results.measuring import seeds_of
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.theory import OURS, PAPER

RECALLED = "The theorem's constant and exact power are not certain here; the claim tests the power d^{-1/2} alone."


def slowest(analyses: Analyses) -> Measurement:
    """The limit of the power of d for the target whose deficit falls most slowly."""
    table = analyses["trapped_part"]
    limits = np.stack([part.values for part in bounds_of(table["exponent_limit"])])
    worst = int(limits[0].argmax())
    listed = "; ".join(f"{name}: {value:.3f}" for name, value in zip(texts(table["target"]), limits[0], strict=True))
    first, last = table["exponent_range"].values
    note = f"powers by target, limits from d = {first:g} to {last:g}: {listed}"
    return Measurement(limits[0, worst], limits[1, worst], limits[2].max(), seeds_of(table), note)


CLAIMS = (
    Claim(
        id="trapping-finite-d",
        source=f"{PAPER}, necessary condition at w(0) ~ N(0, I/d)",
        statement="From w(0) ~ N(0, I/d) a target that is reflective for S has inf_{t <= T} L >= E|h - E_S h|^2 / 2 "
        "- C(T) / sqrt(d).",
        measured=(
            "power of d as d grows of floor - min L_S up to t = 5, L_S = E|(1 - E_S)(h - f)|^2 / 2 <= L; the "
            "slowest of three targets, "
            "two of which have a proper S"
        ),
        rule=AtMost(theory.NECESSARY_EXPONENT),
        measure=slowest,
        experiments=("trapped_part",),
        expected="-1",
        seeds_needed=4,
        figure="deficit",
        reason=RECALLED,
        evidence="asymptotic",
    ),
    Claim(
        id="trapping-finite-d.rate",
        source=OURS,
        statement="The part of the loss that a reflective subspace holds falls short of its floor by O(1/d), faster "
        "than 1/sqrt(d).",
        measured="power of d as d grows of floor - min L_S up to t = 5; the slowest of three targets, two of which "
        "have a proper S",
        rule=Between(theory.OBSERVED_EXPONENT - 0.25, theory.OBSERVED_EXPONENT + 0.25),
        window_seen=True,
        measure=slowest,
        experiments=("trapped_part",),
        expected="-1",
        seeds_needed=4,
        figure="deficit",
        evidence="asymptotic",
    ),
)

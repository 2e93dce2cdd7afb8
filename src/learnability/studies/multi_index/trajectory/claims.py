"""What the paper states of the staircase."""

from functools import partial

import numpy as np

from learnability.results.claim import Analyses, AtMost, Claim, Equals, Measurement
from learnability.results.measuring import absolute, limit_exponent, measured, seeds_of
from learnability.studies.multi_index.theory import PAPER


def plateaus(analyses: Analyses) -> Measurement:
    """Largest distance of a median plateau height from theory at the largest dimension."""
    data = analyses["staircase"].isel(dimension=-1)
    offset = (data["plateau"] - data["predicted_plateau"]).transpose("saddle", "bound")
    worst = int(np.nanargmax(np.abs(offset.values).max(axis=1)))
    return absolute(measured(offset.isel(saddle=worst), seeds_of(data)))


def exponent(analyses: Analyses, saddle: int) -> Measurement:
    """The limit of the local exponents of the time at which a saddle is left."""
    return limit_exponent("staircase", {"angle": saddle - 1}, "escape")(analyses)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="staircase.plateaus",
        source=f"{PAPER}, section 3",
        statement="Between two escapes the loss rests at what the subspace learned so far leaves.",
        measured="largest distance of a median plateau from the sum of the unlearned coefficients, largest d",
        rule=AtMost(0.01),
        measure=plateaus,
        experiments=("staircase",),
        expected="0",
        evidence="statistical",
        seeds_needed=8,
        figure="staircase",
    ),
    *(
        Claim(
            id=f"staircase.saddle-{saddle}",
            source=f"{PAPER}, Theorem 3.25",
            statement=f"On the staircase h1(z1) + 0.8*h1(z1)*h2(z2) + 0.6*h1(z2)*h3(z3) the joint flow leaves "
            f"saddle {saddle}, "
            f"of leap exponent {saddle}, in time {law}.",
            measured="local exponent of the median escape time (rate against log d for a logarithm); limit from "
            "the last two "
            "decades to the largest d",
            rule=Equals(expected, 0.05),
            measure=partial(exponent, saddle=saddle),
            experiments=("staircase",),
            expected=f"{expected:g}",
            evidence="asymptotic",
            seeds_needed=8,
            figure="staircase",
        )
        for saddle, expected, law in ((1, 0.5, "log d"), (2, 1.0, "d"), (3, 2.0, "d^2"))
    ),
)

"""Claims on two-stage training as it is run: finitely many neurons and samples."""

import numpy as np

from learnability.results.claim import Analyses, AtMost, Between, Claim, Measurement, NotAtThisScale
from learnability.results.labelled import bounds_of
from learnability.results.measuring import measured, seeds_of
from learnability.studies.subspace_polynomials.theory import PAPER


def _over_bound(analyses: Analyses) -> Measurement:
    """The largest of L(t) over the stated bound, over all dimensions and saved times after the start."""
    run = analyses["second_stage"]
    found = [float(part.values.max()) for part in bounds_of(run["over_bound"])]
    ratio, times = bounds_of(run["over_bound"])[0].values, run["later_time"].values
    at = np.unravel_index(int(ratio.argmax()), ratio.shape)
    last = float(run["limit_bound"].isel(time=-1).max() / run["limit_bound"].isel(time=0).max())
    end = float(run["final_loss"].isel(bound=0).max())
    note = (
        f"largest at t = {times[at[1]]:g}, d = {run['dimension'].values[at[0]]:g}; at t = {times[-1]:g} the bound is "
        f"{last:.2g} L(0) and the loss at most {end:.2g} L(0): the bound is far above, and its rate is not tested"
    )
    return Measurement(found[0], found[1], found[2], seeds_of(run), note)


def _rate_over_limit(analyses: Analyses) -> Measurement:
    """The rate at the largest dimension over that of the limit, where none appears; the trend in the note."""
    run = analyses["second_stage"]
    if "rate_slope" not in run:
        raise NotAtThisScale("the rate of the second stage at two dimensions")
    dimensions = ", ".join(f"{d:g}" for d in run["dimension"].values)
    ratios = ", ".join(
        f"{value:.2f} [{low:.2f}, {high:.2f}]" for value, low, high in run["rate_over_limit"].values.tolist()
    )
    power, low, high = (float(part) for part in bounds_of(run["rate_slope"]))
    falls = "it falls with d" if high < 0 else "it rises with d" if low > 0 else "no trend is established"
    note = f"at d = {dimensions}: {ratios}; power of d {power:.3f} [{low:.3f}, {high:.3f}]: {falls}"
    return measured(run["rate_over_limit"].isel(dimension=-1), seeds_of(run), note)


CLAIMS = (
    Claim(
        id="two-stage-decay",
        source=f"{PAPER}, sufficiency theorem, decay of the second stage",
        statement=(
            "In the second stage of training L(t) <= L(T) exp(-2 lambda_min (t - T)), lambda_min that of the kernel "
            "in the limit "
            "of many neurons."
        ),
        measured=(
            "largest L(t) / (L(0) exp(-2 lambda_min t)) over d and all saved t after the start, both stages by SGD, 2 "
            "copies averaged, output kept in the first"
        ),
        rule=AtMost(1),
        measure=_over_bound,
        experiments=("second_stage",),
        evidence="statistical",
        expected="below 1: other eigenvalues decide for long",
        seeds_needed=4,
        figure="decay",
    ),
    Claim(
        id="dimension-free.rate",
        source=f"this study, beside the dimension-free rate of {PAPER}, sufficiency theorem",
        statement="With n ~ d samples in the first stage the rate of the second is within 25% of that of the limit of "
        "many neurons and samples, in which d does not appear, at the largest d that is run (144 at the scale laptop).",
        measured="rate from 30% to 10% of L(0) at the largest d over that of the limit, two-stage SGD, z1 + z1 z2; the "
        "limit d -> infinity is not judged: with n ~ d samples the weight outside the subspace stays",
        rule=Between(0.8, 1.25),
        window_seen=True,
        measure=_rate_over_limit,
        experiments=("second_stage",),
        evidence="statistical",
        expected="1",
        seeds_needed=4,
        figure="decay",
    ),
)

"""Claims on two-stage training as it is run: finitely many neurons and samples."""

from learnability.results.claim import Analyses, AtLeast, Between, Claim, Measurement, NotAtThisScale
from learnability.results.labelled import bounds_of
from learnability.results.measuring import measured, seeds_of
from learnability.studies.subspace_polynomials.theory import PAPER


def _decay(analyses: Analyses) -> Measurement:
    """The dimension at which the loss has fallen least beyond the stated decay."""
    run = analyses["second_stage"]
    worst = int(run["decay"].isel(bound=0).values.argmin())
    end = float(run["final_loss"].isel(dimension=worst, bound=0))
    note = f"at d = {run['dimension'].values[worst]:g} L/L(0) = {end:.2g} at t = {float(run['time'][-1]):g}"
    return measured(run["decay"].isel(dimension=worst), seeds_of(run), note)


def _rate_over_limit(analyses: Analyses) -> Measurement:
    """The rate at the largest dimension over that of the limit, in which the dimension does not appear."""
    run = analyses["second_stage"]
    if "rate_slope" not in run:
        raise NotAtThisScale("the rate of the second stage at two dimensions")
    rates = ", ".join(f"{value:.4f}" for value in bounds_of(run["rate"])[0].values)
    dimensions = ", ".join(f"{d:g}" for d in run["dimension"].values)
    power, low, high = (float(part) for part in bounds_of(run["rate_slope"]))
    note = (
        f"rates {rates} at d = {dimensions}; {float(run['limit_rate'][-1]):.4f} in the limit; "
        f"power of d over all d {power:.3f} [{low:.3f}, {high:.3f}]"
    )
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
            "-log(L/L(0)) at the end over 2 lambda_min t, both stages by SGD, 2 copies averaged, output kept in the "
            "first; "
            "the least over d"
        ),
        rule=AtLeast(1),
        measure=_decay,
        experiments=("second_stage",),
        evidence="statistical",
        expected="above 1: other eigenvalues decide for long",
        seeds_needed=4,
        figure="decay",
    ),
    Claim(
        id="dimension-free.rate",
        source=f"{PAPER}, sufficiency theorem, dimension-free exponential rate",
        statement="The exponential rate of the second stage does not depend on the dimension d, with n ~ d samples "
        "in the first: as d grows it tends to that of the limit of many neurons and samples, where d does not appear.",
        measured="rate from 30% to 10% of L(0) at the largest d over that of the limit, two-stage SGD, z1 + z1 z2",
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

"""Claims on trapping, escape and the limit of large d."""

from dataclasses import replace

import numpy as np

from learnability.results.claim import Analyses, AtLeast, AtMost, Between, Claim, Equals, Measurement, NotAtThisScale
from learnability.results.labelled import bounds_of, texts
from learnability.results.measuring import Measure, entry, exactly, limit_exponent, measured, quotient, seeds_of
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.theory import OURS, PAPER


def _learnable_again(analyses: Analyses) -> Measurement:
    sweep = analyses["coefficient"]
    c = np.array([theory.coefficient_of(text) for text in texts(sweep["target"])])
    return Measurement.exact(int(sweep["trapped_dimension"].values[c != 1].max()))


def _below_unlearned(analyses: Analyses) -> Measurement:
    """The largest final loss over unlearned loss for c other than 1."""
    sweep = analyses["coefficient"]
    c = np.array([theory.coefficient_of(text) for text in texts(sweep["target"])])
    final = sweep["loss"].isel(dimension=0, time=-1, bound=0).values
    ratio = (final / theory.unlearned_loss(c))[c != 1]
    return Measurement.exact(float(ratio.max()), f"at t = {float(sweep['time'][-1]):g}")


def _trapped_norm(analyses: Analyses) -> Measurement:
    flow = analyses["trapping_exact"]
    return Measurement.exact(float(flow["trapped_norm_max"].max()), f"up to t = {float(flow['time'][-1]):g}")


def _limit(experiment: str, polynomial: str, name: str) -> Measure:
    """The limit of a local exponent for one target, with its drift in the note."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        places = texts(analysis["target"])
        if polynomial not in places or f"{name}_limit" not in analysis:
            raise NotAtThisScale(f"the exponent of {name} for {polynomial} at four dimensions")
        return limit_exponent(experiment, {"target": places.index(polynomial)}, name)(analyses)

    return measure


def nearer_to_the_limit(analyses: Analyses) -> Measurement:
    """The distance in the mean at the largest d over that at the least; where it is known from 0, in the note."""
    analysis = analyses["finite_dimension"]
    at = entry(analysis, "target", theory.STAIRCASES[2])
    distance, d = at["mean_field_distance"], at["finite_dimension"].values
    last, first = (measured(distance.isel(finite_dimension=k, drop=True), seeds_of(analysis)) for k in (-1, 0))
    apart = d[bounds_of(distance)[1].values > 0]
    known = f"apart from 0 at d = {', '.join(f'{n:g}' for n in apart)}" if apart.size else "nowhere apart from 0"
    return quotient(last, first, f"{last.estimate:.2g} at d = {d[-1]:g}, {first.estimate:.2g} at d = {d[0]:g}; {known}")


def _leap_3(analyses: Analyses) -> Measurement:
    """The power of d of the escape time at leap 3, and whether its interval holds 1/2."""
    found = _limit("escape_leap_3", "He3(z1)", "escape")(analyses)
    half = theory.escape_exponent(3)
    said = "holds" if found.low <= half <= found.high else "does not hold"
    return replace(found, note=f"{found.note}; the interval {said} 1/2 itself")


CLAIMS = (
    Claim(
        id="not-coordinates.learnable-again",
        source=OURS,
        statement="In z1 + z2 + z1 z3 + c z2 z4 with a coefficient c other than 1 nothing is reflective.",
        measured="largest dim S* over the swept coefficients other than 1",
        rule=Equals(0, 0),
        measure=_learnable_again,
        experiments=("coefficient",),
        expected="0",
        figure="coefficient",
        evidence="exact",
    ),
    Claim(
        id="not-coordinates.learned",
        source=OURS,
        statement=(
            "The flow of z1 + z2 + z1 z3 + c z2 z4 with c other than 1 at d = infinity goes below what "
            "S* = span{e1-e2, e3-e4} would leave."
        ),
        measured="largest final loss over the loss with span{e1-e2, e3-e4} unlearned, over the swept c other than 1",
        rule=AtMost(0.95),
        measure=_below_unlearned,
        experiments=("coefficient",),
        expected="< 1",
        figure="coefficient",
        evidence="existence",
    ),
    Claim(
        id="trapping-exact",
        source=f"{PAPER}, necessary condition with w_S(0) = 0",
        statement="If the target is reflective and w_S(0) = 0, then w_S stays 0.",
        measured="largest |w_S| of any particle at d = infinity, four reflective targets",
        rule=AtMost(1e-9),
        measure=_trapped_norm,
        experiments=("trapping_exact",),
        expected="0",
        figure="trapping_exact",
        evidence="existence",
    ),
    Claim(
        id="trapping-exact.floor",
        source=f"{PAPER}, necessary condition with w_S(0) = 0",
        statement="If h is reflective and w_S(0) = 0, the loss never falls below the floor E|h - E_S h|^2 / 2.",
        measured="smallest L - floor at d = infinity",
        rule=AtLeast(-1e-9),
        measure=exactly("trapping_exact", lambda flow: (flow["loss"] - flow["floor"]).min()),
        experiments=("trapping_exact",),
        expected=">= 0",
        figure="trapping_exact",
        evidence="existence",
    ),
    Claim(
        id="escape-time.leap2",
        source=OURS,
        statement="From w(0) ~ N(0, I/d) a target of leap 2 leaves its floor in a time that grows like log d.",
        measured=(
            "power of d, as d grows, of the increments of the median escape time between neighbouring d (log d: 0, "
            "sqrt(d): 1/2), z1 z2"
        ),
        rule=Between(-0.25, 0.25),
        window_seen=True,
        measure=_limit("escape_leap_2", "z1*z2", "increment"),
        experiments=("escape_leap_2",),
        expected="0",
        seeds_needed=4,
        figure="escape",
        evidence="asymptotic",
    ),
    Claim(
        id="escape-time.leap3",
        source=OURS,
        statement=(
            "From w(0) ~ N(0, I/d) a target of leap 3 leaves its floor in a time that grows with a power of d nearer "
            "to 1/2 than to 0 and 1, the powers of leaps 2 and 4."
        ),
        measured="power of d, as d grows, of the median escape time with a correction in 1/log d (leap 2: 0, leap "
        "4: 1), He_3",
        rule=Between(0.25, 0.75),
        window_seen=True,
        measure=_leap_3,
        experiments=("escape_leap_3",),
        expected="1/2",
        seeds_needed=4,
        figure="escape",
        evidence="asymptotic",
        reason="The particles with the largest a |w(0)| leave first, so that of many particles the time goes like "
        "(d / log d)^{1/2}: its local exponents lie below 1/2, and what they tend to is not decided at d <= 8192.",
    ),
    Claim(
        id="dimension-free",
        source=f"this study, beside {PAPER}, dimension-free rates under the Taylor condition and two-stage training",
        statement="The loss curve of z1 + z1 z2, which is not reflective, under joint training of both layers, comes "
        "nearer to the one at d = infinity as d grows: the distance falls at least fourfold from the least d that is "
        "run to the largest.",
        measured="sup_t |mean over seeds of L_d - L_inf| up to t = 20 at the largest d over that at the least, same "
        "second layer; in the mean, since the distance of a single seed is at large d the noise of its N particles, "
        "about (N d)^(-1/2)",
        rule=AtMost(0.25),
        window_seen=True,
        measure=nearer_to_the_limit,
        experiments=("finite_dimension",),
        expected="small",
        seeds_needed=4,
        figure="deficit",
        evidence="statistical",
    ),
)

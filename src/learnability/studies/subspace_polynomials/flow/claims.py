"""Claims on trapping, escape and the limit of large d. Declared before measuring."""

import numpy as np

from learnability.results.claim import Analyses, AtLeast, AtMost, Between, Claim, Equals, Measurement, NotAtThisScale
from learnability.results.labelled import texts
from learnability.results.measuring import Measure, entry, exactly, measured, seeds_of
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.theory import OURS, PAPER

RECALLED = "The theorem's constant and exact power are not certain here; the claim tests the power d^{-1/2} alone."


def _of_target(experiment: str, polynomial: str, name: str) -> Measure:
    """An estimate with its interval for one target of an experiment."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = entry(analyses[experiment], "target", polynomial)
        if name not in analysis:
            raise NotAtThisScale(f"an estimate of {name} for {polynomial}")
        return measured(analysis[name], seeds_of(analysis))

    return measure


def _learnable_again(analyses: Analyses) -> Measurement:
    sweep = analyses["coefficient"]
    c = np.array([theory.coefficient_of(text) for text in texts(sweep["target"])])
    return Measurement.exact(int(sweep["trapped_dimension"].values[c != 1].max()))


def _below_unlearned(analyses: Analyses) -> Measurement:
    """The largest final loss over unlearned loss for c away from 1 by 0.25 or more."""
    sweep = analyses["coefficient"]
    c = np.array([theory.coefficient_of(text) for text in texts(sweep["target"])])
    final = sweep["loss"].isel(dimension=0, time=-1, bound=0).values
    ratio = (final / theory.unlearned_loss(c))[np.abs(c - 1) >= 0.25]
    return Measurement.exact(float(ratio.max()), f"at t = {float(sweep['time'][-1]):g}")


def _trapped_norm(analyses: Analyses) -> Measurement:
    flow = analyses["trapping_exact"]
    return Measurement.exact(float(flow["trapped_norm_max"].max()), f"up to t = {float(flow['time'][-1]):g}")


def _floor_excess(analyses: Analyses) -> Measurement:
    """Largest (L - floor) / (L(0) - floor) at the end, over the targets that have something to learn."""
    flow = analyses["trapping_exact"]
    excess = (flow["loss"].isel(dimension=0, bound=0) - flow["floor"]).transpose("target", "time").values
    start, end = excess[:, 0], excess[:, -1]
    chosen = start > 1e-9
    return Measurement.exact(float((end[chosen] / start[chosen]).max()), f"at t = {float(flow['time'][-1]):g}")


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
        form="summary",
    ),
    Claim(
        id="not-coordinates.learned",
        source=OURS,
        statement=(
            "The flow of z1 + z2 + z1 z3 + c z2 z4 with c other than 1 at d = infinity goes below what "
            "S* = span{e1-e2, e3-e4} would leave."
        ),
        measured="largest final loss over the loss with span{e1-e2, e3-e4} unlearned, |c - 1| >= 0.25",
        rule=AtMost(0.95),
        measure=_below_unlearned,
        experiments=("coefficient",),
        expected="< 1",
        figure="coefficient",
        form="summary",
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
    ),
    Claim(
        id="trapping-exact.limit",
        source=OURS,
        statement="From w_S(0) = 0, all but 5% of what is learnable of a reflective target is learned by the end.",
        measured="largest (L - floor)/(L(0) - floor) at the end",
        rule=AtMost(0.05),
        measure=_floor_excess,
        experiments=("trapping_exact",),
        expected="0; a bounded activation trained jointly may stop above",
        figure="trapping_exact",
        reason="A finite time and a bounded activation trained jointly: this says nothing of the limit.",
        form="summary",
    ),
    Claim(
        id="trapping-finite-d",
        source=f"{PAPER}, necessary condition at w(0) ~ N(0, I/d)",
        statement="From w(0) ~ N(0, I/d) a reflective target has inf_{t <= T} L >= floor - C(T) / sqrt(d).",
        measured="power of d of floor - min L up to t = 5, z1 z2",
        rule=AtMost(theory.NECESSARY_EXPONENT),
        measure=_of_target("finite_dimension", "z1*z2", "deficit_slope"),
        experiments=("finite_dimension",),
        expected="about -0.9",
        seeds_needed=4,
        figure="deficit",
        reason=RECALLED,
    ),
    Claim(
        id="trapping-finite-d.rate",
        source=OURS,
        statement="The deficit floor - min L of a reflective target falls like 1/d, faster than the bound 1/sqrt(d).",
        measured="power of d between the two largest dimensions, z1 z2",
        rule=Equals(theory.OBSERVED_EXPONENT, 0.1),
        measure=_of_target("finite_dimension", "z1*z2", "deficit_last_slope"),
        experiments=("finite_dimension",),
        expected="-1",
        seeds_needed=4,
        figure="deficit",
        form="summary",
    ),
    Claim(
        id="escape-time.leap2",
        source=OURS,
        statement="From w(0) ~ N(0, I/d) a target of leap 2 leaves its floor in a time that grows like log d.",
        measured="last over first increment of the median escape time, d by factors of 4, z1 z2 (log: 1, sqrt: 8)",
        rule=Between(0.5, 1.5),
        measure=_of_target("escape_leap_2", "z1*z2", "escape_increments"),
        experiments=("escape_leap_2",),
        expected="about 1",
        seeds_needed=4,
        figure="escape",
        form="summary",
    ),
    Claim(
        id="escape-time.leap3",
        source=OURS,
        statement="From w(0) ~ N(0, I/d) a target of leap 3 leaves its floor in a time that grows like sqrt(d).",
        measured="power of d of the median escape time, He_3",
        rule=Equals(theory.escape_exponent(3), 0.1),
        measure=_of_target("escape_leap_3", "He3(z1)", "escape_slope"),
        experiments=("escape_leap_3",),
        expected="0.5",
        seeds_needed=4,
        figure="escape",
        form="summary",
    ),
    Claim(
        id="dimension-free",
        source=f"{PAPER}, dimension-free rates for targets that are not reflective",
        statement="Loss curves of targets that are not reflective converge as d grows.",
        measured="power of d of sup_t |L_d - L_inf|, z1 + z1 z2, same second layer",
        rule=AtMost(-0.25),
        measure=_of_target("finite_dimension", theory.STAIRCASES[2], "limit_slope"),
        experiments=("finite_dimension",),
        expected="negative",
        seeds_needed=4,
        figure="trapping",
    ),
)

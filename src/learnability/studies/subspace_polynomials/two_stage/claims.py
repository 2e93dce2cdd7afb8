"""Claims on two-stage training. Declared before measuring."""

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, AtLeast, AtMost, Between, Claim, Measurement, NotAtThisScale
from learnability.results.labelled import texts
from learnability.results.measuring import Measure, measured, seeds_of
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.theory import OURS, PAPER

CONJECTURE = (
    "The conjecture asks that averaging can be dropped, not that this is faster: a comparison of times, no proof."
)


def _case(analyses: Analyses, variables: int) -> xr.Dataset:
    """The staircase in this many variables, trained without its output."""
    analysis = analyses["two_stage"]
    wanted, kept = theory.STAIRCASES[variables], analysis["keep_output"].values
    for case, text in enumerate(texts(analysis["polynomial"])):
        if text == wanted and not kept[case]:
            return analysis.isel(case=case)
    raise NotAtThisScale(wanted)


def _bound_ratio(analyses: Analyses) -> Measurement:
    analysis = analyses["two_stage"]
    first = analysis.isel(case=0, copies=1)
    end = np.exp(-2 * float(first["lambda_min_curve"]) * float(first["time_to"][-1]))
    note = f"at the time to 1e-4 of z1 + z1 z2 the bound still stands at {end:.2g} of the start"
    worst = float(analysis["bound_ratio"].max())
    return Measurement(worst, worst, worst, seeds_of(analysis), note)


def _smallest_eigenvalue(variables: int, copies: str) -> Measure:
    """lambda_min at the longest first phase with its numerical uncertainty: weights to 1e-12, times the condition."""

    def measure(analyses: Analyses) -> Measurement:
        longest = _case(analyses, variables).sel(copies=copies).isel(training_time=-1)
        value = float(longest["lambda_min"])
        error = value * min(4e-12 * float(longest["scaled_condition"]), 10.0)
        low = value - error
        if low <= 0:
            return Measurement(value, -error, value + error, None, "not resolved: rounding errors reach zero")
        return Measurement(value, low, value + error)

    return measure


def _speed(variables: int, fraction: float) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        case = _case(analyses, variables)
        listed = ", ".join(f"{t:.3g} against {u:.3g}" for t, u in case["time_to"].values.T)
        ratio = case["speed_ratio"].sel(fraction=fraction)
        return measured(ratio, seeds_of(case), f"times to 10%, 1%, 1e-4: {listed}")

    return measure


def _slope(variables: int) -> Measure:
    """The power of T between the two smallest T over its prediction 2 s n; exact up to the two neighbouring slopes."""

    def measure(analyses: Analyses) -> Measurement:
        case = _case(analyses, variables)
        predicted = theory.kernel_exponent(theory.SPANNING_ORDERS[variables], int(case["degree"]))
        slopes = case["local_slope"].sel(copies="p copies").values[:2] / predicted
        return Measurement(float(slopes[0]), float(slopes.min()), float(slopes.max()), None, f"2 s n = {predicted}")

    return measure


CLAIMS = (
    Claim(
        id="two-stage-decay",
        source=f"{PAPER}, sufficiency theorem, decay of the second stage",
        statement="In the second phase of training, L(t) <= L(T) exp(-2 lambda_min (t - T)).",
        measured="largest L over the bound, quadrature and sampled particles, with and without averaging",
        rule=AtMost(1 + 1e-9),
        measure=_bound_ratio,
        experiments=("two_stage",),
        expected="at most 1; loose",
        seeds_needed=4,
        figure="decay",
    ),
    Claim(
        id="averaging",
        source=f"{PAPER}, algebraic independence by averaging",
        statement="Averaging p = 2 copies makes lambda_min positive, z1 + z1 z2.",
        measured="lambda_min at T = 2",
        rule=AtLeast(1e-300),
        measure=_smallest_eigenvalue(2, "p copies"),
        experiments=("two_stage",),
        expected="2.1e-4",
        figure="lambda_min",
    ),
    Claim(
        id="averaging.p3",
        source=f"{PAPER}, algebraic independence by averaging",
        statement="Averaging p = 3 copies makes lambda_min positive, z1 + z1 z2 + z1 z2 z3.",
        measured="lambda_min at T = 2",
        rule=AtLeast(1e-300),
        measure=_smallest_eigenvalue(3, "p copies"),
        experiments=("two_stage",),
        expected="positive",
        figure="lambda_min",
    ),
    Claim(
        id="averaging.one-copy",
        source=OURS,
        statement="lambda_min is positive without averaging, z1 + z1 z2.",
        measured="lambda_min at T = 2, one copy",
        rule=AtLeast(1e-300),
        measure=_smallest_eigenvalue(2, "one copy"),
        experiments=("two_stage",),
        expected="1.1e-6",
        figure="lambda_min",
        form="summary",
    ),
    Claim(
        id="averaging.one-copy-p3",
        source=OURS,
        statement="lambda_min is positive without averaging, z1 + z1 z2 + z1 z2 z3.",
        measured="lambda_min at T = 2, one copy",
        rule=AtLeast(1e-300),
        measure=_smallest_eigenvalue(3, "one copy"),
        experiments=("two_stage",),
        expected="inconclusive: at rounding level, which is not zero",
        figure="lambda_min",
        form="summary",
    ),
    Claim(
        id="averaging-removable",
        source=f"{PAPER}, conjecture that averaging can be removed",
        statement="z1 + z1 z2 is learned without averaging, and no later than with it.",
        measured="time to 1e-4 without averaging over time with 2 copies",
        rule=AtMost(1),
        measure=_speed(2, 1e-4),
        experiments=("two_stage",),
        expected="about 0.36; consistent with the conjecture, no proof",
        seeds_needed=4,
        figure="decay",
        reason=CONJECTURE,
    ),
    Claim(
        id="averaging-removable.p3-early",
        source=f"{PAPER}, conjecture that averaging can be removed",
        statement="z1 + z1 z2 + z1 z2 z3 is learned to 10% without averaging no later than with it.",
        measured="time to 10% without averaging over time with 3 copies",
        rule=AtMost(1),
        measure=_speed(3, 0.1),
        experiments=("two_stage",),
        expected="below 1",
        seeds_needed=4,
        figure="decay",
        reason=CONJECTURE,
    ),
    Claim(
        id="averaging-removable.p3-late",
        source=f"{PAPER}, conjecture that averaging can be removed",
        statement="z1 + z1 z2 + z1 z2 z3 is learned to 1% without averaging no later than with it.",
        measured="time to 1% without averaging over time with 3 copies",
        rule=AtMost(1),
        measure=_speed(3, 0.01),
        experiments=("two_stage",),
        expected="open",
        seeds_needed=4,
        figure="decay",
        reason=CONJECTURE,
    ),
    Claim(
        id="lambda-scaling",
        source=f"{PAPER}, order of the determinant in the sufficiency proof",
        statement="lambda_min ~ T^{2 s n} for small T: power 8 for z1 + z1 z2 (s = 2, n = 2).",
        measured="power of T over 2 s n at the smallest T",
        rule=Between(0.95, 1.05),
        measure=_slope(2),
        experiments=("two_stage",),
        expected="1",
        figure="lambda_min",
    ),
    Claim(
        id="lambda-scaling.p3",
        source=f"{PAPER}, order of the determinant in the sufficiency proof",
        statement="lambda_min ~ T^{2 s n} for small T: power 24 for z1 + z1 z2 + z1 z2 z3 (s = 4, n = 3).",
        measured="power of T over 2 s n at the smallest T",
        rule=Between(0.95, 1.05),
        measure=_slope(3),
        experiments=("two_stage",),
        expected="1",
        figure="lambda_min",
    ),
)

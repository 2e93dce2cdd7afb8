"""Claims on the second stage's kernel, by exact ranks; lambda_min itself, by multiprecision, stands in the notes."""

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, AtLeast, Claim, Equals, Measurement, NotAtThisScale
from learnability.results.labelled import texts
from learnability.results.measuring import Measure
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.theory import OURS, PAPER, SUMMARY

AVERAGING = f"{PAPER}, algebraic independence by averaging"
ORDERS = (
    "The Taylor coefficients of (4.1) span at order {order} with sin(x + pi/4), with 1/(1 + 2 exp(-x)) and with exp "
    "(taylor-rank); the features are those with the sine alone."
)


def _case(analyses: Analyses, variables: int, keep_output: bool = False) -> xr.Dataset:
    """The staircase in this many variables, trained with or without its output."""
    analysis = analyses["two_stage"]
    wanted, kept = theory.STAIRCASES[variables], analysis["keep_output"].values
    for case, text in enumerate(texts(analysis["polynomial"])):
        if text == wanted and bool(kept[case]) == keep_output:
            return analysis.isel(case=case)
    raise NotAtThisScale(f"{wanted}{' with the output kept' if keep_output else ''}")


def _value(case: xr.Dataset) -> str:
    """lambda_min at the longest first stage in words, where its error is below a tenth."""
    longest = case.isel(training_time=-1)
    value, error, time = (float(longest[name]) for name in ("lambda_min", "lambda_error", "training_time"))
    if not error < 0.1:
        return f"float64 does not resolve lambda_min at T = {time:g}"
    return f"lambda_min = {value:.6g} at T = {time:g}, relative error {error:.0e}"


def _deficit(variables: int, copies: str, keep_output: bool = False) -> Measure:
    """Features less their rank: 0 proves that lambda_min is positive."""

    def measure(analyses: Analyses) -> Measurement:
        case = _case(analyses, variables, keep_output).sel(copies=copies)
        features, rank = int(case["features"]), int(case["feature_rank"])
        return Measurement.exact(features - rank, f"rank {rank} of {features}; {_value(case)}")

    return measure


def _power(variables: int, copies: str = "p copies") -> Measure:
    """The power of T in lambda_min for small T, from the orders of the first minor that does not vanish."""

    def measure(analyses: Analyses) -> Measurement:
        case = _case(analyses, variables).sel(copies=copies)
        slope = float(case["local_slope"][0])
        return Measurement.exact(int(case["time_power"]), f"between the two smallest T by multiprecision: {slope:.4f}")

    return measure


def _away_from(variables: int) -> Measure:
    """How far the cost of reaching a fixed loss stays from p times that with one copy, whatever loss is asked for.

    The cost: weights x flow time for each neuron of the second stage, T in the first stage for every copy. The least
    ``|log(cost with p copies / cost with one / p)|`` over the fractions of the loss.
    """

    def measure(analyses: Analyses) -> Measurement:
        case = _case(analyses, variables)
        one, many = case["time_to"].transpose("copies", "fraction").values
        first = theory.FIRST_STAGE
        factors = (variables * first + many) / (first + one) / variables
        said = ", ".join(f"{f:.3g} at {at:g}" for f, at in zip(factors, case["fraction"].values, strict=True))
        with np.errstate(divide="ignore"):
            return Measurement.exact(
                float(np.abs(np.log(factors)).min()), f"cost over p, by fraction of the loss: {said}"
            )

    return measure


def _positive(variables: int, copies: str, kept: bool, own: bool = False) -> Claim:
    """The claim that lambda_min is positive for one staircase."""
    many = f"averaging p = {variables} copies" if copies == "p copies" else "no averaging"
    dynamics = (
        "the network's output kept, for small T and all T but isolated ones" if kept else "flow (4.1), for every T"
    )
    name = theory.STAIRCASES[variables].replace("*", " ")
    suffix = "".join(
        (
            ".one-copy" if copies == "one copy" else "",
            "-p3" if own and variables == 3 else "",
            ".p3" if not own and variables == 3 else "",
        )
    )
    return Claim(
        id=f"averaging{suffix}{'.output' if kept else ''}",
        source=OURS if own else AVERAGING,
        statement=f"With sin(x + pi/4) lambda_min of the second stage is positive for {name} with {many}: {dynamics}.",
        measured=(
            "features less the rank of their coefficients, over the rationals"
            + (" under (4.1): a minor that does not vanish there does not vanish with the output kept" if kept else "")
        ),
        rule=Equals(0, 0),
        measure=_deficit(variables, copies, kept),
        experiments=("two_stage",),
        expected="0",
        figure="lambda_min",
        evidence="exact",
        reason=ORDERS.format(order=theory.SPANNING_ORDERS[variables]),
    )


def _scaling(variables: int, copies: str, power: int) -> Claim:
    name = theory.STAIRCASES[variables].replace("*", " ")
    averaged = copies == "p copies"
    suffix = ("" if averaged else ".one-copy") + (".p3" if variables == 3 else "")
    source = f"{PAPER}, order of the determinant in the sufficiency proof" if averaged else OURS
    law = (
        f"T^(2 s n) with s = {theory.SPANNING_ORDERS[variables]}, n = {variables}: power {power}"
        if averaged
        else f"T^{power}"
    )
    return Claim(
        id=f"lambda-scaling{suffix}",
        source=source,
        statement=f"For small T and {'p copies' if averaged else 'one copy'} lambda_min of {name} under (4.1) with "
        f"sin(x + pi/4) goes like {law}.",
        measured="twice the last order of the first minor of the features' coefficients that does not vanish",
        rule=Equals(power, 0),
        measure=_power(variables, copies),
        experiments=("two_stage",),
        expected=str(power),
        figure="lambda_min",
        evidence="exact",
    )


def _costs(variables: int) -> Claim:
    name = theory.STAIRCASES[variables].replace("*", " ")
    return Claim(
        id=f"averaging.cost-at-loss{'.p3' if variables == 3 else ''}",
        source=f"this study, beside {SUMMARY}",
        statement=f"The cost of reaching a given loss of {name} with {variables} averaged copies is not {variables} "
        "times that with one, at 10%, 1% and 1e-4 of the loss of the second stage alike.",
        measured=(
            "least |log| over the three of weights x flow time with p copies over that with one, over p: T = 2 for "
            "every copy, then the second stage of one common number of averaged neurons; log 1.25 is asked"
        ),
        rule=AtLeast(float(np.log(1.25))),
        measure=_away_from(variables),
        experiments=("two_stage",),
        expected="above log 1.25 = .223",
        figure="decay",
        evidence="existence",
        window_seen=True,
        reason="The second stage decides: averaging changes its eigenvalues, in either direction, so that the factor "
        "depends on the loss that is asked for.",
    )


SUMMARISED = Claim(
    id="averaging.cost",
    source=SUMMARY,
    statement='The averaging strategy "increases computational cost by factor p"',
    measured="nothing",
    evidence="summary",
    reason="p trainings of w in place of one: in its plain reading an identity; what a given loss costs is another "
    "matter (averaging.cost-at-loss)",
)


CLAIMS = (
    *(
        _positive(variables, copies, kept, own=copies == "one copy")
        for copies in ("p copies", "one copy")
        for variables in (2, 3)
        for kept in (False, True)
    ),
    *(
        _scaling(variables, "p copies", theory.kernel_exponent(theory.SPANNING_ORDERS[variables], variables))
        for variables in (2, 3)
    ),
    _scaling(2, "one copy", 12),
    _scaling(3, "one copy", 48),
    SUMMARISED,
    *(_costs(variables) for variables in (2, 3)),
)

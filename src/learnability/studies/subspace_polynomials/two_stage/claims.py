"""Claims on the second stage's kernel, by exact ranks; lambda_min itself, by multiprecision, stands in the notes."""

import xarray as xr

from learnability.results.claim import Analyses, Between, Claim, Equals, Measurement, NotAtThisScale
from learnability.results.labelled import texts
from learnability.results.measuring import Measure
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.theory import OURS, PAPER, SUMMARY

AVERAGING = f"{PAPER}, algebraic independence by averaging"


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


def _cost(variables: int) -> Measure:
    """Weights x flow time to 1% for each neuron of the second stage, p copies over one, over p."""

    def measure(analyses: Analyses) -> Measurement:
        one, many = _case(analyses, variables)["time_to"].sel(fraction=0.01).values
        first = theory.FIRST_STAGE
        factor = (variables * first + many) / (first + one) / variables
        return Measurement.exact(
            float(factor), f"second stage to 1%: {one:.4g} with one copy, {many:.4g} with {variables}"
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
        statement=f"lambda_min of the second stage is positive for {name} with {many}: {dynamics}.",
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
        statement=f"For small T and {'p copies' if averaged else 'one copy'} lambda_min of {name} under (4.1) goes "
        f"like {law}.",
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
        id=f"averaging.cost{'.p3' if variables == 3 else ''}",
        source=SUMMARY,
        statement=f"Averaging p = {variables} copies multiplies the cost of learning {name} by p.",
        measured=(
            "weights x flow time to 1% of the loss, p copies over one, over p: T = 2 for every copy, then the second "
            "stage of one common number of averaged neurons"
        ),
        rule=Between(0.8, 1.25),
        measure=_cost(variables),
        experiments=("two_stage",),
        expected="1",
        figure="decay",
        evidence="summary",
        reason="The second stage decides: averaging changes its eigenvalues, in either direction.",
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
    *(_costs(variables) for variables in (2, 3)),
)

"""How the claims are measured: from the analyses to an estimate with its interval."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, Measurement
from learnability.studies.subspace_polynomials import theory

SWAPPED = "z1 + z2 + z1*z3 + z2*z4"
STAIRCASE_2, STAIRCASE_3 = "z1 + z1*z2", "z1 + z1*z2 + z1*z2*z3"
STAIRCASES = {2: STAIRCASE_2, 3: STAIRCASE_3}
GAP, GAP_MOVED = "z1 + z1*z2 + z2*z3 + 0.5*He2(z1)*z3", "z1 + z1*z2 + z2*z3 + 0.4*He2(z1)*z3"
# Places among the activations of the Taylor ranks.
EVEN_TERMS, SINE, TANH = slice(0, 3), slice(0, 1), slice(3, 4)

Measure = Callable[[Analyses], Measurement]
MISSING = Measurement(math.nan, math.nan, math.nan, None, "the target is not part of this experiment")


def scalar(experiment: str, name: str) -> Measure:
    return lambda analyses: Measurement.exact(float(analyses[experiment][name]))


class MissingTargetError(LookupError):
    """The config at this scale leaves out the target that a claim is about."""


def tolerant(measure: Measure) -> Measure:
    """The same measurement, without a value where its target is not part of the experiment."""

    def measured(analyses: Analyses) -> Measurement:
        try:
            return measure(analyses)
        except MissingTargetError:
            return MISSING

    return measured


def place_of(analysis: xr.Dataset, polynomial: str) -> int:
    names = list(analysis.attrs["polynomials"])
    if polynomial not in names:
        raise MissingTargetError(polynomial)
    return names.index(polynomial)


def _interval(analysis: xr.Dataset, name: str, place: Any, note: str = "") -> Measurement:
    """The estimate ``name`` at one place with the ends ``name_low`` and ``name_high`` of its interval."""
    estimate, low, high = (float(analysis[name + suffix].values[place]) for suffix in ("", "_low", "_high"))
    return Measurement(estimate, low, high, int(analysis["seed_count"]), note)


def of_target(experiment: str, polynomial: str, name: str) -> Measure:
    """An estimate with its interval for one target of an experiment; NaN where the scale leaves it out."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        place = place_of(analysis, polynomial)
        if name not in analysis:
            return MISSING
        return _interval(analysis, name, (..., place))

    return tolerant(measure)


def disagreements(analyses: Analyses) -> Measurement:
    table = analyses["reflective_table"]
    misses, total = int((table["agree"] == 0).sum()), table["agree"].size
    return Measurement.exact(misses, f"{total} combinations of target, rotation and activation")


def largest_true_residual(analyses: Analyses) -> Measurement:
    table = analyses["reflective_table"]
    return Measurement.exact(max(float(table["residual"].max()), float(table["planted_residual"])))


def smallest_false_residual(analyses: Analyses) -> Measurement:
    table = analyses["reflective_table"]
    return Measurement.exact(min(float(table["residual_larger"].min()), float(table["search_above"].min())))


@tolerant
def coordinate_search(analyses: Analyses) -> Measurement:
    table = analyses["reflective_table"]
    place = place_of(table, SWAPPED)
    dimension = int(table["trapped_dimension"].values[place, 0])
    return Measurement.exact(float(table["coordinate_defect"].values[0, place, 0]), f"dim S* = {dimension}")


def learnable_again(analyses: Analyses) -> Measurement:
    sweep = analyses["coefficient"]
    coefficients = np.array([coefficient_of(text) for text in sweep.attrs["polynomials"]])
    return Measurement.exact(int(sweep["trapped_dimension"].values[coefficients != 1].max()))


def coefficient_of(polynomial: str) -> float:
    """c in ``z1 + z2 + z1*z3 + c*z2*z4``."""
    return float(polynomial.rsplit("+", 1)[1].split("*")[0])


def unlearned_loss(coefficient: np.ndarray) -> np.ndarray:
    """The loss that is left when everything but span{e1 - e2, e3 - e4} is learned, for each c.

    In u = (z1 + z2)/sqrt(2), v = (z1 - z2)/sqrt(2) and likewise u', v': z1 z3 + c z2 z4 =
    (1 + c)/2 (u u' + v v') + (1 - c)/2 (u v' + v u'), of which u u' alone is free of v, v'.
    """
    return np.asarray(0.5 * (((1 + coefficient) / 2) ** 2 + 2 * ((1 - coefficient) / 2) ** 2))


def below_unlearned(analyses: Analyses) -> Measurement:
    """The largest final loss over unlearned loss for c away from 1 by 0.25 or more."""
    sweep = analyses["coefficient"]
    c = np.array([coefficient_of(text) for text in sweep.attrs["polynomials"]])
    final = sweep["loss"].sel(quantile=0.5).values[0, :, -1]
    ratio = (final / unlearned_loss(c))[np.abs(c - 1) >= 0.25]
    return Measurement.exact(float(ratio.max()), f"at t = {float(sweep['time'][-1]):g}")


def trapped_norm(analyses: Analyses) -> Measurement:
    flow = analyses["trapping_exact"]
    return Measurement.exact(float(flow["trapped_norm_max"].max()), f"up to t = {float(flow['time'][-1]):g}")


def floor_margin(analyses: Analyses) -> Measurement:
    flow = analyses["trapping_exact"]
    margin = (flow["loss"] - flow["floor"]).min()
    return Measurement.exact(float(margin))


def floor_excess(analyses: Analyses) -> Measurement:
    """Largest (L - floor) / (L(0) - floor) at the end, over the targets that have something to learn."""
    flow = analyses["trapping_exact"]
    loss, floor = flow["loss"].sel(quantile=0.5).values[0], flow["floor"].values
    learnable = loss[:, 0] - floor
    chosen = learnable > 1e-9
    return Measurement.exact(
        float(((loss[:, -1] - floor)[chosen] / learnable[chosen]).max()), f"at t = {float(flow['time'][-1]):g}"
    )


def sgd_gap(analyses: Analyses) -> Measurement:
    sgd = analyses["online_sgd"]
    return _interval(sgd, "gap", (int(sgd["gap"].values.argmax()),))


def case_of(analysis: xr.Dataset, variables: int, keep_output: int = 0) -> int:
    """The place of the staircase in this many variables among the two-stage settings."""
    names = np.array(analysis.attrs["polynomials"])
    matches = (names == STAIRCASES[variables]) & (analysis["keep_output"].values == keep_output)
    if not matches.any():
        raise MissingTargetError(STAIRCASES[variables])
    return int(np.flatnonzero(matches)[0])


def bound_ratio(analyses: Analyses) -> Measurement:
    stage = analyses["two_stage"]
    end = np.exp(-2 * stage["lambda_min_curve"].values[0, 1] * stage["time_to"].values[0, 1, -1])
    note = f"at the time to 1e-4 of z1 + z1 z2 the bound still stands at {end:.2g} of the start"
    worst = float(stage["bound_ratio"].max())
    return Measurement(worst, worst, worst, int(stage["seed_count"]), note)


def smallest_eigenvalue(variables: int, copies: int) -> Measure:
    """lambda_min at the longest first stage with its numerical uncertainty: weights to 1e-12, times the condition."""

    def measure(analyses: Analyses) -> Measurement:
        stage = analyses["two_stage"]
        case = case_of(stage, variables)
        value = float(stage["lambda_min"].values[case, copies, -1])
        error = value * min(4e-12 * float(stage["scaled_condition"].values[case, copies, -1]), 10.0)
        low = value - error
        if low <= 0:
            return Measurement(value, -error, value + error, None, "not resolved: rounding errors reach zero")
        return Measurement(value, low, value + error)

    return tolerant(measure)


def speed(variables: int, fraction: int) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        stage = analyses["two_stage"]
        case = case_of(stage, variables)
        times = stage["time_to"].values[case]
        listed = ", ".join(f"{t:.3g} against {u:.3g}" for t, u in zip(times[0], times[1], strict=True))
        return _interval(stage, "speed_ratio", (case, fraction), f"times to 10%, 1%, 1e-4: {listed}")

    return tolerant(measure)


def slope(variables: int, order: int) -> Measure:
    """The power of T between the two smallest T over its prediction 2 s n; exact up to the two neighbouring slopes."""

    def measure(analyses: Analyses) -> Measurement:
        stage = analyses["two_stage"]
        case = case_of(stage, variables)
        predicted = theory.kernel_exponent(order, int(stage["degree"].values[case]))
        slopes = stage["local_slope"].values[case, 1, :2] / predicted
        return Measurement(float(slopes[0]), float(slopes.min()), float(slopes.max()), None, f"2 s n = {predicted}")

    return tolerant(measure)


def order(polynomial: str, activations: slice) -> Callable[[Analyses], np.ndarray]:
    def orders(analyses: Analyses) -> np.ndarray:
        table = analyses["taylor"]
        return np.asarray(table["spanning_order"].values[place_of(table, polynomial), activations])

    return orders


def common_order(polynomial: str, activations: slice) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        orders = order(polynomial, activations)(analyses)
        return Measurement(float(np.median(orders)), float(orders.min()), float(orders.max()))

    return tolerant(measure)

"""What the claims measure: analyses -> an estimate with its interval and its number of seeds."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, Measurement

Measure = Callable[[Analyses], Measurement]


def interval(values: np.ndarray, seeds: int, note: str = "") -> Measurement:
    estimate, low, high = (float(v) for v in values)
    return Measurement(estimate, low, high, seeds, note)


def entry(experiment: str, variable: str, **index: int) -> Measure:
    """One (estimate, low, high) of an analysis."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        return interval(analysis[variable].isel(index).values, int(analysis.attrs["seeds"]))

    return measure


def pvalue(analyses: Analyses) -> Measurement:
    value = float(analyses["engines"]["corrected_pvalue"])
    return Measurement(value, value, value, int(analyses["engines"].attrs["seeds"]))


def dimension_slope(experiment: str) -> Measure:
    """Slope of log T50 against log d; the note says what the flow gives at these d, where p - 1 is a limit."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        note = f"the flow from the median start gives {float(analysis['expected_dimension_slope']):.2f} at these d"
        return interval(analysis["dimension_slope"].values, int(analysis.attrs["seeds"]), note)

    return measure


def theory_ratio(analyses: Analyses) -> Measurement:
    """T50 over the finite-M prediction where the two differ most in the logarithm."""
    analysis = analyses["samples_m"]
    ratios = analysis["scaled_half_time"].values[:, 0] / analysis["escape_constant"].values[:, None]
    worst = int(np.abs(np.log(ratios[:, 0])).argmax())
    return interval(
        ratios[worst], int(analysis.attrs["seeds"]), f"worst over M, at M = {int(analysis['tasks'][worst])}"
    )


def above_bound(analyses: Analyses) -> Measurement:
    """Slope of T50 minus p/2, the slope of the CSQ bound."""
    analysis = analyses["samples_d3"]
    slope = analysis["dimension_slope"].values - analysis.attrs["information_exponent"] / 2
    return interval(slope, int(analysis.attrs["seeds"]))


def exponent_ratio(analyses: Analyses) -> Measurement:
    """(p/2) over the slope of T50. Both bounds are polynomial: no exponential gap is even claimed by the theorems."""
    analysis = analyses["samples_d3"]
    slope = analysis["dimension_slope"].values
    half = analysis.attrs["information_exponent"] / 2
    note = "for fixed p and q the bounds of Theorems 9 and 11 are polynomial in M d"
    return Measurement(half / slope[0], half / slope[2], half / slope[1], int(analysis.attrs["seeds"]), note)


def matched_ratio(analyses: Analyses) -> Measurement:
    """T50 with matched batches over T50 with all samples drawn, at the largest dimension that both have."""
    exact, matched = analyses["samples_d3"], analyses["samples_d3_large"]
    common = sorted(set(exact["dimension"].values) & set(matched["dimension"].values))
    a = exact["half_time"].sel(dimension=common[-1]).values[0]
    b = matched["half_time"].sel(dimension=common[-1]).values[0]
    return Measurement(b[0] / a[0], b[1] / a[2], b[2] / a[1], int(exact.attrs["seeds"]), f"d = {common[-1]}")


def slope_gap(index: int) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["width"]
        gap = analysis["slope"].values[index] - float(analysis["expected_slope"].values[index])
        return interval(gap, int(analysis.attrs["seeds"]), "measured minus finite-M theory")

    return measure


def method(analysis: xr.Dataset, name: str) -> int:
    return list(analysis.attrs["methods"]).index(name)


def error(experiment: str, name: str, sample: int) -> Measure:
    """L1 error of a method over that of predicting zero, at one number of samples."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        zero = float(analysis["zero_l1"].values[0])
        values = analysis["l1"].values[sample, method(analysis, name)] / zero
        return interval(values, int(analysis.attrs["seeds"]), f"n = {int(analysis['samples'].values[sample])}")

    return measure


def lasso_gain(sample: int) -> Measure:
    """Median over seeds of log(L1 LASSO / L1 ridge) on trained features; its range over seeds is the interval."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["fine_tuning"]
        errors = analysis["l1_per_seed"].values[:, sample]
        gain = np.sort(
            np.log(errors[:, method(analysis, "trained lasso")] / errors[:, method(analysis, "trained ridge")])
        )
        note = f"n = {int(analysis['samples'].values[sample])}; the interval is the range over seeds"
        return Measurement(float(np.median(gain)), float(gain[0]), float(gain[-1]), len(gain), note)

    return measure


def kernel_at_end(analyses: Analyses) -> Measurement:
    """L1 error of kernel ridge over that of the trained network, at the largest sizes, far below phase I's samples."""
    analysis = analyses["kernel_control"]
    kernel = analysis["kernel_l1"].values[-1]
    trained = analysis["l1"].values[-1, method(analysis, "trained ridge"), 0]
    return interval(kernel / trained, int(analysis.attrs["seeds"]))


def kernel_share(analyses: Analyses) -> Measurement:
    """Number of polynomials of degree p in d variables over the samples of phase I."""
    analysis = analyses["phase_two"]
    return Measurement.exact(float(analysis["kernel_features"]) / float(analysis["phase_one_samples"]))


def coherence_difference(first: float, second: float) -> Measure:
    """SGD fraction at one coherence minus that at another; the interval adds those of the two."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["coherence"]
        a, b = (analysis["sgd"].sel(coherence=rho, method="nearest").values for rho in (first, second))
        return Measurement(a[0] - b[0], a[1] - b[2], a[2] - b[1], int(analysis.attrs["seeds"]))

    return measure


def coherence_at(variable: str, value: float) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["coherence"]
        values = analysis[variable].sel(coherence=value, method="nearest").values
        return interval(values, int(analysis.attrs["seeds"]))

    return measure


def found(index: int, experiment: str = "coverage") -> Measure:
    """Share of the tasks that some neuron found, at one number of tasks."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        values = analysis["tasks_found"].values[index, 0] / analysis["tasks"].values[index]
        return interval(values, int(analysis.attrs["seeds"]))

    return measure


def minimal_degree(parity: int) -> Measure:
    return lambda analyses: Measurement.exact(float(analyses["superorthogonal"]["minimal_degree"].values[parity]))


def log_residual(analyses: Analyses) -> Measurement:
    return Measurement.exact(float(np.log10(analyses["superorthogonal"]["residual"].values.max())))


def fourth_moment(analyses: Analyses) -> Measurement:
    return Measurement.exact(float(np.log10(analyses["superorthogonal"]["fourth_moment"].values.min())))

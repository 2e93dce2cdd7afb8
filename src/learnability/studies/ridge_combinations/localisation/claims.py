"""Claims on phase I: samples against d and M, lower bounds, and how many tasks are found."""

from functools import partial

import numpy as np

from learnability.results.claim import Analyses, AtLeast, AtMost, Between, Claim, Equals, Measurement
from learnability.results.measuring import Measure, estimated, measured, seeds_of
from learnability.studies.ridge_combinations import PAPER


def _dimension_slope(experiment: str) -> Measure:
    """Slope of log T50 against log d; the note says what the flow gives at these d, where p - 1 is a limit."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        note = f"the flow from the median start gives {float(analysis['expected_dimension_slope']):.2f} at these d"
        return measured(analysis["dimension_slope"], seeds_of(analysis), note)

    return measure


def _theory_ratio(analyses: Analyses) -> Measurement:
    """T50 over the finite-M prediction where the two differ most in the logarithm."""
    analysis = analyses["samples_m"]
    ratios = analysis["scaled_half_time"].isel(dimension=0, drop=True) / analysis["escape_constant"]
    worst = int(np.abs(np.log(ratios.isel(bound=0).values)).argmax())
    note = f"worst over M, at M = {int(analysis['tasks'][worst])}"
    return measured(ratios.isel(tasks=worst), seeds_of(analysis), note)


def _above_bound(analyses: Analyses) -> Measurement:
    """Slope of T50 minus p/2, the slope of the CSQ bound."""
    analysis = analyses["samples_d3"]
    return measured(analysis["dimension_slope"] - analysis.attrs["information_exponent"] / 2, seeds_of(analysis))


def _exponent_ratio(analyses: Analyses) -> Measurement:
    """(p/2) over the slope of T50. Both bounds are polynomial: no exponential gap is even claimed by the theorems."""
    analysis = analyses["samples_d3"]
    slope, low, high = analysis["dimension_slope"].values
    half = analysis.attrs["information_exponent"] / 2
    note = "for fixed p and q the bounds of Theorems 9 and 11 are polynomial in M d"
    return Measurement(half / slope, half / high, half / low, seeds_of(analysis), note)


def _matched_ratio(analyses: Analyses) -> Measurement:
    """T50 with matched batches over T50 with all samples drawn, at the largest dimension that both have."""
    exact, matched = analyses["samples_d3"], analyses["samples_d3_large"]
    common = sorted(set(exact["dimension"].values) & set(matched["dimension"].values))
    a, b = (analysis["half_time"].sel(dimension=common[-1]).values[0] for analysis in (exact, matched))
    return Measurement(b[0] / a[0], b[1] / a[2], b[2] / a[1], seeds_of(exact), f"d = {common[-1]}")


def _share_found(index: int, experiment: str = "coverage") -> Measure:
    """Share of the tasks that some neuron found, at one number of tasks."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        at = analysis.isel(tasks=index, dimension=0)
        return measured(at["tasks_found"] / at["tasks"], seeds_of(analysis))

    return measure


_claim = partial(Claim, seeds_needed=8, figure="scaling")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "samples-d",
        f"{PAPER}, Theorem 4",
        "At fixed M, p = 3 the time to localise grows like d^(p-1) = d^2.",
        "slope of log T50 against log d, all samples drawn",
        Equals(2.0, 0.1),
        _dimension_slope("samples_d3"),
        ("samples_d3",),
        "1.97",
    ),
    _claim(
        "samples-d.large",
        f"{PAPER}, Theorem 4",
        "At fixed M, p = 3 the time to localise grows like d^2 up to d = 1e5.",
        "slope of log T50 against log d, chain with batches matched in mean and covariance",
        Equals(2.0, 0.05),
        _dimension_slope("samples_d3_large"),
        ("samples_d3_large",),
    ),
    _claim(
        "samples-d.matched",
        "ours",
        "Batches matched in mean and covariance give the T50 of batches drawn in full.",
        "ratio of the T50 at the largest common dimension",
        Between(0.85, 1.15),
        _matched_ratio,
        ("samples_d3", "samples_d3_large"),
    ),
    _claim(
        "samples-d.p4",
        f"{PAPER}, Theorem 4",
        "At p = 4 the time to localise grows like d^3.",
        "slope of log T50 against log d, all samples drawn",
        Equals(3.0, 0.15),
        _dimension_slope("samples_d4"),
        ("samples_d4",),
    ),
    _claim(
        "samples-d.p4-large",
        f"{PAPER}, Theorem 4",
        "At p = 4 the time to localise grows like d^3 up to d = 4096.",
        "slope of log T50 against log d, chain with batches matched in mean and covariance",
        Equals(3.0, 0.1),
        _dimension_slope("samples_d4_large"),
        ("samples_d4_large",),
    ),
    _claim(
        "samples-M",
        f"{PAPER}, Theorem 4",
        "The time to localise is proportional to M up to logarithms: T50 follows M d^2 / (3 alpha_3 delta c_M).",
        "ratio of T50 to the finite-M curve, the worst over M",
        Between(0.6, 1.4),
        _theory_ratio,
        ("samples_m",),
    ),
    _claim(
        "samples-M.slope",
        f"{PAPER}, Theorem 4",
        "The raw slope of log T50 against log M is below one at these M, an effect of the logarithm in c_M.",
        "slope of log T50 against log M",
        Between(0.5, 0.9),
        estimated("samples_m", "tasks_slope"),
        ("samples_m",),
        "0.67",
    ),
    _claim(
        "lower-bounds",
        f"{PAPER}, Theorems 4 and 9",
        "The CSQ bound M d^(p/2) lies below what SGD needs, M d^(p-1).",
        "slope of log T50 minus p/2",
        AtLeast(0.0),
        _above_bound,
        ("samples_d3",),
        "1/2",
    ),
    _claim(
        "lower-bounds.summary",
        "a published summary of arXiv 2406.11828",
        "Query algorithms need exponentially more samples than SGD.",
        "exponent in d of the CSQ bound M d^(p/2) over the measured exponent of SGD; one or more if SGD needs fewer",
        AtLeast(1.0),
        _exponent_ratio,
        ("samples_d3",),
        form="summary",
        seeds_needed=0,
    ),
    Claim(
        "lower-bounds.sq",
        f"{PAPER}, Theorem 11",
        "For any rho some constant p, q need SQ tolerance (M d)^(-rho).",
        "not measured",
        reason="a lower bound over all statistical query algorithms cannot be measured by running one",
    ),
    _claim(
        "coverage",
        f"{PAPER}, Assumption 2",
        "All tasks are found while M <= sqrt d: random directions, d = 64, M = 8.",
        "fraction of tasks with a neuron above 0.9",
        AtLeast(1.0),
        _share_found(0),
        ("coverage",),
        "8/8",
        seeds_needed=2,
        figure="coverage",
    ),
    _claim(
        "coverage.beyond",
        f"{PAPER}, Assumption 2",
        "Not all tasks are found with M = d = 64 random directions, well above sqrt d.",
        "fraction of tasks with a neuron above 0.9, M = 64",
        AtMost(0.7),
        _share_found(-1),
        ("coverage",),
        "28/64",
        seeds_needed=2,
        figure="coverage",
    ),
    _claim(
        "coverage.orthonormal",
        "ours",
        "Overlaps hide tasks, not their number: all of 64 orthonormal directions in d = 64 are found.",
        "fraction of tasks with a neuron above 0.9",
        AtLeast(1.0),
        _share_found(0, "coverage_orthonormal"),
        ("coverage_orthonormal",),
        seeds_needed=2,
        figure="coverage",
    ),
)

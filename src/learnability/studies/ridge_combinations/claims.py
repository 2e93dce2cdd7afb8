"""The claims, declared before anything is measured. Sources: COLT 2024 numbering of arXiv 2406.11828."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from learnability.studies.claim import Analyses, AtLeast, AtMost, Between, Claim, Equals, Measurement

Measure = Callable[[Analyses], Measurement]


def _interval(values: np.ndarray, seeds: int, note: str = "") -> Measurement:
    estimate, low, high = (float(v) for v in values)
    return Measurement(estimate, low, high, seeds, note)


def _entry(experiment: str, variable: str, **index: int) -> Measure:
    """One (estimate, low, high) of an analysis."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        return _interval(analysis[variable].isel(index).values, int(analysis.attrs["seeds"]))

    return measure


def _pvalue(analyses: Analyses) -> Measurement:
    value = float(analyses["engines"]["corrected_pvalue"])
    return Measurement(value, value, value, int(analyses["engines"].attrs["seeds"]))


def _theory_ratio(analyses: Analyses) -> Measurement:
    """T50 over the finite-M prediction where the two differ most in the logarithm."""
    analysis = analyses["samples_m"]
    ratios = analysis["scaled_half_time"].values[:, 0] / analysis["escape_constant"].values[:, None]
    return _interval(ratios[np.abs(np.log(ratios[:, 0])).argmax()], int(analysis.attrs["seeds"]), "worst over M")


def _above_bound(analyses: Analyses) -> Measurement:
    """Slope of T50 minus p/2, the slope of the CSQ bound."""
    analysis = analyses["samples_d3"]
    slope = analysis["dimension_slope"].values - analysis.attrs["information_exponent"] / 2
    return _interval(slope, int(analysis.attrs["seeds"]))


def _exponent_ratio(analyses: Analyses) -> Measurement:
    """(p/2) over the slope of T50. Both bounds are polynomial: no exponential gap is even claimed by the theorems."""
    analysis = analyses["samples_d3"]
    slope = analysis["dimension_slope"].values
    half = analysis.attrs["information_exponent"] / 2
    note = "for fixed p and q the bounds of Theorems 9 and 11 are polynomial in M d"
    return Measurement(half / slope[0], half / slope[2], half / slope[1], int(analysis.attrs["seeds"]), note)


def _matched_ratio(analyses: Analyses) -> Measurement:
    """T50 with matched batches over T50 with all samples drawn, at the largest dimension that both have."""
    exact, matched = analyses["samples_d3"], analyses["samples_d3_large"]
    common = sorted(set(exact["dimension"].values) & set(matched["dimension"].values))
    a = exact["half_time"].sel(dimension=common[-1]).values[0]
    b = matched["half_time"].sel(dimension=common[-1]).values[0]
    return Measurement(b[0] / a[0], b[1] / a[2], b[2] / a[1], int(exact.attrs["seeds"]), f"d = {common[-1]}")


def _slope_gap(index: int) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["width"]
        gap = analysis["slope"].values[index] - float(analysis["expected_slope"].values[index])
        return _interval(gap, int(analysis.attrs["seeds"]), "measured minus finite-M theory")

    return measure


def _method(analysis: xr.Dataset, name: str) -> int:
    return list(analysis.attrs["methods"]).index(name)


def _error(experiment: str, name: str, sample: int) -> Measure:
    """L1 error of a method over that of predicting zero, at one number of samples."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        zero = float(analysis["zero_l1"].values[0])
        values = analysis["l1"].values[sample, _method(analysis, name)] / zero
        return _interval(values, int(analysis.attrs["seeds"]), f"n = {int(analysis['samples'].values[sample])}")

    return measure


def _lasso_gain(sample: int) -> Measure:
    """Median over seeds of log(L1 LASSO / L1 ridge) on trained features; its range over seeds is the interval."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["fine_tuning"]
        errors = analysis["l1_per_seed"].values[:, sample]
        gain = np.sort(
            np.log(errors[:, _method(analysis, "trained lasso")] / errors[:, _method(analysis, "trained ridge")])
        )
        note = f"n = {int(analysis['samples'].values[sample])}; the interval is the range over seeds"
        return Measurement(float(np.median(gain)), float(gain[0]), float(gain[-1]), len(gain), note)

    return measure


def _kernel_at_end(analyses: Analyses) -> Measurement:
    """L1 error of kernel ridge over that of the trained network, at the largest sizes, far below phase I's samples."""
    analysis = analyses["kernel_control"]
    kernel = analysis["kernel_l1"].values[-1]
    trained = analysis["l1"].values[-1, _method(analysis, "trained ridge"), 0]
    return _interval(kernel / trained, int(analysis.attrs["seeds"]))


def _kernel_share(analyses: Analyses) -> Measurement:
    """Number of polynomials of degree p in d variables over the samples of phase I."""
    analysis = analyses["phase_two"]
    return Measurement.exact(float(analysis["kernel_features"]) / float(analysis["phase_one_samples"]))


def _coherence_at(variable: str, value: float) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["coherence"]
        values = analysis[variable].sel(coherence=value, method="nearest").values
        return _interval(values, int(analysis.attrs["seeds"]))

    return measure


def _found(index: int, share: bool = True) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["coverage"]
        values = analysis["tasks_found"].values[index, 0] / (analysis["tasks"].values[index] if share else 1)
        return _interval(values, int(analysis.attrs["seeds"]))

    return measure


def _minimal_degree(parity: int) -> Measure:
    return lambda analyses: Measurement.exact(float(analyses["superorthogonal"]["minimal_degree"].values[parity]))


def _log_residual(analyses: Analyses) -> Measurement:
    return Measurement.exact(float(np.log10(analyses["superorthogonal"]["residual"].values.max())))


def _fourth_moment(analyses: Analyses) -> Measurement:
    return Measurement.exact(float(np.log10(analyses["superorthogonal"]["fourth_moment"].values.min())))


_PAPER = "arXiv 2406.11828 (COLT 2024)"

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "figure-1",
        f"{_PAPER}, Figure 1",
        "Neurons localise on single task directions during phase I (labels with the unnormalised He_3).",
        "fraction of neurons with largest overlap > 0.9 and second < 0.3 after 1e6 single-sample steps",
        AtLeast(0.05),
        _entry("figure_one", "localised", variant=0, time=-1),
        ("figure_one",),
        "about 0.16",
        seeds_needed=3,
        figure="figure_one",
    ),
    Claim(
        "figure-1.normalised",
        f"{_PAPER}, Figure 1 with normalised links",
        "With links of unit norm, as the theory assumes, the same step size and number of steps do not suffice.",
        "the same fraction with h_3 = He_3 / sqrt 6",
        AtMost(0.01),
        _entry("figure_one", "localised", variant=1, time=-1),
        ("figure_one",),
        "0",
        seeds_needed=3,
        figure="figure_one",
    ),
    Claim(
        "figure-1.ntk",
        f"{_PAPER}, Figure 1, control",
        "In the NTK scaling neurons do not localise.",
        "the same fraction for squared loss with output scale J^(-1/2)",
        AtMost(0.01),
        _entry("figure_one", "control", moment=-1),
        ("figure_one",),
        "0",
        seeds_needed=3,
        figure="figure_one",
    ),
    Claim(
        "engines-agree",
        "ours",
        "Full SGD, the decoupled chain and the overlap chain have the same law.",
        "least Kolmogorov-Smirnov p-value of six statistics and two pairs, Bonferroni-corrected (false alarm 1%)",
        AtLeast(0.01),
        _pvalue,
        ("engines",),
        seeds_needed=100,
        figure="engines",
    ),
    Claim(
        "engines-agree.flow-small",
        "ours",
        "SGD at delta = 0.05 follows the population flow.",
        "sup over time of the difference of the mean largest alignment",
        AtMost(0.05),
        _entry("engines", "flow_gap", relative_step=-1),
        ("engines",),
        seeds_needed=100,
        figure="engines",
    ),
    Claim(
        "engines-agree.flow-large",
        "ours",
        "SGD at delta = 1 does not follow the population flow: noise matters at the step size of Theorem 4.",
        "sup over time of the difference of the mean largest alignment",
        AtLeast(0.05),
        _entry("engines", "flow_gap", relative_step=0),
        ("engines",),
        seeds_needed=100,
        figure="engines",
    ),
    Claim(
        "samples-d",
        f"{_PAPER}, Theorem 4",
        "At fixed M, p = 3 the time to localise grows like d^(p-1) = d^2.",
        "slope of log T50 against log d, all samples drawn",
        Equals(2.0, 0.1),
        _entry("samples_d3", "dimension_slope"),
        ("samples_d3",),
        "1.97",
        seeds_needed=8,
        figure="scaling",
    ),
    Claim(
        "samples-d.large",
        f"{_PAPER}, Theorem 4",
        "The same up to d = 1e5.",
        "slope of log T50 against log d, chain with batches matched in mean and covariance",
        Equals(2.0, 0.05),
        _entry("samples_d3_large", "dimension_slope"),
        ("samples_d3_large",),
        seeds_needed=8,
        figure="scaling",
    ),
    Claim(
        "samples-d.matched",
        "ours",
        "Batches matched in mean and covariance give the T50 of batches drawn in full.",
        "ratio of the T50 at the largest common dimension",
        Between(0.85, 1.15),
        _matched_ratio,
        ("samples_d3", "samples_d3_large"),
        seeds_needed=8,
        figure="scaling",
    ),
    Claim(
        "samples-d.p4",
        f"{_PAPER}, Theorem 4",
        "At p = 4 the time to localise grows like d^3.",
        "slope of log T50 against log d, all samples drawn",
        Equals(3.0, 0.15),
        _entry("samples_d4", "dimension_slope"),
        ("samples_d4",),
        seeds_needed=8,
        figure="scaling",
    ),
    Claim(
        "samples-d.p4-large",
        f"{_PAPER}, Theorem 4",
        "The same up to d = 4096.",
        "slope of log T50 against log d, chain with batches matched in mean and covariance",
        Equals(3.0, 0.1),
        _entry("samples_d4_large", "dimension_slope"),
        ("samples_d4_large",),
        seeds_needed=8,
        figure="scaling",
    ),
    Claim(
        "samples-M",
        f"{_PAPER}, Theorem 4",
        "The time to localise is proportional to M up to logarithms: T50 follows M d^2 / (3 alpha_3 delta c_M).",
        "ratio of T50 to the finite-M curve, the worst over M",
        Between(0.6, 1.4),
        _theory_ratio,
        ("samples_m",),
        seeds_needed=8,
        figure="scaling",
    ),
    Claim(
        "samples-M.slope",
        f"{_PAPER}, Theorem 4",
        "The raw slope of log T50 against log M is below one at these M, an effect of the logarithm in c_M.",
        "slope of log T50 against log M",
        Between(0.5, 0.9),
        _entry("samples_m", "tasks_slope"),
        ("samples_m",),
        "0.67",
        seeds_needed=8,
        figure="scaling",
    ),
    Claim(
        "lower-bounds",
        f"{_PAPER}, Theorems 4 and 9",
        "The CSQ bound M d^(p/2) lies below what SGD needs, M d^(p-1).",
        "slope of log T50 minus p/2",
        AtLeast(0.0),
        _above_bound,
        ("samples_d3",),
        "1/2",
        seeds_needed=8,
        figure="scaling",
    ),
    Claim(
        "lower-bounds.summary",
        "a published summary of arXiv 2406.11828",
        "Query algorithms need exponentially more samples than SGD.",
        "exponent in d of the CSQ bound M d^(p/2) over the measured exponent of SGD; one or more if SGD needs fewer",
        AtLeast(1.0),
        _exponent_ratio,
        ("samples_d3",),
        form="summary",
        figure="scaling",
    ),
    Claim(
        "width.equal",
        f"{_PAPER}, Theorem 4",
        "With equal strengths (C_p = 1) every task gets a share 1/M of the neurons.",
        "slope of log share against log M",
        Equals(-1.0, 0.05),
        _entry("width", "slope", strength_exponent=0),
        ("width",),
        seeds_needed=4,
        figure="coherence",
    ),
    Claim(
        "width",
        f"{_PAPER}, Theorem 4",
        "With unequal strengths the share of a weak task falls like M^(-C_p) up to logarithms.",
        "slope of log share against log M minus that of the finite-M theory, C_p = 2",
        Equals(0.0, 0.1),
        _slope_gap(1),
        ("width",),
        seeds_needed=4,
        figure="coherence",
    ),
    Claim(
        "width.slope",
        f"{_PAPER}, Theorem 4",
        "The raw slope reaches -C_p at these M.",
        "slope of log share against log M, C_p = 2",
        Equals(-2.0, 0.2),
        _entry("width", "slope", strength_exponent=1),
        ("width",),
        seeds_needed=4,
        figure="coherence",
    ),
    Claim(
        "coverage",
        f"{_PAPER}, Assumption 2",
        "All tasks are found while M <= sqrt d (d = 64, M = 8, 1000 neurons).",
        "fraction of tasks with a localised neuron",
        AtLeast(1.0),
        _found(0),
        ("coverage",),
        "8/8",
        seeds_needed=2,
        figure="coverage",
    ),
    Claim(
        "coverage.beyond",
        f"{_PAPER}, Assumption 2",
        "With M = d = 64 well above sqrt d they are not.",
        "fraction of tasks with a localised neuron, M = 64",
        AtMost(0.7),
        _found(-1),
        ("coverage",),
        "28/64",
        seeds_needed=2,
        figure="coverage",
    ),
    Claim(
        "phase-two",
        f"{_PAPER}, Theorem 4",
        "A refit on the learned features reaches a small L1 error.",
        "L1 error of ridge on trained features over that of predicting zero, largest n",
        AtMost(0.3),
        _error("phase_two", "trained ridge", -1),
        ("phase_two",),
        "0.19",
        seeds_needed=4,
        figure="phase_two",
    ),
    Claim(
        "phase-two.lasso",
        f"{_PAPER}, Theorem 4",
        "So does the LASSO.",
        "L1 error of LASSO on trained features over that of predicting zero, largest n",
        AtMost(0.3),
        _error("phase_two", "trained lasso", -1),
        ("phase_two",),
        "0.21",
        seeds_needed=4,
        figure="phase_two",
    ),
    Claim(
        "phase-two.random",
        f"{_PAPER}, section 1",
        "A refit on random features does not.",
        "L1 error of ridge on random features over that of predicting zero, largest n",
        AtLeast(0.9),
        _error("phase_two", "random ridge", -1),
        ("phase_two",),
        "1",
        seeds_needed=4,
        figure="phase_two",
    ),
    Claim(
        "phase-two.kernel",
        "ours",
        "At equal total samples there is no separation from kernels with q = p = 3: cubic kernel ridge is no worse.",
        "L1 of kernel ridge over L1 of the trained network at d = 20, with fewer samples in all",
        AtMost(1.0),
        _kernel_at_end,
        ("kernel_control",),
        seeds_needed=3,
        figure="phase_two",
    ),
    Claim(
        "phase-two.kernel-count",
        "ours",
        "At d = 64, M = 8 a cubic kernel needs fewer samples than phase I used.",
        "number of cubic polynomials in d variables over the samples of phase I",
        AtMost(1.0),
        _kernel_share,
        ("phase_two",),
        "0.09",
        figure="phase_two",
    ),
    Claim(
        "fine-tuning",
        f"{_PAPER}, section 3 (fine-tuning)",
        "A new sum on a subset of the directions is learned with fewer samples by LASSO than by ridge.",
        "log ratio of the L1 errors at the second smallest n",
        AtMost(0.0),
        _lasso_gain(1),
        ("fine_tuning",),
        seeds_needed=5,
        figure="fine_tuning",
    ),
    Claim(
        "fine-tuning.large",
        "ours",
        "At many samples the two agree.",
        "log ratio of the L1 errors at the largest n",
        Equals(0.0, 0.25),
        _lasso_gain(-1),
        ("fine_tuning",),
        seeds_needed=5,
        figure="fine_tuning",
    ),
    Claim(
        "coherence",
        "ours",
        "At M = 8 the flow localises at coherence 0.11.",
        "fraction of neurons with an alignment above 0.9",
        AtLeast(0.95),
        _coherence_at("flow", 0.11),
        ("coherence",),
        "1",
        seeds_needed=8,
        figure="coherence",
    ),
    Claim(
        "coherence.collapse",
        "ours",
        "At 0.16 it has collapsed.",
        "fraction of neurons with an alignment above 0.9",
        AtMost(0.05),
        _coherence_at("flow", 0.16),
        ("coherence",),
        "0",
        seeds_needed=8,
        figure="coherence",
    ),
    Claim(
        "coherence.sgd",
        "ours",
        "SGD localises at 0.11 and hardly at 0.2.",
        "fraction at 0.11 minus fraction at 0.2",
        AtLeast(0.8),
        lambda analyses: _difference(analyses["coherence"], 0.11, 0.2),
        ("coherence",),
        "0.98 and 0.003",
        seeds_needed=8,
        figure="coherence",
    ),
    Claim(
        "superorthogonal.odd",
        f"{_PAPER}, Proposition 13",
        "Superorthogonal polynomials exist for K = L = 2; the least odd degree is 17.",
        "least degree with a nonpositive eigenvalue",
        Equals(17, 0),
        _minimal_degree(1),
        ("superorthogonal",),
        "17",
        figure="superorthogonal",
    ),
    Claim(
        "superorthogonal.even",
        f"{_PAPER}, Proposition 13",
        "The least even degree is 20.",
        "least degree with a nonpositive eigenvalue",
        Equals(20, 0),
        _minimal_degree(0),
        ("superorthogonal",),
        "20",
        figure="superorthogonal",
    ),
    Claim(
        "superorthogonal",
        f"{_PAPER}, Proposition 13",
        "They can be constructed.",
        "log10 of the largest residual |E[f^k h_l]| / |f^k| in multiprecision",
        AtMost(-100),
        _log_residual,
        ("superorthogonal",),
        "< -100",
        figure="superorthogonal",
    ),
    Claim(
        "superorthogonal.moments",
        "ours",
        "Nobody can train on them: their fourth moment is enormous.",
        "log10 E f^4 at E f^2 = 1",
        AtLeast(9),
        _fourth_moment,
        ("superorthogonal",),
        "> 9",
        figure="superorthogonal",
    ),
    Claim(
        "lower-bounds.sq",
        f"{_PAPER}, Theorem 11",
        "For any rho some constant p, q need SQ tolerance (M d)^(-rho).",
        "not measured",
        reason="a lower bound over all statistical query algorithms cannot be measured by running one",
    ),
)


def _difference(analysis: xr.Dataset, first: float, second: float) -> Measurement:
    """SGD fraction at one coherence minus that at another; the interval adds those of the two."""
    a, b = (analysis["sgd"].sel(coherence=rho, method="nearest").values for rho in (first, second))
    return Measurement(a[0] - b[0], a[1] - b[2], a[2] - b[1], int(analysis.attrs["seeds"]))

"""Claims on the refit: what the learned features are worth, beside kernels and for a new task."""

from functools import partial

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Equals, Measurement, NotAtThisScale
from learnability.results.measuring import Measure, entry, exactly, measured, quotient, seeds_of
from learnability.statistics.intervals import median_interval
from learnability.studies.ridge_combinations import PAPER


def _relative_error(experiment: str, method: str) -> Measure:
    """L1 error of a method over that of predicting zero, at the largest number of samples."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        last = entry(analysis, "method", method).isel(samples=-1, drop=True)
        errors = last["l1"] / float(last["zero_l1"][0])
        return measured(errors, seeds_of(analysis), f"n = {int(analysis['samples'][-1])}")

    return measure


def _gains(analysis: xr.Dataset) -> np.ndarray:
    """log(L1 LASSO / L1 ridge) on trained features (seed, samples)."""
    lasso, ridge = (entry(analysis, "method", f"trained {name}")["l1_per_seed"].values for name in ("lasso", "ridge"))
    return np.asarray(np.log(lasso / ridge))


def lasso_gain(sample: int) -> Measure:
    """Median over seeds of log(L1 LASSO / L1 ridge) on trained features."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["fine_tuning"]
        gain = _gains(analysis)[:, sample]
        middle, low, high = map(float, median_interval(gain))
        return Measurement(middle, low, high, len(gain), f"n = {int(analysis['samples'][sample])}")

    return measure


def _kernel_at_equal_total(analyses: Analyses) -> Measurement:
    """L1 error of kernel ridge over that of the trained network, each with as many samples as the other in all."""
    counts = analyses["kernel_control"]
    analysis = counts.isel(samples=-1, kernel_samples=-1, drop=True)
    kernel = measured(analysis["kernel_l1"], seeds_of(counts))
    trained = measured(entry(analysis, "method", "trained ridge")["l1"])
    total = int(counts["phase_one_samples"]) + int(counts["samples"][-1])
    if int(counts["kernel_samples"][-1]) != total:
        raise NotAtThisScale("a kernel with the samples of both phases")
    features = int(counts["kernel_features"])
    note = f"{total} samples each, {features} cubics; L1 {kernel.estimate:.3f} against {trained.estimate:.3f}"
    return quotient(kernel, trained, note)


def _lead_shrinks(analyses: Analyses) -> Measurement:
    """Median over seeds of the log ratio LASSO to ridge at the largest n minus that at the second smallest n."""
    analysis = analyses["fine_tuning"]
    gain = _gains(analysis)
    few, many = (float(np.exp(np.median(gain[:, k]))) for k in (1, -1))
    n = analysis["samples"].values
    note = f"LASSO over ridge: {few:.2f} at n = {n[1]}, {many:.2f} at n = {n[-1]}"
    middle, low, high = map(float, median_interval(gain[:, -1] - gain[:, 1]))
    return Measurement(middle, low, high, len(gain), note)


_claim = partial(Claim, seeds_needed=4, figure="phase_two", evidence="statistical")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "phase-two",
        f"{PAPER}, Theorem 4",
        "A ridge refit on the learned features, from labels with noise, leaves less than half of the L1 error of "
        "predicting zero (d = 64, M = 8).",
        "L1 error of ridge on trained features over that of predicting zero, at the largest n",
        AtMost(0.5),
        _relative_error("phase_two", "trained ridge"),
        ("phase_two",),
        window_seen=True,
    ),
    _claim(
        "phase-two.lasso",
        f"{PAPER}, Theorem 4",
        "A LASSO refit on the learned features, from labels with noise, leaves less than half of the L1 error of "
        "predicting zero (d = 64, M = 8).",
        "L1 error of LASSO on trained features over that of predicting zero, at the largest n",
        AtMost(0.5),
        _relative_error("phase_two", "trained lasso"),
        ("phase_two",),
        window_seen=True,
    ),
    _claim(
        "phase-two.random",
        f"{PAPER}, section 1",
        "A ridge refit on as many random features, from as many labels, leaves the L1 error of predicting zero "
        "(d = 64, M = 8): n is far below the d^3/6 cubic polynomials.",
        "L1 error of ridge on random features over that of predicting zero, at the largest n",
        Equals(1.0, 0.1),
        _relative_error("phase_two", "random ridge"),
        ("phase_two",),
        "1",
    ),
    _claim(
        "phase-two.kernel",
        "this study",
        "At d = 16 and M = 4, with labels of noise 0.5, links of degree q = p = 3 and as many samples in all, cubic "
        "kernel ridge is no worse than the trained network: M d^2 is not small beside d^3/6 there.",
        "L1 of kernel ridge over L1 of the trained network, with the samples of both phases",
        AtMost(1.0),
        _kernel_at_equal_total,
        ("kernel_control",),
    ),
    _claim(
        "phase-two.kernel-count",
        "this study",
        "At d = 64, M = 8 a cubic kernel needs fewer samples than phase I used.",
        "number of cubic polynomials in d variables over the samples of phase I",
        AtMost(1.0),
        exactly("phase_two", lambda analysis: analysis["kernel_features"] / analysis["phase_one_samples"]),
        ("phase_two",),
        "0.09",
        evidence="exact",
        seeds_needed=0,
    ),
    _claim(
        "fine-tuning",
        f"{PAPER}, section 3 (fine-tuning)",
        "A new sum on a subset of the directions is learned with fewer samples by LASSO than by ridge.",
        "log ratio of the L1 errors at the second smallest n, median over seeds (its interval: order statistics)",
        AtMost(0.0),
        lasso_gain(1),
        ("fine_tuning",),
        seeds_needed=6,
        figure="fine_tuning",
    ),
    _claim(
        "fine-tuning.large",
        "this study",
        "On a new sum on a subset of the directions, the lead of LASSO over ridge shrinks with the number of samples.",
        "log ratio of the L1 errors, LASSO over ridge, at the largest n minus that at the second smallest n, "
        "median over seeds (its interval: order statistics; asked of 60 seeds, since runs of 5 and 20 disagreed)",
        AtLeast(0.0),
        _lead_shrinks,
        ("fine_tuning",),
        seeds_needed=60,
        figure="fine_tuning",
    ),
)

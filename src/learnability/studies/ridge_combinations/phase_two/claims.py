"""Claims on the refit: what the learned features are worth, beside kernels and for a new task."""

from functools import partial

import numpy as np

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Equals, Measurement
from learnability.results.measuring import Measure, entry, exactly, measured, seeds_of
from learnability.studies.ridge_combinations import PAPER


def _relative_error(experiment: str, method: str) -> Measure:
    """L1 error of a method over that of predicting zero, at the largest number of samples."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        last = entry(analysis, "method", method).isel(samples=-1, drop=True)
        errors = last["l1"] / float(last["zero_l1"][0])
        return measured(errors, seeds_of(analysis), f"n = {int(analysis['samples'][-1])}")

    return measure


def _lasso_gain(sample: int) -> Measure:
    """Median over seeds of log(L1 LASSO / L1 ridge) on trained features; its range over seeds is the interval."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["fine_tuning"]
        lasso, ridge = (
            entry(analysis, "method", f"trained {name}")["l1_per_seed"].values[:, sample] for name in ("lasso", "ridge")
        )
        gain = np.sort(np.log(lasso / ridge))
        note = f"n = {int(analysis['samples'][sample])}; the interval is the range over seeds"
        return Measurement(float(np.median(gain)), float(gain[0]), float(gain[-1]), len(gain), note)

    return measure


def _kernel_at_end(analyses: Analyses) -> Measurement:
    """L1 error of kernel ridge over that of the trained network, at the largest sizes, far below phase I's samples."""
    analysis = analyses["kernel_control"].isel(samples=-1, kernel_samples=-1, drop=True)
    trained = entry(analysis, "method", "trained ridge")["l1"]
    return measured(analysis["kernel_l1"] / float(trained[0]), seeds_of(analysis))


_claim = partial(Claim, seeds_needed=4, figure="phase_two")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "phase-two",
        f"{PAPER}, Theorem 4",
        "A refit on the learned features reaches a small L1 error.",
        "L1 error of ridge on trained features over that of predicting zero, largest n",
        AtMost(0.3),
        _relative_error("phase_two", "trained ridge"),
        ("phase_two",),
        "0.19",
    ),
    _claim(
        "phase-two.lasso",
        f"{PAPER}, Theorem 4",
        "A LASSO refit on the learned features reaches a small L1 error.",
        "L1 error of LASSO on trained features over that of predicting zero, largest n",
        AtMost(0.3),
        _relative_error("phase_two", "trained lasso"),
        ("phase_two",),
        "0.21",
    ),
    _claim(
        "phase-two.random",
        f"{PAPER}, section 1",
        "A refit on random features does not reach a small L1 error.",
        "L1 error of ridge on random features over that of predicting zero, largest n",
        AtLeast(0.9),
        _relative_error("phase_two", "random ridge"),
        ("phase_two",),
        "1",
    ),
    _claim(
        "phase-two.kernel",
        "ours",
        "At equal total samples there is no separation from kernels with q = p = 3: cubic kernel ridge is no worse.",
        "L1 of kernel ridge over L1 of the trained network at d = 20, with fewer samples in all",
        AtMost(1.0),
        _kernel_at_end,
        ("kernel_control",),
        seeds_needed=3,
    ),
    _claim(
        "phase-two.kernel-count",
        "ours",
        "At d = 64, M = 8 a cubic kernel needs fewer samples than phase I used.",
        "number of cubic polynomials in d variables over the samples of phase I",
        AtMost(1.0),
        exactly("phase_two", lambda analysis: analysis["kernel_features"] / analysis["phase_one_samples"]),
        ("phase_two",),
        "0.09",
        seeds_needed=0,
    ),
    _claim(
        "fine-tuning",
        f"{PAPER}, section 3 (fine-tuning)",
        "A new sum on a subset of the directions is learned with fewer samples by LASSO than by ridge.",
        "log ratio of the L1 errors at the second smallest n",
        AtMost(0.0),
        _lasso_gain(1),
        ("fine_tuning",),
        seeds_needed=5,
        figure="fine_tuning",
    ),
    _claim(
        "fine-tuning.large",
        "ours",
        "On a new sum on a subset of the directions, LASSO and ridge agree at many samples.",
        "log ratio of the L1 errors at the largest n",
        Equals(0.0, 0.25),
        _lasso_gain(-1),
        ("fine_tuning",),
        seeds_needed=5,
        figure="fine_tuning",
    ),
)

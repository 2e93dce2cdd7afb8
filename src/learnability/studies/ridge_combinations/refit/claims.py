"""Claims on the exponents of phase II: samples in eps and M, neurons in eps."""

from functools import partial

from learnability.results.claim import Analyses, AtMost, Claim, Equals, Measurement
from learnability.results.measuring import Measure, estimated, measured, seeds_of
from learnability.studies.ridge_combinations import PAPER


def _samples_exponent(analyses: Analyses) -> Measurement:
    """Slope of log L1 error against log n, neurons growing like sqrt(n)."""
    analysis = analyses["refit"]
    n = analysis["joint_samples"].values
    note = f"n from {int(n[0])} to {int(n[-1])}, M = {analysis.attrs['joint_tasks']}"
    return measured(analysis["sample_slope"], seeds_of(analysis), note)


def _tasks_exponent(index: int) -> Measure:
    """Exponent of M in the samples for a given error, where the squared error falls like 1/n, minus C_p."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["refit"].isel(strength_exponent=index)
        allowed = float(analysis["strength_exponent"])
        slope, tasks = analysis["task_slope"], analysis["tasks"].values
        note = f"exponent {float(slope[0]):.2f}, M from {tasks[0]} to {tasks[-1]}"
        return measured(slope - allowed, seeds_of(analysis), note)

    return measure


_claim = partial(Claim, experiments=("refit",), seeds_needed=8, figure="mixed_links", evidence="asymptotic")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "refit.eps",
        f"{PAPER}, Theorem 4",
        "Ridge regression in phase II needs eps^(-2) samples for an L1 error eps, with neurons in the number 1/eps: on "
        "exact directions, with neurons like n^(1/2), the error falls like n^(-1/2).",
        "slope of log L1 error against log n, labels with noise 0.5, C_p = 1",
        Equals(-0.5, 0.1),
        _samples_exponent,
    ),
    _claim(
        "refit.tasks",
        f"{PAPER}, Theorem 4",
        "Ridge regression in phase II needs no more samples than M^(C_p), up to logarithms, here C_p = 1.",
        "exponent of M in the samples for a given error on exact directions, minus C_p",
        AtMost(0.2),
        _tasks_exponent(0),
    ),
    _claim(
        "refit.weak-tasks",
        f"{PAPER}, Theorem 4",
        "Ridge regression in phase II needs no more samples than M^(C_p), up to logarithms, also with unequal "
        "strengths, here C_p = 2, when the neurons are distributed as phase I distributes them.",
        "exponent of M in the samples for a given error on exact directions, minus C_p",
        AtMost(0.2),
        _tasks_exponent(-1),
    ),
    _claim(
        "refit.width",
        f"{PAPER}, Theorem 4",
        "Neurons in the number 1/eps are enough for an L1 error eps: the best fit of one link by J neurons with random "
        "biases has an error that falls at least like 1/J.",
        "slope of log L1 error of the best fit, by quadrature, against log J, J from 8 to 64",
        AtMost(-1.0),
        estimated("refit", "width_slope"),
    ),
)

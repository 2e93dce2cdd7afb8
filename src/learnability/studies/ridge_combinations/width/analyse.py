"""The share of one weak task over the number of tasks, with the finite-M theory beside it."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import exponents, over_seeds, slope_over_seeds, variable
from learnability.statistics.asymptotics import local_exponents_of
from learnability.studies.ridge_combinations import theory
from learnability.studies.ridge_combinations.width.setting import WidthSetting


def _worst_ratio(ratios: np.ndarray, axis: int = 0) -> np.ndarray:
    return np.abs(ratios.mean(axis=axis) - 1).max(axis=(-2, -1))


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Runs differ in the ratio of the strengths: one strength exponent C_p each."""
    ordered = sorted(runs, key=lambda run: run.setting_as(WidthSetting).target.strength_ratio)
    targets = [run.setting_as(WidthSetting).target for run in ordered]
    strengths = np.array([t.strength_ratio ** (2 / (t.information_exponent - 2)) for t in targets])
    tasks = ordered[0].result["tasks"].values
    share = np.stack([run.result["share"].values for run in ordered], axis=1)
    expected = np.array(
        [[theory.weak_share(int(m), t.strength_ratio, t.information_exponent) for m in tasks] for t in targets]
    )
    slopes = [
        slope_over_seeds(tasks, share[:, k], rng, "slope of log share against log M", "mean")
        for k in range(len(targets))
    ]
    limits = [np.polyfit(np.log(tasks), np.log(row), 1)[0] for row in expected]
    # Exact values, from M = 10 to 10^15: what the slope tends to, and how slowly.
    many = 10.0 ** np.arange(1, 16)
    far = [
        np.array([theory.log_weak_share(m, t.strength_ratio, t.information_exponent) for m in many]) for t in targets
    ]
    limit = exponents(
        # The next terms of the correction (M / 2 in place of M, powers of 1 / log M) are of neither form, and no noise
        # widens an interval of exact values: it reaches to the slope without any correction, which errs on the other
        # side of the limit.
        [local_exponents_of(many, row, corrections=("1/log x", "none"), last_decades=10) for row in far],
        "exponent of the share of one weak task in M",
        "strength_exponent",
        "share",
    )
    grid = ("strength_exponent", "tasks")
    weak = share[:, -1] / expected[-1]
    worst = over_seeds(_worst_ratio, (), share / expected, rng, "largest |measured / theory - 1|")
    data = {
        "share": over_seeds(np.mean, grid, share, rng, "share of one weak task"),
        "expected_share": variable(grid, expected, "share of one weak task by the finite-M theory"),
        "ratio": variable(grid, share.mean(0) / expected, "measured share over theory"),
        "worst_ratio": worst,
        "weak_ratio": over_seeds(np.mean, "tasks", weak, rng, "measured share of a weak task over theory, C_p above 1"),
        "slope": xr.Variable.concat(slopes, "strength_exponent"),
        "expected_slope": variable("strength_exponent", limits, "slope of the finite-M theory at these M"),
    }
    return xr.Dataset(data | limit, {"strength_exponent": strengths, "tasks": tasks}, {"seeds": share.shape[0]})

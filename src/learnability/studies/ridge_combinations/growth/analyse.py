"""Samples to localise at M = d^gamma, beside the flow and beside the number of cubics that a kernel needs."""

from collections.abc import Sequence
from math import comb

import numpy as np
import xarray as xr

from learnability.results.contract import Run, only
from learnability.results.labelled import OVER_SEEDS, estimate, exponents, over_seeds, slope_over_seeds, variable
from learnability.statistics.asymptotics import local_exponents, trend
from learnability.studies.ridge_combinations import theory
from learnability.studies.ridge_combinations.growth.setting import GrowthSetting
from learnability.studies.ridge_combinations.localisation.analyse import ratio_of_medians


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """T50 of every seed is the median over its neurons."""
    setting, result = only(runs, GrowthSetting)
    exponent, d = setting.target.information_exponent, result["dimension"].values
    degree = len(setting.target.link) - 1
    half, flow = (np.median(result[name].values, axis=-1) for name in ("hitting_time", "flow_time"))
    tasks = result["tasks"].values
    cubics = np.array([float(comb(int(n) + degree, degree)) for n in d])
    alpha = theory.relu_coefficient(float(setting.phase_one.bias), exponent)
    delta = setting.phase_one.relative_step
    limit = [[theory.escape_constant(exponent, int(m), alpha, 1.0, delta) for m in row] for row in tasks]
    grid = ("power", "dimension")
    slopes = [
        slope_over_seeds(d, half[:, k], rng, "slope of log T50 against log d at M = d^gamma")
        for k in range(len(setting.powers))
    ]
    with np.errstate(invalid="ignore"):  # a time that was never reached is infinite
        ratios = half / flow
    trends = [trend(d, ratios[:, k], rng) for k in range(len(setting.powers))]
    change, low, high = ([getattr(t, end) for t in trends] for end in ("change", "change_low", "change_high"))
    logs = np.log(np.stack([half, flow], axis=1))
    data = {
        "half_time": over_seeds(np.median, grid, half, rng, "T50, median over seeds", "samples"),
        "scaled_half_time": over_seeds(
            np.median, grid, half / (tasks * d ** (exponent - 1.0)), rng, "T50 / (M d^(p-1))"
        ),
        "escape_constant": variable(grid, limit, "n* / (M d^(p-1)) of the population flow"),
        "over_flow": over_seeds(
            ratio_of_medians, grid, logs, rng, "T50 over that of the flow from the same starts", smooth=True
        ),
        "flow_change": estimate("power", change, low, high, "change of that ratio over d", OVER_SEEDS),
        "over_kernel": over_seeds(np.median, grid, half / cubics, rng, "T50 over the number of polynomials"),
        "kernel_features": variable("dimension", cubics, "polynomials of the links' degree in d variables"),
        "slope": xr.Variable.concat(slopes, "power"),
        "tasks": result["tasks"].variable,
    }
    if len(d) > 2:
        # The flow's time is M d^{p-1} / c_M^{p-2} up to a constant: without the logarithm, what is left of the
        # correction is that of starts of size d^(-1/2), as at fixed M.
        starts = np.array([[theory.best_start(int(m), exponent % 2 == 0) for m in row] for row in tasks])
        free = half * starts ** (exponent - 2)
        found = [local_exponents(d, free[:, k], rng, "median", ("x^-1/2", "x^-1")) for k in range(len(setting.powers))]
        data |= exponents(found, "exponent of T50 c_M^(p-2) in d at M = d^gamma", "power", "growth")
    coords = {"power": result["power"].values, "dimension": d}
    return xr.Dataset(data, coords, {"information_exponent": exponent, "seeds": half.shape[0]})

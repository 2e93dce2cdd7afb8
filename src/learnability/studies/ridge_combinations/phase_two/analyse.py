"""Test errors over the number of phase II samples, by method, and the number of samples that a kernel needs."""

from collections.abc import Sequence
from math import comb

import numpy as np
import xarray as xr

from learnability.results.contract import Run, only
from learnability.results.labelled import over_seeds, variable
from learnability.studies.ridge_combinations.phase_two.setting import PhaseTwoSetting
from learnability.studies.ridge_combinations.ridge_target import links


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Medians over seeds: a single refit may have a large error."""
    setting, result = only(runs, PhaseTwoSetting)
    axes = ("samples", "method")
    l1 = result["l1"].values
    degree = int(np.flatnonzero(links(setting.target)[0])[-1])
    data = {
        "l1": over_seeds(np.median, axes, l1, rng, "mean absolute test error, median over seeds"),
        "l2": over_seeds(np.median, axes, result["l2"].values, rng, "mean squared test error, median over seeds"),
        "l1_per_seed": variable(("seed", *axes), l1, "mean absolute test error"),
        "nonzero": over_seeds(np.median, axes, result["nonzero"].values, rng, "nonzero coefficients"),
        "zero_l1": over_seeds(np.median, (), result["zero_l1"].values, rng, "error of predicting zero"),
        "zero_l1_per_seed": variable("seed", result["zero_l1"].values, "error of predicting zero"),
        "localised": over_seeds(np.mean, (), result["localised"].values, rng, "neurons above 0.9"),
        "phase_one_samples": variable((), int(result["phase_one_samples"]), "samples of phase I", "samples"),
        "kernel_features": variable(
            (), float(comb(setting.dimension + degree, degree)), "polynomials of the links' degree in d variables"
        ),
    }
    if result.sizes["kernel_samples"]:
        kernel = result["kernel_l1"].values
        data["kernel_l1"] = over_seeds(np.median, "kernel_samples", kernel, rng, "error of kernel ridge")
        data["kernel_l1_per_seed"] = variable(("seed", "kernel_samples"), kernel, "error of kernel ridge")
    coords = {name: result[name].variable for name in ("samples", "method", "kernel_samples")}
    return xr.Dataset(
        data,
        coords,
        {"seeds": result.sizes["seed"], "dimension": setting.dimension, "label_noise": setting.label_noise},
    )

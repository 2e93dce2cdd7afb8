"""Analyses of everything but training: exact quantities beside the bounds of the lecture."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from learnability.statistics.intervals import bootstrap
from learnability.results.contract import Run
from learnability.studies.gradient_hardness import cosine_class, drift, theory
from learnability.studies.gradient_hardness.datasets import variable
from learnability.studies.gradient_hardness.representations import hat_path_norm, merged_path_norm


def _only(runs: Sequence[Run]) -> xr.Dataset:
    """The result of an experiment that has one setting."""
    if len(runs) != 1:
        raise ValueError(f"this kind of experiment has one setting, not {len(runs)}")
    return runs[0].result


def _interval(values: xr.DataArray, rng: np.random.Generator, label: str, statistic: str = "mean") -> dict[str, tuple]:
    """Estimate and bootstrap interval over seeds: the named variable without suffix, and with ``_low`` and
    ``_high``."""
    reduce: Callable[..., Any] = np.median if statistic == "median" else np.mean
    axis = values.get_axis_num("seed")
    dims = tuple(str(dim) for dim in values.dims if dim != "seed")
    results = bootstrap(reduce, values.values, rng, axis=axis)
    names = ("", "_low", "_high")
    texts = (f"{statistic} {label}", f"{statistic} {label}, lower end", f"{statistic} {label}, upper end")
    return {name: variable(dims, value, text) for name, value, text in zip(names, results, texts, strict=True)}


def _log(array: xr.DataArray) -> xr.DataArray:
    return xr.apply_ufunc(np.log, array)


def _prefixed(name: str, parts: dict[str, tuple]) -> dict[str, tuple]:
    return {name + suffix: value for suffix, value in parts.items()}


def analyse_representations(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Margins in units of 1/(6k) and -1/(3k), path norms over their bounds, slack of the corrected bound
    times 2k."""
    result = _only(runs)
    count = runs[0].target["intersections"]
    exact = result["path_norm_exact"]
    content = {
        "positive_margin_ratio": (result["positive_margin"] * 6 * count, "smallest g inside times 6k"),
        "negative_margin_ratio": (result["negative_margin"] * 3 * count, "largest g outside times 3k"),
        "printed_violated": (
            (exact > result["path_norm_printed"]).astype(float),
            "exact path norm above print",
        ),
        "scaled_slack": ((result["path_norm_corrected"] - exact) * 2 * count, "2k (corrected bound - exact path norm)"),
        "printed_ratio": (exact / result["path_norm_printed"], "exact path norm over the printed bound"),
    }
    new = {name: variable(array.dims, array.values, label) for name, (array, label) in content.items()}
    new["intersections"] = variable("dimension", count.values, "number k of halfspaces in the intersection")
    dimensions = result["parity_dimension"].values
    new["parity_hat_formula"] = variable(
        "parity_dimension", [hat_path_norm(d, d) for d in dimensions], "8(d+1)k + 4d(d+1) + 2 at k = d"
    )
    new["parity_merged_formula"] = variable(
        "parity_dimension", [merged_path_norm(d) for d in dimensions], "6k^2 + 1 at k = d"
    )
    return result.assign(new)


def analyse_classes(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Rates per dimension: of the packings and their bounds, of the variance against its saddle, of the
    norms."""
    result = _only(runs)
    dimensions = result["dimension"].values.astype(float)
    rates = _log(result["packing"]) / result["packing_dimension"]
    new = _prefixed("packing_rate", _interval(rates, rng, "log n / d of the packings"))
    scalars = {
        "union_rate": (cosine_class.union_bound_rate(), "log n per dimension of the union bound"),
        "cap_rate": (cosine_class.cap_bound_rate(), "log n per dimension of the cap bound"),
        "saddle_cosine": (cosine_class.saddle_cosine(), "saddle value per dimension, cosine model"),
        "saddle_relu": (cosine_class.saddle_relu(), "saddle value per dimension, ReLU neuron"),
    }
    for model in ("cosine", "relu"):
        slope = _rate_beside_power(dimensions, result[f"log_variance_{model}"].values)
        scalars[f"variance_rate_{model}"] = (slope, f"fitted log variance per dimension, {model} model")
    for name in ("barron_bound_diagonal", "ridge_path_norm_diagonal", "barron_bound_axis"):
        scalars[f"{name}_exponent"] = (_exponent(dimensions, result[name].values), f"growth exponent in d of {name}")
    new |= {name: variable((), value, label) for name, (value, label) in scalars.items()}
    return result.assign(new)


def _rate_beside_power(dimensions: np.ndarray, logs: np.ndarray) -> float:
    """Rate r of ``log y = r d + p log d + c`` by least squares on the upper half: Laplace's method leaves a
    power of d."""
    upper = dimensions >= np.median(dimensions)
    design = np.stack((dimensions, np.log(dimensions), np.ones_like(dimensions)), 1)
    return float(np.linalg.lstsq(design[upper], logs[upper], rcond=None)[0][0])


def _exponent(dimensions: np.ndarray, values: np.ndarray) -> float:
    """Slope of log y against log d on the upper half of the dimensions."""
    upper = dimensions >= np.median(dimensions)
    return float(np.polyfit(np.log(dimensions[upper]), np.log(values[upper]), 1)[0])


def analyse_variance(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Variance over its printed bound, over its closed form, and the spectrum over the mean of the class."""
    result = _only(runs)
    # Theorem 5 as printed: E|grad h|^2 / |F|, which drops the factor 2 of the gradient of the square.
    printed = result["gradient_norm"] / 2.0 ** result["dimension"]
    gap = abs(result["variance"] / result["closed_form"] - 1)
    new = _prefixed("printed_ratio", _interval(result["variance"] / printed, rng, "variance over the printed bound"))
    new |= _prefixed(
        "spectrum", _interval(result["level_energy"] / printed, rng, "level over the class mean", "median")
    )
    new["closed_form_gap"] = variable(gap.dims, gap.values, "relative distance of the transform from the closed form")
    new["corrected_ratio"] = variable(
        gap.dims, (result["variance"] / printed / 4).values, "variance over the corrected bound"
    )
    return result.assign(new)


def analyse_threshold(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Lazy time against the noise of the first layer, and its rise from no noise to noise one in decades."""
    result = _only(runs)
    times = theory.lazy_time(result["gradient_norm"].values, float(result.attrs["step_size"]))
    steps = result["gradient_norm"].copy(data=times)
    new = _prefixed("predicted_steps", _interval(steps, rng, "1/(step size lambda_v)", "median"))
    rise = _log(steps.sel(noise_level=1.0) / steps.sel(noise_level=0.0)) / np.log(10)
    new |= _prefixed("rise", _interval(rise, rng, "decades from noise 0 to noise 1", "median"))
    return result.assign(new)


def analyse_drift(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Root mean square drifts over the printed, corrected and analytic bounds, and the lifted model in
    closed form."""
    result = _only(runs)
    new: dict[str, tuple] = {}
    for name, axis, time in (("", "sine_dimension", "time"), ("small_", "small_weight_dimension", "small_time")):
        dimension, when = np.meshgrid(result[axis].values.astype(float), result[time].values, indexing="ij")
        lipschitz, start = dimension + 1, (dimension + 1) / 2
        root, cut = result[f"{name}squared_drift"] ** 0.5, result[f"{name}truncated_drift"] ** 0.5
        bounds = {
            "printed": (root, np.log(theory.printed_drift(dimension, when, lipschitz, start))),
            "corrected": (root, theory.log_corrected_drift(dimension, when, lipschitz, start)),
            "analytic": (cut, np.log(theory.analytic_drift(dimension, when))),
        }
        new |= _prefixed(f"{name}drift", _interval(root, rng, "root mean square drift"))
        new |= _prefixed(f"{name}truncated", _interval(cut, rng, "root mean square of the cut drift"))
        for bound, (measured, log_bound) in bounds.items():
            ratio = measured.copy(data=np.exp(np.log(measured.values) - log_bound))
            new |= _prefixed(f"{name}{bound}_ratio", _interval(ratio, rng, f"drift over the {bound} bound"))
            new[f"{name}{bound}_log_bound"] = variable((axis, time), log_bound, f"log of the {bound} bound")
    predicted = [drift.lifted_time(d) for d in result["simulated_dimension"].values]
    gap = np.abs(result["lifted_time"].values - predicted)
    new["lifted_time_gap"] = variable("simulated_dimension", gap, "simulated time less the closed form", "flow time")
    return result.assign(new | _lifted(runs[0].target["dimension"].values.astype(float)))


def _lifted(dimensions: np.ndarray) -> dict[str, tuple]:
    """The lifted model at the time when its drift is 1/2 under every parity; G_0 = L = 1."""
    times = np.logaddexp((dimensions / 2 - 1) * np.log(2), 0)
    printed = theory.printed_drift(dimensions, times, np.ones(1), np.ones(1))
    corrected = np.exp(theory.log_corrected_drift(dimensions, times, np.ones(1), np.ones(1)))
    constants = theory.log2_printed_constant(dimensions, times, 0.25)
    upper = dimensions >= np.median(dimensions)
    growth = np.polyfit(dimensions[upper], constants[upper], 1)[0] if upper.sum() > 1 else np.nan
    corollary = np.polyfit(dimensions[upper], dimensions[upper] - 1, 1)[0] if upper.sum() > 1 else np.nan
    on_axis = {
        "lifted_half_time": (times, "time at which the drift is 1/2"),
        "lifted_printed_ratio": (0.5 / printed, "drift over the printed bound"),
        "lifted_corrected_ratio": (0.5 / corrected, "drift over the corrected bound"),
        "lifted_log2_constant": (constants, "log2 of the constant C_1 that the print needs"),
    }
    new = {name: variable("lifted_dimension", values, label) for name, (values, label) in on_axis.items()}
    new["lifted_constant_growth"] = variable((), growth, "growth of log2 C_1 per dimension")
    new["lifted_corollary_growth"] = variable((), corollary, "growth of log2 of the drift over 2^-d per dimension")
    return new


def analyse_landscape(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Density of minima over Kac-Rice, standard deviation times sqrt(n), slope of the depth in n."""
    result = _only(runs)
    predicted = theory.minima_density(result["frequency"].values)
    density = result["minima"] / result["area"]
    relative = density / xr.DataArray(predicted, dims="frequency")
    depth = result["depth"].mean("frequency")
    scaled = result["deviation"] * result["sample_size"] ** 0.5
    everything = ("frequency", "sample_size")
    measured = {
        "density": (density, "minima per unit area"),
        "density_ratio": (relative.mean(everything), "density over Kac-Rice"),
        "density_ratio_by_size": (relative.mean("frequency"), "density over Kac-Rice"),
        "density_slope": (_slopes(_log(relative.mean("frequency"))), "slope of log density in log n"),
        "scaled_deviation": (scaled.mean(everything), "standard deviation times sqrt(n)"),
        "depth_by_size": (depth, "depth of the minima"),
        "depth_slope": (_slopes(_log(depth)), "slope of log depth in log n"),
    }
    new: dict[str, tuple] = {}
    for name, (values, label) in measured.items():
        new |= _prefixed(name, _interval(values, rng, label))
    steep = _power(result["frequency"].values, 1 - result["flat_fraction"].values)
    new["flat_slope"] = variable((), steep, "slope of the log of the area that is not flat in log L")
    new["density_theory"] = variable("frequency", predicted, "Kac-Rice density of minima")
    return result.assign(new)


def _power(x: np.ndarray, y: np.ndarray) -> float:
    """Slope of log y against log x; NaN for a single point."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0]) if x.size > 1 else np.nan


def _slopes(logs: xr.DataArray) -> xr.DataArray:
    """Least-squares slope against the log of the sample size for each seed."""
    sizes = _log(logs["sample_size"].astype(float))
    centred = sizes - sizes.mean()
    return (logs * centred).sum("sample_size") / float((centred**2).sum())

"""Analysis of online SGD beside the flow, and of two-stage training."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.statistics.intervals import bootstrap
from learnability.results.contract import Run
from learnability.studies.subspace_polynomials.settings import TwoStageSetting
from learnability.studies.subspace_polynomials.tables import Columns, dataset_of
from learnability.studies.subspace_polynomials.targets import names

_STACKED = (
    "lambda_min",
    "lambda_max",
    "scaled_condition",
    "lambda_min_curve",
    "curve_condition",
    "loss",
    "bound",
    "time_to",
)


def _relative_gap(samples: np.ndarray, axis: int) -> np.ndarray:
    """``sup_t |mean_seeds(L_sgd - L_flow)|`` of samples (..., seed, time) that hold the difference over L(0)."""
    return np.asarray(np.abs(samples.mean(axis=axis)).max(-1))


def analyse_online_sgd(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Bands of both losses and the distance between their means."""
    time = runs[0].result["time"]
    columns: Columns = {}
    for name, text in (("sgd_loss", "online SGD"), ("flow_loss", "mean-field flow")):
        bands = [np.quantile(run.result[name].values, (0.1, 0.5, 0.9), axis=0) for run in runs]
        columns[name] = (("target", "quantile", "time"), np.stack(bands), f"quantiles over seeds of the loss of {text}")
    gaps, spreads = [], []
    for run in runs:
        difference = run.result["sgd_loss"].values - run.result["flow_loss"].values
        start = run.result["flow_loss"].values[:, :1]
        gaps.append(bootstrap(_relative_gap, difference / start, rng))
        spreads.append(float(np.abs(difference / start).max()))
    for position, suffix in enumerate(("", "_low", "_high")):
        columns["gap" + suffix] = (
            ("target",),
            [gap[position] for gap in gaps],
            "sup_t |mean (L_sgd - L_flow)| / L(0)" + suffix,
        )
    columns["worst_gap"] = (("target",), spreads, "largest |L_sgd - L_flow| / L(0) of any seed and time")
    columns["failed_runs"] = ((), sum(int((run.result["status"] != 0).sum()) for run in runs), "runs that diverged")
    columns["seed_count"] = ((), runs[0].result.sizes["seed"], "seeds")
    quantile = ("quantile", np.array([0.1, 0.5, 0.9]), {"units": "1", "long_name": "quantile over seeds"})
    return dataset_of(
        columns, {"time": time, "quantile": quantile}, polynomials=[text for run in runs for text in names(run.target)]
    )


def _sampled(runs: Sequence[Run], rng: np.random.Generator) -> Columns:
    """Bands and speed ratios from sampled particles, and the largest loss over its bound."""
    bands, ratios, bound = [], [], []
    for run in runs:
        result = run.result
        bands.append(np.quantile(result["sampled_loss"].values, (0.1, 0.5, 0.9), axis=0))
        times = result["sampled_time_to"].values
        ratios.append(bootstrap(np.median, times[:, 0] / times[:, 1], rng))
        sampled = result["sampled_loss"] / result["sampled_bound"].where(result["sampled_bound"] > 0)
        exact = result["loss"] / result["bound"].where(result["bound"] > 0)
        bound.append(max(float(sampled.max()), float(exact.max())))
    columns: Columns = {"bound_ratio": (("case",), bound, "largest L / bound over times, copies and seeds")}
    axes = ("case", "quantile", "copies", "time")
    columns["sampled_loss"] = (axes, np.stack(bands), "loss from sampled particles, quantiles over seeds")
    for position, suffix in enumerate(("", "_low", "_high")):
        values = np.stack([ratio[position] for ratio in ratios])
        text = "time without averaging over time with p copies"
        columns["speed_ratio" + suffix] = (("case", "fraction"), values, text + suffix)
    return columns


def analyse_two_stage(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """All settings along ``case``; ``copies`` becomes 0 (one copy) and 1 (p copies)."""
    columns: Columns = {}
    first = runs[0].result
    stacked = (
        "lambda_min",
        "lambda_max",
        "scaled_condition",
        "lambda_min_curve",
        "curve_condition",
        "loss",
        "bound",
        "time_to",
    )
    for name in stacked:
        axes = ("case", *(str(axis) for axis in first[name].dims))
        columns[name] = (axes, np.stack([run.result[name].values for run in runs]), str(first[name].attrs["long_name"]))
    columns["curve_times"] = (
        ("case", "time"),
        np.stack([run.result["time"].values for run in runs]),
        "time of the second stage",
    )
    columns |= _sampled(runs, rng)
    log_time = np.log(first["training_time"].values)
    logs = np.log(columns["lambda_min"][1])  # type: ignore[call-overload]
    columns["local_slope"] = (
        ("case", "copies", "interval"),
        np.diff(logs) / np.diff(log_time),
        "power of T between neighbouring T",
    )
    columns["used_variables"] = (
        ("case",),
        [int(run.target["used_variables"].values[0]) for run in runs],
        "variables p",
    )
    columns["degree"] = (
        ("case",),
        [int(run.target["multi_index"].values[run.target["coefficient"].values[0] != 0].sum(1).max()) for run in runs],
        "degree n",
    )
    columns["seed_count"] = ((), first.sizes["seed"], "seeds")
    kept = [run.setting.keep_output for run in runs if isinstance(run.setting, TwoStageSetting)]
    columns["keep_output"] = (
        ("case",),
        np.array(kept, dtype=np.int8),
        "1 where the first stage keeps the network's output",
    )
    coordinates = {
        "training_time": first["training_time"],
        "fraction": first["fraction"],
        "copies": ("copies", np.array([0, 1]), {"units": "1", "long_name": "0: one copy, 1: p copies"}),
    }
    return dataset_of(columns, coordinates, polynomials=[names(run.target)[0] for run in runs])

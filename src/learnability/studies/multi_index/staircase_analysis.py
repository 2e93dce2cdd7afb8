"""The staircase: cosines and loss along the joint flow, and the heights of its plateaus."""

import json
import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.statistics.intervals import bootstrap
from learnability.hermite.tensors import losses_after_leaps
from learnability.results.contract import Run
from learnability.studies.multi_index.targets import expansions, link_texts

QUANTILES = (0.1, 0.5, 0.9)
Array = NDArray[np.float64]


def analyse_trajectories(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Quantiles over seeds of the paths, and the loss halfway (in log time) between one escape and the next."""
    (run,) = runs
    result = run.result.isel(link=0, flow=0) if "flow" in run.result.dims else run.result.isel(link=0)
    link = expansions(run.target)[0]
    expected = np.array(losses_after_leaps(link))
    heights = plateau_heights(result)
    estimate, low, high = bootstrap(np.nanmedian, np.moveaxis(heights, -1, 0), rng)
    saddle = np.arange(heights.shape[1])
    predicted = np.full(len(saddle), math.nan)
    predicted[: len(expected)] = expected
    paths = {
        "cosine": (
            ("quantile", "dimension", "angle", "time"),
            _quantiles(result["cosine_path"], "angle"),
            "cosine of the principal angle",
        ),
        "loss": (
            ("quantile", "dimension", "time"),
            _quantiles(result["loss_path"]),
            "loss as a fraction of that of the zero predictor",
        ),
        "plateau": (
            ("dimension", "saddle", "bound"),
            np.stack([estimate, low, high], axis=-1),
            "median loss on the plateau: estimate, low, high",
        ),
        "predicted_plateau": (("saddle",), predicted, "loss left by the subspaces learned so far"),
        "escape_time": (
            ("quantile", "dimension", "angle"),
            np.nanquantile(result["escape_time"].transpose("dimension", "angle", "seed"), QUANTILES, axis=-1),
            "quantiles of the escape time",
        ),
        "largest_fall": (
            (),
            float(result["largest_fall"].max()),
            "largest fall of a cosine in one step, over all runs",
        ),
        "largest_rise": ((), _largest_rise(result), "largest rise of the loss between save times, over all runs"),
        "converged": (
            ("dimension",),
            (result["status"] == 1).mean("seed").values,
            "fraction of runs that reach the target",
        ),
    }
    variables = {
        name: (dims, values, {"long_name": text, "units": "flow time" if name == "escape_time" else "1"})
        for name, (dims, values, text) in paths.items()
    }
    coordinates = {
        "time": ("time", result["time"].values, {"long_name": "time", "units": "flow time"}),
        "dimension": ("dimension", result["dimension"].values, {"long_name": "dimension d of the data", "units": "1"}),
        "quantile": ("quantile", np.array(QUANTILES), {"long_name": "quantile over seeds", "units": "1"}),
        "saddle": ("saddle", saddle, {"long_name": "number of directions learned", "units": "1"}),
    }
    attributes = {"links": json.dumps(link_texts(run.target)), "seeds": result.sizes["seed"]}
    return xr.Dataset(variables, coords=coordinates, attrs=attributes)


def plateau_heights(result: xr.Dataset) -> Array:
    """Loss at the geometric mean of successive escape times: shape (dimension, saddle 0..r, seed)."""
    log_times = np.log(result["time"].values)
    losses = result["loss_path"].transpose("dimension", "time", "seed").values
    escapes = np.log(result["escape_time"].transpose("dimension", "angle", "seed").values)
    heights = np.full((escapes.shape[0], escapes.shape[1] + 1, escapes.shape[2]), math.nan)
    for d, seed in np.ndindex(escapes.shape[0], escapes.shape[2]):
        marks = np.concatenate([log_times[:1], escapes[d, :, seed], log_times[-1:]])
        middles = (marks[1:] + marks[:-1]) / 2
        heights[d, :, seed] = np.interp(middles, log_times, losses[d, :, seed], right=math.nan)
    return heights


def _quantiles(path: xr.DataArray, *more: str) -> Array:
    ordered = path.transpose("dimension", *more, "time", "seed").values
    return np.asarray(np.nanquantile(ordered, QUANTILES, axis=-1))


def _largest_rise(result: xr.Dataset) -> float:
    return float(np.nanmax(np.diff(result["loss_path"].transpose("time", ...).values, axis=0), initial=0.0))

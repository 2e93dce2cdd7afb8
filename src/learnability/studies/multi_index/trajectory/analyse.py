"""Analysis of the staircase: quantiles of its paths, and the heights of its plateaus."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.hermite.tensors import losses_after_leaps
from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import exponents, over_seeds, variable
from learnability.results.status import Status
from learnability.studies.multi_index import theory
from learnability.studies.multi_index.laws import exponents_of_median
from learnability.studies.multi_index.links import expansions, leap_exponents, link_texts

QUANTILES = (0.1, 0.5, 0.9)
Array = NDArray[np.float64]


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Quantiles over seeds of the paths, and the loss halfway (in log time) between one escape and the next."""
    result, target = only(runs, Setting)[1].isel(link=0, flow=0), runs[0].target
    expected = losses_after_leaps(expansions(target)[0])
    heights = plateau_heights(result)
    predicted = np.full(heights.shape[1], math.nan)
    predicted[: len(expected)] = expected
    leaps = leap_exponents(target, 0)
    escapes = result["escape_time"].transpose("dimension", "angle", "seed")
    dimensions = result["dimension"].values
    rise = np.nanmax(np.diff(result["loss_path"].transpose("time", ...).values, axis=0), initial=0.0)
    return xr.Dataset(
        {
            "cosine": variable(
                ("quantile", "dimension", "angle", "time"),
                _quantiles(result["cosine_path"], "angle"),
                "cosine of the principal angle",
            ),
            "loss": variable(
                ("quantile", "dimension", "time"),
                _quantiles(result["loss_path"]),
                "loss as a fraction of that of the zero predictor",
            ),
            "plateau": over_seeds(
                np.nanmedian,
                ("dimension", "saddle"),
                np.moveaxis(heights, -1, 0),
                rng,
                "median loss on the plateau",
            ),
            **exponents(
                [exponents_of_median(dimensions, escapes.values[:, k].T, s == 1, rng) for k, s in enumerate(leaps)],
                "local exponent of the escape time of a saddle (rate against log d for a logarithm)",
                "angle",
                "escape",
            ),
            "expected_exponent": variable(
                "angle",
                [theory.joint_exponent(s) or theory.log_rate("joint", leaps[: k + 1]) for k, s in enumerate(leaps)],
                "exponent of theory, or rate where it is zero",
            ),
            "predicted_plateau": variable("saddle", predicted, "loss left by the subspaces learned so far"),
            "escape_time": variable(
                ("quantile", "dimension", "angle"),
                np.nanquantile(escapes, QUANTILES, axis=-1),
                "quantiles of the escape time",
                "flow time",
            ),
            "largest_rise": variable((), float(rise), "largest rise of the loss between save times, over all runs"),
            "converged": variable(
                "dimension",
                (result["status"] == Status.CONVERGED).mean("seed").values,
                "fraction of runs that reach the target",
            ),
        },
        coords={
            "time": variable("time", result["time"].values, "time", "flow time"),
            "dimension": variable("dimension", dimensions, "dimension d of the data"),
            "quantile": variable("quantile", np.array(QUANTILES), "quantile over seeds"),
            "saddle": variable("saddle", np.arange(heights.shape[1]), "number of directions learned"),
        },
        attrs={"link": link_texts(target)[0], "seeds": result.sizes["seed"]},
    )


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

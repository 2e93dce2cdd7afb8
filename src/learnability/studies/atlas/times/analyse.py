"""Analysis: quantiles of escape times, exponents by decade, the share of trapped starts, samples of online SGD."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.flows.multi_index import TRAPPED
from learnability.hermite.tensors import leaps
from learnability.results.contract import Run
from learnability.results.labelled import names, share, texts, variable
from learnability.studies.atlas import theory
from learnability.studies.atlas.problem import expansion_of, is_followed, kept_share, target_of, text_of

QUANTILES = (0.1, 0.5, 0.9)

Array = NDArray[np.float64]


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """One entry of ``target`` for every setting; angles beyond a target's number of directions are NaN."""
    angles = max(run.result.sizes["angle"] for run in runs)
    cases = [_case(run, angles) for run in runs]
    joined = xr.concat(cases, "target")
    return joined.assign_coords(target=names("target", [text_of(run.setting) for run in runs], "target"))


def _padded(values: Array, axis: int, length: int) -> Array:
    pad = [(0, length - size if i == axis else 0) for i, size in enumerate(values.shape)]
    return np.pad(values, pad, constant_values=math.nan)


def _law(flow: str, exponents: Sequence[int], direction: int) -> float:
    if flow == "joint":
        return theory.joint_exponent(exponents[direction])
    return theory.planted_exponent(exponents, direction)


def _case(run: Run, angles: int) -> xr.Dataset:
    result, target = run.result, expansion_of(target_of(run.setting))
    followed = is_followed(target_of(run.setting))
    exponents = [s for s, count in leaps(target) for _ in range(count)] if followed else []
    escape = result["escape_time"].transpose("flow", "dimension", "angle", "seed").values
    with np.errstate(invalid="ignore"):
        # Over all starts: one that is trapped never escapes, which is later than any time.
        times = np.moveaxis(np.quantile(escape, QUANTILES, axis=-1, method="inverted_cdf"), 0, -1)
        decades = np.diff(np.log10(times[..., 1]), axis=1) / np.diff(np.log10(result["dimension"].values))[:, None]
    trapped = (result["status"] == TRAPPED).sum("seed").values
    unresolved = (result["status"] != TRAPPED) & ~(result["loss"] < 1e-3) & followed
    seeds = result.sizes["seed"]
    flows = texts(result["flow"])
    predicted = np.array([[_law(flow, exponents, i) for i in range(len(exponents))] for flow in flows], dtype=float)
    samples = np.sort(result["sgd_samples"].values)
    ran = not np.isnan(samples).any()
    sgd = np.quantile(samples, QUANTILES, method="inverted_cdf") if ran else np.full(3, math.nan)
    over = ("flow", "dimension")
    return xr.Dataset(
        {
            "escape_time": variable(
                (*over, "angle", "quantile"), _padded(times, 2, angles), "quantiles of escape times", "flow time"
            ),
            "exponent": variable(
                ("flow", "decade", "angle"), _padded(decades, 2, angles), "exponent of the median from d to 10 d"
            ),
            "predicted": variable(("flow", "angle"), _padded(predicted, 1, angles), "exponent that theory gives"),
            "trapped": share(over, trapped, seeds, "share of trapped starts", "Wilson"),
            "unresolved": variable(over, unresolved.sum("seed").values, "runs that neither learned nor were trapped"),
            "directions": variable((), len(exponents), "number of directions that the flows follow; 0: no flow"),
            "sgd_samples": variable("quantile", sgd, "quantiles of the samples of online SGD; inf beyond the budget"),
            "sgd_tried": result["sgd_tried"],
            "kept_share": variable((), kept_share(target_of(run.setting)), "share of the variance that the flows keep"),
            "sgd_cosine": variable((), float(np.median(result["sgd_cosine"].values)), "median of the smallest cosine"),
        },
        coords={
            "flow": result["flow"],
            "dimension": result["dimension"],
            "quantile": variable("quantile", QUANTILES, "probability"),
        },
    )

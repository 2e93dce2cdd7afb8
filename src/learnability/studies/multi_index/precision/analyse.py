"""Analysis of precision: the two forms of the joint flow, what a general method costs, and the Hermite basis."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.hermite.basis import gauss_hermite, hermite_basis
from learnability.results.contract import Run, only
from learnability.results.labelled import variable
from learnability.studies.multi_index.links import leap_exponents
from learnability.studies.multi_index.precision.setting import PrecisionSetting

LOST = 0.01
"""A run whose escape time is off by more than this fraction, or missing, is lost."""

DEEP = 0.99e16
"""Saddles with d^(s-1) of this size are beyond what float64 resolves of 1 - lambda^2."""

Array = NDArray[np.float64]


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Deviation of each form from the spectral form in the target's axes, and from itself in the rotated frame."""
    setting, result = only(runs, PrecisionSetting)
    target = runs[0].target
    dims = ("link", "form", "frame", "dimension")
    times = result["escape_time"].transpose(*dims, "seed").values
    deviation = np.abs(times / times[:, 1:, :1] - 1)
    deviation = np.where(np.isnan(deviation), math.inf, deviation)
    steps = result["steps"].transpose(*dims, "seed").values
    counts = result["evaluations"].transpose("method", "explicit_dimension", "seed").values
    degrees = np.array(setting.hermite_degrees)
    leap = np.array([max(leap_exponents(target, i)) for i in range(target.sizes["link"])])
    return xr.Dataset(
        {
            "deviation": variable(
                dims,
                _finite(np.quantile(deviation, 0.5, axis=-1, method="higher")),
                "median relative deviation of the last escape time; NaN where most runs never arrive",
            ),
            "largest_deviation": variable(
                dims, deviation.max(axis=-1), "largest relative deviation of the last escape time"
            ),
            "lost": variable(
                dims,
                (deviation > LOST).mean(axis=-1),
                "fraction of runs whose last escape time is off by more than 1 % or missing",
            ),
            **starts(deviation > LOST, result["dimension"].values.astype(float) ** (leap[:, None] - 1) >= DEEP),
            "steps": variable(dims, np.median(steps, axis=-1), "median number of steps"),
            "leap": variable("link", leap, "largest leap exponent of the link"),
            "evaluations": variable(
                ("method", "explicit_dimension"),
                _finite(np.nanquantile(counts, 0.5, axis=-1, method="higher")),
                "evaluations for one start, median over the seed batches; NaN beyond the limit",
            ),
            "hermite_error": variable(
                "degree", orthonormality_errors(degrees), "largest error of E h_j h_k up to the degree"
            ),
        },
        coords={
            **{name: result[name] for name in (*dims, "explicit_dimension", "method")},
            "degree": variable("degree", degrees, "degree"),
        },
        attrs={"seeds": result.sizes["seed"]},
    )


def starts(off: NDArray[np.bool_], deep: NDArray[np.bool_]) -> dict[str, xr.Variable]:
    """Starts that count as lost, from a mask (link, form, frame, dimension, seed) and where the saddle is deep (link,
    dimension). Dimensions share their random numbers, so that a start counts once."""
    at = deep[:, None, None, :, None]
    dims, any_deep = ("link", "form", "frame"), np.any(deep, axis=1)[:, None, None]
    counts = {
        "off_anywhere": (off.any(axis=3), True, "starts whose run is lost at any dimension"),
        "off_once_deep": ((off & at).any(axis=3), any_deep, "starts lost at any dimension with d^(s-1) >= 1e16"),
        "off_always_deep": ((off | ~at).all(axis=3), any_deep, "starts lost at all dimensions with d^(s-1) >= 1e16"),
    }
    return {
        name: variable(dims, np.where(has, mask.sum(axis=-1), math.nan), f"{text}; NaN without one")
        for name, (mask, has, text) in counts.items()
    }


def _finite(values: Array) -> Array:
    """``values`` with NaN where they are infinite."""
    return np.where(np.isinf(values), math.nan, values)


def orthonormality_errors(degrees: NDArray[np.int64]) -> Array:
    """``max_{j,k <= n} |E h_j h_k - delta_jk|`` by Gauss quadrature that is exact for it, for each n."""
    nodes, weights = gauss_hermite(int(degrees.max()) + 1)
    basis = hermite_basis(nodes, int(degrees.max()))
    gram = basis.T @ (weights[:, None] * basis)
    error = np.abs(gram - np.eye(len(gram)))
    return np.array([error[: n + 1, : n + 1].max() for n in degrees.tolist()])

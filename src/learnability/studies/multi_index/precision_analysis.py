"""Accuracy: the closure of the flow, the two forms of the joint flow, and the Hermite basis."""

import json
import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.hermite.basis import gauss_hermite, hermite_basis
from learnability.results.contract import Run
from learnability.studies.multi_index.settings import PrecisionSetting
from learnability.studies.multi_index.targets import leap_exponents, link_texts

LOST = 0.01
"""A run whose escape time is off by more than this fraction, or missing, is lost."""

Array = NDArray[np.float64]


def analyse_closure(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """The largest difference between the direct and the closed flow, by flow."""
    worst = np.max([run.result["difference"].max(["link", "dimension", "seed"]).values for run in runs], axis=0)
    moved = np.min([run.result["cosine"].min(["link", "dimension", "seed"]).values for run in runs], axis=0)
    seeds = runs[0].result.sizes["seed"]
    return xr.Dataset(
        {
            "difference": (
                ("flow",),
                worst,
                {"long_name": "largest relative difference of the correlations", "units": "1"},
            ),
            "cosine": (("flow",), moved, {"long_name": "least cosine of the best direction at the end", "units": "1"}),
        },
        coords={"flow": np.arange(len(worst))},
        attrs={"seeds": seeds, "links": json.dumps(link_texts(runs[0].target))},
    )


def analyse_precision(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Deviation of each form from the spectral form in the target's axes, and from itself in the rotated frame."""
    (run,) = runs
    assert isinstance(run.setting, PrecisionSetting)
    times = run.result["escape_time"].transpose("link", "form", "frame", "dimension", "seed").values
    deviation = np.abs(times / times[:, 1:, :1] - 1)
    deviation = np.where(np.isnan(deviation), math.inf, deviation)
    medians = np.quantile(deviation, 0.5, axis=-1, method="higher")
    degrees = np.array(run.setting.hermite_degrees)
    links = link_texts(run.target)
    leap = np.array([max(leap_exponents(run.target, i)) for i in range(len(links))])
    dims = ("link", "form", "frame", "dimension")
    steps = run.result["steps"].transpose("link", "form", "frame", "dimension", "seed").values
    columns = {
        "deviation": (
            dims,
            np.where(np.isinf(medians), math.nan, medians),
            "median relative deviation of the last escape time; NaN where most runs never arrive",
        ),
        "largest_deviation": (dims, deviation.max(axis=-1), "largest relative deviation of the last escape time"),
        "lost": (
            dims,
            (deviation > LOST).mean(axis=-1),
            "fraction of runs whose last escape time is off by more than 1 % or missing",
        ),
        "steps": (dims, np.median(steps, axis=-1), "median number of steps"),
        "leap": (("link",), leap, "largest leap exponent of the link"),
        "evaluations": (
            ("method", "explicit_dimension"),
            run.result["evaluations"].values,
            "evaluations for one start; NaN beyond the limit",
        ),
        "hermite_error": (("degree",), orthonormality_errors(degrees), "largest error of E h_j h_k up to the degree"),
    }
    variables = {name: (d, values, {"long_name": text, "units": "1"}) for name, (d, values, text) in columns.items()}
    coordinates = {
        "dimension": (
            "dimension",
            run.result["dimension"].values,
            {"long_name": "dimension d of the data", "units": "1"},
        ),
        "explicit_dimension": run.result["explicit_dimension"].values,
        "degree": ("degree", degrees, {"long_name": "degree", "units": "1"}),
    }
    attributes = {"links": json.dumps(links), "seeds": run.result.sizes["seed"]}
    return xr.Dataset(variables, coords=coordinates, attrs=attributes)


def orthonormality_errors(degrees: NDArray[np.int64]) -> Array:
    """``max_{j,k <= n} |E h_j h_k - delta_jk|`` by Gauss quadrature that is exact for it, for each n."""
    nodes, weights = gauss_hermite(int(degrees.max()) + 1)
    basis = hermite_basis(nodes, int(degrees.max()))
    gram = basis.T @ (weights[:, None] * basis)
    error = np.abs(gram - np.eye(len(gram)))
    return np.array([error[: n + 1, : n + 1].max() for n in degrees.tolist()])

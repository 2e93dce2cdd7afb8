"""Analysis of the kind ``landscape``: minima of the risk against Kac-Rice, and their depth against the sample size."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness import theory
from learnability.studies.gradient_hardness.estimates import averaged


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Density of minima over Kac-Rice, standard deviation times sqrt(n), slope of the depth in n.

    Of the empirical risks it keeps the picture of the first seed.
    """
    _, result = only(runs, Setting)
    frequency = result["frequency"].values
    predicted = theory.minima_density(frequency)
    density = result["minima"] / result["area"]
    relative = density / xr.DataArray(predicted, dims="frequency")
    depth = result["depth"].mean("frequency")
    scaled = result["deviation"] * result["sample_size"] ** 0.5
    everything = ("frequency", "sample_size")
    measured = {
        "density": (density, "minima per unit area"),
        "density_ratio": (relative.mean(everything), "density over Kac-Rice"),
        "density_ratio_by_size": (relative.mean("frequency"), "density over Kac-Rice"),
        "density_slope": (
            _slopes(xr.ufuncs.log(relative.mean("frequency"))),
            "slope of log density in log n, last decade",
        ),
        "scaled_deviation": (scaled.mean(everything), "standard deviation times sqrt(n)"),
        "depth_by_size": (depth, "depth of the minima"),
        "depth_slope": (_slopes(xr.ufuncs.log(depth)), "slope of log depth in log n, last decade"),
    }
    new = {name: averaged(values, rng, label) for name, (values, label) in measured.items()}
    logs = np.log(frequency), np.log(1 - result["flat_fraction"].values)
    steep = np.polyfit(*logs, 1)[0] if frequency.size > 1 else np.nan
    new["flat_slope"] = variable((), steep, "slope of the log of the area that is not flat in log L")
    new["density_theory"] = variable("frequency", predicted, "Kac-Rice density of minima")
    new["empirical_risk"] = result["empirical_risk"].isel(seed=0, drop=True).variable
    return result.assign(new)


def _slopes(logs: xr.DataArray) -> xr.DataArray:
    """Least-squares slope against the log of the sample size in its last decade, for each seed.

    Kac and Rice hold for a Gaussian field, which the risk of n points approaches as n grows.
    """
    largest = float(logs["sample_size"].max())
    last = logs.isel(sample_size=(logs["sample_size"] >= largest / 10).values)
    sizes = xr.ufuncs.log(last["sample_size"].astype(float))
    centred = sizes - sizes.mean()
    return (last * centred).sum("sample_size") / float((centred**2).sum())

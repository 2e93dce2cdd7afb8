"""Analysis of the kind ``landscape``: minima of the risk against Kac-Rice, and their depth against the sample size."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, only
from learnability.results.labelled import variable
from learnability.statistics.asymptotics import local_exponents_of
from learnability.studies.gradient_hardness import sine_risk, theory
from learnability.studies.gradient_hardness.estimates import averaged, extrapolated
from learnability.studies.gradient_hardness.landscape.setting import LandscapeSetting


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Density of minima over Kac-Rice, standard deviation times sqrt(n), slopes of density and depth in n.

    Of the empirical risks it keeps the picture of the first seed.
    """
    setting, result = only(runs, LandscapeSetting)
    frequency = result["frequency"].values
    predicted = theory.minima_density(frequency)
    density = result["minima"] / result["area"]
    relative = density / xr.DataArray(predicted, dims="frequency")
    depth = result["depth"].mean("frequency")
    scaled = result["deviation"] * result["sample_size"] ** 0.5
    everything = ("frequency", "sample_size")
    measured = {
        "density": (density, "minima per unit area"),
        "density_ratio": (
            _last_decade(relative).mean(everything),
            "density over Kac-Rice, last decade of n",
        ),
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
    steep = local_exponents_of(frequency, np.log(1 - result["flat_fraction"].values))
    new["flat_slope"] = extrapolated(steep, "exponent in L of the area that is not flat as L grows")
    misplaced = [_misplaced(setting, float(result["w1"].max()), each) for each in setting.target.frequencies]
    new["misplaced_minima"] = variable("frequency", misplaced, "strict minima that are nearest to neither w* nor 0")
    new["density_theory"] = variable("frequency", predicted, "Kac-Rice density of minima")
    new["empirical_risk"] = result["empirical_risk"].isel(seed=0, drop=True).variable
    return result.assign(new)


def _misplaced(setting: LandscapeSetting, half_width: float, frequency: float) -> int:
    """Strict minima of the population risk, on the grid of the training, that are nearest to neither w* nor 0."""
    target = np.array([np.cos(setting.target.angle), np.sin(setting.target.angle)])
    grid = sine_risk.Grid.of(half_width, setting.points_per_unit * frequency)
    found = sine_risk.strict_minima(sine_risk.population_risk(grid, target, frequency), 1e-13)
    for centre in (target, np.zeros(2)):
        found.flat[int(grid.squared_distance(centre)[1:-1, 1:-1].argmin())] = False
    return int(found.sum())


def _last_decade(values: xr.DataArray) -> xr.DataArray:
    """The sample sizes of the last decade.

    Kac and Rice hold for a Gaussian field, which the risk of n points approaches as n grows.
    """
    size = values["sample_size"]
    return values.isel(sample_size=(size >= float(size.max()) / 10).values)


def _slopes(logs: xr.DataArray) -> xr.DataArray:
    """Least-squares slope against the log of the sample size in its last decade, for each seed."""
    last = _last_decade(logs)
    sizes = xr.ufuncs.log(last["sample_size"].astype(float))
    centred = sizes - sizes.mean()
    return (last * centred).sum("sample_size") / float((centred**2).sum())

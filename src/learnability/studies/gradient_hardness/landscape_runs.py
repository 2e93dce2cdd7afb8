"""Runs of the kind ``landscape``: the risk of the sine neuron on grids; a seed is one sample."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.studies.gradient_hardness import landscape
from learnability.studies.gradient_hardness.datasets import variable
from learnability.studies.gradient_hardness.settings import LandscapeSetting


def landscape_runs(setting: LandscapeSetting, context: RunContext) -> xr.Dataset:
    rng = context.stream("data")
    angle = setting.target.angle
    direction = np.array([np.cos(angle), np.sin(angle)])
    frequencies, sizes = setting.target.frequencies, setting.sample_sizes
    shape = len(context.seeds), len(frequencies), len(sizes)
    names = ("minima", "area", "deviation", "depth")
    found = {name: np.empty(shape) for name in names}
    population = {name: np.empty(len(frequencies)) for name in ("minima", "flat_fraction")}
    for i, frequency in enumerate(frequencies):
        grid = landscape.Grid.of(setting.half_width, setting.points_per_unit * frequency)
        risk = landscape.population_risk(grid, direction, frequency)
        # Rounding makes minima of depth 1e-16 on the plateau.
        population["minima"][i] = landscape.strict_minima(risk, 1e-13).sum()
        population["flat_fraction"][i] = (landscape.population_gradient_norm(grid, direction, frequency) < 1e-3).mean()
        for j, size in enumerate(sizes):
            for seed in range(shape[0]):
                inputs = rng.standard_normal((size, 2))
                risk = landscape.empirical_risk(grid, inputs, direction, frequency)
                statistics = landscape.field_statistics(risk, grid, direction, frequency)
                for name in names:
                    found[name][seed, i, j] = getattr(statistics, name)
            context.progress(i * len(sizes) + j + 1, len(frequencies) * len(sizes), "landscapes")
    return _landscape_dataset(setting, found, population, rng, direction)


def _landscape_dataset(
    setting: LandscapeSetting,
    found: dict[str, np.ndarray],
    population: dict[str, np.ndarray],
    rng: np.random.Generator,
    direction: np.ndarray,
) -> xr.Dataset:
    """Counts over (seed, frequency, sample size), and both risks on a coarse grid at the first frequency for
    the figure."""
    labels = {
        "minima": ("strict minima outside the wells", "1"),
        "area": ("area outside the wells", "1"),
        "deviation": ("standard deviation of the risk outside the wells", "1"),
        "depth": ("mean depth of the minima below the mean risk", "1"),
    }
    axes = ("seed", "frequency", "sample_size")
    content = {name: variable(axes, found[name], label, unit) for name, (label, unit) in labels.items()}
    content["population_minima"] = variable("frequency", population["minima"], "strict minima of the population risk")
    content["flat_fraction"] = variable(
        "frequency", population["flat_fraction"], "area fraction with |grad| below 1e-3"
    )
    picture = landscape.Grid.of(setting.half_width, 40)
    frequency = setting.target.frequencies[0]
    sample = np.random.default_rng(0).standard_normal((setting.sample_sizes[-1], 2))
    content["population_risk"] = variable(
        ("w1", "w2"), landscape.population_risk(picture, direction, frequency), "population risk"
    )
    content["empirical_risk"] = variable(
        ("w1", "w2"), landscape.empirical_risk(picture, sample, direction, frequency), "empirical risk of one sample"
    )
    coordinates = {
        "frequency": variable("frequency", setting.target.frequencies, "frequency L"),
        "sample_size": variable("sample_size", setting.sample_sizes, "sample size n"),
        "w1": variable("w1", picture.axis, "weight w_1"),
        "w2": variable("w2", picture.axis, "weight w_2"),
    }
    return xr.Dataset(content, coordinates)

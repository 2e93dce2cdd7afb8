"""Training of the kind ``landscape``: the risk of the sine neuron on grids, no step is taken."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness import sine_risk
from learnability.studies.gradient_hardness.landscape.setting import LandscapeSetting

# Points per unit of the pictures, which a figure shows.
PICTURE_RESOLUTION = 40
_HALF_WIDTH = 2.0
FIELD_LABELS = {
    "minima": "strict minima outside the wells",
    "area": "area outside the wells",
    "deviation": "standard deviation of the risk outside the wells",
    "depth": "mean depth of the minima below the mean risk",
}


def train(setting: LandscapeSetting, context: RunContext) -> xr.Dataset:
    """Statistics of one sample's risk for each seed, frequency and sample size, and of the population risk.

    The pictures show both risks at the first frequency on a coarser grid, the empirical one for each seed's last sample
    size.
    """
    rng = context.stream("data")
    direction = np.array([np.cos(setting.target.angle), np.sin(setting.target.angle)])
    frequencies, sizes = setting.target.frequencies, setting.sample_sizes
    picture = sine_risk.Grid.of(_HALF_WIDTH, PICTURE_RESOLUTION)
    pictures = np.empty((len(context.seeds), picture.axis.size, picture.axis.size))
    found = {name: np.empty((len(context.seeds), len(frequencies), len(sizes))) for name in FIELD_LABELS}
    minima, flat_fraction = [], []
    for i, frequency in enumerate(frequencies):
        grid = sine_risk.Grid.of(_HALF_WIDTH, setting.points_per_unit * frequency)
        # Rounding makes minima of depth 1e-16 on the plateau.
        risk = sine_risk.population_risk(grid, direction, frequency)
        minima.append(float(sine_risk.strict_minima(risk, 1e-13).sum()))
        flat_fraction.append((sine_risk.population_gradient_norm(grid, direction, frequency) < 1e-3).mean())
        for j, size in enumerate(sizes):
            for seed in range(len(context.seeds)):
                inputs = rng.standard_normal((size, 2))
                risk = sine_risk.empirical_risk(grid, inputs, direction, frequency)
                statistics = sine_risk.field_statistics(risk, grid, direction, frequency)
                for name, values in found.items():
                    values[seed, i, j] = getattr(statistics, name)
                if i == 0 and size == sizes[-1]:
                    pictures[seed] = sine_risk.empirical_risk(picture, inputs, direction, frequency)
            context.progress(i * len(sizes) + j + 1, len(frequencies) * len(sizes), "landscapes")
    axes = ("seed", "frequency", "sample_size")
    content = {name: variable(axes, found[name], label) for name, label in FIELD_LABELS.items()}
    content |= {
        "population_minima": variable("frequency", minima, "strict minima of the population risk"),
        "flat_fraction": variable("frequency", flat_fraction, "area fraction with |grad| below 1e-3"),
        "population_risk": variable(
            ("w1", "w2"), sine_risk.population_risk(picture, direction, frequencies[0]), "population risk"
        ),
        "empirical_risk": variable(("seed", "w1", "w2"), pictures, "empirical risk of one sample"),
    }
    coordinates = {
        "frequency": variable("frequency", list(frequencies), "frequency L"),
        "sample_size": variable("sample_size", list(sizes), "sample size n"),
        "w1": variable("w1", picture.axis, "weight w_1"),
        "w2": variable("w2", picture.axis, "weight w_2"),
    }
    return xr.Dataset(content, coordinates)

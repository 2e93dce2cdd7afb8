"""Training of the kind ``gradient_variance``: the gradient's Fourier spectrum at the start, no step is taken."""

import numpy as np
import torch
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.statistics.random import torch_generator
from learnability.studies.gradient_hardness.gradient_spectrum import class_variance, hinge_gradient_norm
from learnability.studies.gradient_hardness.gradient_variance.setting import GradientVarianceSetting
from learnability.studies.gradient_hardness.initialization import draw_network

# The hinge risk of every parity by itself: 4^d products for each parameter.
LARGEST_HINGE_DIMENSION = 6
# sup |h| within the premise of the lecture's bound, and beyond it.
SUPREMA = (0.5, 2.0)


def train(setting: GradientVarianceSetting, context: RunContext) -> xr.Dataset:
    """Variance of the gradient over all parities, in float64; one network of ``neurons`` neurons for each seed."""
    dimensions, initializations = setting.target.dimensions, setting.initializations
    generator = torch_generator(context.stream("init"), context.device)
    shape = len(context.seeds), len(initializations), len(dimensions)
    found = {name: np.empty(shape) for name in ("variance", "closed_form", "gradient_norm")}
    hinge = np.full((*shape, len(SUPREMA)), np.nan)
    energy = np.full((*shape, max(dimensions) + 1), np.nan)
    cells = [(s, i, j) for j in range(shape[2]) for i in range(shape[1]) for s in range(shape[0])]
    for number, (s, i, j) in enumerate(cells):
        d, width = dimensions[j], setting.neurons[j]
        network = draw_network(initializations[i], d, width, generator, dtype=torch.float64)
        moments = class_variance(network)
        if d <= LARGEST_HINGE_DIMENSION:
            for k, supremum in enumerate(SUPREMA):
                square, bound = hinge_gradient_norm(network, supremum)
                hinge[s, i, j, k] = square / bound
        for name, values in found.items():
            values[s, i, j] = moments[name]
        energy[s, i, j, : d + 1] = moments["level_energy"]
        context.progress(number + 1, len(cells), f"d = {d}")
    axes = ("seed", "initialization", "dimension")
    content = {
        "variance": variable(axes, found["variance"], "variance of the gradient over the parities, by transform"),
        "closed_form": variable(axes, found["closed_form"], "variance of the gradient over the parities, closed form"),
        "gradient_norm": variable(axes, found["gradient_norm"], "E|grad h|^2"),
        "level_energy": variable(
            (*axes, "degree"), energy, "mean of |E chi_v grad h|^2 over the parities of one degree"
        ),
        "hinge_ratio": variable(
            (*axes, "supremum"), hinge, "E_f|grad R_f|^2 of the hinge risk over E|grad h|^2 / 2^d; NaN at large d"
        ),
        "neurons": variable("dimension", list(setting.neurons), "number of neurons"),
    }
    coordinates = {
        "dimension": variable("dimension", list(dimensions), "input dimension d"),
        "initialization": names("initialization", initializations, "initialisation of the network"),
        "supremum": variable("supremum", list(SUPREMA), "sup |h|, by the scale of the readout"),
        "degree": variable("degree", np.arange(max(dimensions) + 1), "parity degree |v|"),
    }
    return xr.Dataset(content, coordinates)

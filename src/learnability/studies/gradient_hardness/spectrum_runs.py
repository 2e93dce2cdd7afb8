"""Runs of the kinds ``gradient_variance`` and ``initialization_noise``: the gradient's Fourier spectrum at
initialisation."""

import numpy as np
import torch
import xarray as xr

from learnability.statistics.random import torch_generator
from learnability.results.contract import RunContext
from learnability.studies.gradient_hardness.datasets import variable
from learnability.studies.gradient_hardness.gradient_spectrum import class_variance, parity_gradient_norm
from learnability.studies.gradient_hardness.initialization import draw_network
from learnability.studies.gradient_hardness.settings import ThresholdSetting, VarianceSetting, degree_of


def variance_runs(setting: VarianceSetting, context: RunContext) -> xr.Dataset:
    """Variance of the gradient over all parities, in float64; one network of ``neurons`` neurons for each
    seed."""
    dimensions, kinds = setting.target.dimensions, setting.initializations
    generator = torch_generator(context.stream("init"), context.device)
    shape = len(context.seeds), len(kinds), len(dimensions)
    found = {name: np.empty(shape) for name in ("variance", "closed_form", "gradient_norm")}
    energy = np.full((*shape, max(dimensions) + 1), np.nan)
    cells = [(s, i, j) for j in range(shape[2]) for i in range(shape[1]) for s in range(shape[0])]
    for number, (s, i, j) in enumerate(cells):
        d, width = dimensions[j], setting.neurons[j]
        moments = class_variance(draw_network(kinds[i], d, width, generator, dtype=torch.float64))
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
    }
    coordinates = {
        "dimension": variable("dimension", dimensions, "input dimension d"),
        "initialization": variable("initialization", np.arange(len(kinds)), "index into the attribute initializations"),
        "degree": variable("degree", np.arange(max(dimensions) + 1), "parity degree |v|"),
    }
    return xr.Dataset(content, coordinates, {"initializations": list(kinds), "neurons": list(setting.neurons)})


def threshold_runs(setting: ThresholdSetting, context: RunContext) -> xr.Dataset:
    """``lambda_v`` over all neurons for first layers from Rademacher (noise 0) towards Gaussian.

    A seed keeps its signs, Gaussians and biases at every noise level (common random numbers).
    """
    target, levels = setting.target, setting.noise_levels
    seeds = context.stream("init").integers(2**62, size=len(context.seeds))
    norms = np.empty((len(context.seeds), len(target.dimensions), len(levels)))
    for i, seed in enumerate(seeds):
        for j, d in enumerate(target.dimensions):
            for k, level in enumerate(levels):
                generator = torch.Generator(device=context.device).manual_seed(int(seed))
                network = draw_network("rademacher", d, setting.width, generator, level)
                norms[i, j, k] = parity_gradient_norm(network, degree_of(target.degree, d), "sign")
        context.progress(i + 1, len(seeds), "lambda_v")
    axes = ("seed", "dimension", "noise_level")
    content = {"gradient_norm": variable(axes, norms, "lambda_v at the start")}
    coordinates = {
        "dimension": variable("dimension", target.dimensions, "input dimension d"),
        "noise_level": variable("noise_level", levels, "standard deviation sigma of the Gaussian part"),
    }
    return xr.Dataset(content, coordinates, {"step_size": setting.step_size})

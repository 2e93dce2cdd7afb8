"""Training of the kind ``initialization_noise``: ``lambda_v`` at the start, no step is taken."""

import numpy as np
import torch
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness.gradient_spectrum import parity_gradient_norm
from learnability.studies.gradient_hardness.initialization import draw_network
from learnability.studies.gradient_hardness.initialization_noise.setting import InitializationNoiseSetting
from learnability.studies.gradient_hardness.settings import degree_of


def train(setting: InitializationNoiseSetting, context: RunContext) -> xr.Dataset:
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
    content = {"gradient_norm": variable(("seed", "dimension", "noise_level"), norms, "lambda_v at the start")}
    coordinates = {
        "dimension": variable("dimension", list(target.dimensions), "input dimension d"),
        "noise_level": variable("noise_level", list(levels), "standard deviation sigma of the Gaussian part"),
    }
    return xr.Dataset(content, coordinates, {"step_size": setting.step_size})

"""The paper's Figure 1: single-sample steps at d = 64 with He_p and h_p labels, and a network in the NTK scaling.

Neurons of the correlation loss do not interact, so a subset of the paper's neurons has exactly their marginal law.
The control does couple its neurons (squared loss, output scale J^{-1/2}, free weights) and is a network of its own.
"""

import math

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from learnability.hermite.activations import RELU
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.results.sections import Arrays, Section, Sections
from learnability.results.status import status_attributes
from learnability.sgd.full import full_engine, network_state, random_directions
from learnability.sgd.loop import run
from learnability.sgd.problem import TwoLayerProblem
from learnability.sgd.single_sample import single_sample_engine
from learnability.statistics.random import torch_generator
from learnability.studies.ridge_combinations.figure_one.setting import FigureOneSetting
from learnability.studies.ridge_combinations.phase_one import decaying, directions, label_function

BLOCK = 64
VARIANTS = ("unnormalised He_p", "normalised h_p")
MOMENTS = ("before", "after")
# Neurons of the control for each neuron kept of the paper's network: it must be wide to be lazy.
_CONTROL_WIDTH = 8
_CONTROL_BATCH = 64


def _start(replicas: int, width: int, dimension: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    weights = random_directions((replicas, width, dimension), generator)
    draws = torch.rand(2, replicas, width, generator=generator, device=generator.device)
    return weights, torch.where(draws[0] < 0.5, -1.0, 1.0), 2 * draws[1] - 1


def _mean_field(setting: FigureOneSetting, target: xr.Dataset, context: RunContext, section: Section) -> Arrays:
    """Both labels as replicas on the same samples and starts: they differ by a factor sqrt(p!) of the step.

    The target's link is the unnormalised He_p.
    """
    seeds = len(context.seeds)
    generator = torch_generator(context.stream("init"), context.device)
    parts = _start(seeds, setting.neurons, setting.dimension, generator)
    weights, signs, biases = (t.repeat(2, *[1] * (t.ndim - 1)) for t in parts)
    factor = math.sqrt(math.factorial(int(target["information_exponent"])))
    factors = torch.tensor([1.0] * seeds + [1 / factor] * seeds, device=generator.device)[:, None]
    plain = label_function(target["link"].values)
    problem = TwoLayerProblem(lambda t: factors * plain(t), RELU)
    frame = directions(target["gram"].values[0], setting.dimension).float().to(generator.device)
    engine = single_sample_engine(problem, frame, BLOCK)
    last = -(-setting.samples // BLOCK)
    steps = np.unique(np.linspace(0, last, setting.saved).astype(int)) * BLOCK
    schedule = decaying(setting.step / setting.width, setting.samples, decay=True)
    data = torch_generator(context.stream("data"), context.device)
    state = network_state(weights, signs, biases)
    result = run(engine, state, steps, schedule, data, checkpoint=section, progress=section.progress)
    alignment, bias = result.observed["alignment"].swapaxes(0, 1), biases[:seeds].cpu().numpy()
    return {"alignment": alignment, "status": result.status, "bias": bias, "time": steps.astype(float)}


def _control_width(setting: FigureOneSetting) -> int:
    return min(setting.width, _CONTROL_WIDTH * setting.neurons)


def _control(setting: FigureOneSetting, target: xr.Dataset, context: RunContext, section: Section) -> Arrays:
    """Squared loss, f = J^{-1/2} sum a sigma, at the mean-field network's speed in function space.

    There f = (1/J) sum with step eta a neuron changes f by eta a sample for each unit of the kernel's mean; in the
    NTK scaling a step of eta J^{-1/2} a neuron does. As many samples are seen, in batches.
    """
    seeds, width = len(context.seeds), _control_width(setting)
    generator = torch_generator(context.stream("control-init"), context.device)
    state = network_state(*_start(seeds, width, setting.dimension, generator))
    label = label_function(target["link"].values)
    problem = TwoLayerProblem(label, RELU, "squared", spherical=False, output_scale=width**-0.5)
    frame = directions(target["gram"].values[0], setting.dimension).float().to(generator.device)
    engine = full_engine(problem, frame, _CONTROL_BATCH)
    last = max(1, setting.samples // _CONTROL_BATCH)
    steps = np.array([0, last])
    rate = _CONTROL_BATCH * setting.step / setting.width * width**-0.5
    data = torch_generator(context.stream("control-data"), context.device)
    schedule = decaying(rate, last, decay=True)
    result = run(engine, state, steps, schedule, data, checkpoint=section, progress=section.progress)
    alignment, squared_norm = (result.observed[name].swapaxes(0, 1) for name in ("alignment", "squared_norm"))
    return {"alignment": alignment / np.sqrt(squared_norm)[..., None], "status": result.status}


def train(setting: FigureOneSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Alignments over time (variant, neuron, task) and those of the control before and after."""
    # Neurons that see every sample.
    sections = Sections(context, {"mean-field": 2 * setting.neurons, "control": _control_width(setting)})
    main = sections.result("mean-field", lambda s: _mean_field(setting, target, context, s))
    control = sections.result("control", lambda s: _control(setting, target, context, s))
    seeds = len(context.seeds)
    alignment = np.stack([main["alignment"][:seeds], main["alignment"][seeds:]], axis=1)
    status = np.stack([main["status"][:seeds], main["status"][seeds:], control["status"]], axis=1)
    control_alignment = variable(
        ("seed", "moment", "control_neuron", "task"),
        control["alignment"],
        "<w_j, v_m> / |w_j| of the NTK control, before and after",
    )
    data = {
        "alignment": variable(("seed", "variant", "time", "neuron", "task"), alignment, "<w_j, v_m>"),
        "control_alignment": control_alignment,
        "bias": variable(("seed", "neuron"), main["bias"], "bias of the neuron"),
        "status": xr.Variable(("seed", "network"), status, status_attributes()),
    }
    coords = {
        "seed": list(context.seeds),
        "time": variable("time", main["time"], "samples seen", "samples"),
        "variant": names("variant", VARIANTS, "label of the training samples"),
        "moment": names("moment", MOMENTS, "when the control is looked at"),
        "network": names("network", [*VARIANTS, "NTK control"], "network whose training has this status"),
    }
    return xr.Dataset(data, coords=coords)

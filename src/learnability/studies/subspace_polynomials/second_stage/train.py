"""Two-stage training by online SGD: the network itself, in d dimensions, both stages on finite samples."""

import math

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.polynomial_kernel import averages, kernel_spectrum, normal_moment
from learnability.hermite.quadrature import uniform_nodes
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.statistics.random import torch_generator
from learnability.studies.subspace_polynomials.first_stage import trained_weights
from learnability.studies.subspace_polynomials.hidden_polynomials import expansions
from learnability.studies.subspace_polynomials.online_sgd.train import polynomial_label
from learnability.studies.subspace_polynomials.second_stage.setting import SecondStageSetting

PHASE = math.pi / 4
#: Nodes for each a in the limit of many neurons.
_NODES = 24


def first_stage(
    target: HermiteExpansion, setting: SecondStageSetting, seeds: int, generator: torch.Generator
) -> Tensor:
    """Weights (seed, neuron, d) of one network after SGD on w alone, from w = 0 with a ~ U[-1, 1], its output kept."""
    d, n, device = setting.dimension, setting.neurons, generator.device
    # One draw in each of n equal strata, in random order: the copies' neurons are paired at random.
    strata = torch.rand(seeds, n, generator=generator, device=device).argsort(dim=1)
    a = 2 * (strata + torch.rand(seeds, n, generator=generator, device=device)) / n - 1
    w = torch.zeros(seeds, n, d, device=device)
    steps = max(1, round(setting.first_time / setting.first_step))
    batch = max(1, round(setting.samples_per_dimension * d / steps))
    for _ in range(steps):
        x = torch.randn(seeds, batch, d, generator=generator, device=device)
        phase = torch.bmm(x, w.mT).add_(PHASE)
        residual = polynomial_label(target, x) - (torch.sin(phase) @ a[:, :, None])[..., 0] / n
        pull = phase.cos_().mul_(residual[..., None])
        w += (setting.first_time / steps / batch) * a[..., None] * torch.bmm(pull.mT, x)
    return w


def _derivative_means(radius: Tensor, degree: int) -> list[Tensor]:
    """``E sigma^{(k)}(r g)`` for sigma = (1 + x)^n, k = 0 .. n."""
    square = radius.square()
    return [
        math.factorial(degree)
        // math.factorial(degree - k)
        * sum(
            (math.comb(degree - k, i) * normal_moment(i) * square ** (i // 2) for i in range(0, degree - k + 1, 2)),
            torch.zeros_like(square),
        )
        for k in range(degree + 1)
    ]


class PopulationLoss:
    """``E (h - f)^2 / 2`` of ``f = sum_i a_i (1 + w_i.x)^n / N`` in closed form, weights (seed, neuron, d) fixed."""

    def __init__(self, target: HermiteExpansion, weights: Tensor) -> None:
        w = weights.double()
        means = _derivative_means(w.norm(dim=-1), target.degree)
        overlap = torch.bmm(w, w.mT)
        self.kernel = sum(m[:, :, None] * m[:, None, :] * overlap**k / math.factorial(k) for k, m in enumerate(means))
        self.signal = torch.zeros_like(means[0])
        for index, value in target.unnormalised().items():
            term = value * means[sum(index)]
            for i, k in enumerate(index):
                term = term * w[..., i] ** k
            self.signal += term
        self.half_norm = 0.5 * target.norm_squared

    def __call__(self, a: Tensor) -> Tensor:
        """The loss of each seed for the second layer a (seed, neuron)."""
        a, n = a.double(), a.shape[1]
        linear = (a * self.signal).mean(1)
        quadratic = (a[:, None, :] @ self.kernel @ a[:, :, None])[:, 0, 0] / n**2
        return self.half_norm - linear + 0.5 * quadratic


def _save_steps(setting: SecondStageSetting) -> list[int]:
    """Numbers of steps after which the loss is taken."""
    last = round(setting.end_time / setting.second_step)
    return sorted({round(k) for k in np.linspace(0, last, setting.save_points)})


def train(setting: SecondStageSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """``loss`` (seed, time) of the second stage, and its limit of many neurons and samples with the bound (time)."""
    h, device, seeds = expansions(target)[0], torch.device(context.device), len(context.seeds)
    generator = torch_generator(context.stream("data"), device)
    trained = [first_stage(h, setting, seeds, generator) for _ in range(setting.copies)]
    weights = torch.stack(trained).mean(0)
    evaluate, degree, n = PopulationLoss(h, weights), h.degree, setting.neurons
    a = torch.zeros(seeds, n, device=device)
    steps, losses = _save_steps(setting), []
    for step in range(steps[-1] + 1):
        if step in steps:
            losses.append(evaluate(a).cpu().numpy())
        if step == steps[-1]:
            break
        x = torch.randn(seeds, setting.batch_size, setting.dimension, generator=generator, device=device)
        feature = (torch.bmm(x, weights.mT) + 1) ** degree
        residual = polynomial_label(h, x) - (feature @ a[:, :, None])[..., 0] / n
        a += setting.second_step / setting.batch_size * (residual[:, None, :] @ feature)[:, 0]
        context.progress(step + 1, steps[-1], "second stage")
    times = np.array(steps) * setting.second_step
    nodes, masses = uniform_nodes(_NODES)
    at_nodes = trained_weights(h, (setting.first_time,), keep_output=True)[setting.first_time](nodes)
    limit = kernel_spectrum(h, *averages(at_nodes, masses, setting.copies))
    outside = weights[..., h.variables :].square().sum(-1).mean(1).cpu().numpy()
    return xr.Dataset(
        {
            "loss": variable(("seed", "time"), np.stack(losses, axis=1), "population loss of the network"),
            "limit_loss": variable("time", limit.loss(times), "loss in the limit of many neurons and samples"),
            "limit_bound": variable("time", limit.bound(times), "L(0) exp(-2 lambda_min t)"),
            "limit_lambda_min": variable((), limit.smallest, "smallest eigenvalue in the limit of many neurons"),
            "outside": variable("seed", outside, "mean |w_perp|^2 after the first stage"),
        },
        coords={"time": variable("time", times, "step size x steps of the second stage", "flow time")},
    )

"""Training: the empirical two-timescale flow on nested samples, from uniform starts."""

import math

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from learnability.flows.two_timescale import Features, follow, profile_loss, retract
from learnability.hermite.basis import hermite_columns
from learnability.hermite.expansion import HermiteExpansion
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.status import status_attributes
from learnability.statistics.random import torch_generator
from learnability.studies.multi_index.links import expansions
from learnability.studies.multi_index.one_variable import escape_time
from learnability.studies.multi_index.samples.setting import SamplesSetting
from learnability.studies.multi_index.theory import start_quantile

# What a step of all seeds costs apart from their samples, in numbers of those.
_STEP_COST = 1e6

SUCCESS = 0.8
"""A run has found the direction when its cosine exceeds this."""

Array = NDArray[np.float64]


def sample_count(multiple: float, dimension: int, exponent: int) -> int:
    """``n = multiple d^(s-1)``, at least 2."""
    return max(2, math.ceil(multiple * dimension ** (exponent - 1)))


def sample_counts(setting: SamplesSetting, exponent: int) -> NDArray[np.int64]:
    """Numbers of samples (dimension, multiple)."""
    return np.array([[sample_count(c, d, exponent) for c in setting.multiples] for d in setting.dimensions])


def population_time(setting: SamplesSetting, link: HermiteExpansion, energy: float) -> float:
    """Time of the population flow from ``lambda^2 = energy`` to the cosine 0.8, with the shrinkage that ridge and
    weights give degree s.

    The fit explains the energy ``q E f(z)^2 lambda^{2s} / 2`` with ``q = rho^s / (rho^s + ridge)``.
    """
    s, weight = link.degree, setting.mehler**link.degree
    pull = 2 * s * link.norm_squared * weight / (weight + setting.ridge)

    def rate(energy: Array) -> Array:
        return pull * (1 - energy) * energy ** (s - 1)

    return escape_time(rate, energy, SUCCESS**2)


def median_time(setting: SamplesSetting, link: HermiteExpansion, dimension: int) -> float:
    """:func:`population_time` from the median of the start's law."""
    return population_time(setting, link, start_quantile(dimension, 0.5))


def end_times(setting: SamplesSetting, link: HermiteExpansion, start: Tensor) -> Tensor:
    """``horizon`` times what the population flow takes from each start (replica, d, 1), or from a median one where that
    is longer: the population flow itself succeeds from every start."""
    least = median_time(setting, link, start.shape[1])
    energies = start[:, 0, 0].double().square().tolist()
    times = [max(population_time(setting, link, energy), least) for energy in energies]
    return setting.horizon * torch.tensor(times, dtype=torch.float64, device=start.device)


def labels_of_degree(degree: int, inputs: Tensor) -> Tensor:
    """``h_s(x_1)``: the hidden direction is the first axis, which rotation invariance allows."""
    return torch.as_tensor(hermite_columns(inputs[..., 0], degree)[degree])


class _Objective:
    """Losses and gradients in units of each replica's own end time, which stands at one then.

    The samples of the replicas still under way are cut out when their number changes.
    """

    def __init__(self, features: Features, ridge: float, inputs: Tensor, outputs: Tensor, ends: Tensor) -> None:
        self.features, self.ridge, self.inputs, self.outputs, self.ends = features, ridge, inputs, outputs, ends
        self.places = torch.arange(len(inputs), device=inputs.device)

    def __call__(self, weights: Tensor, active: Tensor) -> tuple[Tensor, Tensor]:
        if len(active) != len(self.places):
            kept = torch.isin(self.places, active)
            self.inputs, self.outputs, self.places = self.inputs[kept], self.outputs[kept], self.places[kept]
        loss, gradient = profile_loss(self.features, self.ridge, self.inputs, self.outputs, weights)
        return loss, gradient * self.ends[active, None, None].to(gradient.dtype)


def train(setting: SamplesSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Cosines and times by dimension and number of samples; a seed's samples are nested, the first n of one draw."""
    (link,) = expansions(target)
    s, seeds = link.degree, len(context.seeds)
    data = torch_generator(context.stream("data"), context.device)
    init = torch_generator(context.stream("init"), context.device)
    features = Features(1, max(s, setting.features), setting.mehler, s if setting.alone else 1)
    stored = dict(context.checkpoint.load() or {})
    table = sample_counts(setting, s)
    work = _STEP_COST + seeds * table * np.array(setting.dimensions)[:, None]
    for j, (dimension, counts) in enumerate(zip(setting.dimensions, table.tolist(), strict=True)):
        # Drawn in any case, so that a resumed job draws the same numbers for what is left.
        inputs = torch.randn(seeds, counts[-1], dimension, generator=data, device=context.device)
        start = retract(torch.randn(seeds, dimension, 1, generator=init, device=context.device))
        outputs = link.norm * labels_of_degree(s, inputs)
        ends = end_times(setting, link, start)
        for k, count in enumerate(counts):
            key = f"{dimension}/{k}"
            if f"{key}/cosine" in stored:
                continue
            done = work.ravel()[: j * len(counts) + k].sum()
            context.progress(done, work.sum(), f"{count} samples in {dimension} dimensions")
            x, y = inputs[:, :count], outputs[:, :count]
            ran = follow(
                _Objective(features, setting.ridge, x, y, ends),
                start,
                lambda weights: weights[:, 0, 0].abs() >= SUCCESS,
                1.0,
                setting.max_steps,
            )
            found = {
                "cosine": ran.weights[:, 0, 0].abs(),
                "time": ran.time * ends,
                "status": ran.status,
                "steps": ran.steps,
            }
            stored |= {f"{key}/{name}": value.cpu().numpy() for name, value in found.items()}
            if context.checkpoint.due():
                context.checkpoint.save(stored)
    return _dataset(setting, link, stored)


def _dataset(setting: SamplesSetting, link: HermiteExpansion, stored: dict[str, NDArray[np.generic]]) -> xr.Dataset:
    dims = ("dimension", "multiple", "seed")

    def table(name: str) -> NDArray[np.generic]:
        rows = [[stored[f"{d}/{k}/{name}"] for k in range(len(setting.multiples))] for d in setting.dimensions]
        return np.array(rows)

    times = [median_time(setting, link, d) for d in setting.dimensions]
    return xr.Dataset(
        {
            "cosine": variable(dims, table("cosine"), "cosine at the end"),
            "time": variable(dims, table("time"), "time at the end", "flow time"),
            "steps": variable(dims, table("steps"), "steps taken"),
            "status": xr.Variable(dims, table("status"), status_attributes()),
            "population_time": variable("dimension", times, "median time of the population flow", "flow time"),
            "num_samples": variable(
                ("dimension", "multiple"), sample_counts(setting, link.degree), "number of samples n", "samples"
            ),
        },
        coords={
            "dimension": variable("dimension", np.array(setting.dimensions), "dimension d of the data"),
            "multiple": variable("multiple", np.array(setting.multiples), "n / d^(s-1)"),
        },
    )

"""Training: two-timescale descent on nested samples, with plain small steps and with a line search."""

import math

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from learnability.flows.two_timescale import Features, descend, profile_loss, retract
from learnability.hermite.basis import hermite_columns
from learnability.hermite.expansion import HermiteExpansion
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.results.status import status_attributes
from learnability.statistics.random import torch_generator
from learnability.studies.multi_index.links import expansions
from learnability.studies.multi_index.samples.setting import SamplesSetting

_FIRST_SEARCHED = 1.0


def labels(link: HermiteExpansion, inputs: Tensor) -> Tensor:
    """``f(x_1, ..., x_r)``: the hidden subspace is that of the first r coordinates, which rotation invariance
    allows."""
    columns = [hermite_columns(inputs[..., i], link.degree) for i in range(link.variables)]
    total = torch.zeros_like(inputs[..., 0])
    for index, value in link.coefficients.items():
        total = total + value * math.prod(columns[i][k] for i, k in enumerate(index) if k)
    return total


def train(setting: SamplesSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Cosines reached from each number of samples; a seed's samples are nested (the first n of one draw)."""
    (link,) = expansions(target)
    seeds, d, r = len(context.seeds), setting.dimension, link.variables
    data = torch_generator(context.stream("data"), context.device)
    init = torch_generator(context.stream("init"), context.device)
    inputs = torch.randn(seeds, max(setting.sample_counts), d, generator=data, device=context.device)
    start = retract(torch.randn(seeds, d, r, generator=init, device=context.device))
    outputs = labels(link, inputs)
    features = Features(r, setting.features, setting.mehler)
    stored = dict(context.checkpoint.load() or {})
    places = [(method, count) for method in setting.methods for count in setting.sample_counts]
    for number, (method, count) in enumerate(places):
        key = f"{method}/{count}"
        if f"{key}/cosine" in stored:
            continue
        context.progress(number, len(places), f"{method} with {count} samples in {d} dimensions")
        found = _descend(setting, features, inputs[:, :count], outputs[:, :count], start, method)
        stored |= {f"{key}/{name}": values for name, values in found.items()}
        if context.checkpoint.due():
            context.checkpoint.save(stored)
    return _dataset(setting, stored)


def _descend(
    setting: SamplesSetting, features: Features, inputs: Tensor, outputs: Tensor, start: Tensor, method: str
) -> dict[str, NDArray[np.generic]]:
    search = method == "line_search"

    def objective(weights: Tensor, active: Tensor) -> tuple[Tensor, Tensor]:
        whole = len(active) == len(inputs)
        x, y = (inputs, outputs) if whole else (inputs[active], outputs[active])
        return profile_loss(features, setting.ridge, x, y, weights)

    size = _FIRST_SEARCHED if search else setting.step_size
    steps = setting.searched_steps if search else setting.small_steps
    weights, status, taken = descend(objective, start, size, steps, search)
    cosines = torch.linalg.svdvals(weights[:, : features.r].double())
    return {
        "cosine": cosines[:, -1].cpu().numpy(),
        "start": torch.linalg.svdvals(start[:, : features.r].double())[:, -1].cpu().numpy(),
        "status": status.cpu().numpy(),
        "steps": taken.cpu().numpy(),
    }


def _dataset(setting: SamplesSetting, stored: dict[str, NDArray[np.generic]]) -> xr.Dataset:
    dims = ("method", "num_samples", "seed")

    def table(name: str) -> NDArray[np.generic]:
        return np.stack([np.stack([stored[f"{m}/{n}/{name}"] for n in setting.sample_counts]) for m in setting.methods])

    return xr.Dataset(
        {
            "cosine": variable(dims, table("cosine"), "smallest cosine of the principal angles at the end"),
            "start": variable(dims, table("start"), "smallest cosine of the principal angles at the start"),
            "steps": variable(dims, table("steps"), "steps taken"),
            "status": xr.Variable(dims, table("status"), status_attributes()),
        },
        coords={
            "method": names("method", setting.methods, "plain small steps, or a line search"),
            "num_samples": variable("num_samples", np.array(setting.sample_counts), "number of samples n"),
        },
    )

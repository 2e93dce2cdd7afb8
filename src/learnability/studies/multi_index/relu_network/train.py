"""Training: escape times of both directions of every network at every dimension."""

import math

import numpy as np
import torch
import xarray as xr

from learnability.flows.closed import ESCAPED
from learnability.flows.multi_index import haar_correlations
from learnability.flows.solver import SolverOptions, solve
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.results.status import status_attributes
from learnability.studies.multi_index.relu_network.network import NetworkFlow, ReluNetwork
from learnability.studies.multi_index.relu_network.setting import ReluNetworkSetting


def train(setting: ReluNetworkSetting, context: RunContext) -> xr.Dataset:
    """All networks from the same starts, all dimensions of a network in one batch."""
    networks, dimensions = setting.target.networks, setting.dimensions
    shape = (2, len(dimensions), len(context.seeds))
    starts = haar_correlations(dimensions, 2, shape[-1], context.stream("init"))
    state = torch.from_numpy(np.ascontiguousarray(starts.reshape(-1, 4).T)).to(context.device)
    levels = (ESCAPED, ESCAPED)
    options = SolverOptions(setting.relative_tolerance, max_steps=setting.max_steps, levels=levels)
    times, statuses = [], []
    for i, network in enumerate(networks):
        context.progress(i, len(networks), network.name)
        flow = NetworkFlow.build(ReluNetwork.of(network.weights, network.angles), context.device)
        solved = solve(flow, state, torch.zeros_like(state[:1]), options)
        times.append(solved.crossing_time.cpu().numpy().reshape(shape))
        statuses.append(solved.status.cpu().numpy().reshape(shape[1:]))
    found = np.stack(times)
    found[~np.isfinite(found)] = math.nan
    flat = ("network", "dimension", "seed")
    return xr.Dataset(
        {
            "escape_time": variable(
                ("network", "angle", "dimension", "seed"),
                found,
                "time at which the cosine exceeds sqrt(1/2); NaN when it never does",
                "flow time",
            ),
            "status": xr.Variable(flat, np.stack(statuses).astype(np.int8), status_attributes()),
        },
        coords={
            "network": names("network", [network.name for network in networks], "network"),
            "dimension": variable("dimension", np.array(dimensions), "dimension d of the data"),
        },
    )

"""Training: both closed flows from shared starts, and online SGD of a two-layer network."""

import math

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.flows.closed import solve_closed
from learnability.flows.multi_index import TRAPPED, haar_correlations
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.results.status import status_attributes
from learnability.sgd.subspace import Budget, samples_to_learn, samples_tried
from learnability.studies.atlas.problem import expansion_of
from learnability.studies.atlas.times.setting import TimesSetting

FLOWS = ("joint", "planted")


def train(setting: TimesSetting, context: RunContext) -> xr.Dataset:
    """Escape times (flow, dimension, angle, seed), and the samples that online SGD needed (chain, seed of length 1)."""
    target = expansion_of(setting.target)
    starts = haar_correlations(setting.dimensions, target.variables, len(context.seeds), context.stream("init"))
    flows = [_flow(setting, context, starts, flow) for flow in FLOWS]
    result = xr.concat(flows, "flow").assign_coords(flow=names("flow", FLOWS, "the link refitted, or known"))
    context.progress(2, 3, "online SGD")
    budget = Budget(setting.sample_budget, setting.width, setting.chains)
    samples, cosine = samples_to_learn(
        target, setting.dimensions[0], budget, context.stream("sgd"), label_noise=setting.target.label_noise
    )
    # What has no dimension `seed` would be taken from the first batch alone: chains are repeated for none.
    return result.assign(
        sgd_samples=variable("chain", samples, "samples until the smallest cosine exceeds 0.8; inf beyond the budget"),
        sgd_tried=variable(
            (), samples_tried(target, setting.dimensions[0], budget), "samples of a run that never learns"
        ),
        sgd_cosine=variable("chain", cosine, "smallest cosine of the principal angles at the end of online SGD"),
    )


def _flow(setting: TimesSetting, context: RunContext, starts: NDArray[np.float64], flow: str) -> xr.Dataset:
    target, r = expansion_of(setting.target), starts.shape[-1]
    context.progress(FLOWS.index(flow), 3, f"{flow} flow of {setting.target.text}")
    solved = solve_closed(
        target,
        "joint" if flow == "joint" else "planted",
        starts,
        setting.dimensions,
        relative_tolerance=setting.relative_tolerance,
        max_steps=setting.max_steps,
    )
    grid, over = starts.shape[:2], ("dimension", "seed")
    escape = solved.crossing_time[:r].numpy().reshape(r, *grid).swapaxes(0, 1)
    # A direction that escapes after another has the later time, whatever the order in which angles are numbered.
    escape = np.where(np.isfinite(escape), escape, math.inf)
    meaning = "time at which the cosine of a principal angle exceeds sqrt(1/2); inf when it never does"
    return xr.Dataset(
        {
            "escape_time": variable(("dimension", "angle", "seed"), np.sort(escape, axis=1), meaning, "flow time"),
            "loss": variable(over, solved.final_observed[r].numpy().reshape(grid), "loss at the end, relative"),
            "status": xr.Variable(over, solved.status.numpy().reshape(grid), status_attributes({"trapped": TRAPPED})),
        },
        coords={"dimension": variable("dimension", np.array(setting.dimensions), "dimension d of the data")},
    )

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
from learnability.studies.atlas.problem import expansion_of, is_followed
from learnability.studies.atlas.times.setting import TimesSetting

FLOWS = ("joint", "planted")

_ESCAPE = "time at which the cosine of a principal angle exceeds sqrt(1/2); inf when it never does"
_LOSS = "loss at the end, relative"
_DIMENSION = "dimension d of the data"
_SAMPLES = "samples until the smallest cosine exceeds 0.8; inf beyond the budget"
_TRIED = "samples of a run that never learns"
_COSINE = "smallest cosine of the principal angles at the end of online SGD"


def train(setting: TimesSetting, context: RunContext) -> xr.Dataset:
    """Escape times (flow, dimension, angle, seed), and the samples that online SGD needed (chain, seed of length 1)."""
    if not is_followed(setting.target):
        return _skipped(setting, context)
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
        sgd_samples=variable("chain", samples, _SAMPLES),
        sgd_tried=variable((), samples_tried(target, setting.dimensions[0], budget), _TRIED),
        sgd_cosine=variable("chain", cosine, _COSINE),
    )


def _skipped(setting: TimesSetting, context: RunContext) -> xr.Dataset:
    """NaN throughout, where the variance lies above the degree of the cut; a status of 0 says nothing there."""
    over, shape = ("dimension", "seed"), (len(setting.dimensions), len(context.seeds))
    flow = xr.Dataset(
        {
            "escape_time": variable(
                ("dimension", "angle", "seed"), np.full((shape[0], 1, shape[1]), math.nan), _ESCAPE, "flow time"
            ),
            "loss": variable(over, np.full(shape, math.nan), _LOSS),
            "status": xr.Variable(over, np.zeros(shape, dtype=np.int8), status_attributes({"trapped": TRAPPED})),
        },
        coords={"dimension": variable("dimension", np.array(setting.dimensions), _DIMENSION)},
    )
    result = xr.concat([flow] * len(FLOWS), "flow").assign_coords(
        flow=names("flow", FLOWS, "the link refitted, or known")
    )
    return result.assign(
        sgd_samples=variable("chain", np.full(setting.chains, math.nan), _SAMPLES),
        sgd_tried=variable((), 0, _TRIED),
        sgd_cosine=variable("chain", np.full(setting.chains, math.nan), _COSINE),
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
    return xr.Dataset(
        {
            "escape_time": variable(("dimension", "angle", "seed"), np.sort(escape, axis=1), _ESCAPE, "flow time"),
            "loss": variable(over, solved.final_observed[r].numpy().reshape(grid), _LOSS),
            "status": xr.Variable(over, solved.status.numpy().reshape(grid), status_attributes({"trapped": TRAPPED})),
        },
        coords={"dimension": variable("dimension", np.array(setting.dimensions), _DIMENSION)},
    )

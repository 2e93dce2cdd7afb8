"""Training: the empirical flow of h2 from uniform starts, exactly in law."""

import math

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.multi_index.empirical_flow.flow import EmpiricalFlow, population_time
from learnability.studies.multi_index.empirical_flow.sampling import Krylov, draw_krylov
from learnability.studies.multi_index.empirical_flow.setting import EmpiricalFlowSetting

_FEWER = 3  # directions that are left out to see whether they matter
_FLOW_COST = 2_000  # what a flow costs apart from its samples, in samples


def train(setting: EmpiricalFlowSetting, context: RunContext) -> xr.Dataset:
    """Where each flow ends, and its escape time over that of the population flow from the same start.

    ``truncation`` is what the last three Krylov directions change in the final cosine.
    """
    shape = (len(setting.dimensions), len(setting.multiples), len(context.seeds))
    found = {name: np.full(shape, math.nan) for name in ("final", "time_ratio", "truncation")}
    counts = [[round(multiple * d**setting.power) for multiple in setting.multiples] for d in setting.dimensions]
    work = np.repeat(_FLOW_COST + np.array(counts).ravel(), len(context.seeds)).cumsum()
    rng = context.stream("data")
    for number, place in enumerate(np.ndindex(shape)):
        i, j, _ = place
        done = work[number - 1] if number else 0
        context.progress(done, work[-1], f"{counts[i][j]} samples in {setting.dimensions[i]} dimensions")
        cosine = math.sqrt(rng.beta(0.5, (setting.dimensions[i] - 1) / 2))
        drawn = draw_krylov(cosine, setting.dimensions[i], counts[i][j], setting.directions, rng)
        flow, population = EmpiricalFlow(drawn), population_time(cosine**2)
        found["final"][place] = flow.final
        found["time_ratio"][place] = flow.escape_time() / population if population else 1.0
        kept = slice(len(drawn.matrix) - _FEWER if len(drawn.matrix) == setting.directions else None)
        shorter = EmpiricalFlow(Krylov(drawn.matrix[kept, kept], drawn.overlaps[kept]))
        found["truncation"][place] = abs(shorter.final - flow.final)
    dims = ("dimension", "multiple", "seed")
    return xr.Dataset(
        {
            "final": variable(dims, found["final"], "cosine at the end of the empirical flow"),
            "time_ratio": variable(
                dims, found["time_ratio"], "escape time over that of the population flow from the same start"
            ),
            "truncation": variable(dims, found["truncation"], "change of the final cosine by the last directions"),
            "num_samples": variable(dims[:2], counts, "number of samples n", "samples"),
        },
        coords={
            "dimension": variable("dimension", np.array(setting.dimensions), "dimension d of the data"),
            "multiple": variable("multiple", np.array(setting.multiples), f"n / d^{setting.power}"),
        },
    )

"""Analysis: the largest difference between the direct and the closed flow."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import variable


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """The largest difference and the least progress, by flow, over links, dimensions and seeds of all runs."""
    over = ["link", "dimension", "seed"]
    fields, worst = (
        np.max([run.result[name].max(over).values for run in runs], axis=0)
        for name in ("field_difference", "difference")
    )
    moved = np.min([run.result["cosine"].min(over).values for run in runs], axis=0)
    return xr.Dataset(
        {
            "field_difference": variable("flow", fields, "largest relative difference of the velocities on the path"),
            "difference": variable("flow", worst, "largest relative difference of the correlations"),
            "cosine": variable("flow", moved, "least cosine of the best direction at the end"),
        },
        coords={"flow": runs[0].result["flow"], "link": runs[0].result["link"]},
        attrs={"seeds": runs[0].result.sizes["seed"]},
    )

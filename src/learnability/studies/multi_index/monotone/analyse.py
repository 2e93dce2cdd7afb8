"""Analysis of monotone singular values: the extremes over all starts."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import variable


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """By link and tolerance: the least pull and the largest fall over the starts of the one setting."""
    (run,) = runs
    return xr.Dataset(
        {
            "least_pull": variable(
                ("link", "tolerance"),
                run.result["least_pull"].transpose("link", "tolerance", "seed").min("seed").values,
                "least v^T S v / |S| over starts, directions and times",
            ),
            "largest_fall": variable(
                ("link", "tolerance"),
                run.result["largest_fall"].transpose("link", "tolerance", "seed").max("seed").values,
                "largest fall of a cosine in one step, over starts",
            ),
        },
        coords={"link": run.result["link"], "tolerance": run.result["tolerance"]},
        attrs={"seeds": run.result.sizes["seed"]},
    )

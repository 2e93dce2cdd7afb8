"""Analysis of monotone singular values: the extremes over all starts."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import variable


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """By link and tolerance: the least pull and the largest fall over the starts of the one setting."""
    _, result = only(runs, Setting)
    return xr.Dataset(
        {
            "least_pull": variable(
                ("link", "tolerance"),
                result["least_pull"].transpose("link", "tolerance", "seed").min("seed").values,
                "least v^T S v / |S| over starts, directions and times",
            ),
            "largest_fall": variable(
                ("link", "tolerance"),
                result["largest_fall"].transpose("link", "tolerance", "seed").max("seed").values,
                "largest fall of a cosine in one step, over starts",
            ),
        },
        coords={"link": result["link"], "tolerance": result["tolerance"]},
        attrs={"seeds": result.sizes["seed"]},
    )

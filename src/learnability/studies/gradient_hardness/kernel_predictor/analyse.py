"""Analysis of the kind ``kernel_predictor``: samples over the size of the cube."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness.estimates import labelled


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """The share of the cube that the kernel predictor needs, and the growth of the samples with d."""
    _, result = only(runs, Setting)
    share = result["samples"] / 2.0 ** result["dimension"]
    logs, d = np.log2(result["samples"].mean("seed").values), result["dimension"].values
    growth = (logs[-1] - logs[0]) / (d[-1] - d[0]) if d.size > 1 else np.nan
    return result.assign(
        cube_share=labelled(share, "samples for a mean error of 1/2 over 2^d"),
        growth=variable((), growth, "growth of log2 of the samples per dimension"),
    )

"""Training: none is needed. Quantiles of the smallest cosine of a uniform start, by its exact law."""

import math

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.multi_index.averaging_operator.setting import AveragingOperatorSetting
from learnability.studies.multi_index.averaging_operator.smallest_cosine import quantile


def train(setting: AveragingOperatorSetting, context: RunContext) -> xr.Dataset:
    """``1 / lambda_r`` at every rank, dimension and quantile; NaN below d = 2 r. The same for all seeds.

    The condition number on polynomials of degree at most K is its K-th power and rises with it, so that its quantiles
    are the K-th powers of these: its quantile p belongs to the quantile 1 - p of lambda_r.
    """
    ranks, dimensions, quantiles = setting.target.ranks, setting.dimensions, setting.quantiles
    found = np.full((len(ranks), len(dimensions), len(quantiles)), math.nan)
    for i, rank in enumerate(ranks):
        context.progress(i, len(ranks), f"subspaces of dimension {rank}")
        for j, dimension in enumerate(dimensions):
            if dimension >= 2 * rank:
                found[i, j] = [1 / quantile(rank, dimension, 1 - share) for share in quantiles]
    return xr.Dataset(
        {
            "condition": variable(
                ("rank", "dimension", "quantile"), found, "condition number of A_M on polynomials of degree at most 1"
            )
        },
        coords={
            "rank": variable("rank", np.array(ranks), "dimension r of the hidden subspace"),
            "dimension": variable("dimension", np.array(dimensions), "dimension d of the data"),
            "quantile": variable("quantile", np.array(quantiles), "quantile over starts"),
        },
    ).expand_dims(seed=list(context.seeds))

"""Analysis of the empirical flow of h2: success, and how often it follows the population flow, beside theory."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, only
from learnability.results.labelled import share, variable
from learnability.studies.multi_index.empirical_flow.flow import share_of_positive_fits, share_that_follows
from learnability.studies.multi_index.empirical_flow.setting import EmpiricalFlowSetting

SUCCESS = 0.8
"""A flow has found the direction when its final cosine exceeds this."""

WEAK = 0.3
"""A flow has recovered the direction weakly when its final cosine exceeds this: that of noise is of size d^(-1/2)."""

ERROR = 0.25
"""An empirical flow follows the population flow when it escapes at the same time within this relative error."""


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """By dimension and number of samples, with Clopper and Pearson's intervals."""
    setting, result = only(runs, EmpiricalFlowSetting)
    result = result.transpose("dimension", "multiple", "seed")
    dims, seeds = ("dimension", "multiple"), result.sizes["seed"]
    counts = result["num_samples"].values.astype(float)
    final, ratio = result["final"].values, result["time_ratio"].values
    wins, followed = (final >= SUCCESS).sum(axis=-1), (np.abs(ratio - 1) <= ERROR).sum(axis=-1)
    fits = [
        [share_of_positive_fits(int(d), n) for n in row]
        for d, row in zip(result["dimension"].values, counts, strict=True)
    ]
    square = counts / result["dimension"].values[:, None].astype(float) ** 2
    limits = np.vectorize(share_that_follows)(square, ERROR)
    return xr.Dataset(
        {
            **_share("success", wins, seeds, "fraction of starts that end at a cosine of 0.8"),
            "predicted_success": variable(dims, fits, "probability that the fitted link has its sign at the start"),
            **_share(
                "weak_recovery", (final >= WEAK).sum(axis=-1), seeds, "fraction of starts that end at a cosine of 0.3"
            ),
            **_share(
                "followed", followed, seeds, "fraction of starts that escape in the population's time within 25 %"
            ),
            "predicted_followed": variable(dims, limits, "limit of that fraction at n / d^2"),
            "truncation": variable(
                dims, result["truncation"].median("seed").values, "median change by the last Krylov directions"
            ),
            "num_samples": result["num_samples"],
        },
        coords={"dimension": result["dimension"], "multiple": result["multiple"]},
        attrs={"seeds": seeds, "power": setting.power},
    )


def _share(name: str, counts: np.ndarray, seeds: int, long_name: str) -> dict[str, xr.Variable]:
    dims = ("dimension", "multiple")
    count = variable(dims, counts, f"seeds: {long_name}")
    return {name: share(dims, counts, seeds, long_name), f"{name}_count": count}

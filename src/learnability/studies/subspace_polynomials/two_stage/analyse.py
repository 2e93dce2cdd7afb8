"""Two-stage training in the limit of many neurons: eigenvalues, ranks, and the decay beside its bound, by case."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import names, variable
from learnability.studies.subspace_polynomials.two_stage.setting import TwoStageSetting

_AS_TRAINED = (
    "lambda_min",
    "lambda_error",
    "features",
    "feature_rank",
    "time_power",
    "lambda_min_curve",
    "loss",
    "loss_bound",
    "time_to",
)


def _properties(runs: Sequence[Run]) -> dict[str, xr.Variable]:
    """The variables and the degree of each case's polynomial, and whether its first stage keeps the output."""
    degree, kept = [], []
    for run in runs:
        occurs = run.target["coefficient"].values[0] != 0
        degree.append(int(run.target["multi_index"].values[occurs].sum(1).max()))
        kept.append(run.setting_as(TwoStageSetting).keep_output)
    used = [int(run.target["used_variables"].values[0]) for run in runs]
    return {
        "used_variables": variable("case", used, "variables p"),
        "degree": variable("case", degree, "degree n"),
        "keep_output": variable(
            "case", np.array(kept, dtype=np.int8), "1 where the first stage keeps the network's output"
        ),
    }


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """All settings along ``case``, by polynomial; ``copies`` becomes one copy and p copies."""
    results, first = [run.result for run in runs], runs[0].result
    stacked = {
        name: variable(
            ("case", *map(str, first[name].dims)), np.stack([r[name].values for r in results]), **first[name].attrs
        )
        for name in _AS_TRAINED
    }
    slope = np.diff(np.log(stacked["lambda_min"].values)) / np.diff(np.log(first["training_time"].values))
    times = np.stack([result["time"].values for result in results])
    return xr.Dataset(
        {
            **stacked,
            "curve_times": variable(("case", "time"), times, "time of the second stage", "flow time"),
            "local_slope": variable(
                ("case", "copies", "neighbours"), slope, "power of T in lambda_min between neighbouring T"
            ),
            **_properties(runs),
        },
        coords={
            "polynomial": names("case", [str(run.target["target"].values[0]) for run in runs], "polynomial"),
            "copies": names("copies", ("one copy", "p copies"), "averaged copies"),
            "training_time": first["training_time"],
            "fraction": first["fraction"],
        },
    )

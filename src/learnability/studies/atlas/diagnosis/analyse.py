"""Analysis: the diagnoses of all targets side by side."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import names, texts
from learnability.studies.atlas.problem import text_of

_TEXTS = ("row", "answer", "known", "source")


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """One entry of ``target`` for every setting; rows beyond the last of a target are empty."""
    longest = max(run.result.sizes["row"] for run in runs)
    numbers = [run.result.drop_vars(["entry", *_TEXTS]) for run in runs]
    joined = xr.concat([part.drop_dims("row", errors="ignore") for part in numbers], "target")
    columns = {}
    for name in _TEXTS:
        filled = [[*texts(run.result[name]), *[""] * (longest - run.result.sizes["row"])] for run in runs]
        column = np.array(filled, dtype=np.dtypes.StringDType())
        columns["question" if name == "row" else name] = xr.Variable(
            ("target", "row"), column, runs[0].result[name].attrs
        )
    targets = names("target", [text_of(run.setting) for run in runs], "target")
    return joined.assign_coords({"target": targets, **columns})

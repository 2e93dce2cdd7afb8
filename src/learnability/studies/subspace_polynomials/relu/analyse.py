"""The ReLU flows with the condition that each S* belongs to."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import names


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """All variables of the flows; ``condition`` says which derivatives of the activation are taken not to vanish."""
    _, result = only(runs, Setting)
    return (
        result.drop_vars("seed_count")
        .drop_dims("seed", errors="ignore")
        .assign_coords(condition=names("condition", ("reflective", "ReLU, no bias"), "what S* is reflective for"))
    )

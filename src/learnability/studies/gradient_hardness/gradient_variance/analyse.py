"""Analysis of the kind ``gradient_variance``: the variance over its bounds, and the spectrum over its mean."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.studies.gradient_hardness.estimates import averaged, labelled


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Variance over its printed and its corrected bound, and the spectrum over the mean of the class."""
    _, result = only(runs, Setting)
    # Theorem 5 as printed: E|grad h|^2 / |F|, which drops the factor 2 of the gradient of the square.
    printed = result["gradient_norm"] / 2.0 ** result["dimension"]
    ratio = result["variance"] / printed
    return result.assign(
        printed_ratio=averaged(ratio, rng, "variance over the printed bound"),
        spectrum=averaged(result["level_energy"] / printed, rng, "level over the class mean", "median"),
        corrected_ratio=labelled(ratio / 4, "variance over the corrected bound"),
    )

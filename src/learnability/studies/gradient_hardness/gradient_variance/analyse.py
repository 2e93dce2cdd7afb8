"""Analysis of the kind ``gradient_variance``: the variance over its bound, and the spectrum over its mean."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness.estimates import averaged
from learnability.studies.gradient_hardness.gradient_spectrum import full_parity_over_mean
from learnability.studies.gradient_hardness.measuring import OUTLIER_DIMENSIONS, OUTLIER_WIDTHS


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Variance over its printed bound, the spectrum over the mean of the class, and the full parity's part over that
    mean at fixed widths."""
    _, result = only(runs, Setting)
    # Theorem 5 as printed: E|grad h|^2 / |F|, which drops the factor 2 of the gradient of the square.
    printed = result["gradient_norm"] / 2.0 ** result["dimension"]
    ratio = result["variance"] / printed
    outlier = [[full_parity_over_mean(d, m) for d in OUTLIER_DIMENSIONS] for m in OUTLIER_WIDTHS]
    over = ("outlier_width", "outlier_dimension")
    return result.assign(
        printed_ratio=averaged(ratio, rng, "variance over the printed bound"),
        spectrum=averaged(result["level_energy"] / printed, rng, "level over the class mean", "median"),
        outlier=variable(over, outlier, "log2 of the full parity over the class mean, Rademacher starts"),
    ).assign_coords(
        outlier_dimension=variable("outlier_dimension", list(OUTLIER_DIMENSIONS), "input dimension d"),
        outlier_width=variable("outlier_width", list(OUTLIER_WIDTHS), "number of neurons"),
    )

"""The figure of a check names every method that it draws."""

import math

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from learnability.studies.atlas.figures.answer import _exponents


def test_a_method_that_never_reached_half_of_the_seeds_is_in_the_legend() -> None:
    methods, dimensions = ["online_sgd", "kernel_ridge", "partial_trace"], [32, 64]
    learned = np.zeros((3, 2, 4, 3))
    learned[2] = math.nan  # was not run
    one = xr.Dataset(
        {
            "samples": (("method", "dimension"), [[100.0, 400.0], [math.inf, math.inf], [math.nan, math.nan]]),
            "learned": (("method", "dimension", "num_samples", "bound"), learned),
            "predicted": ("method", [2.0, 3.0, 1.0]),
        },
        coords={"method": methods, "dimension": dimensions},
    )
    axes = Figure().subplots()
    _exponents(axes, one)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["online SGD", "kernel ridge: not reached"]

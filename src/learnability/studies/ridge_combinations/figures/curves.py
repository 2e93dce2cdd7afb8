"""What the study's figures share: test errors, logarithmic axes."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter

from learnability.results.labelled import texts
from learnability.results.style import LEVEL, curve, log_ticks


def log_axes(axes: Axes) -> None:
    """Logarithmic axes with labels at the powers of ten, and over short spans at twice and five times these."""
    axes.set(xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        low, high = axis.get_view_interval()
        if high / low > 30:
            axis.set_minor_formatter(NullFormatter())
        else:
            axis.set_minor_locator(LogLocator(subs=(2, 5)))
            axis.set_minor_formatter(LogFormatterSciNotation(minor_thresholds=(np.inf, np.inf)))


PLACES = {
    name: place
    for place, name in enumerate(
        ("trained ridge", "trained lasso", "oracle ridge", "oracle lasso", "kernel ridge", "random ridge")
    )
}
"""Colour and mark of a method, the same in every figure."""


def error_curves(panel: Axes, analysis: xr.Dataset, chosen: tuple[str, ...]) -> None:
    """L1 errors of the chosen methods, where the analysis has them, over the number of samples."""
    counts = analysis["samples"].values
    for name in chosen:
        if name in texts(analysis["method"]):
            curve(panel, counts, analysis["l1"].sel({"method": name}).values, PLACES[name], name)
    panel.axhline(float(analysis["zero_l1"].values[0]), label="zero predictor", **LEVEL)
    log_axes(panel)
    panel.set(xlabel="samples n", ylabel=r"test $L^1$ error")
    ticks = {*counts.tolist(), *analysis["kernel_samples"].values.tolist()}
    log_ticks(panel, np.array(sorted(ticks)))

"""The SGD engines and the population flow."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import THEORY
from learnability.studies.ridge_combinations.figures.curves import curve, page_wide


def _fraction(analysis: xr.Dataset) -> np.ndarray:
    time = analysis["flow_time"].values
    return np.asarray(time / time[-1])


def draw(analyses: Analyses) -> Figure:
    """Mean largest alignment by engine, and by step size beside the population flow."""
    laws, flows = analyses["engines"], analyses["engines_flow"]
    figure, axes = page_wide(1, 2)
    first, second = axes[0]
    for k, name in enumerate(texts(laws["engine"])):
        curve(first, _fraction(laws), laws["engine_curve"].values[k], k, name)
    bound = float(laws["distance"].sel(bound="high").max())
    first.set_title(f"Kolmogorov distance of the laws: at most {bound:.3f}")
    second.plot(_fraction(flows), flows["flow_curve"].values[:, 0], label="population flow", **THEORY)
    for k, delta in enumerate(flows["relative_step"].values):
        curve(second, _fraction(flows), flows["curve"].values[k], k, rf"SGD, $\delta$ = {delta:g}")
    gaps, steps = flows["flow_gap"].values[:, 0], flows["relative_step"].values
    second.set_title(rf"Gap to the flow: {gaps[0]:.3f} at $\delta$ = {steps[0]:g}, {gaps[-1]:.3f} at {steps[-1]:g}")
    for panel in (first, second):
        panel.set(xlabel="flow time / end", ylabel="mean largest alignment", ylim=(0, 1))
        panel.legend()
    return figure

"""The SGD engines and the population flow."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import THEORY, curve, new_figure


def _fraction(analysis: xr.Dataset) -> np.ndarray:
    time = analysis["flow_time"].values
    return np.asarray(time / time[-1])


def draw(analyses: Analyses) -> Figure:
    """Mean largest alignment by engine less that of the full one, and by step size less that of the population flow.

    The curves themselves would lie on one another: what is claimed is their distance.
    """
    laws, flows = analyses["engines"], analyses["engines_flow"]
    figure, ((first, second),) = new_figure(1, 2, height=2.8)
    for k, name in enumerate(texts(laws["engine"])):
        curve(first, _fraction(laws), laws["engine_curve"].values[k] - laws["engine_curve"].values[0, :, :1], k, name)
    bound = float(laws["distance"].sel(bound="high").max())
    first.set_title(f"Kolmogorov distance of the laws: at most {bound:.3f}")
    second.axhline(0.0, label="population flow", **THEORY)
    for k, delta in enumerate(flows["relative_step"].values):
        apart = flows["curve"].values[k] - flows["flow_curve"].values[:, :1]
        curve(second, _fraction(flows), apart, k, rf"SGD, $\delta$ = {delta:g}")
    gaps, steps = flows["flow_gap"].values[:, 0], flows["relative_step"].values
    second.set_title(rf"Gap to the flow: {gaps[0]:.3f} at $\delta$ = {steps[0]:g}, {gaps[-1]:.3f} at {steps[-1]:g}")
    for panel, other in ((first, "the full engine's"), (second, "the flow's")):
        panel.set(xlabel="flow time / end", ylabel=f"mean largest alignment less {other}")
        panel.legend()
    return figure

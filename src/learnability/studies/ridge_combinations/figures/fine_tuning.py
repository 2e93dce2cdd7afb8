"""Test errors on a new sum of two of the directions."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.measuring import if_known
from learnability.results.style import COLOURS, curve, log_ticks, new_figure
from learnability.studies.ridge_combinations.figures.curves import error_curves
from learnability.studies.ridge_combinations.phase_two.claims import lasso_gain


def draw(analyses: Analyses) -> Figure:
    """A new sum on two of the directions: errors, and how many neurons the LASSO keeps."""
    analysis = analyses["fine_tuning"]
    counts, kept = analysis["samples"].values, analysis["nonzero"]
    gain = if_known(lasso_gain(1), analyses)
    figure, ((first, second),) = new_figure(1, 2, height=2.8)
    error_curves(first, analysis, ("trained ridge", "trained lasso", "oracle ridge", "oracle lasso"))
    first.set_ylim(top=6 * first.get_ylim()[1])  # room for the legend
    first.legend(ncols=2, loc="upper center")
    ratio = f"is {np.exp(gain.estimate):.2f} of ridge's" if gain else "beside ridge's"
    first.set_title(f"LASSO's error {ratio} at n = {int(counts[1])}")
    for index, name in ((1, "trained lasso"), (3, "oracle lasso")):
        curve(second, counts, kept.sel({"method": name}).values, index, name)
    dense = float(kept.sel({"method": "trained ridge"})[-1, 0])
    second.axhline(dense, color=COLOURS[0], label="ridge: every neuron")
    log_ticks(second, counts)
    second.set(xlabel="samples n", ylabel="neurons with a coefficient", ylim=(0, 1.35 * dense))
    sparse = float(kept.sel({"method": "trained lasso"})[-1, 0])
    second.set_title(f"LASSO keeps {sparse:.0f} of {dense:.0f} neurons at n = {int(counts[-1])}")
    second.legend(loc="upper left", ncols=2)
    return figure

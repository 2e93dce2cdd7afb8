"""Test errors on a new sum of two of the directions."""

from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.measuring import if_known
from learnability.results.style import COLOURS, curve, log_ticks, new_figure
from learnability.studies.ridge_combinations.figures.curves import PLACES, error_curves
from learnability.studies.ridge_combinations.phase_two.claims import samples_for_ridges_error


def draw(analyses: Analyses) -> Figure:
    """A new sum on two of the directions: errors, and how many neurons the LASSO keeps."""
    analysis = analyses["fine_tuning"]
    counts, kept = analysis["samples"].values, analysis["nonzero"]
    fewer = if_known(samples_for_ridges_error, analyses)
    figure, ((first, second),) = new_figure(1, 2, height=2.8)
    error_curves(first, analysis, ("trained ridge", "trained lasso", "oracle ridge", "oracle lasso"))
    first.legend(ncols=2)
    n = int(counts[len(counts) // 2])
    ratio = f"takes {fewer.estimate:.2f} of the samples" if fewer else "beside ridge"
    first.set_title(f"To ridge's error at n = {n} LASSO\n{ratio}" if fewer else f"LASSO {ratio}")
    for name in ("trained lasso", "oracle lasso"):
        curve(second, counts, kept.sel({"method": name}).values, PLACES[name], name)
    dense = float(kept.sel({"method": "trained ridge"})[-1, 0])
    second.axhline(dense, color=COLOURS[PLACES["trained ridge"]], label="trained ridge: every neuron")
    log_ticks(second, counts)
    second.set(xlabel="samples n", ylabel="neurons with a coefficient", ylim=(0, 1.35 * dense))
    sparse = float(kept.sel({"method": "trained lasso"})[-1, 0])
    second.set_title(f"LASSO keeps {sparse:.0f} of {dense:.0f} neurons at n = {int(counts[-1])}")
    second.legend(loc="upper left", ncols=2)
    return figure

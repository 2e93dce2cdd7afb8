"""Where superorthogonal polynomials exist, and those that were certified."""

import math

from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import COLOURS, MARKERS, THEORY
from learnability.studies.ridge_combinations.figures.curves import page_wide


def draw(analyses: Analyses) -> Figure:
    """Least eigenvalue over the degree, and the table of decided cases."""
    analysis = analyses["superorthogonal"]
    degrees, values = analysis["degree"].values, analysis["least_eigenvalue"].values
    figure, axes = page_wide(1, 2)
    first, second = axes[0]
    parities = texts(analysis["parity"])
    for parity, name in enumerate(parities):
        mask = degrees % 2 == parity
        first.plot(degrees[mask], values[mask], color=COLOURS[parity], marker=MARKERS[parity], label=name)
    first.axhline(0.0, **THEORY)
    first.set_yscale("symlog", linthresh=0.1)
    first.set_yticks([-0.1, 0, 0.1, 1, 10], ["-0.1", "0", "0.1", "1", "10"])
    first.set(xlabel="degree", ylabel=r"least eigenvalue of $E[h_i(x^2-1)h_j]$")
    even, odd = (int(v) for v in analysis["least_degree"].values[0])
    first.set_title(f"K = L = 2: from degree {odd} (odd) and {even} (even)")
    first.legend()
    meanings = dict(
        zip(analysis["status"].attrs["flag_values"], analysis["status"].attrs["flag_meanings"].split(), strict=True)
    )
    rows, radii = [], analysis["radius"].values
    for case, code, radius, (low, _) in zip(
        analysis["case_definition"].values, analysis["status"].values, radii, analysis["kurtosis"].values, strict=True
    ):
        certified = [f"1e{math.log10(radius):.0f}", f"{low:.0e}"] if math.isfinite(radius) else ["", ""]
        rows.append([str(case[0]), str(case[1]), parities[case[2]], str(case[3]), meanings[int(code)], *certified])
    second.axis("off")
    labels = ["K", "L", "parity", "degree", "outcome", "radius", r"$E f^4$"]
    table = second.table(
        rows, colLabels=labels, loc="upper center", colWidths=[0.08, 0.08, 0.14, 0.14, 0.24, 0.15, 0.15]
    )
    table.auto_set_font_size(False)
    table.set_fontsize(7.5)
    table.scale(1, 1.1)
    second.set_title(f"{int((radii > 0).sum())} of {len(rows)} cases certified by interval Newton")
    return figure

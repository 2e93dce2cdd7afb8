"""Where superorthogonal polynomials exist, and those that were constructed."""

from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import COLOURS, MARKERS, THEORY
from learnability.studies.ridge_combinations.figures.curves import page_wide


def draw(analyses: Analyses) -> Figure:
    """Least eigenvalue over the degree, and the table of constructed polynomials."""
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
    even, odd = (int(v) for v in analysis["minimal_degree"].values)
    first.set_title(f"They exist from degree {odd} (odd) and {even} (even)")
    first.legend()
    rows = [
        [str(case[0]), str(case[1]), parities[case[2]], str(case[3]), f"{residual:.0e}", f"{moment:.1e}"]
        for case, residual, moment in zip(
            analysis["case_definition"].values,
            analysis["residual"].values,
            analysis["fourth_moment"].values,
            strict=True,
        )
    ]
    second.axis("off")
    table = second.table(rows, colLabels=["K", "L", "parity", "degree", "residual", r"$E f^4$"], loc="upper center")
    table.auto_set_font_size(False)
    table.set_fontsize(7.5)
    table.scale(1, 1.4)
    second.set_title(f"Fourth moments from {analysis['fourth_moment'].values.min():.0e}")
    return figure

"""Where superorthogonal polynomials exist, and those that were certified."""

import math
from typing import Any

import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure


def draw(analyses: Analyses) -> Figure:
    """Least eigenvalue over the degree, and the decided cases by their degree."""
    analysis = analyses["superorthogonal"]
    degrees, values = analysis["degree"].values, analysis["least_eigenvalue"].values
    figure, ((first, second),) = new_figure(1, 2, height=2.8)
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
    radii = analysis["radius"].values
    cases = [(f"K = {k}, L = {ell}, {parities[parity]}", degree) for k, ell, parity, degree in _whole(analysis)]
    names = list(dict.fromkeys(name for name, _ in cases))[::-1]
    seen: set[str] = set()
    for (name, degree), code, radius in zip(cases, analysis["status"].values, radii, strict=True):
        certified = math.isfinite(radius) and radius > 0
        said = "certified" if certified else meanings[int(code)]
        style: dict[str, Any] = {"markersize": 6, "linestyle": "none", "label": None if said in seen else said}
        style |= {"color": COLOURS[0], "markerfacecolor": COLOURS[0] if certified else "white"}
        second.plot(degree, names.index(name), marker=MARKERS[0] if certified else MARKERS[1], **style)
        seen.add(said)
    second.legend(loc="upper left")
    degrees_tried = [degree for _, degree in cases]
    second.set(xlabel="degree", xlim=(min(degrees_tried) - 1, max(degrees_tried) + 1), ylim=(-0.6, len(names) - 0.4))
    second.set_yticks(range(len(names)), names)
    second.xaxis.set_major_locator(MaxNLocator(integer=True))
    second.set_title(f"{int((radii > 0).sum())} of {len(cases)} cases certified by interval Newton")
    return figure


def _whole(analysis: xr.Dataset) -> list[list[int]]:
    """K, L, parity and degree of every case."""
    return [[int(value) for value in case] for case in analysis["case_definition"].values]

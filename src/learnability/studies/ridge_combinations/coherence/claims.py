"""Claims on directions that overlap: both thresholds of the equiangular flow, and where starts end between them."""

from functools import partial

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Equals, Measurement, NotAtThisScale
from learnability.results.measuring import Measure, measured, seeds_of

AVERAGE = "arXiv 2411.08798 (AISTATS 2025), abstract"


def _ratio(threshold: str, formula: str) -> Measure:
    """A certified enclosure of a threshold over its formula."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["coherence"]
        if formula not in analysis:
            raise NotAtThisScale(f"{formula} is for p = 3")
        return measured(analysis[threshold] / float(analysis[formula]))

    return measure


def _between(analysis: xr.Dataset) -> np.ndarray:
    """Indices of the coherences that were run strictly between the thresholds."""
    rho = analysis["coherence"].values
    low, high = float(analysis["average_threshold"][2]), float(analysis["localised_threshold"][1])
    inside = np.flatnonzero((rho > low) & (rho < high))
    if len(inside) < 2:
        raise NotAtThisScale("two coherences between the thresholds")
    return inside


def _most(name: str, between: bool) -> Measure:
    """The largest share over the coherences between the thresholds, or over those outside of them."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["coherence"]
        inside = _between(analysis)
        chosen = inside if between else np.setdiff1d(np.arange(analysis.sizes["coherence"]), inside)
        best = int(chosen[analysis[name].values[chosen, 0].argmax()])
        note = f"largest at coherence {float(analysis['coherence'][best]):g}"
        return measured(analysis[name].isel(coherence=best, drop=True), seeds_of(analysis), note)

    return measure


def _sgd_side(above: bool) -> Measure:
    """SGD's share at the coherence next below the first threshold, or next above the second."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["coherence"]
        rho, inside = analysis["coherence"].values, _between(analysis)
        at = int(inside[-1]) + 1 if above else int(inside[0]) - 1
        if at == len(rho):
            raise NotAtThisScale("a coherence above both thresholds")
        return measured(analysis["sgd"].isel(coherence=at), seeds_of(analysis), f"coherence {rho[at]:g}")

    return measure


_claim = partial(Claim, experiments=("coherence",), seeds_needed=8, figure="coherence", evidence="statistical")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "coherence.average",
        AVERAGE,
        "For M unit directions with equal inner products rho, the average of the directions turns from a saddle to a "
        "minimum of the correlation loss at rho = (p-2)/(M+p-2), here p = 3 and M = 8.",
        "coherence at which the largest transverse rate of the flow at the average changes sign, over (p-2)/(M+p-2)",
        Equals(1.0, 1e-9),
        _ratio("average_threshold", "average_formula"),
        evidence="exact",
    ),
    _claim(
        "coherence",
        "this study",
        "For M unit directions with equal inner products rho and p = 3, the fixed points of the flow on one direction "
        "are stable up to rho = 1/(1 + 2 sqrt(M-1)) and do not exist beyond; it is above (p-2)/(M+p-2), here M = 8.",
        "coherence beyond which no stable point on one direction exists, over 1/(1 + 2 sqrt(M-1))",
        Equals(1.0, 1e-9),
        _ratio("localised_threshold", "localised_formula"),
        evidence="exact",
    ),
    _claim(
        "coherence.bistable-localised",
        "this study",
        "Beyond the coherence at which the average becomes stable, the population flow still takes random starts to "
        "single directions (M = 8, p = 3, d = 64).",
        "share of random starts that end above 0.9 on one direction, the largest strictly between both thresholds",
        AtLeast(0.001),
        _most("flow", between=True),
        evidence="existence",
    ),
    _claim(
        "coherence.bistable-average",
        "this study",
        "Below the coherence at which single directions lose their stable points, the population flow already takes "
        "some random starts to the average of the directions (M = 8, p = 3, d = 64).",
        "share of random starts that end on the average, the largest strictly between both thresholds",
        AtLeast(0.001),
        _most("flow_average", between=True),
        evidence="existence",
    ),
    _claim(
        "coherence.sgd-below",
        "this study",
        "While the average of M = 8 equiangular directions is a saddle, most SGD neurons localise within 8 M d^(p-1) "
        "samples (p = 3, d = 64).",
        "share of SGD neurons above 0.9 at the largest coherence below (p-2)/(M+p-2)",
        AtLeast(0.5),
        _sgd_side(above=False),
        expected="0.98",
    ),
    _claim(
        "coherence.sgd-above",
        "this study",
        "Beyond the coherence at which single directions lose their stable points, at most half of the SGD neurons "
        "are near one of M = 8 equiangular directions after 8 M d^(p-1) samples (p = 3, d = 64).",
        "share of SGD neurons above 0.9 at the least coherence above 1/(1 + 2 sqrt(M-1))",
        AtMost(0.5),
        _sgd_side(above=True),
        expected="0.25",
    ),
)

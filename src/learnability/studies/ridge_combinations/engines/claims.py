"""Claims on the law of the SGD engines and their distance from the population flow."""

from functools import partial

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Measurement
from learnability.results.labelled import bounds_of
from learnability.results.measuring import estimated, seeds_of
from learnability.studies.ridge_combinations.engines.analyse import ERROR, MARGIN


def _largest_distance(analyses: Analyses) -> Measurement:
    """The largest Kolmogorov distance over pairs and statistics; the interval holds for all of them at once."""
    analysis = analyses["engines"]
    value, low, high = (float(part.max()) for part in bounds_of(analysis["distance"]))
    note = f"equal laws pass one test with probability {float(analysis['power']):.3f}"
    return Measurement(value, low, high, seeds_of(analysis), note)


_claim = partial(Claim, seeds_needed=100, figure="engines", evidence="statistical")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "engines-agree",
        "this study",
        f"The laws of full SGD, of the decoupled chain and of the overlap chain are within {MARGIN:g} of each other "
        "(Kolmogorov distance).",
        "largest Kolmogorov distance from full SGD over six statistics of single neurons and two engines; its bound "
        f"errs with probability {ERROR:g} at most, over all twelve",
        AtMost(MARGIN),
        _largest_distance,
        ("engines",),
    ),
    _claim(
        "engines-agree.flow-small",
        "this study",
        "SGD at a small step size (delta = 0.1) follows the population flow to 0.05 in the mean largest alignment.",
        "sup over time of the difference of the mean largest alignment",
        AtMost(0.05),
        estimated("engines_flow", "flow_gap", where={"relative_step": -1}),
        ("engines_flow",),
    ),
    _claim(
        "engines-agree.flow-large",
        "this study",
        "SGD at delta = 1, the order of the step size of Theorem 4, is farther from the population flow than at "
        "delta = 0.1: noise of the samples matters there.",
        "gap to the flow at delta = 1 over the gap at delta = 0.1, from the same starts",
        AtLeast(1.0),
        estimated("engines_flow", "gap_ratio"),
        ("engines_flow",),
    ),
)

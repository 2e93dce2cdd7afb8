"""Claims on the law of the SGD engines and their distance from the population flow."""

from dataclasses import replace
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


def _gap_at_the_smallest_step(analyses: Analyses) -> Measurement:
    delta = float(analyses["engines_flow"]["relative_step"][-1])
    found = estimated("engines_flow", "flow_gap", where={"relative_step": -1})(analyses)
    return replace(found, note=f"delta = {delta:g}")


def _ratio_of_gaps(analyses: Analyses) -> Measurement:
    first, last = (float(analyses["engines_flow"]["relative_step"][k]) for k in (0, -1))
    return replace(estimated("engines_flow", "gap_ratio")(analyses), note=f"delta = {first:g} and {last:g}")


_claim = partial(Claim, seeds_needed=100, figure="engines", evidence="statistical")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "engines-agree",
        "this study",
        "Six statistics of single neurons at the end have laws, in the decoupled and in the overlap chain, within "
        f"{MARGIN:g} of full SGD's (Kolmogorov distance).",
        "largest Kolmogorov distance from full SGD over the six statistics and both chains; its bound errs with "
        f"probability {ERROR:g} at most, over all twelve",
        AtMost(MARGIN),
        _largest_distance,
        ("engines",),
    ),
    _claim(
        "engines-agree.flow-small",
        "this study",
        "SGD at a small step size (delta = 0.1 or less) follows the population flow to 0.05 in the mean largest "
        "alignment.",
        "sup over time of the difference of the mean largest alignment, at the smallest delta that is run",
        AtMost(0.05),
        _gap_at_the_smallest_step,
        ("engines_flow",),
    ),
    _claim(
        "engines-agree.flow-large",
        "this study",
        "SGD at delta = 1, the order of the step size of Theorem 4, is farther from the population flow than at a "
        "small one (delta = 0.1 or less): noise of the samples matters there.",
        "gap to the flow at delta = 1 over the gap at the smallest delta that is run, from the same starts",
        AtLeast(1.0),
        _ratio_of_gaps,
        ("engines_flow",),
    ),
)

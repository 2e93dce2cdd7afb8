"""Claims on the paper's Figure 1: who localises, by label and scaling."""

from dataclasses import replace
from functools import partial

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Measurement
from learnability.results.measuring import Measure, estimated
from learnability.studies.ridge_combinations import PAPER

_claim = partial(Claim, experiments=("figure_one",), seeds_needed=3, figure="figure_one")
_NEURONS = "the neurons of all seeds, which are independent given the samples that those of one seed share"


def _localised(variant: int) -> Measure:
    """The share over the neurons of all seeds, given their samples; seeds differ, and the note has each."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["figure_one"]
        counts = ", ".join(f"{count:g}" for count in analysis["localised_neurons"].isel(variant=variant).values)
        found = estimated("figure_one", "localised_last", where={"variant": variant})(analyses)
        return replace(found, note=f"{counts} of {analysis.attrs['neurons']} neurons by seed")

    return measure


CLAIMS: tuple[Claim, ...] = (
    _claim(
        "figure-1",
        f"{PAPER}, Figure 1",
        "Neurons localise on single task directions during phase I of the paper's experiment (d = 64, M = 16, labels "
        "with the unnormalised He_3): at least 5%, on the streams of samples that were drawn.",
        f"fraction of neurons with largest overlap > 0.9 and second < 0.3 after 1e6 single-sample steps; {_NEURONS}",
        AtLeast(0.05),
        _localised(0),
        evidence="existence",
        window_seen=True,
        expected="about 0.14",
    ),
    _claim(
        "figure-1.normalised",
        f"this study, Figure 1 of {PAPER} with normalised links",
        "With links of unit norm, as the theory assumes, the step size and number of steps of Figure 1 do not suffice: "
        "at most 1% of the neurons localise, on the streams of samples that were drawn.",
        "fraction of neurons with largest overlap > 0.9 and second < 0.3 after 1e6 steps with h_3 = He_3 / sqrt 6; "
        f"{_NEURONS}",
        AtMost(0.01),
        _localised(1),
        evidence="statistical",
        expected="0",
    ),
    _claim(
        "figure-1.ntk",
        "this study",
        "In our control, the NTK scaling at the mean-field speed in function space, at most 1% of the neurons of each "
        "network that was run localise on single task directions (d = 64, M = 16, 1e6 samples).",
        "largest fraction of a network's neurons with largest overlap > 0.9 and second < 0.3, squared loss with output "
        "scale J^(-1/2); the search reaches as far as the seeds, a network each",
        AtMost(0.01),
        estimated("figure_one", "control_most"),
        evidence="existence",
        expected="0",
        reason="the paper does not define its control, and at a rate large enough neurons localise in any scaling",
    ),
)

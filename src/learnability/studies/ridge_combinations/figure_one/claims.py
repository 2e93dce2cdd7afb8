"""Claims on the paper's Figure 1: who localises, by label and scaling."""

from functools import partial

from learnability.results.claim import AtLeast, AtMost, Claim
from learnability.results.measuring import estimated
from learnability.studies.ridge_combinations import PAPER

_claim = partial(Claim, experiments=("figure_one",), seeds_needed=3, figure="figure_one")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "figure-1",
        f"{PAPER}, Figure 1",
        "Neurons localise on single task directions during phase I of the paper's experiment (d = 64, M = 16, labels "
        "with the unnormalised He_3).",
        "fraction of neurons with largest overlap > 0.9 and second < 0.3 after 1e6 single-sample steps",
        AtLeast(0.05),
        estimated("figure_one", "localised", where={"variant": 0, "time": -1}),
        evidence="existence",
        window_seen=True,
        expected="about 0.16",
    ),
    _claim(
        "figure-1.normalised",
        f"{PAPER}, Figure 1 with normalised links",
        "With links of unit norm, as the theory assumes, the step size and number of steps of Figure 1 do not suffice.",
        "fraction of neurons with largest overlap > 0.9 and second < 0.3 after 1e6 steps with h_3 = He_3 / sqrt 6, the "
        "neurons of all seeds",
        AtMost(0.01),
        estimated("figure_one", "localised_last", where={"variant": 1}),
        evidence="statistical",
        expected="0",
    ),
    _claim(
        "figure-1.ntk",
        f"{PAPER}, Figure 1, control",
        "In the NTK scaling neurons do not localise on single task directions (d = 64, M = 16).",
        "fraction of neurons with largest overlap > 0.9 and second < 0.3, squared loss with output scale J^(-1/2), the "
        "neurons of all seeds",
        AtMost(0.01),
        estimated("figure_one", "control_last"),
        evidence="statistical",
        expected="0",
        reason="the paper does not define its control: ours runs at the mean-field speed in function space; "
        "at a rate large enough neurons localise in any scaling",
    ),
)

"""Claims on the law of the SGD engines and their distance from the population flow."""

from functools import partial

from learnability.results.claim import AtLeast, AtMost, Claim
from learnability.results.measuring import estimated, over_draws

_claim = partial(Claim, experiments=("engines",), seeds_needed=100, figure="engines")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "engines-agree",
        "ours",
        "Full SGD, the decoupled chain and the overlap chain have the same law.",
        "least Kolmogorov-Smirnov p-value of six statistics and two pairs, Bonferroni-corrected (false alarm 1%)",
        AtLeast(0.01),
        over_draws("engines", lambda analysis: analysis["corrected_pvalue"]),
    ),
    _claim(
        "engines-agree.flow-small",
        "ours",
        "SGD at delta = 0.05 follows the population flow.",
        "sup over time of the difference of the mean largest alignment",
        AtMost(0.05),
        estimated("engines", "flow_gap", where={"relative_step": -1}),
    ),
    _claim(
        "engines-agree.flow-large",
        "ours",
        "SGD at delta = 1 does not follow the population flow: noise matters at the step size of Theorem 4.",
        "sup over time of the difference of the mean largest alignment",
        AtLeast(0.05),
        estimated("engines", "flow_gap", where={"relative_step": 0}),
    ),
)

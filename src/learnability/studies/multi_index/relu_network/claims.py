"""What the paper's theory says of targets that are ReLU networks with directions of their own."""

from dataclasses import replace

from learnability.results.claim import Analyses, Claim, Measurement, OutOfSteps
from learnability.results.measuring import entry, limit_of
from learnability.studies.multi_index.laws import Row, claims_of
from learnability.studies.multi_index.theory import PAPER

_EXPERIMENT = "relu_network"


def exponent(analyses: Analyses, case: str) -> Measurement:
    """The limit of the local exponents of a case. Raises OutOfSteps where runs did not reach the escape."""
    one = entry(analyses[_EXPERIMENT], "case", case)
    if int(one["missing"]):
        raise OutOfSteps(f"{int(one['missing'])} seeds that did not escape within their steps")
    found = limit_of(one, _EXPERIMENT)
    return replace(found, note=f"{found.note}; theory {float(one['expected']):.5g}")


_RATE = f"{PAPER}, Theorem 3.25; the rate: this study"
_TWINS = "two ReLU neurons of equal weights, at 60 degrees to each other"
_EQUAL = "three ReLU neurons of equal weights, at 120 degrees to each other"
_UNEQUAL = "three ReLU neurons of the weights 3, 2 and 1, at 120 degrees to each other"

ROWS: tuple[Row, ...] = (
    Row("twins.first", 2 / 3, f"The joint flow of {_TWINS}, learns their mean direction in time log d.", _RATE, True),
    Row("twins.last", 1.0, f"The joint flow of {_TWINS}, learns their difference, which is even, in time d."),
    Row(
        "balanced.last",
        1.0,
        f"The joint flow of {_EQUAL}, whose linear part cancels, learns both directions in time d.",
    ),
    Row(
        "unequal.last",
        3.1005,
        f"The joint flow of {_UNEQUAL}, learns both directions in time log d, at the rate 1/(2 S) summed over the "
        "saddles, S the speed of a direction on the plateau before it.",
        _RATE,
        True,
    ),
)
"""What is claimed of the cases. The last rate is 2/3 for the linear part and 1/(2 S), S = 0.2054, on the plateau."""

CLAIMS: tuple[Claim, ...] = claims_of(
    ROWS,
    exponent,
    rate="rate of the median escape time against log d",
    exponent="local exponent of the median escape time",
    how="starts with common random numbers over d, no expansion of the network; limit from the last two decades to "
    "d = 1e7",
    prefix="relu-network.",
    experiments=(_EXPERIMENT,),
    seeds_needed=32,
)

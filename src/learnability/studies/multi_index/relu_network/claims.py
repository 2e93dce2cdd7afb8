"""What the paper's theory says of targets that are ReLU networks with directions of their own."""

from dataclasses import dataclass
from functools import partial

from learnability.results.claim import Analyses, Claim, Equals, Measurement, OutOfSteps
from learnability.results.measuring import entry, limit_exponent
from learnability.studies.multi_index.theory import PAPER

_EXPERIMENT = "relu_network"


@dataclass(frozen=True)
class _Row:
    """A case of the experiment: a saddle of a network."""

    case: str
    expected: float
    statement: str
    logarithmic: bool = False


def exponent(analyses: Analyses, case: str) -> Measurement:
    """The limit of the local exponents of a case. Raises OutOfSteps where runs did not reach the escape."""
    one = entry(analyses[_EXPERIMENT], "case", case)
    if int(one["missing"]):
        raise OutOfSteps(f"{int(one['missing'])} seeds that did not escape within their steps")
    found = limit_exponent(_EXPERIMENT)({_EXPERIMENT: one})
    seeds = int(analyses[_EXPERIMENT].attrs["seeds"])
    note = f"{found.note}; theory {float(one['expected']):.5g}"
    return Measurement(found.estimate, found.low, found.high, seeds, note)


_TWINS = "two ReLU neurons of equal weights, at 60 degrees to each other"
_EQUAL = "three ReLU neurons of equal weights, at 120 degrees to each other"
_UNEQUAL = "three ReLU neurons of the weights 3, 2 and 1, at 120 degrees to each other"

ROWS: tuple[_Row, ...] = (
    _Row("twins.first", 2 / 3, f"The joint flow of {_TWINS}, learns their mean direction in time log d.", True),
    _Row("twins.last", 1.0, f"The joint flow of {_TWINS}, learns their difference, which is even, in time d."),
    _Row(
        "balanced.last",
        1.0,
        f"The joint flow of {_EQUAL}, whose linear part cancels, learns both directions in time d.",
    ),
    _Row(
        "unequal.last",
        3.1005,
        f"The joint flow of {_UNEQUAL}, learns both directions in time log d, at the rate 1/(2 S) summed over the "
        "saddles, S the speed of a direction on the plateau before it.",
        True,
    ),
)
"""What is claimed of the cases. The last rate is 2/3 for the linear part and 1/(2 S), S = 0.2054, on the plateau."""


def _claim(row: _Row) -> Claim:
    rate = row.logarithmic
    what = "rate of the median escape time against log d" if rate else "local exponent of the median escape time"
    return Claim(
        id=f"relu-network.{row.case}",
        source=f"{PAPER}, Theorem 3.25" + ("; the rate: this study" if rate else ""),
        statement=row.statement,
        measured=f"{what}, starts with common random numbers over d, no expansion of the network; limit from the last "
        "two decades to d = 1e7",
        rule=Equals(row.expected, 0.01),
        measure=partial(exponent, case=row.case),
        experiments=(_EXPERIMENT,),
        expected=f"{row.expected:.4g}",
        unit="flow time" if rate else "1",
        evidence="asymptotic",
        seeds_needed=32,
        figure="escape_times",
    )


CLAIMS: tuple[Claim, ...] = tuple(_claim(row) for row in ROWS)

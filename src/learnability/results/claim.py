"""Claims: what a source states, how it is measured, and the rule that turns an estimate into a verdict.

A claim is to be declared before anything is measured; one that was not is listed in the CHANGELOG. Its rule is a
region of accepted values; the verdict compares the interval of the estimate with that region and is never written
by hand:

- ``supported``: the whole interval lies inside the region,
- ``contradicted``: the whole interval lies outside,
- ``inconclusive``: the interval straddles the edge, is not finite, or rests on fewer seeds than the claim asks for; or
  the rule is refused: no artifact can contradict it, or the interval of a statistical claim has no width,
- ``not tested``: the claim says why it cannot be measured,
- ``not at this scale``: what the claim is about is not part of the scale that was run (:class:`NotAtThisScale`),
- ``out of steps``: runs that the solver did not finish could decide it (:class:`OutOfSteps`).

A claim says what kind of evidence decides it:

- ``exact``: a certificate (exact arithmetic, interval arithmetic, multiprecision with a stated error),
- ``statistical``: an interval of stated coverage,
- ``asymptotic``: local exponents by decade and their limit with its uncertainty; the last decades decide,
- ``existence``: one witness, or a search with a stated reach,
- ``summary``: what a circulating summary says of a source; kept apart from the source's own statements.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, get_args

if TYPE_CHECKING:
    import xarray as xr

Verdict = Literal["supported", "contradicted", "inconclusive", "not tested", "not at this scale", "out of steps"]
VERDICTS: tuple[Verdict, ...] = (
    "supported",
    "contradicted",
    "inconclusive",
    "not tested",
    "not at this scale",
    "out of steps",
)
Form = Literal["stated", "printed", "corrected"]
FORMS: tuple[Form, ...] = get_args(Form)
Evidence = Literal["exact", "statistical", "asymptotic", "existence", "summary"]
EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)


class NotAtThisScale(LookupError):
    """What a claim measures is not part of the scale that was run; the message says what is missing."""


class OutOfSteps(LookupError):
    """Runs that the solver did not finish could decide the claim; the message says how many."""


@dataclass(frozen=True)
class Measurement:
    """An estimate with its interval (equal to the estimate where the measurement is exact).

    ``seeds`` is the number of independent seeds behind the estimate, None where nothing is random.

    Raises ValueError for an interval that is upside down.
    """

    estimate: float
    low: float
    high: float
    seeds: int | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if math.isfinite(self.low) and math.isfinite(self.high) and self.low > self.high:
            raise ValueError(f"interval [{self.low}, {self.high}] is upside down")

    @classmethod
    def exact(cls, value: float, note: str = "") -> Measurement:
        """A value without sampling error."""
        return cls(float(value), float(value), float(value), None, note)


class Rule(Protocol):
    """A region of accepted values on the real line, an interval [low, high]."""

    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    def describe(self) -> str:
        """The rule in words, for the table of claims."""


@dataclass(frozen=True)
class Equals:
    """The measured value equals ``value`` within ``tolerance``."""

    value: float
    tolerance: float

    @property
    def low(self) -> float:
        return self.value - self.tolerance

    @property
    def high(self) -> float:
        return self.value + self.tolerance

    def describe(self) -> str:
        return f"equal to {self.value:g} within {self.tolerance:g}"


@dataclass(frozen=True)
class AtMost:
    """The measured value does not exceed ``bound``."""

    bound: float

    @property
    def low(self) -> float:
        return -math.inf

    @property
    def high(self) -> float:
        return self.bound

    def describe(self) -> str:
        return f"at most {self.bound:g}"


@dataclass(frozen=True)
class AtLeast:
    """The measured value reaches ``bound``."""

    bound: float

    @property
    def low(self) -> float:
        return self.bound

    @property
    def high(self) -> float:
        return math.inf

    def describe(self) -> str:
        return f"at least {self.bound:g}"


@dataclass(frozen=True)
class Between:
    """The measured value lies in [low, high]."""

    low: float
    high: float

    def describe(self) -> str:
        return f"between {self.low:g} and {self.high:g}"


Analyses = Mapping[str, "xr.Dataset"]


@dataclass(frozen=True)
class Claim:
    """One statement and how it is judged.

    ``id`` is the id of the study note's table (with ``.printed``/``.corrected`` or a suffix of its own where one row
    gives several claims). ``measure`` maps the analyses of the study, keyed by experiment, to a Measurement; it is None
    for a claim that is not tested, and then ``reason`` says why. ``experiments`` names the analyses it reads, the first
    of which is reported as the artifact. ``evidence`` is the kind of evidence that decides it. ``window_seen`` marks a
    rule whose window was set after its number had been seen; the table of verdicts shows the mark.

    ``contradicted_by`` turns the analyses into ones that the rule must contradict, for a claim whose measure needs more
    than the changes of :mod:`learnability.results.refutation`; ``counterexample`` says in words what they are.

    Raises ValueError for a measure without a rule or experiments, for no measure without a reason, and for one of
    ``contradicted_by`` and ``counterexample`` without the other.
    """

    id: str
    source: str
    statement: str
    measured: str
    rule: Rule | None = None
    measure: Callable[[Analyses], Measurement] | None = None
    experiments: tuple[str, ...] = ()
    expected: str = ""
    unit: str = "1"
    form: Form = "stated"
    evidence: Evidence = field(kw_only=True)
    window_seen: bool = False
    contradicted_by: Callable[[Analyses], Analyses] | None = None
    counterexample: str = field(default="", kw_only=True)
    seeds_needed: int = 0
    figure: str | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        tested = self.measure is not None
        if tested and (self.rule is None or not self.experiments):
            raise ValueError(f"claim {self.id}: a measured claim needs a rule and its experiments")
        if not tested and not self.reason:
            raise ValueError(f"claim {self.id}: a claim that is not tested must say why")
        if (self.contradicted_by is None) != (not self.counterexample):
            raise ValueError(f"claim {self.id}: contradicted_by and counterexample, its words, belong together")


def judge(rule: Rule, measurement: Measurement, seeds_needed: int = 0) -> tuple[Verdict, str]:
    """The verdict and, where it is not plain from the numbers, its reason."""
    low, high = measurement.low, measurement.high
    if not all(map(math.isfinite, (measurement.estimate, low, high))):
        return "inconclusive", "the measurement gave no finite interval"
    if measurement.seeds is not None and measurement.seeds < seeds_needed:
        return "inconclusive", f"{measurement.seeds} seeds where {seeds_needed} are needed"
    if rule.low <= low and high <= rule.high:
        return "supported", ""
    if high < rule.low or low > rule.high:
        return "contradicted", ""
    return "inconclusive", "the interval crosses the edge of the accepted region"

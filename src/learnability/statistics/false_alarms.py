"""How often a verdict is wrong by chance: the judge, run on simulated estimates of a known truth.

A verdict compares an interval with the accepted values. Where the truth lies outside them, ``supported`` is a false
alarm; where it lies inside, ``contradicted`` is one. With intervals of 95% and a truth at the edge, each has at most
2.5%.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from learnability.statistics.intervals import clopper_pearson, wilson

Model = Literal["normal", "binomial"]
_Z = 1.959963984540054
_AGREE = 1e-6


@dataclass(frozen=True)
class Estimator:
    """An estimator with its interval as a verdict saw it: normal with the reported width, or a share of ``trials``."""

    estimate: float
    low: float
    high: float
    trials: int | None
    model: Model
    exact: bool = False

    def drawn(self, truth: float, rng: np.random.Generator, draws: int) -> tuple[np.ndarray, np.ndarray]:
        """Ends of simulated intervals, (draws,) each, when ``truth`` is true."""
        if self.model == "binomial":
            assert self.trials is not None
            hits = rng.binomial(self.trials, min(max(truth, 0.0), 1.0), size=draws)
            low, high = (clopper_pearson if self.exact else wilson)(hits, self.trials)
            return np.asarray(low), np.asarray(high)
        below, above = self.estimate - self.low, self.high - self.estimate
        noise = rng.standard_normal(draws)
        # A sample that falls low misses the truth by its upper side, and one that falls high by its lower side.
        found = truth + noise * np.where(noise < 0, above, below) / _Z
        return found - below, found + above


def estimator(estimate: float, low: float, high: float, seeds: int) -> Estimator:
    """The estimator behind an interval: a share where the interval is Wilson's or Clopper and Pearson's of one."""
    hits = round(estimate * seeds)
    if 0 <= estimate <= 1 and abs(hits - estimate * seeds) < _AGREE:
        for exact, interval in ((True, clopper_pearson), (False, wilson)):
            ends = np.array(interval(hits, seeds))
            if np.abs(ends - (low, high)).max() < _AGREE:
                return Estimator(estimate, low, high, seeds, "binomial", exact)
    return Estimator(estimate, low, high, None, "normal")


@dataclass(frozen=True)
class FalseAlarms:
    """Shares of wrong verdicts: with the truth at the worst edge of the accepted values, in their middle, and at the
    estimate; and of ``inconclusive`` with the truth in their middle."""

    edge: float
    centre: float
    at_estimate: float
    undecided: float


def _shares(
    found: Estimator, accepted: tuple[float, float], truth: float, rng: np.random.Generator, draws: int
) -> tuple[float, float]:
    """The shares of ``supported`` and of ``contradicted``."""
    low, high = found.drawn(truth, rng, draws)
    supported = (accepted[0] <= low) & (high <= accepted[1])
    contradicted = (high < accepted[0]) | (low > accepted[1])
    return float(supported.mean()), float(contradicted.mean())


def false_alarms(
    found: Estimator, accepted: tuple[float, float], rng: np.random.Generator, draws: int = 4000
) -> FalseAlarms:
    """The error rates of one claim, by simulation; their standard error is at most ``0.5 / sqrt(draws)``.

    ``accepted`` is the interval of the rule, infinite on one side for a bound. The middle of a bound is the estimate
    where that is accepted, else one width of the interval inside. At an edge the truth counts as inside for
    ``contradicted`` and as outside for ``supported``.
    """
    edges = [edge for edge in accepted if np.isfinite(edge)]
    if found.model == "binomial":
        edges = [edge for edge in edges if 0 < edge < 1]
    worst = max((max(_shares(found, accepted, edge, rng, draws)) for edge in edges), default=0.0)
    inside = accepted[0] <= found.estimate <= accepted[1]
    if all(map(np.isfinite, accepted)):
        middle = sum(accepted) / 2
    elif inside:
        middle = found.estimate
    else:
        width = found.high - found.low
        middle = accepted[1] - width if np.isfinite(accepted[1]) else accepted[0] + width
    supported, contradicted = _shares(found, accepted, middle, rng, draws)
    at_estimate = _shares(found, accepted, found.estimate, rng, draws)[1 if inside else 0]
    return FalseAlarms(worst, contradicted, at_estimate, 1 - supported - contradicted)

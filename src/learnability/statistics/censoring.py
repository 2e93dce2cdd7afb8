"""Times to an event of which some were never seen because the run stopped at its horizon.

A censored run says "longer than this". It is neither dropped nor counted as finished: times are a pair of
arrays, the time and whether the event was observed, and a median that was not reached is infinite.
"""

import math
from dataclasses import dataclass

import numpy as np

from learnability.statistics.intervals import median_order_statistics


@dataclass(frozen=True)
class CensoredMedian:
    """A median with its interval; ``inf`` where more than the horizon is all that is known."""

    median: float
    low: float
    high: float
    observed: int
    total: int


def kaplan_meier(times: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The product-limit estimate of P(T > t): distinct observed times (n,) and the survival just after each
    (n,).

    ``S(t) = prod_{t_i <= t} (1 - events_i / at_risk_i)`` (Kaplan and Meier 1958); a run censored at t_i is at
    risk at t_i.
    """
    times, observed = np.asarray(times, float), np.asarray(observed, bool)
    instants = np.unique(times[observed])
    at_risk = (times[None, :] >= instants[:, None]).sum(1)
    events = ((times[None, :] == instants[:, None]) & observed[None, :]).sum(1)
    return instants, np.cumprod(1 - events / np.maximum(at_risk, 1))


def censored_median(times: np.ndarray, observed: np.ndarray, confidence: float = 0.95) -> CensoredMedian:
    """Median time of runs of which some are censored, with a distribution-free interval.

    The median is the first time at which the Kaplan-Meier survival is at most 1/2 (the lower median of an
    uncensored sample). The interval is between order statistics, with censored runs last (exact for a common
    horizon): the narrowest symmetric pair with coverage at least ``confidence``, and the whole range where
    the sample is too small for that (five runs: 94%; nothing is known from one).
    """
    times, observed = np.asarray(times, float), np.asarray(observed, bool)
    count = times.size
    if count == 0:
        return CensoredMedian(math.nan, math.nan, math.nan, 0, 0)
    instants, survival = kaplan_meier(times, observed)
    reached = np.nonzero(survival <= 0.5 + 1e-12)[0]
    median = float(instants[reached[0]]) if reached.size else math.inf
    order = np.sort(np.where(observed, times, math.inf))
    below = max(median_order_statistics(count, confidence), 0)
    low, high = (order[below], order[count - 1 - below]) if count > 1 else (-math.inf, math.inf)
    return CensoredMedian(median, float(low), float(high), int(observed.sum()), count)

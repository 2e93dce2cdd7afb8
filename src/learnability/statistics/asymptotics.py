"""What holds in a limit, from finite data: exponents as x grows, ratios that should be constant, vanishing tolerances.

A power law ``y ~ x^a`` is never seen: what is seen are its local exponents, one a decade, and their drift. The exponent
of the limit is extrapolated from the last decades under a stated form of the correction, and its interval holds the
sampling error as well as what other forms and a shorter range give.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from learnability.statistics.scaling import Statistic, log_combination, slope_weights

Correction = Literal["none", "1/log x", "x^-1/2", "x^-1"]
CORRECTIONS: Mapping[str, Callable[[np.ndarray], np.ndarray] | None] = MappingProxyType(
    {
        "none": None,
        "1/log x": lambda x: np.log(np.log(x)),
        "x^-1/2": lambda x: x**-0.5,
        "x^-1": lambda x: 1 / x,
    }
)
"""The terms g in ``log y = a log x + b + c g(x)``: the local exponent approaches a like the name of the correction."""

_SLACK = 1e-9

Combined = Callable[[np.ndarray], tuple[float, float, float]]


@dataclass(frozen=True)
class LocalExponents:
    """Local exponents by decade and the exponent of the limit.

    ``middle`` (window,) is the geometric middle of each window of x, from the smallest to the largest; ``slope``,
    ``low`` and ``high`` (window,) the local exponent there with its interval. ``limit``, ``limit_low`` and
    ``limit_high`` are the extrapolated exponent, ``limit_range`` the x it rests on, ``correction`` the form of the
    correction.
    """

    middle: np.ndarray
    slope: np.ndarray
    low: np.ndarray
    high: np.ndarray
    limit: float
    limit_low: float
    limit_high: float
    limit_range: tuple[float, float]
    correction: str

    def describe(self) -> str:
        """The range and the last local exponents in words, for the note of a measurement."""
        last = ", ".join(f"{slope:.4g}" for slope in self.slope[-3:])
        first, final = self.limit_range
        return f"local exponents {last} by decade; limit from {first:g} to {final:g}, correction {self.correction}"


def decades(x: ArrayLike) -> list[slice]:
    """Windows of at least a decade, counted from the largest x down, neighbours sharing their end; at least one.

    What is left below the last whole decade is not used, unless nothing else is there.
    """
    values = np.asarray(x, dtype=float)
    windows, last = [], len(values) - 1
    while last > 0:
        reaching = np.nonzero(values[:last] <= values[last] / 10 * (1 + _SLACK))[0]
        if not reaching.size:
            break
        windows.append(slice(int(reaching[-1]), last + 1))
        last = int(reaching[-1])
    return windows[::-1] or [slice(0, len(values))]


def limit_weights(x: ArrayLike, correction: str = "none") -> np.ndarray:
    """The weights w with ``a = w . log y`` of the least-squares fit ``log y = a log x + b + c g(x)``.

    Raises ValueError for fewer points than coefficients (2 without a correction, 3 with one).
    """
    values = np.asarray(x, dtype=float)
    term = CORRECTIONS[correction]
    columns = [np.log(values), np.ones_like(values), *([term(values)] if term else [])]
    if len(values) < len(columns):
        raise ValueError(f"{len(values)} values of x for the {len(columns)} coefficients of correction {correction!r}")
    return np.asarray(np.linalg.pinv(np.stack(columns, axis=1))[0])


def _exponents(x: np.ndarray, combined: Combined, corrections: Sequence[str], last_decades: float) -> LocalExponents:
    if np.any(np.diff(x) <= 0):
        raise ValueError("the values of x must increase")
    if len(x) == 1:  # one value has no slope: everything is unknown, and nothing is refused
        unknown = np.full(1, math.nan)
        return LocalExponents(x.copy(), unknown, unknown, unknown, *(math.nan,) * 3, (float(x[0]),) * 2, corrections[0])
    windows = decades(x)

    def spread(part: slice, weights: np.ndarray) -> np.ndarray:
        whole = np.zeros(len(x))
        whole[part] = weights
        return whole

    local = np.array([combined(spread(part, slope_weights(np.log(x[part])))) for part in windows])
    needed = max(2 if name == "none" else 3 for name in corrections)
    first = int(np.nonzero(x >= x[-1] / 10**last_decades * (1 - _SLACK))[0][0])
    first = max(0, min(first, len(x) - needed))
    used = slice(first, len(x))
    if len(x) < needed:
        limit, low, high = (math.nan,) * 3
    else:
        limit, low, high = combined(spread(used, limit_weights(x[used], corrections[0])))
        for name in corrections:
            shorter = slice(first, len(x) - 1)  # what the range without its last point would have said
            for part in (used, shorter):
                if part.stop - part.start >= (2 if name == "none" else 3):
                    other = combined(spread(part, limit_weights(x[part], name)))[0]
                    low, high = min(low, other), max(high, other)
    return LocalExponents(
        np.array([math.sqrt(x[part][0] * x[part][-1]) for part in windows]),
        local[:, 0],
        local[:, 1],
        local[:, 2],
        limit,
        low,
        high,
        (float(x[first]), float(x[-1])),
        corrections[0],
    )


def local_exponents(
    x: ArrayLike,
    values_per_seed: ArrayLike,
    rng: np.random.Generator,
    statistic: Statistic = "median",
    corrections: Sequence[Correction] = ("x^-1", "x^-1/2"),
    last_decades: float = 2,
    confidence: float = 0.95,
    resamples: int = 1000,
) -> LocalExponents:
    """Local exponents of a statistic over seeds, and their limit.

    ``values_per_seed`` has shape (seed, x), positive, x increasing. The first of ``corrections`` gives the limit and
    its interval over seeds (:func:`~learnability.statistics.scaling.log_combination`), over ``last_decades`` decades of
    x and never fewer points than the fit has coefficients; the interval is then widened to hold the limits under the
    other corrections and without the largest x. NaN where a statistic is infinite.

    With the true correction first, the interval of the limit covers it with at least ``confidence`` (simulated); with a
    correction that decays more slowly than all those given, nothing is guaranteed, and the local exponents show it.

    Raises ValueError where x does not increase.
    """
    samples = np.asarray(values_per_seed, dtype=float)
    seed = int(rng.integers(2**63 - 1))

    def combined(weights: np.ndarray) -> tuple[float, float, float]:
        # The same resamples for every window: their differences are not noise of the bootstrap.
        used = weights != 0
        drawn = np.random.default_rng(seed)
        return log_combination(weights[used], samples[:, used], drawn, statistic, confidence, resamples)

    return _exponents(np.asarray(x, dtype=float), combined, corrections, last_decades)


def local_exponents_of(
    x: ArrayLike,
    log_values: ArrayLike,
    log_low: ArrayLike | None = None,
    log_high: ArrayLike | None = None,
    corrections: Sequence[Correction] = ("x^-1", "x^-1/2"),
    last_decades: float = 2,
) -> LocalExponents:
    """Local exponents of values with independent intervals, or of exact values, and their limit.

    ``log_values`` are natural logarithms of y at each x; their intervals are taken for independent and of one level,
    and enter every linear combination in quadrature, each side by itself. Without intervals the values are exact, and
    the interval of the limit holds the extrapolation's uncertainty alone: other corrections, and the range without its
    last x.

    Raises ValueError where x does not increase.
    """
    y = np.asarray(log_values, dtype=float)
    below = y - np.asarray(y if log_low is None else log_low, dtype=float)
    above = np.asarray(y if log_high is None else log_high, dtype=float) - y

    def combined(weights: np.ndarray) -> tuple[float, float, float]:
        used = weights != 0
        w, down, up = weights[used], below[used], above[used]
        centre = float(w @ y[used])
        lower = math.sqrt(float(((w * np.where(w > 0, down, up)) ** 2).sum()))
        upper = math.sqrt(float(((w * np.where(w > 0, up, down)) ** 2).sum()))
        return centre, centre - lower, centre + upper

    return _exponents(np.asarray(x, dtype=float), combined, corrections, last_decades)


@dataclass(frozen=True)
class Trend:
    """The trend of a ratio: ``slope`` of its logarithm per factor e of x, and ``change``, its factor over the range."""

    slope: float
    low: float
    high: float
    change: float
    change_low: float
    change_high: float


def trend(
    x: ArrayLike,
    ratio_per_seed: ArrayLike,
    rng: np.random.Generator,
    statistic: Statistic = "median",
    confidence: float = 0.95,
    resamples: int = 1000,
) -> Trend:
    """The trend over x of a measured-to-predicted ratio, (seed, x): a prediction that holds has none.

    The least-squares slope of log ratio against log x with its interval over seeds. A ratio averaged over x
    hides what this shows: "constant" is supported where the whole interval of ``change`` lies in the accepted band, and
    a trend is established where it excludes 1.
    """
    values = np.asarray(x, dtype=float)
    found = log_combination(slope_weights(np.log(values)), ratio_per_seed, rng, statistic, confidence, resamples)
    reach = math.log(values[-1] / values[0])
    return Trend(*found, *(math.exp(end * reach) if math.isfinite(end) else math.nan for end in found))

"""Analysis of finite samples: success curves, the number of samples for one half by two estimators, exponents."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.contract import Run
from learnability.results.labelled import estimate, names, texts, variable
from learnability.statistics.intervals import wilson
from learnability.statistics.scaling import fit_slope
from learnability.studies.multi_index.links import link_texts
from learnability.studies.multi_index.samples.setting import SamplesSetting

SUCCESS = 0.8
"""A run succeeds when its smallest cosine exceeds this."""

METHODS = ("small_steps", "line_search")
ESTIMATORS = ("logistic", "crossing")
"""Logistic regression on log n; first crossing of the isotonic curve."""

_RESAMPLES = 200
_NEWTON_STEPS = 30
_MOST_MISSING = 0.05
Array = NDArray[np.float64]


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Success by link, method, dimension and number of samples; n50 and its exponent by two estimators."""
    settings = [run.setting for run in runs if isinstance(run.setting, SamplesSetting)]
    exponents = {link_texts(run.target)[0]: run.target["information_exponent"].values[0] for run in runs}
    links = list(exponents)
    dimensions = sorted({setting.dimension for setting in settings})
    counts = runs[0].result["num_samples"].values
    seeds = runs[0].result.sizes["seed"]
    reached = np.full((len(links), len(METHODS), len(dimensions), len(counts), seeds), math.nan)
    for run, setting in zip(runs, settings, strict=True):
        place = links.index(link_texts(run.target)[0]), dimensions.index(setting.dimension)
        cosines = run.result["cosine"].transpose("method", "num_samples", "seed").values
        for method, values in zip(texts(run.result["method"]), cosines, strict=True):
            reached[place[0], METHODS.index(method), place[1]] = values > SUCCESS
    successes = reached.sum(axis=-1)
    draws = rng.integers(seeds, size=(_RESAMPLES, seeds))
    halves = _halves_and_slopes(reached, draws, np.log(counts), np.log(np.array(dimensions, dtype=float)))

    def fitted(dims: tuple[str, ...], table: Array, long_name: str) -> xr.Variable:
        middle, low, high = np.moveaxis(table, -1, 0)
        return estimate(
            ("link", "method", "estimator", *dims), middle, low, high, long_name, "95% bootstrap over seeds"
        )

    low, high = wilson(successes, np.full_like(successes, seeds))
    return xr.Dataset(
        {
            "success": estimate(
                ("link", "method", "dimension", "num_samples"),
                successes / seeds,
                low,
                high,
                "fraction of seeds with a cosine above 0.8",
                "95% Wilson",
            ),
            "n50": fitted(("dimension",), halves[0], "samples at which one half succeeds"),
            "slope": fitted((), halves[1], "slope of log n50 against log d"),
            "information_exponent": variable(
                "link", np.array(list(exponents.values())), "information exponent s of the link"
            ),
        },
        coords={
            "link": names("link", links, "link"),
            "dimension": variable("dimension", np.array(dimensions), "dimension d of the data"),
            "num_samples": variable("num_samples", counts, "number of samples n"),
            "method": names("method", METHODS, "plain small steps, or a line search"),
            "estimator": names("estimator", ESTIMATORS, "estimator of n50"),
        },
        attrs={"seeds": seeds},
    )


def _halves_and_slopes(
    reached: Array, draws: NDArray[np.int64], log_counts: Array, log_d: Array
) -> tuple[Array, Array]:
    """n50 (..., estimator, dimension, bound) and its slope (..., estimator, bound), bootstrapped over seeds."""
    shape = (*reached.shape[:2], len(ESTIMATORS))
    half, slopes = np.full((*shape, len(log_d), 3), math.nan), np.full((*shape, 3), math.nan)
    for place in np.ndindex(*shape):
        samples = reached[place[0], place[1]]
        if np.isnan(samples).any():
            continue
        estimate = (logistic_half, crossing_half)[place[2]]
        point = estimate(samples.mean(axis=-1), log_counts)
        # The seeds of different dimensions are independent, but resampling them together loses nothing.
        replicates = estimate(np.moveaxis(samples[..., draws].mean(axis=-1), -1, 0), log_counts)
        half[place] = np.exp(np.stack([point, *_bounds(replicates)], axis=-1))
        if len(log_d) > 1:
            slopes[place] = [fit_slope(log_d, point)[0], *_bounds(fit_slope(log_d, replicates)[0])]
    return half, slopes


def _bounds(replicates: Array) -> tuple[Array, Array]:
    """95 % percentile bounds along the first axis; NaN where more than one in twenty is missing."""
    missing = np.isnan(replicates).mean(axis=0) > _MOST_MISSING
    filled = np.where(missing, 0.0, replicates)
    low, high = np.nanquantile(filled, [0.025, 0.975], axis=0)
    return np.where(missing, math.nan, low), np.where(missing, math.nan, high)


def logistic_half(fractions: Array, log_counts: Array) -> Array:
    """log n at probability 1/2 of the logistic regression of ``fractions`` (..., n) on log n, by Newton's method.

    A weak prior on the slope keeps separable data finite. NaN outside the range of log n: it is not extrapolated.
    """
    centre, spread = log_counts.mean(), log_counts.std()
    x = (log_counts - centre) / spread
    a, b = np.zeros(fractions.shape[:-1]), np.ones(fractions.shape[:-1])
    for _ in range(_NEWTON_STEPS):
        p = 1 / (1 + np.exp(-np.clip(a[..., None] + b[..., None] * x, -30, 30)))
        weight, rest = p * (1 - p), fractions - p
        ga, gb = rest.sum(-1), (rest * x).sum(-1) - 1e-3 * b
        haa, hab, hbb = weight.sum(-1) + 1e-6, (weight * x).sum(-1), (weight * x**2).sum(-1) + 1e-3
        determinant = haa * hbb - hab**2
        a = a + np.clip((hbb * ga - hab * gb) / determinant, -2, 2)
        b = b + np.clip((haa * gb - hab * ga) / determinant, -2, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = centre - spread * a / b
    inside = (half >= log_counts[0]) & (half <= log_counts[-1]) & (b > 0)
    return np.where(inside, half, math.nan)


def crossing_half(fractions: Array, log_counts: Array) -> Array:
    """log n where the isotonic curve through ``fractions`` (..., n) first reaches 1/2, by linear interpolation."""
    flat = fractions.reshape(-1, fractions.shape[-1])
    found = [_first_crossing(isotonic(row), log_counts) for row in flat]
    return np.array(found).reshape(fractions.shape[:-1])


def isotonic(values: Array) -> Array:
    """The closest rising sequence in least squares, by pooling adjacent violators."""
    blocks: list[list[float]] = []
    for value in values.tolist():
        blocks.append([value, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (m1, n1), (m2, n2) = blocks[-2:]
            blocks[-2:] = [[(m1 * n1 + m2 * n2) / (n1 + n2), n1 + n2]]
    return np.concatenate([np.full(int(n), m) for m, n in blocks])


def _first_crossing(curve: Array, log_counts: Array) -> float:
    above = np.flatnonzero(curve >= 0.5)
    if not len(above) or above[0] == 0:
        return math.nan
    i = int(above[0])
    share = (0.5 - curve[i - 1]) / (curve[i] - curve[i - 1])
    return float(log_counts[i - 1] + share * (log_counts[i] - log_counts[i - 1]))

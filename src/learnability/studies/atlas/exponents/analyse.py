"""Analysis: the exponent of every method on every target beside the theory, and what each method's exponents follow."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.contract import Run
from learnability.results.labelled import OVER_SEEDS, estimate, names, texts, variable
from learnability.statistics.scaling import slope_weights
from learnability.studies.atlas import theory
from learnability.studies.atlas.exponents.search import RESOLUTION
from learnability.studies.atlas.exponents.setting import LEARNED_SHARE, ExponentsSetting
from learnability.studies.atlas.scaling import exponent, median, middle_half, resampled_centres

Array = NDArray[np.float64]

LEAPS = ("correlational", "generative")

_LEAST_SPREAD = 0.05


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """All targets side by side, and for every method what is pooled over them (bootstrapped over seeds)."""
    setting = runs[0].setting_as(ExponentsSetting)
    joined = xr.concat([run.result for run in runs], "target", join="exact")
    data = joined.transpose("target", "method", "place", "seed")
    samples, dimension = data["samples"].values, data["dimension"].values
    targets, methods, places, seeds = samples.shape
    asked = [setting.asked(name, range(seeds)) for name in texts(data["method"])]
    half = np.full((targets, methods, places), math.nan)
    found, draws = np.full((targets, methods, 3), math.nan), {}
    for i, j in np.ndindex(targets, methods):
        ran = int((dimension[i, j] > 0).sum())
        one = _known(samples[i, j, :, : asked[j]])
        half[i, j] = median(one)
        one = one[:ran]
        if ran > 1 and (np.isfinite(one).mean(axis=-1) >= LEARNED_SHARE).all():
            found[i, j] = exponent(dimension[i, j, :ran].astype(float), one, rng, RESOLUTION, middle_half)
            draws[i, j] = _drawn(dimension[i, j, :ran], one, rng)
    predicted = np.where(np.isfinite(data["predicted"].values), data["predicted"].values, math.nan)
    over = ("target", "method")
    result = data.drop_vars("samples").assign(
        samples=variable((*over, "place"), half, "samples that half of the seeds need; inf beyond the last n"),
        exponent=_bounded(
            over,
            found,
            "exponent in d of the mean log n of the middle half of the seeds",
            f"{OVER_SEEDS}, widened by half a step of the grid",
        ),
    )
    leaps = data["leap"].values, data["generative_leap"].values
    pooled = [
        _pooled(name, j, found[:, j, 0], predicted[:, j], leaps, draws) for j, name in enumerate(texts(data["method"]))
    ]
    label = f"{OVER_SEEDS}; the targets are fixed"
    shared: dict[str, xr.Variable] = {
        name: _bounded(("method",), np.array([one[name] for one in pooled]), words, label)
        for name, words in (
            ("offset", "mean over targets of the measured less the predicted exponent"),
            ("slope", "slope of measured on predicted exponents over targets"),
            ("preference", "coefficient of a method's own leap less that of the other leap"),
        )
    }
    response = np.array([one["response"] for one in pooled]).reshape(methods, 2, 3)
    shared["response"] = _bounded(
        ("method", "notion"), response, "coefficients of the laws of both leaps in the measured exponents", label
    )
    shared["seeds"] = variable("method", asked, "seeds of the method")
    shared["measured"] = variable("method", np.isfinite(found[..., 0]).sum(axis=0), "targets with a measured exponent")
    gain = np.array(_gain(texts(data["method"]), found[..., 0], leaps, draws))
    shared["gain"] = _bounded((), gain, "mean exponent of online SGD less that of SGD with each sample twice", label)
    notion = names("notion", LEAPS, "the leap whose law is meant")
    return result.assign(shared).assign_coords(notion=notion)


def _bounded(over: tuple[str, ...], values: Array, words: str, interval: str) -> xr.Variable:
    """A variable of estimates with intervals, which are the last axis of ``values``."""
    return estimate(over, values[..., 0], values[..., 1], values[..., 2], words, interval)


def _known(samples: Array) -> Array:
    """Samples (place, seed), where a seed that was left out because its batch had no hope counts as not learned."""
    left_out = np.isnan(samples) & ~np.isnan(samples).all(axis=-1, keepdims=True)
    return np.where(left_out, math.inf, samples)


def _drawn(dimensions: Array, samples: Array, rng: np.random.Generator) -> Array:
    """Resampled exponents; a centre that was not reached counts as the next number of samples."""
    centres = resampled_centres(samples, rng, middle_half)
    highest = np.max(samples, axis=-1, where=np.isfinite(samples), initial=0)
    return np.asarray(
        np.log(np.where(np.isfinite(centres), centres, RESOLUTION * highest)) @ slope_weights(np.log(dimensions))
    )


def _pooled(
    method: str,
    place: int,
    found: Array,
    predicted: Array,
    leaps: tuple[Array, Array],
    draws: dict[tuple[int, int], Array],
) -> dict[str, list[float]]:
    """offset, slope, response (flat) and preference of one method, each (estimate, low, high)."""
    seen = [int(i) for i in np.flatnonzero(np.isfinite(found) & np.isfinite(predicted))]
    nothing = [math.nan] * 3
    result = {"offset": nothing, "slope": nothing, "preference": nothing, "response": nothing * 2}
    if not len(seen):
        return result
    every = np.concatenate([found[None, seen], np.stack([draws[i, place] for i in seen], axis=1)])
    result["offset"] = _interval((every - predicted[seen]).mean(axis=1))
    # Exponents from a short range of dimensions are several times as uncertain as others.
    certain = 1 / np.maximum(every[1:].std(axis=0), _LEAST_SPREAD)
    if len(np.unique(predicted[seen])) > 1:
        result["slope"] = _interval(_fitted(every, np.stack([predicted[seen]], axis=1), certain)[:, 0])
    laws = [[theory.law(method, int(k)) for k in leap[seen]] for leap in leaps]
    if method != "kernel_ridge" and np.linalg.matrix_rank(np.array([np.ones(len(seen)), *laws])) == 3:
        both = _fitted(every, np.array(laws).T, certain)
        result["response"] = [*_interval(both[:, 0]), *_interval(both[:, 1])]
        own = LEAPS.index(theory.OWN_LEAP[method])
        result["preference"] = _interval(both[:, own] - both[:, 1 - own])
    return result


def _fitted(every: Array, laws: Array, certain: Array) -> Array:
    """The coefficients (draw, law) of the laws (target, law) in exponents (draw, target), by least squares with a
    constant, each target weighted by ``certain``, one over its standard error."""
    design = np.column_stack([np.ones(len(laws)), laws])
    return np.asarray((every * certain) @ np.linalg.pinv(design * certain[:, None]).T[:, 1:])


def _gain(
    methods: list[str], found: Array, leaps: tuple[Array, Array], draws: dict[tuple[int, int], Array]
) -> tuple[float, float, float]:
    """Over the targets with a correlational leap of at least 3 and a generative one of at most 2."""
    if not {"online_sgd", "reused_samples"} <= set(methods):
        return (math.nan,) * 3
    once, twice = methods.index("online_sgd"), methods.index("reused_samples")
    apart = (leaps[0] >= 3) & (leaps[1] <= 2) & (leaps[1] > 0)
    seen = [int(i) for i in np.flatnonzero(np.isfinite(found[:, once] - found[:, twice]) & apart)]
    if not len(seen):
        return (math.nan,) * 3
    drawn = np.mean([np.subtract(draws[i, once], draws[i, twice]) for i in seen], axis=0)
    middle, low, high = _interval(np.array([(found[seen, once] - found[seen, twice]).mean(), *drawn]))
    return middle, low, high


def _interval(values: Array) -> list[float]:
    """(the first, 2.5% and 97.5% quantile of the rest)."""
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return [float(values[0]), float(min(low, values[0])), float(max(high, values[0]))]

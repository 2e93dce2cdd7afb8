"""Analysis: the exponent of every method on every target beside the theory, and what each method's exponents follow."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.contract import Run
from learnability.results.labelled import OVER_SEEDS, estimate, names, texts, variable
from learnability.studies.atlas import theory
from learnability.studies.atlas.exponents.search import RESOLUTION
from learnability.studies.atlas.exponents.setting import LEARNED_SHARE, ExponentsSetting
from learnability.studies.atlas.scaling import exponent, median, middle_half, resampled_exponents

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
            draws[i, j] = resampled_exponents(dimension[i, j, :ran].astype(float), one, rng, RESOLUTION, middle_half)
    predicted = np.where(np.isfinite(data["predicted"].values), data["predicted"].values, math.nan)
    here = predicted.copy()
    for j in [place for place, name in enumerate(texts(data["method"])) if name == "kernel_ridge"]:
        here[:, j] = [_of_polynomials(*one) for one in zip(predicted[:, j], dimension[:, j], strict=True)]
    over = ("target", "method")
    result = data.drop_vars("samples").assign(
        samples=variable((*over, "place"), half, "samples that half of the seeds need; inf beyond the last n"),
        exponent=_bounded(
            over,
            found,
            "exponent in d of the mean log n of the middle half of the seeds",
            f"{OVER_SEEDS}, widened by half a step of the grid",
        ),
        expected=variable(over, here, "predicted exponent, for a kernel that of C(d + p, p) at the dimensions"),
    )
    leaps = data["leap"].values, data["generative_leap"].values
    laws = np.unique(predicted[np.isfinite(predicted)])
    offsets, counts = np.full((methods, laws.size, 3), math.nan), np.zeros((methods, laws.size), np.int64)
    for j, place in np.ndindex(methods, laws.size):
        known = (predicted[:, j] == laws[place]) & np.isfinite(found[:, j, 0] - here[:, j])
        seen = [int(i) for i in np.flatnonzero(known)]
        counts[j, place] = len(seen)
        if seen:
            drawn = np.stack([draws[i, j] for i in seen], axis=-1) - here[seen, j]
            offsets[j, place] = _combined(np.full(len(seen), 1 / len(seen)), found[seen, j, 0] - here[seen, j], drawn)
    pooled = [
        _pooled(name, j, found[:, j, 0], predicted[:, j], here[:, j], leaps, draws)
        for j, name in enumerate(texts(data["method"]))
    ]
    label = f"{OVER_SEEDS}; the targets are fixed"
    shared: dict[str, xr.Variable] = {
        name: _bounded(("method",), np.array([one[name] for one in pooled]), words, label)
        for name, words in (
            ("slope", "slope of measured on expected exponents over targets"),
            ("preference", "coefficient of a method's own leap less that of the other leap"),
        )
    }
    words = "change: mean over the targets of a law of the measured less the expected exponent"
    shared["offset"] = _bounded(("method", "law"), offsets, words, label)
    shared["law_targets"] = variable(("method", "law"), counts, "number of targets of a law with an exponent")
    response = np.array([one["response"] for one in pooled]).reshape(methods, 2, 3)
    shared["response"] = _bounded(
        ("method", "notion"), response, "coefficients of the laws of both leaps in the measured exponents", label
    )
    shared["seeds"] = variable("method", asked, "seeds of the method")
    shared["measured"] = variable("method", np.isfinite(found[..., 0]).sum(axis=0), "targets with a measured exponent")
    gain = np.array(_gain(texts(data["method"]), found[..., 0], leaps, draws))
    shared["gain"] = _bounded((), gain, "mean exponent of online SGD less that of SGD with each sample twice", label)
    notion = names("notion", LEAPS, "the leap whose law is meant")
    law = variable("law", laws, "predicted exponent p")
    return result.assign(shared).assign_coords(notion=notion, law=law)


def _bounded(over: tuple[str, ...], values: Array, words: str, interval: str) -> xr.Variable:
    """A variable of estimates with intervals, which are the last axis of ``values``."""
    return estimate(over, values[..., 0], values[..., 1], values[..., 2], words, interval)


def _known(samples: Array) -> Array:
    """Samples (place, seed), where a seed that was left out because its batch had no hope counts as not learned."""
    left_out = np.isnan(samples) & ~np.isnan(samples).all(axis=-1, keepdims=True)
    return np.where(left_out, math.inf, samples)


def _of_polynomials(degree: float, dimensions: Array) -> float:
    """The exponent of the number of polynomials up to the degree at the dimensions that a kernel is asked for."""
    asked = dimensions[dimensions > 0].tolist()
    return theory.polynomials_exponent(int(degree), asked) if np.isfinite(degree) and len(asked) > 1 else math.nan


def _pooled(
    method: str,
    place: int,
    found: Array,
    predicted: Array,
    expected: Array,
    leaps: tuple[Array, Array],
    draws: dict[tuple[int, int], Array],
) -> dict[str, list[float]]:
    """slope, response (flat) and preference of one method, each (estimate, low, high)."""
    seen = [int(i) for i in np.flatnonzero(np.isfinite(found) & np.isfinite(expected))]
    nothing = [math.nan] * 3
    result = {"slope": nothing, "preference": nothing, "response": nothing * 2}
    if not len(seen):
        return result
    here, drawn = found[seen], np.stack([draws[i, place] for i in seen], axis=-1)
    # Exponents from a short range of dimensions are several times as uncertain as others.
    certain = 1 / np.maximum(drawn[0].std(axis=0), _LEAST_SPREAD)
    if len(np.unique(predicted[seen])) > 1:
        (slope,) = _fit_weights(np.stack([expected[seen]], axis=1), certain)
        result["slope"] = _combined(slope, here, drawn)
    both = [[theory.law(method, int(k)) for k in leap[seen]] for leap in leaps]
    if method != "kernel_ridge" and np.linalg.matrix_rank(np.array([np.ones(len(seen)), *both])) == 3:
        weights = _fit_weights(np.array(both).T, certain)
        result["response"] = [end for one in weights for end in _combined(one, here, drawn)]
        own = LEAPS.index(theory.OWN_LEAP[method])
        result["preference"] = _combined(weights[own] - weights[1 - own], here, drawn)
    return result


def _fit_weights(laws: Array, certain: Array) -> Array:
    """Weights (law, target) with ``coefficients = weights . exponents`` of the laws (target, law), by least squares
    with a constant, each target weighted by ``certain``, one over its standard error."""
    design = np.column_stack([np.ones(len(laws)), laws])
    return np.asarray(np.linalg.pinv(design * certain[:, None])[1:] * certain)


def _combined(weights: Array, found: Array, drawn: Array) -> list[float]:
    """``weights . exponents`` over the targets and the ends of its interval from the ``drawn`` ones (3, draw, target).

    An end is infinite where more than 2.5% of the draws leave it open.
    """
    _, least, most = drawn
    up, down = weights > 0, weights < 0
    lowest = least[:, up] @ weights[up] + most[:, down] @ weights[down]
    highest = most[:, up] @ weights[up] + least[:, down] @ weights[down]
    middle = float(weights @ found)
    low, high = np.quantile(lowest, 0.025, method="inverted_cdf"), np.quantile(highest, 0.975, method="inverted_cdf")
    return [middle, float(min(low, middle)), float(max(high, middle))]


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
    both = np.concatenate([np.stack([draws[i, place] for i in seen], axis=-1) for place in (once, twice)], axis=-1)
    weights = np.repeat([1 / len(seen), -1 / len(seen)], len(seen))
    middle, low, high = _combined(weights, found[seen][:, [once, twice]].T.ravel(), both)
    return middle, low, high

"""Mean-field flows over seeds: bands, escape times, distance from the limit."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.contract import Run
from learnability.results.labelled import estimate, exponents, mean_over_seeds, names, over_seeds, texts, variable
from learnability.results.status import Status
from learnability.statistics.asymptotics import Correction, LocalExponents, local_exponents
from learnability.statistics.intervals import mean_interval
from learnability.statistics.scaling import Statistic
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.estimates import median_band

Array = NDArray[np.float64]
Variables = dict[str, xr.Variable]

CURVES = ("loss", "trapped_norm", "trapped_norm_max", "learnable_norm")
AXES = ("finite_dimension", "target")


def _stacked(runs: Sequence[Run], name: str) -> Array:
    """A variable of all runs (seed, dimension, all targets, ...)."""
    return np.concatenate([run.result[name].values for run in runs], axis=2)


def _of_targets(runs: Sequence[Run], name: str) -> Array:
    """A property of all targets; the smooth activation's where there are classes."""
    found = [run.target[name] for run in runs]
    return np.concatenate([a.sel(activation_class="smooth") if "activation_class" in a.dims else a for a in found])


def first_crossing(times: Array, loss: Array, level: Array) -> Array:
    """The time at which a loss (..., time) falls below ``level``, by linear interpolation; the first time where it is
    below from the start, inf if never."""
    below = loss < np.asarray(level)[..., None]
    after = below.argmax(-1)
    before = np.maximum(after - 1, 0)
    high = np.take_along_axis(loss, before[..., None], -1)[..., 0]
    low = np.take_along_axis(loss, after[..., None], -1)[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (high - level) / (high - low)
        crossing = np.where(after == 0, times[0], times[before] + share * (times[after] - times[before]))
    return np.where(below.any(-1), crossing, np.inf)


def _escape(
    times: Array,
    dimension: Array,
    loss: Array,
    stopped: NDArray[np.bool_],
    floor: Array,
    rng: np.random.Generator,
) -> Variables:
    """Escape times, their power of d and the ratio of their increments."""
    # Runs stop after they have escaped, and what follows is below the floor; behind one that failed nothing is known.
    filled = np.where(np.isnan(loss) & stopped[..., None], 0.0, loss)
    escape = first_crossing(times, filled, theory.ESCAPE_FRACTION * floor)
    found = {
        "escape_time": over_seeds(np.median, AXES, escape, rng, "median time to leave the floor", "flow time"),
        "escape_times": variable(("seed", *AXES), escape, "time to leave the floor", "flow time"),
    }
    if len(dimension) >= 3 and np.isfinite(escape).all():
        # The first neurons to escape go on growing: at larger d fewer are enough, and t ~ sqrt(d / log d) at leap 3.
        found |= exponents(
            [_local(dimension, escape[:, :, j], rng, "median", ("1/log x", "x^-1/2")) for j in range(escape.shape[2])],
            "power of d of the escape time",
            "target",
            "escape",
        )
    increments = np.diff(escape, axis=1) if np.isfinite(escape).all() else np.zeros((1, 0, 0))
    if increments.shape[1] >= 3 and (increments > 0).all():
        middle = np.sqrt(dimension[1:] * dimension[:-1])
        of_increments = exponents(
            [
                _local(middle, increments[:, :, j], rng, "median", ("x^-1/2", "1/log x"))
                for j in range(increments.shape[2])
            ],
            "power of d of the increments of the escape time",
            "target",
            "increment",
        )
        # There is one increment less than there are times, and so may be one decade.
        found |= {name: _renamed(values, "window", "increment_window") for name, values in of_increments.items()}
    return found


def _renamed(values: xr.Variable, dim: str, name: str) -> xr.Variable:
    """A variable with another name for one of its dimensions."""
    return xr.Variable([name if d == dim else d for d in values.dims], values.values, values.attrs)


def _local(
    x: Array, samples: Array, rng: np.random.Generator, statistic: Statistic, corrections: Sequence[Correction]
) -> LocalExponents:
    """Local exponents of samples (seed, x), the limit resting on all of the range."""
    return local_exponents(x, samples, rng, statistic, corrections, last_decades=4)


def mean_field_distance(difference: Array) -> xr.Variable:
    """``sup_t |E (L_d - L_inf)|`` of signed differences (seed, finite_dimension, target, time), the mean over seeds.

    The supremum of a single seed holds the noise of its N particles, about (N d)^(-1/2), which at large d is all of it.
    The ends are the suprema of what Student's interval at every time leaves, pointwise; the lower one is at least 0.
    """
    _, low, high = mean_interval(difference)
    largest = np.maximum(np.abs(low), np.abs(high)).max(-1)
    least = np.maximum(np.maximum(low, -high), 0.0).max(-1)
    middle = np.abs(difference.mean(0)).max(-1)
    text = "sup_t of |mean over seeds of L_d - L_inf|"
    return estimate(AXES, middle, least, largest, text, "95% Student over seeds, at every time")


def _distances(dimension: Array, loss: Array, limit: Array, rng: np.random.Generator) -> Variables:
    """``sup_t |L_d - L_inf|`` with the same second layer in both, and its power of d."""
    distance = np.abs(loss - limit[:, None]).max(-1)
    text = "sup_t |L_d - L_inf| of single seeds, noise of the particles included, geometric mean"
    found = {
        "limit_distance": mean_over_seeds(AXES, distance, text, logarithmic=True),
        "mean_field_distance": mean_field_distance(loss - limit[:, None]),
    }
    if len(dimension) < 3:
        return found
    local = [
        _local(dimension, distance[:, :, j], rng, "geometric mean", ("x^-1/2", "x^-1", "none"))
        for j in range(distance.shape[2])
    ]
    return found | exponents(local, "power of d of sup_t |L_d - L_inf| of single seeds", "target", "distance")


def _finite_statistics(
    times: Array,
    dimension: Array,
    loss: Array,
    stopped: NDArray[np.bool_],
    limit: Array,
    floor: Array,
    rng: np.random.Generator,
) -> Variables:
    found = _escape(times, dimension, loss, stopped, floor, rng)
    if np.isnan(loss).any():
        return found
    if limit.shape[1]:
        found |= _distances(dimension, loss, limit[:, 0], rng)
    return found


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """All targets of an experiment side by side; finite-d statistics where there are at least two dimensions."""
    first = runs[0].result
    times, dimension = first["time"].values, first["dimension"].values
    floor, finite = _of_targets(runs, "loss_floor"), np.isfinite(dimension)
    loss, status = _stacked(runs, "loss"), _stacked(runs, "status")
    failed = int(np.isin(status, [Status.DIVERGED, Status.MAX_STEPS]).sum())
    # A run that has ended early leaves NaN behind; a band is drawn as long as all seeds run.
    axes = ("dimension", "target", "time")
    found = {name: median_band(axes, _stacked(runs, name), first[name].attrs["long_name"]) for name in CURVES}
    found |= {
        "floor": variable("target", floor, "loss floor of the largest reflective subspace"),
        "norm_squared": variable("target", _of_targets(runs, "norm_squared"), "E h^2"),
        "trapped_dimension": variable("target", _of_targets(runs, "trapped_dimension"), "dimension of S*"),
        "leap": variable("target", _of_targets(runs, "leap"), "largest rotation-invariant leap"),
        "largest_rise": variable((), _stacked(runs, "largest_rise").max(), "largest rise of a loss in one step"),
        "failed_runs": variable((), failed, "runs that diverged or used up their steps"),
    }
    coordinates = {
        "time": first["time"].variable,
        "dimension": first["dimension"].variable,
        "target": names("target", [text for run in runs for text in texts(run.target["target"])], "polynomial"),
    }
    if finite.sum() >= 2:
        stopped = status[:, finite] == Status.CONVERGED
        found |= _finite_statistics(times, dimension[finite], loss[:, finite], stopped, loss[:, ~finite], floor, rng)
        coordinates["finite_dimension"] = variable("finite_dimension", dimension[finite], "input dimension")
    return xr.Dataset(found, coords=coordinates, attrs={"seeds": loss.shape[0]})

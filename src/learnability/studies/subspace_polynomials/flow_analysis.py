"""Analysis of mean-field flows: bands over seeds, deficits, escape times, distance from the limit."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.status import Status
from learnability.statistics.intervals import bootstrap
from learnability.statistics.scaling import bootstrap_slope
from learnability.results.contract import Run
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.targets import names

Array = NDArray[np.float64]
Columns = dict[str, tuple[tuple[str, ...], object, str, str]]

CURVES = ("loss", "trapped_norm", "trapped_norm_max", "learnable_norm")
QUANTILES = (0.1, 0.5, 0.9)


def _stacked(runs: Sequence[Run], name: str) -> Array:
    """A variable of all runs (seed, dimension, all targets, ...)."""
    return np.concatenate([run.result[name].values for run in runs], axis=2)


def _of_targets(runs: Sequence[Run], name: str) -> Array:
    """A property of all targets; the smooth activation's where there are classes."""
    arrays = [run.target[name].values for run in runs]
    return np.concatenate([a[:, 0] if a.ndim == 2 else a for a in arrays])


def first_crossing(times: Array, loss: Array, level: Array) -> Array:
    """The time at which a loss (..., time) falls below ``level``, by linear interpolation; inf if never."""
    below = loss < np.asarray(level)[..., None]
    after = below.argmax(-1)
    reached = below.any(-1) & (after > 0)
    before = np.maximum(after - 1, 0)
    high = np.take_along_axis(loss, before[..., None], -1)[..., 0]
    low = np.take_along_axis(loss, after[..., None], -1)[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (high - level) / (high - low)
        crossing = times[before] + share * (times[after] - times[before])
    return np.where(reached, crossing, np.inf)


def _increment_ratio(samples: Array, axis: int) -> Array:
    """``(t_n - t_{n-1}) / (t_2 - t_1)`` of median times along the last axis: 1 for log growth on a geometric grid."""
    medians = np.median(samples, axis=axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((medians[..., -1] - medians[..., -2]) / (medians[..., 1] - medians[..., 0]))


def _bands(loss_like: dict[str, Array]) -> Columns:
    columns: Columns = {}
    for name, values in loss_like.items():
        # A run that has ended early leaves NaN behind; a band is drawn as long as all seeds run.
        bands = np.quantile(values, QUANTILES, axis=0)
        columns[name] = (("quantile", "dimension", "target", "time"), bands, f"quantiles over seeds of {name}", "1")
    return columns


def _with_interval(
    name: str, axes: tuple[str, ...], triple: tuple[Array, Array, Array], text: str, units: str = "1"
) -> Columns:
    suffixes = ("", "_low", "_high")
    notes = ("", ", lower end of the 95% interval", ", upper end of the 95% interval")
    return {
        name + suffix: (axes, np.asarray(values), text + note, units)
        for suffix, note, values in zip(suffixes, notes, triple, strict=True)
    }


def _slopes(dimension: Array, samples: Array, rng: np.random.Generator, statistic: str) -> tuple[Array, Array, Array]:
    """Slopes with intervals for samples (seed, dimension, target)."""
    rows = [bootstrap_slope(dimension, samples[:, :, j], rng, statistic=statistic) for j in range(samples.shape[2])]
    estimate, low, high = (np.array(values) for values in zip(*rows, strict=True))
    return estimate, low, high


def _escape(times: Array, dimension: Array, loss: Array, floor: Array, rng: np.random.Generator) -> Columns:
    """Escape times, their power of d and the ratio of their increments."""
    # Runs stop after they have escaped: what follows counts as below the floor.
    filled = np.where(np.isnan(loss), -np.inf, loss)
    escape = first_crossing(times, np.where(np.isfinite(filled), filled, 0.0), theory.ESCAPE_FRACTION * floor)
    with np.errstate(invalid="ignore"):  # an infinite time beside a finite one gives NaN, which says enough
        interval = bootstrap(np.median, escape, rng)
    columns = _with_interval(
        "escape_time", ("dimension", "target"), interval, "median time to leave the floor", "flow time"
    )
    columns["escape_times"] = (("seed", "dimension", "target"), escape, "time to leave the floor", "flow time")
    if len(dimension) >= 3 and np.isfinite(escape).all():
        slope = _slopes(dimension, escape, rng, "median")
        columns |= _with_interval("escape_slope", ("target",), slope, "power of d of the escape time")
        ratio = bootstrap(lambda x, axis: _increment_ratio(np.moveaxis(x, -2, -1), axis), escape, rng)
        columns |= _with_interval(
            "escape_increments", ("target",), ratio, "last over first increment of the escape time"
        )
    return columns


def _deficits(times: Array, dimension: Array, loss: Array, floor: Array, rng: np.random.Generator) -> Columns:
    """``floor - min_{t <= T} L`` of every seed, its power of d, and that between the two largest dimensions."""
    early = times <= theory.DEFICIT_TIME + 1e-9
    deficit = floor - loss[..., early].min(-1)
    axes = ("dimension", "target")
    columns = _with_interval(
        "deficit", axes, bootstrap(np.mean, deficit, rng), "floor - min L up to t = 5, mean over seeds"
    )
    positive = np.where((deficit > 0).all(axis=(0, 1)), deficit, np.nan)
    columns |= _with_interval(
        "deficit_slope", ("target",), _slopes(dimension, positive, rng, "mean"), "power of d of the deficit"
    )
    last = _slopes(dimension[-2:], positive[:, -2:], rng, "mean")
    return columns | _with_interval("deficit_last_slope", ("target",), last, "power of d between the two largest d")


def _distances(dimension: Array, loss: Array, limit: Array, rng: np.random.Generator) -> Columns:
    """``sup_t |L_d - L_inf|`` with the same second layer in both, and its power of d."""
    distance = np.abs(loss - limit[:, None]).max(-1)
    axes = ("dimension", "target")
    columns = _with_interval(
        "limit_distance", axes, bootstrap(np.mean, distance, rng), "sup_t |L_d - L_inf|, mean over seeds"
    )
    slope = _slopes(dimension, distance, rng, "mean")
    return columns | _with_interval("limit_slope", ("target",), slope, "power of d of sup_t |L_d - L_inf|")


def analyse_flow(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """All targets of a flow experiment side by side; finite-d statistics where there are at least two dimensions."""
    first = runs[0].result
    times, dimension = first["time"].values, first["dimension"].values
    curves = {name: _stacked(runs, name) for name in CURVES}
    floor, finite = _of_targets(runs, "loss_floor"), np.isfinite(dimension)
    loss, status = curves["loss"], _stacked(runs, "status")
    columns = _bands(curves)
    columns |= {
        "floor": (("target",), floor, "loss floor of the largest reflective subspace", "1"),
        "norm_squared": (("target",), _of_targets(runs, "norm_squared"), "E h^2", "1"),
        "trapped_dimension": (("target",), _of_targets(runs, "trapped_dimension"), "dimension of S*", "1"),
        "leap": (("target",), _of_targets(runs, "leap"), "largest rotation-invariant leap", "1"),
        "largest_rise": ((), _stacked(runs, "largest_rise").max(), "largest rise of a loss in one step", "1"),
        "failed_runs": (
            (),
            int(np.isin(status, [Status.DIVERGED, Status.MAX_STEPS]).sum()),
            "runs that diverged or used up their steps",
            "1",
        ),
        "seed_count": ((), loss.shape[0], "seeds", "1"),
    }
    coordinates = {
        "time": ("time", times, {"units": "flow time", "long_name": "flow time"}),
        "dimension": ("dimension", dimension, {"units": "1", "long_name": "input dimension"}),
        "quantile": ("quantile", np.array(QUANTILES), {"units": "1", "long_name": "quantile over seeds"}),
    }
    if finite.sum() >= 2:
        inner = _finite_statistics(times, dimension[finite], loss[:, finite], loss[:, ~finite], floor, rng)
        renamed = {n: (tuple(_finite(a) for a in axes), *rest) for n, (axes, *rest) in inner.items()}
        columns |= renamed  # type: ignore[arg-type]
        coordinates["finite_dimension"] = (
            "finite_dimension",
            dimension[finite],
            {"units": "1", "long_name": "input dimension"},
        )
    return xr.Dataset(
        {
            n: (axes, np.asarray(data), {"units": units, "long_name": text})
            for n, (axes, data, text, units) in columns.items()
        },
        coords=coordinates,
        attrs={"polynomials": [text for run in runs for text in names(run.target)]},
    )


def _finite(axis: str) -> str:
    return "finite_dimension" if axis == "dimension" else axis


def _finite_statistics(
    times: Array, dimension: Array, loss: Array, limit: Array, floor: Array, rng: np.random.Generator
) -> Columns:
    columns = _escape(times, dimension, loss, floor, rng)
    if np.isnan(loss).any():
        return columns
    columns |= _deficits(times, dimension, loss, floor, rng)
    if limit.shape[1]:
        columns |= _distances(dimension, loss, limit[:, 0], rng)
    return columns

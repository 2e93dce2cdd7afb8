"""The analysis stage: fractions with their intervals, distance distributions, and the theory beside them."""

from typing import Any

import numpy as np
import xarray as xr

from learnability.statistics.intervals import wilson
from learnability.results.contract import Experiment, Run
from learnability.studies.two_parameter.attributes import about
from learnability.studies.two_parameter.settings import HierarchicalSetting
from learnability.studies.two_parameter.theory import exponent, product_law, tail_exponent

EPSILONS = np.geomspace(1e-5, 1.0, 51)
LARGEST = {1: 0.1, 2: 0.03}
"""Distances below this enter the exponent of a model with W parameters: curves leave fewer targets near them."""
EXACT = 1e-6
"""A flow of an elementary model has learned its target when it comes this close."""

Columns = dict[str, Any]


def analyse(experiment: Experiment, runs: list[Run], rng: np.random.Generator) -> xr.Dataset:
    """The analysis of any of the study's experiments."""
    if experiment.kind == "hierarchical":
        parts = [_hierarchical(run) for run in runs]
        return xr.concat(parts, "point", data_vars="minimal", coords="minimal", compat="override", join="override")
    run = runs[0]
    if experiment.kind == "elementary":
        return _elementary(run)
    if experiment.kind == "ball":
        return _ball(run)
    if experiment.kind == "sphere":
        return _sphere(run)
    return run.result


def _fraction(name: str, hits: np.ndarray, trials: np.ndarray | int, dims: Any, text: str) -> Columns:
    """A fraction with its Wilson interval."""
    low, high = wilson(hits, trials)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.asarray(hits, dtype=float) / trials
    return {
        name: (dims, value, about(text)),
        f"{name}_low": (dims, low, about(f"{text}: lower end of the 95% Wilson interval")),
        f"{name}_high": (dims, high, about(f"{text}: upper end of the 95% Wilson interval")),
    }


def _hierarchical(run: Run) -> xr.Dataset:
    result, setting = run.result, run.setting
    assert isinstance(setting, HierarchicalSetting)
    learned, inside = result.learned.values.astype(bool), result.guaranteed.values.astype(bool)
    n, dims = learned.shape[0], "point"
    distance = np.where(result.status.values == 0, result.distance.values, np.inf)
    near = np.stack([(distance <= eps).mean(axis=0) for eps in EPSILONS], axis=1)
    status = result.status.values
    law = np.array([product_law(point.rhos) for point in setting.target.points()])
    paired = _paired_increase(learned)
    columns: Columns = {
        **_fraction("learned", learned.sum(axis=0), n, dims, "fraction of targets learned to level N"),
        **_fraction("sampled_in_f0", inside.sum(axis=0), n, dims, "fraction of the flows' targets in F0"),
        **_fraction(
            "learned_given_f0", (learned & inside).sum(axis=0), inside.sum(axis=0), dims, "P(learned | target in F0)"
        ),
        "in_f0": (dims, inside.sum(axis=0), about("number of targets in F0")),
        "missed_in_f0": (dims, (inside & ~learned).sum(axis=0), about("targets of F0 that were not learned")),
        "wrong_digits": (
            dims,
            (inside & ~result.same_digits.values.astype(bool)).sum(axis=0),
            about("targets of F0 whose digits differ from their box's"),
        ),
        "fall_in_f0": (
            dims,
            np.where(inside, result.largest_fall.values, 0.0).max(axis=0) + 0.0,
            about("largest decrease of u in one step on F0", "stage lengths"),
        ),
        "fall_of_learned": (
            dims,
            np.where(learned, result.largest_fall.values, 0.0).max(axis=0) + 0.0,
            about("largest decrease of u in one step on learned targets", "stage lengths"),
        ),
        "increase": (dims, paired[0], about("paired increase of the learned fraction over the point before")),
        "increase_error": (dims, paired[1], about("standard error of the paired increase")),
        "near": ((dims, "eps"), near, about("P(final distance <= eps)")),
        "steps_mean": (dims, result.steps.values.mean(axis=0), about("mean number of solver steps")),
        "flow_time_median": (
            dims,
            np.array([np.median(t[ok]) if ok.any() else np.nan for t, ok in _by_point(result, learned)]),
            about("median flow time of learned targets", "1/|f|^2"),
        ),
        "trapped": (dims, (status == 16).mean(axis=0), about("fraction of targets trapped")),
        "left_the_box": (dims, (status == 17).mean(axis=0), about("fraction of targets that left their box")),
        "unfinished": (dims, np.isin(status, [2, 3]).mean(axis=0), about("fraction of flows that did not finish")),
        "product_law": (dims, law, about("prod_n (1 - 2.6 rho_n)")),
        "targets": (dims, np.full(learned.shape[1], n), about("number of targets")),
    }
    known = {name: run.target[name] for name in run.target.data_vars}
    return xr.Dataset({**known, **columns}, coords={"eps": ("eps", EPSILONS, about("distance"))})


def _by_point(result: xr.Dataset, learned: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    times = result.flow_time.values
    return [(times[:, i], learned[:, i]) for i in range(times.shape[1])]


def _paired_increase(learned: np.ndarray) -> np.ndarray:
    """Increase of the fraction from each point to the next, on the same targets, with its standard error."""
    difference = np.diff(learned.astype(float), axis=1)
    mean = np.concatenate([[np.nan], difference.mean(axis=0)])
    error = np.concatenate([[np.nan], difference.std(axis=0) / np.sqrt(len(learned))])
    return np.stack([mean, error])


def _elementary(run: Run) -> xr.Dataset:
    distance = run.result.distance.values
    n, families = distance.shape
    near = np.stack([(distance <= eps).sum(axis=0) for eps in EPSILONS], axis=1)
    parameters = run.result.parameters.values
    fits = np.array([tail_exponent(distance[:, i], LARGEST[int(parameters[i])]) for i in range(families)])
    columns: Columns = {
        **_fraction("near", near, n, ("family", "eps"), "P(final distance <= eps)"),
        "exponent": ("family", fits[:, 0], about("exponent of P(distance <= eps), eps <= 0.03 (W = 2) or 0.1 (W = 1)")),
        "exponent_low": ("family", fits[:, 1], about("lower end of its 95% interval")),
        "exponent_high": ("family", fits[:, 2], about("upper end of its 95% interval")),
        "used": ("family", fits[:, 3].astype(int), about("number of distances in the fit")),
        "predicted": ("family", np.array([exponent(3, int(w)) for w in parameters]), about("d - W")),
        "parameters": run.result.parameters,
        "targets": ((), n, about("number of targets")),
    }
    coords = {"eps": ("eps", EPSILONS, about("distance"))}
    return xr.Dataset(columns, coords=coords, attrs={"families": run.result.attrs["families"]})


def _ball(run: Run) -> xr.Dataset:
    result = run.result
    distance = result.distance.values
    columns: Columns = {
        **_fraction("learned", (distance <= EXACT).sum(axis=0), len(distance), "model", "fraction learned in the ball"),
        "least_distance": ("model", distance.min(axis=0), about("least final distance in the ball")),
        "largest_reach": ("model", result.reach.values.max(axis=0), about("largest final |w| / radius of the disc")),
        **{name: result[name] for name in ("radius", "disc", "centre")},
        "targets": ((), len(distance), about("number of targets")),
    }
    return xr.Dataset(columns, attrs={"models": result.attrs["models"]})


def _sphere(run: Run) -> xr.Dataset:
    result = run.result
    learned = result.learned.values.astype(bool)
    columns: Columns = {
        **_fraction("learned", learned.sum(axis=0), len(learned), "sphere", "fraction of the sphere learned"),
        "counterexamples": ("sphere", (~learned).sum(axis=0), about("targets of the sphere that were not learned")),
        "is_learned": (("seed", "sphere"), learned, about("whether the target was learned")),
        **{name: result[name] for name in ("direction", "radius", "centre", "in_box")},
    }
    return xr.Dataset(columns)

"""Analysis: what fraction of the targets each map learns, in F0 and outside, and the theory beside it."""

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import names, share, variable
from learnability.studies.two_parameter.distances import EPS, EPSILONS
from learnability.studies.two_parameter.hierarchy.guaranteed import OBSTACLES
from learnability.studies.two_parameter.hierarchy.outcome import UNRESOLVED, FlowStatus

SHOWN = 400
"""Targets of each map that figures may draw."""


def analyse(runs: list[Run], rng: np.random.Generator) -> xr.Dataset:
    """The maps of all settings, one after another along ``point``."""
    parts = [_maps(run) for run in runs]
    return xr.concat(parts, "point", data_vars="minimal", coords="minimal", compat="override", join="override")


def _maps(run: Run) -> xr.Dataset:
    result = run.result
    learned, inside = result.learned.values.astype(bool), result.guaranteed.values.astype(bool)
    status, fall, time = result.status.values, result.largest_fall.values, result.flow_time.values
    unresolved = np.isin(status, UNRESOLVED)
    lost = ~learned & ~unresolved
    n, maps = learned.shape
    distance = np.where(status == FlowStatus.REACHED_END, result.distance.values, np.inf)
    near = np.stack([(distance <= eps).mean(axis=0) for eps in EPSILONS], axis=1)
    same_digits = result.same_digits.values.astype(bool)
    increase, error = _paired_increase(learned)
    median_time = [np.median(t[ok]) if ok.any() else np.nan for t, ok in zip(time.T, learned.T, strict=True)]

    def largest_fall(of: np.ndarray) -> np.ndarray:
        return np.asarray(np.where(of, fall, 0.0).max(axis=0) + 0.0)

    def over_points(values: object, long_name: str, units: str = "1") -> xr.Variable:
        return variable("point", np.asarray(values), long_name, units)

    drawn = result.drawn.values[:SHOWN].transpose(1, 0, 2)
    hits, count = (learned & inside).sum(axis=0), inside.sum(axis=0)
    ends = {
        "trapped": ([FlowStatus.TRAPPED], "fraction of targets trapped"),
        "left_the_box": ([FlowStatus.LEFT_THE_BOX], "fraction of targets that left their box"),
        "unfinished": (list(UNRESOLVED), "fraction of flows that did not finish"),
    }
    columns: dict[str, xr.Variable] = {
        "learned": share(
            "point",
            learned.sum(axis=0),
            n,
            "fraction of targets learned to level N",
            "Wilson",
            (unresolved & ~learned).sum(axis=0),
        ),
        "sampled_in_f0": share("point", count, n, "fraction of the flows' targets in F0", "Wilson"),
        "learned_given_f0": share("point", hits, count, "P(learned | target in F0)", "Wilson"),
        "in_f0": over_points(count, "number of targets in F0"),
        "missed_in_f0": over_points((inside & lost).sum(axis=0), "targets of F0 that were not learned"),
        "unresolved_in_f0": over_points(
            (inside & unresolved).sum(axis=0), "targets of F0 whose flow the solver did not finish"
        ),
        "unresolved": over_points(unresolved.sum(axis=0), "targets whose flow the solver did not finish"),
        "lost": over_points(lost.sum(axis=0), "targets that were not learned, all flows that did not finish left out"),
        "lost_to": variable(
            ("point", "obstacle"),
            np.stack([(lost & (result.obstacle.values == code)).sum(axis=0) for code in OBSTACLES], axis=1),
            "lost targets by the first condition of F0 that they violate",
        ),
        "wrong_digits": over_points(
            (inside & ~same_digits).sum(axis=0), "targets of F0 whose digits differ from their box's"
        ),
        "fall_in_f0": over_points(largest_fall(inside), "largest decrease of u in one step on F0", "stage lengths"),
        "fall_of_learned": over_points(
            largest_fall(learned), "largest decrease of u in one step on learned targets", "stage lengths"
        ),
        "increase": over_points(increase, "paired increase of the learned fraction over the point before"),
        "increase_error": over_points(error, "standard error of the paired increase"),
        "near": variable(("point", "eps"), near, "P(final distance <= eps)"),
        "steps_mean": over_points(result.steps.values.mean(axis=0), "mean number of solver steps"),
        "flow_time_median": over_points(median_time, "median flow time of learned targets", "1/|f|^2"),
        **{name: over_points(np.isin(status, codes).mean(axis=0), text) for name, (codes, text) in ends.items()},
        "shown": variable(("point", "shown_target", "plane"), drawn[:, :, :2], "first two coordinates of some targets"),
        "shown_third": variable(("point", "shown_target"), drawn[:, :, 2], "third coordinate of these targets"),
        "shown_learned": variable(("point", "shown_target"), learned[:SHOWN].T, "whether they were learned"),
        "targets": over_points(np.full(maps, n), "number of targets"),
    }
    labels = names("obstacle", list(OBSTACLES.values()), "condition of F0")
    return run.target.assign(columns).assign_coords(eps=EPS, obstacle=labels).drop_attrs(deep=False)


def _paired_increase(learned: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Increase of the fraction from each point to the next, on the same targets, with its standard error."""
    difference = np.diff(learned.astype(float), axis=1)
    mean, error = difference.mean(axis=0), difference.std(axis=0) / np.sqrt(len(learned))
    return np.concatenate([[np.nan], mean]), np.concatenate([[np.nan], error])

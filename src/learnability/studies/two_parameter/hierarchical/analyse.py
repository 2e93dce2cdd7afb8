"""Analysis: what fraction of the targets each map learns, in F0 and outside, and the theory beside it."""

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import estimate, names, share, variable
from learnability.studies.two_parameter.distances import EPS, EPSILONS
from learnability.studies.two_parameter.hierarchical.infinite import removed_by_infinitely_many_stages
from learnability.studies.two_parameter.hierarchical.points import hierarchy_of
from learnability.studies.two_parameter.hierarchical.setting import HierarchicalSetting
from learnability.studies.two_parameter.hierarchy.guaranteed import OBSTACLES, Obstacle, violations
from learnability.studies.two_parameter.hierarchy.outcome import UNRESOLVED, FlowStatus
from learnability.studies.two_parameter.theory import decade_exponent

SHOWN = 400
"""Targets of each map that figures may draw."""
LARGEST = 1e-3
"""Upper end of the decade over which the exponent of the final distances is taken."""


def analyse(runs: list[Run], rng: np.random.Generator) -> xr.Dataset:
    """The maps of all settings, one after another along ``point``.

    The maps of one setting (``setting``) see the same targets, those of different settings see others: along
    ``target`` an entry is the same target in the maps of one setting.
    """
    parts = [_maps(run, number) for number, run in enumerate(runs)]
    joined = xr.concat(parts, "point", data_vars="minimal", coords="minimal", compat="override", join="override")
    return joined.assign(removed_by_infinitely_many_stages())


def _maps(run: Run, number: int) -> xr.Dataset:
    result = run.result
    learned, inside = result.learned.values.astype(bool), result.guaranteed.values.astype(bool)
    status, fall, time = result.status.values, result.largest_fall.values, result.flow_time.values
    unresolved = np.isin(status, UNRESOLVED)
    lost = ~learned & ~unresolved
    n, maps = learned.shape
    distance = result.distance.values
    # The distance never grows along a flow: one that did not finish may yet come as near as one likes.
    near = np.stack([(distance <= eps).sum(axis=0) for eps in EPSILONS], axis=1)
    may_come = np.stack([(unresolved & ~(distance <= eps)).sum(axis=0) for eps in EPSILONS], axis=1)
    fits = [decade_exponent(of, LARGEST, open_) for of, open_ in zip(distance.T, unresolved.T, strict=True)]
    exponent, least, most, _ = np.array(fits).T
    same_digits = result.same_digits.values.astype(bool)
    increase, error = _paired_increase(learned)
    median_time = [np.median(t[ok]) if ok.any() else np.nan for t, ok in zip(time.T, learned.T, strict=True)]

    def largest_fall(of: np.ndarray) -> np.ndarray:
        return np.asarray(np.where(of, fall, 0.0).max(axis=0) + 0.0)

    def over_points(values: object, long_name: str, units: str = "1") -> xr.Variable:
        return variable("point", np.asarray(values), long_name, units)

    drawn = result.drawn.values[:SHOWN].transpose(1, 0, 2)
    hits, count = (learned & inside).sum(axis=0), inside.sum(axis=0)
    of_each = ("point", "target")
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
        "setting": over_points(np.full(maps, number), "number of the setting: its maps share their targets"),
        "of_f0": variable(of_each, inside.T, "whether the target lies in F0"),
        "missed_of_f0": variable(of_each, (inside & lost).T, "whether the target of F0 was not learned"),
        "unresolved_of_f0": variable(
            of_each, (inside & unresolved).T, "whether the solver did not finish the flow to the target of F0"
        ),
        "learned_targets": over_points(learned.sum(axis=0), "number of targets learned to level N"),
        "unresolved": over_points(unresolved.sum(axis=0), "targets whose flow the solver did not finish"),
        "lost": over_points(lost.sum(axis=0), "targets that were not learned, all flows that did not finish left out"),
        "lost_to": variable(
            ("point", "obstacle"),
            np.stack([(lost & (result.obstacle.values == code)).sum(axis=0) for code in OBSTACLES], axis=1),
            "lost targets by the first condition of F0 that they violate",
        ),
        "swept_and_between": over_points(
            _swept_and_between(run, lost),
            "lost targets of the swept region that lie between fingers, too; NaN but for uniform targets at d = 3",
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
        "near": share(("point", "eps"), near, n, "P(final distance <= eps)", unresolved=may_come),
        "near_exponent": estimate(
            "point",
            exponent,
            least,
            most,
            "exponent of P(final distance <= eps) between 1e-4 and 1e-3",
            "95% Clopper-Pearson, unresolved flows both ways",
        ),
        "steps_mean": over_points(result.steps.values.mean(axis=0), "mean number of solver steps"),
        "flow_time_median": over_points(median_time, "median flow time of learned targets", "1/|f|^2"),
        **{name: over_points(np.isin(status, codes).mean(axis=0), text) for name, (codes, text) in ends.items()},
        "shown": variable(("point", "shown_target", "plane"), drawn[:, :, :2], "first two coordinates of some targets"),
        "shown_third": variable(("point", "shown_target"), drawn[:, :, 2], "third coordinate of these targets"),
        "shown_learned": variable(("point", "shown_target"), learned[:SHOWN].T, "whether they were learned"),
        "targets": over_points(np.full(maps, n), "number of targets"),
        "samples": over_points(
            np.full(maps, run.setting_as(HierarchicalSetting).target.samples), "number of samples behind mu(F0)"
        ),
    }
    labels = names("obstacle", list(OBSTACLES.values()), "condition of F0")
    return run.target.assign(columns).assign_coords(eps=EPS, obstacle=labels).drop_attrs(deep=False)


def _swept_and_between(run: Run, lost: np.ndarray) -> np.ndarray:
    """How many of the ``lost`` targets (seed, point) violate two conditions that have different names."""
    maps, drawn = run.setting_as(HierarchicalSetting).target, run.result.drawn.values
    found = np.full(lost.shape[1], np.nan)
    for i, point in enumerate(maps.points()):
        if point.series == "splitting" and point.dimension == 3:
            broken = violations(hierarchy_of(point, maps.mass), drawn[lost[:, i], i])
            swept = broken[:, Obstacle.SWEPT - 1] & ~broken[:, Obstacle.BEYOND - 1]
            found[i] = (swept & broken[:, Obstacle.BETWEEN - 1]).sum()
    return found


def _paired_increase(learned: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Increase of the fraction from each point to the next, on the same targets, with its standard error."""
    difference = np.diff(learned.astype(float), axis=1)
    mean, error = difference.mean(axis=0), difference.std(axis=0) / np.sqrt(len(learned))
    return np.concatenate([[np.nan], mean]), np.concatenate([[np.nan], error])

"""The kind ``hierarchical``: its grids, its random numbers, and what its claims do with misses and open flows."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import AtLeast, AtMost, Between, NotAtThisScale, OutOfSteps, judge
from learnability.results.contract import Run
from learnability.results.labelled import bounds_of, estimate, names
from learnability.statistics.intervals import clopper_pearson
from learnability.studies.two_parameter.hierarchical.analyse import _paired_increase, analyse
from learnability.studies.two_parameter.hierarchical.claims import (
    Select,
    largest_failing_stretch,
    least_increase,
    limit,
    lost_in_the_limit,
    lost_where_the_proof_says,
    missed,
    most_lost,
    slowest_fall,
    slowest_fall_counted,
)
from learnability.studies.two_parameter.hierarchical.infinite import removed_by_infinitely_many_stages
from learnability.studies.two_parameter.hierarchical.setting import Grid, HierarchicalSetting, Maps
from learnability.studies.two_parameter.hierarchical.targets import build
from learnability.studies.two_parameter.hierarchical.train import train
from learnability.studies.two_parameter.hierarchy.certificate import least_measure
from learnability.studies.two_parameter.hierarchy.outcome import FlowStatus
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from tests.doubles import Context


def _analysis(missed: list[int], unresolved: list[int]) -> xr.Dataset:
    """Three maps of a series with the same 1000 targets, the first 900 of them in F0: those that were missed are the
    first ones of each map, the unresolved ones the last ones of F0."""
    rho, n = np.array([0.12, 0.05, 0.02]), 1000
    place, of_f0 = np.arange(n), np.tile(np.arange(n) < 900, (3, 1))
    misses = place < np.array(missed)[:, None]
    open_ = of_f0 & (place >= 900 - np.array(unresolved)[:, None])
    columns = {
        "rho": rho, "dimension": np.full(3, 3), "depth": np.full(3, 3), "stretch": np.full(3, 6.0),
        "setting": np.zeros(3, dtype=int), "targets": np.full(3, n), "unresolved": np.array(unresolved),
    }  # fmt: skip
    return xr.Dataset(
        {
            **{name: ("point", values) for name, values in columns.items()},
            "of_f0": (("point", "target"), of_f0),
            "missed_of_f0": (("point", "target"), misses),
            "unresolved_of_f0": (("point", "target"), open_),
            "removed": (("fine_dimension", "fine_rho"), np.array([[1e-2, 1e-5], [1e-2, 1e-5]])),
            "removed_by_stages": (("fine_dimension", "stages"), np.array([[1e-5, 2e-5], [np.nan, 2e-5]])),
            "removed_in_the_limit": ("fine_dimension", np.array([3e-5, 3e-5])),
        },
        coords={
            "series": names("point", ["splitting"] * 3, "series"),
            "fine_rho": [1e-3, 1e-6],
            "fine_dimension": [3, 4],
            "stages": [3, 4],
        },
    )


ALL: Select = lambda analysis: analysis  # noqa: E731


def test_one_miss_contradicts_the_guarantee() -> None:
    found = missed(ALL, "maps")({"learning": _analysis([0, 1, 0], [0, 0, 0])})
    assert judge(AtMost(0.0), found)[0] == "contradicted"
    found = missed(ALL, "maps")({"learning": _analysis([0, 0, 0], [0, 0, 0])})
    assert judge(AtMost(0.0), found)[0] == "supported"


def test_a_target_counts_once_however_many_maps_share_it() -> None:
    """900 targets of F0 in three maps are 900 seeds, not 2700; one that is missed in two maps is missed once."""
    found = missed(ALL, "maps")({"learning": _analysis([2, 1, 0], [0, 0, 0])})
    assert (found.estimate, found.seeds) == (2, 900)
    clean = missed(ALL, "maps")({"learning": _analysis([0, 0, 0], [0, 0, 0])})
    assert f"{1 - 0.025 ** (1 / 900):.1e}" in clean.note
    apart = _analysis([1, 1, 1], [0, 0, 0]).assign(setting=("point", np.arange(3)))
    others = missed(ALL, "maps")({"learning": apart})
    assert (others.estimate, others.seeds) == (3, 2700)
    assert limit(3)({"learning": _analysis([0, 0, 0], [0, 0, 0])}).seeds == 900


def test_flows_out_of_steps_are_no_misses() -> None:
    """All flows of a map out of steps: neither a miss nor a success, and the limit stays open both ways."""
    with pytest.raises(OutOfSteps, match="900 of 900"):
        missed(ALL, "maps")({"learning": _analysis([0, 0, 0], [0, 0, 900])})
    open_ = limit(3)({"learning": _analysis([0, 0, 0], [0, 0, 900])})
    assert open_.low < 0.7 < 0.99 < open_.high
    assert judge(AtLeast(0.99), open_)[0] == "inconclusive"


def _stretched(missed: list[int], unresolved: list[int]) -> dict[str, xr.Dataset]:
    """Maps with kappa = 6, .02 and .002 in place of the three rho."""
    part = _analysis(missed, unresolved).assign(stretch=("point", [6.0, 0.02, 0.002]))
    return {"learning": part.assign_coords(series=names("point", ["stretch"] * 3, "series"))}


def test_the_guarantee_without_a_stretch_is_judged_at_both_ends() -> None:
    """It must hold at kappa = .02 and fail at .002: a map that learns F0 at every kappa contradicts, and so does one
    that needs the stretch."""
    rule = Between(0.002, 0.0199)
    found = largest_failing_stretch(_stretched([0, 0, 837], [0, 0, 0]))
    assert (found.estimate, found.seeds) == (0.002, 900)
    assert "0 at 6, 0 at 0.02, 837 at 0.002" in found.note
    assert judge(rule, found)[0] == "supported"
    assert judge(rule, largest_failing_stretch(_stretched([0, 1, 837], [0, 0, 0])))[0] == "contradicted"
    assert judge(rule, largest_failing_stretch(_stretched([0, 0, 0], [0, 0, 0])))[0] == "contradicted"
    with pytest.raises(OutOfSteps, match=r"above 0\.002"):
        largest_failing_stretch(_stretched([0, 0, 837], [0, 3, 0]))
    with pytest.raises(NotAtThisScale):
        largest_failing_stretch({"learning": _stretched([0, 0, 0], [0, 0, 0])["learning"].isel(point=[0, 2])})


def _paired(learned: np.ndarray, unresolved: np.ndarray) -> dict[str, xr.Dataset]:
    """The analysis of a series of rho, largest first, whose learned targets are ``learned`` (targets, maps)."""
    increase, error = _paired_increase(learned)
    part = _analysis([0] * 3, [0] * 3)
    return {
        "learning": part.assign(
            increase=("point", increase),
            increase_error=("point", error),
            unresolved=("point", unresolved.sum(axis=0)),
        )
    }


def test_the_increase_holds_whatever_the_unresolved_flows_are() -> None:
    """Every way in which the open flows may end gives an increase inside the interval, for fixed random targets."""
    rng = np.random.default_rng(3)
    learned = rng.random((1000, 3)) < [0.5, 0.6, 0.7]
    open_ = np.zeros_like(learned)
    open_[:2] = True
    measure = least_increase(ALL)
    found = measure(_paired(learned & ~open_, open_))
    ends = []
    for code in range(2**6):
        truth = learned.copy()
        truth[:2] = np.array([code >> k & 1 for k in range(6)], dtype=bool).reshape(2, 3)
        ends.append(measure(_paired(truth, np.zeros_like(truth))))
    assert found.low <= min(end.low for end in ends)
    assert found.high >= max(end.high for end in ends)
    assert found.low > min(end.low for end in ends) - 0.01
    assert judge(AtLeast(0.0), found)[0] == "supported"
    open_[:400] = True
    assert judge(AtLeast(0.0), measure(_paired(learned & ~open_, open_)))[0] == "inconclusive"


def test_the_limit_is_the_proved_measure_times_the_learned_part() -> None:
    found = limit(3)({"learning": _analysis([0, 0, 0], [0, 0, 0])})
    assert found.estimate == pytest.approx(1 - 3e-5, abs=1e-12)
    assert found.low == pytest.approx((1 - 3e-5) * 0.025 ** (1 / 900))
    assert "rho from 0.12 to 0.02" in found.note
    assert "1e-05 with d stages and 2e-05 with 4 is proved, 3e-05 with all is estimated" in found.note
    assert judge(AtLeast(0.99), found)[0] == "supported"
    short = limit(3)({"learning": _analysis([90, 90, 90], [0, 0, 0])})
    assert judge(AtLeast(0.99), short)[0] == "contradicted"


def test_a_measure_of_f0_that_stays_away_from_one_contradicts() -> None:
    analysis = _analysis([0, 0, 0], [0, 0, 0])
    slow = analysis.assign(removed=analysis.removed * 0 + 0.2)
    assert judge(AtLeast(0.5), slowest_fall("removed", 3)({"learning": analysis}))[0] == "supported"
    assert judge(AtLeast(0.5), slowest_fall("removed", 3)({"learning": slow}))[0] == "contradicted"


def test_infinitely_many_stages_remove_a_multiple_of_rho_if_rho_falls_from_stage_to_stage() -> None:
    """With one rho for all stages every further stage removes as much as the one before, and F0 dies."""
    found = removed_by_infinitely_many_stages()
    removed, limit_of = found["removed_by_stages"].values, found["removed_in_the_limit"].values
    assert removed[0, 0] == pytest.approx(1.11e-5, rel=1e-2)
    assert np.isnan(removed[1, 0])
    assert (np.diff(removed[0]) > 0).all()
    assert removed[0, -1] == pytest.approx(2.467e-5, rel=1e-3)
    deeper = 1 - least_measure(Hierarchy(3, 22, tuple(1e-6 * 0.8**n for n in range(22))))
    assert removed[0, -1] < deeper < limit_of[0] < 3e-5
    constant = [1 - least_measure(Hierarchy(3, n, (1e-6,))) for n in (8, 14, 20)]
    assert constant[2] - constant[1] == pytest.approx(constant[1] - constant[0], rel=0.1)
    assert constant[2] > 2 * limit_of[0]


def _maps(learned: list[int], rho: list[float], measure: str = "plane") -> dict[str, xr.Dataset]:
    """Maps with chosen cuts at several rho, the smallest last, and what they learn of 2000 targets."""
    part = xr.Dataset(
        {
            "rho": ("point", rho),
            "kept_of_any": ("point", np.full(len(rho), 0.5)),
            "targets": ("point", np.full(len(rho), 2000)),
            "learned_targets": ("point", learned),
            "unresolved": ("point", np.zeros(len(rho), dtype=int)),
        },
        coords={
            "series": names("point", ["measures"] * len(rho), "series"),
            "measure": names("point", [measure] * len(rho), "measure"),
        },
    )
    return {"learning": part}


def test_a_map_that_loses_a_fixed_part_whatever_rho_is_contradicts_any_measure() -> None:
    """A tenth for ever beside a part that falls with rho: a power of rho between two of them would not see it."""
    rule, measure = AtMost(0.05), lost_in_the_limit("plane")
    found = measure(_maps([1775, 1903], [0.05, 0.02]))
    assert found.estimate == pytest.approx((0.05 * 97 - 0.02 * 225) / 0.03 / 2000)
    assert judge(rule, found)[0] == "supported"
    assert judge(rule, measure(_maps([1522, 1522], [0.05, 0.02])))[0] == "contradicted"
    assert judge(rule, measure(_maps([1300, 1600], [0.05, 0.02])))[0] == "contradicted"  # .1 + 5 rho
    assert judge(rule, measure(_maps([1400, 1700], [0.05, 0.02])))[0] == "inconclusive"  # .05 + 5 rho
    # A share that falls faster than rho is not concave, and its chord no bound: .2 and .06 end at -.03.
    convex = measure(_maps([1600, 1880], [0.05, 0.02]))
    assert (convex.estimate, judge(rule, convex)[0]) == (0.06, "inconclusive")
    assert "not concave" in convex.note
    # The chord is long enough: .012 goes with .05, not with .02.
    long = measure(_maps([1700, 1850, 1900], [0.05, 0.02, 0.012]))
    assert long.estimate == pytest.approx((0.05 * 100 - 0.012 * 300) / 0.038 / 2000)
    with pytest.raises(NotAtThisScale):
        measure(_maps([1775], [0.05]))
    with pytest.raises(NotAtThisScale):
        measure(_maps([1775, 1800], [0.03, 0.02]))


def test_the_interval_of_the_limit_covers_and_holds_open_flows_both_ways() -> None:
    """Coverage of 95% by 2000 draws of two independent shares, .02 + 2 rho: below 93.5% with probability 1e-3."""
    rng, measure = np.random.default_rng(7), lost_in_the_limit("plane")
    hits = 0
    for _ in range(2000):
        lost = rng.binomial(2000, [0.12, 0.06])
        found = measure(_maps((2000 - lost).tolist(), [0.05, 0.02]))
        hits += found.low <= 0.02 <= found.high
    assert hits >= 0.935 * 2000
    closed = _maps([1775, 1903], [0.05, 0.02])
    open_ = closed["learning"].assign(unresolved=("point", [0, 40]), learned_targets=("point", [1775, 1880]))
    found = measure({"learning": open_})
    ends = [(0.05 * n - 0.02 * 225) / 0.03 / 2000 for n in (80, 120)]
    assert found.low < ends[0] < ends[1] < found.high


def test_atoms_of_which_a_hundredth_is_lost_contradict() -> None:
    rule, measure = AtMost(0.01), most_lost("atoms")
    assert judge(rule, measure(_maps([2000, 2000], [0.05, 0.02], "atoms")))[0] == "supported"
    assert judge(rule, measure(_maps([2000, 1950], [0.05, 0.02], "atoms")))[0] == "contradicted"


def test_a_trapped_flow_counts_at_the_distance_where_it_stops() -> None:
    """Targets that a map loses lie at some distance of it, as those of elementary models do, and not at infinity."""
    setting = HierarchicalSetting(target=Maps(grids=(Grid(series="depth", depth=(2,), rho=(0.15,)),), samples=1000))
    result, target = train(setting, Context(200)), build(setting.target, np.random.default_rng(0))
    trapped = result.status.values[:, 0] == FlowStatus.TRAPPED
    assert trapped.sum() > 20
    distance = np.where(trapped, 5e-4, 5e-2)
    distance[np.flatnonzero(trapped)[:10]] = 5e-5
    changed = result.assign(distance=(("seed", "point"), distance[:, None]))

    def analysed(status: np.ndarray) -> xr.Dataset:
        run = Run(setting, changed.assign(status=(("seed", "point"), status)), target)
        return analyse([run], np.random.default_rng(0))

    found = analysed(result.status.values)
    share, low, high = (part.sel(eps=1e-3, method="nearest").values[0] for part in bounds_of(found.near))
    assert share == trapped.mean()
    assert low < share < high
    assert found.near_exponent.values[0, 0] == pytest.approx(np.log10(trapped.sum() / 10))
    # A flow that did not finish may come as near as one likes: the interval holds it both ways.
    status = result.status.values.copy()
    status[np.flatnonzero(~trapped)[:40]] = FlowStatus.MAX_STEPS
    open_ = analysed(status)
    assert bounds_of(open_.near)[2].sel(eps=1e-3, method="nearest")[0] > high + 0.1
    assert bounds_of(open_.near_exponent)[1][0] < bounds_of(found.near_exponent)[1][0]


def _losses(swept: list[int], between: list[int], both: list[int], unresolved: int = 0) -> dict[str, xr.Dataset]:
    """Lost targets of three maps by obstacle, smallest rho last; ``both`` of the swept are between fingers, too."""
    table = np.stack([np.zeros(3, dtype=int), swept, np.zeros(3, dtype=int), between], axis=1)
    obstacles = ["beyond the fingers", "swept region", "valley", "between fingers"]
    part = _analysis([0] * 3, [0, 0, unresolved]).assign(
        lost=("point", table.sum(axis=1)),
        lost_to=(("point", "obstacle"), table),
        swept_and_between=("point", np.array(both, dtype=float)),
    )
    return {"learning": part.assign_coords(obstacle=names("obstacle", obstacles, "condition"))}


def test_where_targets_are_lost_is_judged_at_the_smallest_rho() -> None:
    """Large rho lose many targets to the swept region and say nothing of small ones."""
    rule = AtLeast(0.5)
    found = lost_where_the_proof_says(_losses([900, 500, 42], [100, 100, 47], [0, 0, 0]))
    assert (found.estimate, found.seeds) == (pytest.approx(42 / 89), 89)
    assert judge(rule, found)[0] == "inconclusive"
    assert judge(rule, lost_where_the_proof_says(_losses([9, 9, 80], [9, 9, 9], [0, 0, 0])))[0] == "supported"
    assert judge(rule, lost_where_the_proof_says(_losses([9, 9, 9], [9, 9, 80], [0, 0, 0])))[0] == "contradicted"


def test_the_share_holds_overlapping_classes_and_open_flows_both_ways() -> None:
    found = lost_where_the_proof_says(_losses([9, 9, 60], [9, 9, 40], [0, 0, 20]))
    assert (found.low, found.high) == (clopper_pearson(40, 100)[0], clopper_pearson(60, 100)[1])
    open_ = lost_where_the_proof_says(_losses([9, 9, 60], [9, 9, 40], [0, 0, 0], unresolved=30))
    assert (open_.low, open_.high) == (clopper_pearson(60, 130)[0], clopper_pearson(90, 130)[1])


def _counted(removed: dict[str, list[float]]) -> dict[str, xr.Dataset]:
    """Maps with chosen cuts at rho = .05 and .02 for each measure, and what they remove of 100,000 samples."""
    kept = 1 - np.concatenate([np.array(pair) for pair in removed.values()])
    labels = [name for name in removed for _ in range(2)]
    part = xr.Dataset(
        {
            "rho": ("point", np.tile([0.05, 0.02], len(removed))),
            "kept_of_any": ("point", np.full(kept.size, 0.5)),
            "samples": ("point", np.full(kept.size, 100_000)),
            "guaranteed": estimate("point", kept, kept - 0.002, kept + 0.002, "mu(F0)", "95% Wilson"),
        },
        coords={
            "series": names("point", ["measures"] * kept.size, "series"),
            "measure": names("point", labels, "measure"),
        },
    )
    return {"learning": part}


def test_what_chosen_cuts_remove_is_counted() -> None:
    """Cuts that keep their mass whatever rho is, those of fixed places on a plane, contradict the claim."""
    found = slowest_fall_counted(_counted({"plane": [0.5, 0.2], "atoms": [0.4, 0.2]}))
    assert found.estimate == pytest.approx(np.log(2) / np.log(2.5))
    assert found.low < found.estimate < found.high
    assert judge(AtLeast(0.5), found)[0] == "supported"
    fixed = slowest_fall_counted(_counted({"plane": [0.9, 0.9], "atoms": [0.4, 0.2]}))
    assert judge(AtLeast(0.5), fixed)[0] == "contradicted"
    whole = slowest_fall_counted(_counted({"plane": [0.5, 0.2], "atoms": [0.0, 0.0]}))
    assert whole.estimate == pytest.approx(np.log(2.5) / np.log(2.5))
    assert "of atoms no sample is removed" in whole.note
    with pytest.raises(NotAtThisScale):
        slowest_fall_counted({"learning": _counted({"plane": [0.5, 0.2]})["learning"].isel(point=[0])})


def test_a_run_whose_flows_are_all_out_of_steps_reports_none_learned_and_none_lost() -> None:
    """d = 12 at a tolerance of 5e-8 and too few steps: no verdict may rest on it."""
    grid = Grid(series="dimension", dimension=(12,), depth=(12,), rho=(0.02,), tolerance=(5e-8,))
    setting = HierarchicalSetting(target=Maps(grids=(grid,), samples=1000), max_steps=200)
    result = train(setting, Context(6))
    run = Run(setting, result, build(setting.target, np.random.default_rng(0)))
    analysis = analyse([run], np.random.default_rng(0))
    assert int(analysis.unresolved[0]) == 6
    assert int(analysis.lost[0]) == 0
    low, high = (float(bounds_of(analysis.learned)[i][0]) for i in (1, 2))
    assert low == 0.0
    assert high == 1.0


def test_the_grid_sees_common_random_numbers() -> None:
    """A run repeats to the last bit, and a map sees the same targets alone and beside another one."""
    both = HierarchicalSetting(target=Maps(grids=(Grid(series="splitting", depth=(2,), rho=(0.15, 0.12)),)))
    alone = HierarchicalSetting(target=Maps(grids=(Grid(series="splitting", depth=(2,), rho=(0.12,)),)))
    first, again, single = (train(setting, Context(12)) for setting in (both, both, alone))
    xr.testing.assert_identical(again, first)
    xr.testing.assert_identical(single, first.isel(point=[1]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dimension": (2,)}, "at least 3"),
        ({"rho": (0.5,)}, "0.15"),
        ({"dimension": (3, 4), "depth": (2, 3, 4)}, "go together"),
        ({"depth": (99,)}, "depth"),
    ],
)
def test_impossible_grids_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Grid(series="splitting", **changes)

"""The kind ``hierarchical``: its grids, its random numbers, and what its claims do with misses and open flows."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import AtLeast, AtMost, OutOfSteps, judge
from learnability.results.contract import Run
from learnability.results.labelled import bounds_of, names
from learnability.studies.two_parameter.hierarchical.analyse import _paired_increase, analyse
from learnability.studies.two_parameter.hierarchical.claims import Select, least_increase, limit, missed, slowest_fall
from learnability.studies.two_parameter.hierarchical.setting import Grid, HierarchicalSetting, Maps
from learnability.studies.two_parameter.hierarchical.targets import build
from learnability.studies.two_parameter.hierarchical.train import train
from tests.doubles import Context


def _analysis(missed: list[int], unresolved: list[int]) -> xr.Dataset:
    """Three maps of a series with 1000 targets each, 900 of them in F0."""
    rho, n = np.array([0.12, 0.05, 0.02]), 1000
    columns = {
        "rho": rho, "dimension": np.full(3, 3), "depth": np.full(3, 3), "stretch": np.full(3, 6.0),
        "in_f0": np.full(3, 900), "missed_in_f0": np.array(missed), "unresolved_in_f0": np.array(unresolved),
        "targets": np.full(3, n), "unresolved": np.array(unresolved),
    }  # fmt: skip
    return xr.Dataset(
        {
            **{name: ("point", values) for name, values in columns.items()},
            "removed": (("fine_dimension", "fine_rho"), np.array([[1e-2, 1e-5], [1e-2, 1e-5]])),
        },
        coords={
            "series": names("point", ["splitting"] * 3, "series"),
            "fine_rho": [1e-3, 1e-6],
            "fine_dimension": [3, 4],
        },
    )


ALL: Select = lambda analysis: analysis  # noqa: E731


def test_one_miss_contradicts_the_guarantee() -> None:
    found = missed(ALL, "maps")({"learning": _analysis([0, 1, 0], [0, 0, 0])})
    assert judge(AtMost(0.0), found)[0] == "contradicted"
    found = missed(ALL, "maps")({"learning": _analysis([0, 0, 0], [0, 0, 0])})
    assert judge(AtMost(0.0), found)[0] == "supported"


def test_flows_out_of_steps_are_no_misses() -> None:
    """All flows of a map out of steps: neither a miss nor a success, and the limit stays open both ways."""
    with pytest.raises(OutOfSteps, match="900 of 2700"):
        missed(ALL, "maps")({"learning": _analysis([0, 0, 0], [0, 0, 900])})
    open_ = limit(3)({"learning": _analysis([0, 0, 0], [0, 0, 900])})
    assert open_.low < 0.7 < 0.99 < open_.high
    assert judge(AtLeast(0.99), open_)[0] == "inconclusive"


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
    assert found.estimate == pytest.approx(1 - 1e-5, abs=1e-12)
    assert judge(AtLeast(0.99), found)[0] == "supported"
    short = limit(3)({"learning": _analysis([90, 90, 90], [0, 0, 0])})
    assert judge(AtLeast(0.99), short)[0] == "contradicted"


def test_a_measure_of_f0_that_stays_away_from_one_contradicts() -> None:
    analysis = _analysis([0, 0, 0], [0, 0, 0])
    slow = analysis.assign(removed=analysis.removed * 0 + 0.2)
    assert judge(AtLeast(0.5), slowest_fall("removed", 3)({"learning": analysis}))[0] == "supported"
    assert judge(AtLeast(0.5), slowest_fall("removed", 3)({"learning": slow}))[0] == "contradicted"


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

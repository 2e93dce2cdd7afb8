"""What the claims on coverage call measurable."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import judge
from learnability.results.labelled import share
from learnability.studies.ridge_combinations.localisation.analyse import missed_over_expected
from learnability.studies.ridge_combinations.localisation.claims import CLAIMS, expected_misses
from tests.studies.ridge_combinations.cases import analysed, setting_of, trained


@pytest.mark.parametrize(("expected", "enough"), [(0.03, True), (5 / (64 * 64), True), (4.9 / (64 * 64), False)])
def test_a_ratio_of_misses_needs_five_of_them(expected: float, enough: bool) -> None:
    """64 tasks in 64 seeds: one miss where 0.006 are expected says 175 times as many, and nothing."""
    content = {"expected_missed": (("tasks", "dimension"), np.array([[1e-9], [expected]]))}
    analysis = xr.Dataset(content, {"tasks": [8, 64]}, {"seeds": 64})
    assert expected_misses(analysis, -1) == (pytest.approx(expected), enough)
    assert not expected_misses(analysis, 0)[1]


@pytest.mark.parametrize("spread", [0.0, 0.45])
def test_the_interval_of_a_ratio_of_misses_covers_over_draws_of_the_tasks(spread: float) -> None:
    """221 neurons choose among 64 tasks that attract by lognormal weights, drawn anew 300 times, in 16 seeds each:
    at least 92% are covered (false alarm 2%, were it 95%). An exact interval of (seed, task) trials covers in 90% at
    0.45, with 64 seeds in 69%."""
    rng, seeds, tasks, neurons = np.random.default_rng(0), 16, 64, 221
    expected = (1 - 1 / tasks) ** neurons

    def missed(count: int) -> np.ndarray:
        weights = np.exp(spread * rng.standard_normal(tasks))
        return rng.multinomial(neurons, weights / weights.sum(), size=count) == 0

    truth = np.mean([missed(64).mean() for _ in range(2000)]) / expected
    intervals = [missed_over_expected(missed(seeds), expected, rng) for _ in range(300)]
    assert np.mean([low <= truth <= high for _, low, high in intervals]) >= 0.92


def test_a_task_that_all_seeds_miss_is_one_task() -> None:
    """16 seeds that miss the same two of 64 tasks say no more of another draw of tasks than one seed does."""
    rng = np.random.default_rng(0)
    missed = np.zeros((16, 64), dtype=bool)
    missed[:, :2] = True
    ratio, low, high = missed_over_expected(missed, 1 / 32, rng)
    assert ratio == pytest.approx(1)
    assert low == 0
    assert high > 2


def test_misses_are_counted_by_task_and_seed() -> None:
    """Two random directions, three seeds, one of which misses the second task: one of six."""
    setting = setting_of("localisation", target={"random_dimension": 16}, dimensions=[16])
    run = trained("localisation", setting)
    largest, task = np.full(run["largest"].shape, 0.95), np.zeros(run["task"].shape, dtype=np.int16)
    task[..., 0] = 1
    largest[1, ..., 0] = 0.5
    planted = run.assign(largest=(run["largest"].dims, largest), task=(run["task"].dims, task))
    analysis = analysed("localisation", (setting, planted))
    expected = float(analysis["expected_missed"][0, 0])
    assert float(analysis["missed_ratio"][0, 0, 0]) == pytest.approx(1 / 6 / expected)


@pytest.mark.parametrize(("found", "verdict"), [(16, "supported"), (14, "contradicted")])
def test_all_are_found_at_every_number_of_tasks_but_the_largest(found: int, verdict: str) -> None:
    """Two of M = 16 directions that all 16 seeds miss, while M = 8 are found: the least share decides."""
    counts = 16 * np.array([[8], [found], [60]])
    content = {
        "found": share(("tasks", "dimension"), counts, 16 * np.array([[8], [16], [64]]), "fraction of tasks found"),
        "expected_missed": (("tasks", "dimension"), np.array([[3e-13], [8e-7], [0.03]])),
    }
    analysis = xr.Dataset(content, {"tasks": [8, 16, 64], "dimension": [100]}, {"seeds": 16})
    claim = next(claim for claim in CLAIMS if claim.id == "coverage")
    assert claim.measure is not None
    assert claim.rule is not None
    assert judge(claim.rule, claim.measure({"coverage": analysis}), claim.seeds_needed)[0] == verdict

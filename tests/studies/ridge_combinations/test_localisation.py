"""Hitting times, resumption, numbers of tasks in one job."""

import numpy as np
import pytest

from learnability.results.labelled import texts
from learnability.studies.ridge_combinations.localisation.train import hitting_times
from tests.doubles import Context, Interrupted, MemoryCheckpoint
from tests.studies.ridge_combinations.cases import analysed, setting_of, trained


def small_localisation(**phase_one):
    return setting_of("localisation", phase_one={"steps": 128, **phase_one})


def test_hitting_times_interpolate():
    samples = np.array([0.0, 10.0, 20.0])
    values = np.array([[0.0, 0.6, 0.0], [0.25, 0.7, 0.1], [0.75, 0.8, 0.2]])
    assert hitting_times(samples, values, 0.5).tolist() == [15.0, 0.0, np.inf]


def test_a_job_that_is_killed_in_the_middle_gives_the_same_bytes():
    setting = small_localisation(neurons=64)
    whole = trained("localisation", setting)
    checkpoint = MemoryCheckpoint(stop_after=3)
    with pytest.raises(Interrupted):
        trained("localisation", setting, Context(3, checkpoint))
    assert whole.identical(trained("localisation", setting, Context(3, checkpoint)))
    assert texts(whole["engine"][0]) == ["full", "decoupled"]


def test_sgd_localises_on_the_tasks():
    """16 M d^2 samples at d = 24: most neurons end on one direction, and T50 is a few times M d^2."""
    setting = small_localisation(neurons=32, horizon=16.0, steps=1024, decay=True)
    setting = setting.model_copy(update={"dimensions": (24,)})
    analysis = analysed("localisation", (setting, trained("localisation", setting)))
    assert float(analysis["localised"].values[0, 0, 0]) > 0.8
    assert 1 < float(analysis["scaled_half_time"].values[0, 0, 0]) < 10


def test_numbers_of_tasks_in_one_job_are_runs_of_their_own():
    """Each is the run whose target has so many tasks (the first links and their block of the Gram matrix), from the
    same streams; one job or several, they meet in one analysis."""
    many = {"tasks": 3, "coherences": [0.2], "strength_ratio": 2.0}
    common = {"target": many, "dimensions": [16], "phase_one": {"horizon": 8.0, "steps": 128}}
    setting = setting_of("localisation", tasks=[3, 2], **common)
    together = trained("localisation", setting)
    assert together["tasks"].values.tolist() == [3, 2]

    class Renamed(Context):
        def stream(self, name):
            return super().stream(name.replace("/", "/2/") if "/" in name else f"{name}/2")

    alone = setting_of("localisation", **{**common, "target": {**many, "tasks": 2}})
    assert together.sel(tasks=[2]).identical(trained("localisation", alone, Renamed(3)))
    parts = [setting_of("localisation", tasks=[m], **common) for m in (2, 3)]
    first = analysed("localisation", *((part, trained("localisation", part)) for part in parts))
    second = analysed("localisation", (setting, together))
    assert first.identical(second)
    assert first["tasks"].values.tolist() == [2, 3]
    assert texts(first["engine"][:, 0]) == texts(together["engine"][::-1, 0])


def test_the_slope_gap_is_paired_by_seed():
    """Starts that make all of the spread of T50 cancel: T50 = flow's time times d^0.3 in every seed."""
    setting = setting_of("localisation", dimensions=[16, 32, 64], phase_one={"steps": 128})
    run = trained("localisation", setting)
    shape, d = run["flow_time"].shape, run["dimension"].values
    starts = np.exp(np.random.default_rng(0).standard_normal((shape[0], 1, 1, 1)))
    flow = np.broadcast_to(starts * d[:, None] ** 2.0, shape)
    times = {"flow_time": flow, "hitting_time": flow * d[:, None] ** 0.3}
    planted = run.assign({name: (run[name].dims, values) for name, values in times.items()})
    analysis = analysed("localisation", (setting, planted))
    np.testing.assert_allclose(analysis["dimension_slope_gap"].values, 0.3, atol=1e-9)
    assert float(analysis["dimension_slope"][0]) == pytest.approx(2.3)

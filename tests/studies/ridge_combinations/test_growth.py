"""The kind ``growth``: its claims rest on exponents in the limit."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import judge
from learnability.results.labelled import with_bounds
from learnability.studies.ridge_combinations import theory
from learnability.studies.ridge_combinations.growth.claims import CLAIMS
from tests.studies.ridge_combinations.cases import analysed, setting_of

DIMENSIONS = [64, 256, 1024, 4096, 16384]
TASKS = np.array([round(d**0.5) for d in DIMENSIONS])


def _judged(times: np.ndarray) -> tuple[str, float]:
    """The verdict on M = sqrt d, and the excess, from times (dimension,) that 16 seeds scatter by 3%."""
    setting = setting_of(
        "growth", target={"tasks": 128}, dimensions=DIMENSIONS, phase_one={"neurons": 1, "matched_above": 2}
    )
    scatter = np.exp(0.03 * np.random.default_rng(0).standard_normal((16, 1, len(DIMENSIONS), 1)))
    grid = ("seed", "power", "dimension", "neuron")
    planted = dict.fromkeys(("hitting_time", "flow_time"), (grid, scatter * times[:, None]))
    run = xr.Dataset(
        {**planted, "tasks": (("power", "dimension"), TASKS[None])}, {"power": [0.5], "dimension": DIMENSIONS}
    )
    analysis = with_bounds(analysed("growth", (setting, run)))
    claim = next(claim for claim in CLAIMS if claim.id == "growth.root")
    assert claim.measure is not None
    assert claim.rule is not None
    found = claim.measure({"growth": analysis})
    return judge(claim.rule, found, claim.seeds_needed)[0], found.estimate


def test_the_exponents_of_the_flow_tend_to_what_the_theorem_allows() -> None:
    """Starts at finite d and the logarithm in c_M: slopes of 2.44, and no excess in the limit."""
    constants = [theory.hitting_constant(3, int(m), 0.1, 1.0, d, 0.5) for m, d in zip(TASKS, DIMENSIONS, strict=True)]
    times = np.array(constants) * TASKS * np.array(DIMENSIONS, dtype=float) ** 2
    verdict, excess = _judged(times)
    assert verdict == "supported"
    assert excess == pytest.approx(0, abs=0.02)


def test_times_that_grow_faster_in_the_end_contradict_whatever_came_before() -> None:
    """d^2.2 and, from d = 1024 on, d^2.7: the slope over all d is below 5/2."""
    d = np.array(DIMENSIONS, dtype=float)
    times = d**2.2 * np.maximum(1, d / 1024) ** 0.5
    assert np.polyfit(np.log(d), np.log(times), 1)[0] < 2.5
    assert _judged(times)[0] == "contradicted"

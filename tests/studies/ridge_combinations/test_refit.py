"""The kind ``refit``: neurons that grow with the samples, and what its claim makes of an error that does not fall."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import Measurement, judge
from learnability.results.contract import Run
from learnability.results.labelled import with_bounds
from learnability.studies.ridge_combinations.refit import train as refit
from learnability.studies.ridge_combinations.refit.analyse import analyse
from learnability.studies.ridge_combinations.refit.claims import CLAIMS
from learnability.studies.ridge_combinations.refit.setting import RefitSetting
from learnability.studies.ridge_combinations.settings import RidgeTarget


def _setting(ratio: float = 1.0) -> RefitSetting:
    return RefitSetting(target=RidgeTarget(tasks=2, strength_ratio=ratio), tasks=(2, 4), samples=(500, 1000))


def _judged(name: str, **planted: np.ndarray) -> tuple[str, Measurement]:
    """The verdict of a claim on 8 seeds with these columns, and the measurement; the other columns are noise."""
    setting, rng = _setting(), np.random.default_rng(1)
    dims = {"error": ("tasks", "samples"), "best": ("width",), "joint": ("joint_samples",)}
    coords = {"tasks": [2, 4], "samples": [500, 1000]}
    coords |= {"joint_samples": list(setting.joint_samples), "width": list(setting.widths)}
    shapes = {column: (8, *(len(coords[dim]) for dim in over)) for column, over in dims.items()}
    columns = {column: np.exp(0.1 * rng.standard_normal(shape)) for column, shape in shapes.items()} | planted
    result = xr.Dataset({column: (("seed", *dims[column]), values) for column, values in columns.items()}, coords)
    analysis = with_bounds(analyse([Run(setting, result, None)], rng))
    claim = next(claim for claim in CLAIMS if claim.id == name)
    assert claim.measure is not None
    assert claim.rule is not None
    found = claim.measure({"refit": analysis})
    return judge(claim.rule, found, claim.seeds_needed)[0], found


def test_the_neurons_grow_like_the_root_of_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times the samples, twice the neurons: n ~ 1/eps^2 and J ~ 1/eps of Theorem 4."""
    asked = []

    def errors(setting: RefitSetting, tasks: int, counts: tuple[int, ...], neurons: int, rng: object) -> list[float]:
        asked.append((tasks, counts, neurons))
        return [0.0]

    monkeypatch.setattr(refit, "_errors", errors)
    refit._joint_errors(_setting(), np.random.default_rng(0))
    assert asked == [(4, (1000,), 34), (4, (2000,), 48), (4, (4000,), 68), (4, (8000,), 96), (4, (16000,), 136)]


@pytest.mark.parametrize(
    ("power", "floor", "verdict"),
    [(0.5, 0.0, "supported"), (0.75, 0.0, "supported"), (0.25, 0.0, "contradicted"), (0.5, 0.05, "contradicted")],
)
def test_a_slower_fall_and_a_floor_contradict_the_claim_on_eps(power: float, floor: float, verdict: str) -> None:
    """The theorem says how many samples are enough: an error that falls faster does not contradict it."""
    n = np.array(_setting().joint_samples)
    noise = np.exp(0.02 * np.random.default_rng(1).standard_normal((8, len(n))))
    assert _judged("refit.eps", joint=noise * (floor + n**-power))[0] == verdict


@pytest.mark.parametrize(("fall", "growth", "verdict"), [(0.16, 1.0, "supported"), (0.5, 1.5, "contradicted")])
def test_the_squared_error_at_a_fixed_number_of_samples_is_what_is_judged(
    fall: float, growth: float, verdict: str
) -> None:
    """Whatever the power of n: with n^(-.16) the samples for a given error grow like M^(growth / .32), of which the
    slope at one n knows nothing."""
    tasks, samples = np.array([2.0, 4.0])[:, None], np.array([500.0, 1000.0])
    noise = np.exp(0.02 * np.random.default_rng(1).standard_normal((8, 2, 2)))
    found, measurement = _judged("refit.tasks", error=noise * tasks ** (growth / 2) * samples**-fall)
    assert found == verdict
    assert measurement.estimate == pytest.approx(growth - 1, abs=0.1)
    assert "n = 500, 1000" in measurement.note
    claim = next(claim for claim in CLAIMS if claim.id == "refit.tasks")
    assert "samples for a given error" not in claim.measured


def test_the_penalty_is_chosen_on_as_many_further_labels_as_the_claims_say() -> None:
    drawn = []

    class Counted(np.random.Generator):
        def standard_normal(self, size: object = None, **others: object) -> np.ndarray:  # type: ignore[override]
            drawn.append(size)
            return super().standard_normal(size, **others)  # type: ignore[call-overload, no-any-return]

    refit._errors(_setting(), 2, (500, 1000), 8, Counted(np.random.PCG64(0)))
    noisy = [size for size in drawn if isinstance(size, int)]
    assert noisy[:2] == [1000, 4000]  # the pool of the samples, and what the penalty is chosen on
    for name in ("refit.eps", "refit.tasks", "refit.weak-tasks"):
        assert "4000 further labels" in next(claim for claim in CLAIMS if claim.id == name).measured

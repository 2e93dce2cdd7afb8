"""The kind ``refit``: neurons that grow with the samples, and what its claim makes of an error that does not fall."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import judge
from learnability.results.contract import Run
from learnability.results.labelled import with_bounds
from learnability.studies.ridge_combinations.refit import train as refit
from learnability.studies.ridge_combinations.refit.analyse import analyse
from learnability.studies.ridge_combinations.refit.claims import CLAIMS
from learnability.studies.ridge_combinations.refit.setting import RefitSetting
from learnability.studies.ridge_combinations.settings import RidgeTarget


def _setting(ratio: float = 1.0) -> RefitSetting:
    return RefitSetting(target=RidgeTarget(tasks=2, strength_ratio=ratio), tasks=(2, 4), samples=(500, 1000))


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
    [(0.5, 0.0, "supported"), (0.25, 0.0, "contradicted"), (0.5, 0.05, "contradicted")],
)
def test_a_slower_fall_and_a_floor_contradict_the_claim_on_eps(power: float, floor: float, verdict: str) -> None:
    setting, rng = _setting(), np.random.default_rng(1)
    n = np.array(setting.joint_samples)
    noise = np.exp(0.02 * rng.standard_normal((8, len(n))))
    shapes = {"error": (8, 2, 2), "best": (8, 4)}
    columns = {name: np.exp(0.1 * rng.standard_normal(shape)) for name, shape in shapes.items()}
    result = xr.Dataset(
        {
            "error": (("seed", "tasks", "samples"), columns["error"]),
            "best": (("seed", "width"), columns["best"]),
            "joint": (("seed", "joint_samples"), noise * (floor + n**-power)),
        },
        coords={"tasks": [2, 4], "samples": [500, 1000], "joint_samples": n, "width": list(setting.widths)},
    )
    analysis = with_bounds(analyse([Run(setting, result, None)], rng))
    claim = next(claim for claim in CLAIMS if claim.id == "refit.eps")
    assert claim.measure is not None
    assert claim.rule is not None
    assert judge(claim.rule, claim.measure({"refit": analysis}), claim.seeds_needed)[0] == verdict

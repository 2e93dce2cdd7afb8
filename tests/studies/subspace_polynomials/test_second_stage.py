"""The kind ``second_stage``: its population loss, its rate, and SGD against the limit of many neurons."""

import numpy as np
import pytest
import torch
import xarray as xr

from learnability.hermite.basis import evaluate
from learnability.hermite.target_language import parse
from learnability.results.claim import judge
from learnability.results.contract import Run
from learnability.results.labelled import with_bounds
from learnability.studies.subspace_polynomials.second_stage.analyse import analyse, rates
from learnability.studies.subspace_polynomials.second_stage.claims import CLAIMS
from learnability.studies.subspace_polynomials.second_stage.setting import SecondStageSetting
from learnability.studies.subspace_polynomials.second_stage.train import PopulationLoss, first_stage
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


def test_population_loss_by_sampling() -> None:
    """Six neurons in five dimensions, degree 3, a million samples; five standard errors."""
    h, rng = parse("z1 + z1*z2 - 0.5*He2(z1)*z2"), np.random.default_rng(0)
    w, a = 0.4 * rng.standard_normal((6, 5)), rng.standard_normal(6)
    x = rng.standard_normal((1_000_000, 5))
    squares = 0.5 * (evaluate(h, x[:, :2]) - (1 + x @ w.T) ** 3 @ a / 6) ** 2
    found = PopulationLoss(h, torch.as_tensor(w)[None])(torch.as_tensor(a)[None])
    assert abs(float(found[0]) - squares.mean()) < 5 * squares.std() / 1000


def test_first_stage_moves_like_a() -> None:
    """After one short step w = a t E[z h cos(pi/4)] up to sampling: along e1 for z1 + z1 z2, none along e2."""
    setting = SecondStageSetting(
        target=HiddenPolynomials(polynomials=("z1 + z1*z2",)),
        dimension=6,
        neurons=30,
        first_time=0.01,
        first_step=0.01,
        samples_per_dimension=20_000,
    )
    w = first_stage(parse("z1 + z1*z2"), setting, 1, torch.Generator().manual_seed(0))[0].numpy()
    # |w_1| / (t cos(pi/4)) = |a| is uniform on [0, 1]: its mean is 1/2 with stratified draws.
    assert np.abs(w[:, 0]).mean() / (0.01 * np.sqrt(0.5)) == pytest.approx(0.5, abs=0.02)
    assert np.abs(w[:, 1:]).max() < 0.03 * np.abs(w[:, 0]).max()


def test_rates_of_exponentials_are_exact() -> None:
    times = np.linspace(0, 100, 41)
    loss = 2 * np.exp(-np.outer([0.03, 0.05], times))
    np.testing.assert_allclose(rates(times, loss), [0.03, 0.05], rtol=1e-12)
    assert np.isnan(rates(times, 2 * np.exp(-0.001 * times)[None])).all()


def _runs(power: float) -> list[Run]:
    """Three dimensions whose loss decays at .008 (d / 144)^power, give or take 5% over six seeds; the limit at .008."""
    times = np.linspace(0, 400, 41)
    spread = 1 + 0.05 * np.linspace(-1, 1, 6)
    runs = []
    for d in (16, 48, 144):
        result = xr.Dataset(
            {
                "loss": (("seed", "time"), np.exp(-0.008 * (d / 144) ** power * np.outer(spread, times))),
                "limit_loss": ("time", np.exp(-0.008 * 16 ** (-power) * times)),
                "limit_bound": ("time", np.exp(-1e-4 * times)),
                "limit_lambda_min": ((), 5e-5),
                "outside": ("seed", np.zeros(6)),
            },
            coords={"time": times},
        )
        setting = SecondStageSetting(target=HiddenPolynomials(polynomials=("z1 + z1*z2",)), dimension=d)
        runs.append(Run(setting, result, None))
    return runs


@pytest.mark.parametrize(("power", "verdict"), [(0.0, "supported"), (-0.25, "contradicted")])
def test_a_rate_that_falls_with_the_dimension_contradicts_the_claim(power: float, verdict: str) -> None:
    """The limit has the rate at d = 9: one that falls like d^(-1/4) is half of it at d = 144."""
    claim = next(claim for claim in CLAIMS if claim.id == "dimension-free.rate")
    analysis = with_bounds(analyse(_runs(power), np.random.default_rng(0)))
    assert claim.measure is not None
    assert claim.rule is not None
    found = claim.measure({"second_stage": analysis})
    assert found.estimate == pytest.approx(16.0**power, rel=1e-2)
    assert judge(claim.rule, found, claim.seeds_needed)[0] == verdict


@pytest.mark.parametrize(("bump", "verdict"), [(0.0, "supported"), (1.2, "contradicted")])
def test_a_loss_above_its_bound_at_any_time_contradicts_the_decay(bump: float, verdict: str) -> None:
    """One dimension rises above the bound half way and has long fallen below it at the end."""
    claim = next(claim for claim in CLAIMS if claim.id == "two-stage-decay")
    runs = _runs(0.0)
    loss = runs[1].result["loss"].values
    loss[:, 20] = np.maximum(loss[:, 20], bump)
    analysis = with_bounds(analyse(runs, np.random.default_rng(0)))
    assert claim.measure is not None
    assert claim.rule is not None
    found = claim.measure({"second_stage": analysis})
    assert judge(claim.rule, found, claim.seeds_needed)[0] == verdict
    assert ("largest at t = 200, d = 48" in found.note) is (bump > 0)


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match="one polynomial"):
        SecondStageSetting(target=HiddenPolynomials(polynomials=("z1*z2", "z1")))
    with pytest.raises(ValueError, match="must exceed the number of variables"):
        SecondStageSetting(target=HiddenPolynomials(polynomials=("z1*z2*z3*z4",)), dimension=4)

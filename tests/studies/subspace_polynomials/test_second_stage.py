"""The kind ``second_stage``: its population loss, its rate, and SGD against the limit of many neurons."""

import numpy as np
import pytest
import torch

from learnability.hermite.basis import evaluate
from learnability.hermite.target_language import parse
from learnability.studies.subspace_polynomials.second_stage.analyse import rates
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


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match="one polynomial"):
        SecondStageSetting(target=HiddenPolynomials(polynomials=("z1*z2", "z1")))
    with pytest.raises(ValueError, match="must exceed the number of variables"):
        SecondStageSetting(target=HiddenPolynomials(polynomials=("z1*z2*z3*z4",)), dimension=4)

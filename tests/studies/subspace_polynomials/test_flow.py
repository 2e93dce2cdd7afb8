"""The kind ``flow``: its start, its numbers, and the statistics of its analysis."""

import numpy as np
import pytest

from learnability.results.claim import NotAtThisScale
from learnability.studies.subspace_polynomials.flow.analyse import first_crossing
from learnability.studies.subspace_polynomials.flow.claims import CLAIMS
from learnability.studies.subspace_polynomials.flow.setting import FlowSetting
from learnability.studies.subspace_polynomials.particles import sampled_particles
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials
from learnability.studies.subspace_polynomials.theory import coefficient_of, escape_exponent, unlearned_loss
from tests.doubles import Context
from tests.studies.subspace_polynomials.tiny import analyse, train


def test_prototype_numbers_of_the_deficit() -> None:
    """floor - L(5) for z1 z2 at d = 32, 128, 512: .050, .018, .0055 (another sample of 600 particles; 25% apart)."""
    setting = FlowSetting(
        target=HiddenPolynomials(polynomials=("z1*z2",)),
        dimensions=(32, 128, 512),
        infinite=False,
        particles=300,
        end_time=5.0,
        save_points=3,
    )
    result = train("flow", setting, Context(4))
    deficit = 0.5 - result["loss"].values[:, :, 0, -1].mean(0)
    np.testing.assert_allclose(deficit, [0.050, 0.018, 0.0055], rtol=0.25)


def test_an_estimate_that_the_scale_does_not_give_is_named() -> None:
    """With one dimension there is no power of d."""
    setting = FlowSetting(
        target=HiddenPolynomials(polynomials=("He3(z1)",)), dimensions=(16,), particles=10, end_time=1.0, save_points=3
    )
    analysis = analyse("flow", [setting], [train("flow", setting, Context(2))])
    claim = next(claim for claim in CLAIMS if claim.id == "escape-time.leap3")
    assert claim.measure is not None
    with pytest.raises(NotAtThisScale, match="exponent of escape"):
        claim.measure({"escape_leap_3": analysis})


def test_start_shares_its_numbers_between_dimensions() -> None:
    a, w, r = sampled_particles(40, 3, np.array([16.0, 64.0, np.inf]), np.random.default_rng(0))
    np.testing.assert_allclose(2 * w[1], w[0], rtol=1e-12)
    assert not w[2].any()
    assert (r[2] == 1).all()
    assert a.sum() == pytest.approx(0)
    assert np.sort(np.abs(a[:20])) == pytest.approx((np.arange(20) + 0.5) / 20, abs=0.025)


def test_first_crossing_interpolates_and_says_never() -> None:
    times = np.array([0.0, 1.0, 2.0])
    loss = np.array([[1.0, 0.8, 0.2], [1.0, 1.0, 0.95]])
    assert first_crossing(times, loss, np.array([0.5, 0.5])).tolist() == [1.5, np.inf]


def test_unlearned_loss_is_the_floor_at_one() -> None:
    assert unlearned_loss(1.0) == pytest.approx(0.5)
    assert unlearned_loss(np.array([0.0]))[0] == pytest.approx(0.5 * 0.75)
    assert coefficient_of("z1 + z2 + z1*z3 + 0.25*z2*z4") == 0.25


def test_escape_grows_like_a_power_above_leap_2() -> None:
    assert [escape_exponent(leap) for leap in (2, 3, 4)] == [0, 0.5, 1]


def test_bad_settings_are_named() -> None:
    family = HiddenPolynomials(polynomials=("z1*z2", "z1"))
    with pytest.raises(ValueError, match="exact at d = infinity only"):
        FlowSetting(target=family, dimensions=(64,), start="quadrature")
    with pytest.raises(ValueError, match="odd"):
        FlowSetting(target=family, particles=31)
    with pytest.raises(ValueError, match="neither a dimension"):
        FlowSetting(target=family, infinite=False)

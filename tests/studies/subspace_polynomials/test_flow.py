"""The kind ``flow``: its start, its numbers, and the statistics of its analysis."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import NotAtThisScale, judge
from learnability.results.labelled import names, with_bounds
from learnability.results.status import Status
from learnability.studies.subspace_polynomials.flow.analyse import first_crossing, mean_field_distance
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
    assert first_crossing(times, loss, np.array([2.0, 2.0])).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("status", "escaped"), [(Status.CONVERGED, True), (Status.DIVERGED, False), (Status.MAX_STEPS, False)]
)
def test_a_run_that_failed_on_its_plateau_has_not_escaped(status: Status, escaped: bool) -> None:
    setting = FlowSetting(
        target=HiddenPolynomials(polynomials=("He3(z1)",)),
        dimensions=(16, 32),
        infinite=False,
        particles=10,
        end_time=8.0,
        save_points=9,
    )
    run = train("flow", setting, Context(2)).load()
    high = 1e3  # above the floor for certain
    run["loss"][:], run["status"][:] = np.where(run["time"] < 6, high, np.nan), status
    times = analyse("flow", [setting], [run])["escape_times"]
    assert bool(np.isfinite(times).all()) is escaped


@pytest.mark.parametrize(("low", "said"), [(0.4, "does not hold 1/2"), (0.45, "holds 1/2")])
def test_the_escape_at_leap_3_says_whether_one_half_is_inside(low: float, said: str) -> None:
    claim = next(claim for claim in CLAIMS if claim.id == "escape-time.leap3")
    high = low + 0.09
    analysis = xr.Dataset(
        {
            "escape_limit": (("target", "bound"), [[low + 0.05, low, high]]),
            "escape_local": (("target", "window", "bound"), [[[0.4, 0.3, 0.5]]]),
            "escape_range": ("range_end", [32.0, 8192.0]),
        },
        coords={"target": names("target", ["He3(z1)"], "polynomial")},
        attrs={"seeds": 18},
    )
    assert claim.measure is not None
    assert said in claim.measure({"escape_leap_3": analysis}).note


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


def test_the_distance_from_the_limit_is_that_of_the_mean() -> None:
    """A shift of .01 at the first d and noise alone, of .002, at the second: single seeds would have both at once."""
    rng = np.random.default_rng(0)
    noise = 0.002 * rng.standard_normal((8, 2, 1, 1))
    difference = np.array([0.01, 0.0])[:, None, None] * np.linspace(0, 1, 9) + noise
    found = mean_field_distance(difference).values[:, 0]
    np.testing.assert_allclose(found[0, 0], 0.01 + noise[:, 0].mean(), rtol=1e-12)
    assert found[0, 1] > 0.005
    assert found[1, 1] == 0
    assert found[1, 2] < 0.005

    names_ = names("target", ["z1 + z1*z2"], "polynomial")

    def verdict(shift: list[float]) -> str:
        values = mean_field_distance(np.array(shift)[:, None, None] * np.linspace(0, 1, 9) + noise)
        coords = {"finite_dimension": [32.0, 8192.0], "target": names_}
        analysis = with_bounds(xr.Dataset({"mean_field_distance": values}, coords, {"seeds": 8}))
        claim = next(claim for claim in CLAIMS if claim.id == "dimension-free")
        assert claim.rule is not None
        assert claim.measure is not None
        return judge(claim.rule, claim.measure({"finite_dimension": analysis}), claim.seeds_needed)[0]

    assert verdict([0.02, 0.0]) == "supported"
    assert verdict([0.02, 0.02]) == "contradicted"
    assert verdict([0.02, 0.005]) == "inconclusive"

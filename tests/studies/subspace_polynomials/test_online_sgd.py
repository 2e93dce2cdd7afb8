"""The kind ``online_sgd``."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import judge
from learnability.results.contract import Run
from learnability.results.labelled import bounds_of, with_bounds
from learnability.statistics.intervals import supremum_interval
from learnability.studies.subspace_polynomials.online_sgd.analyse import analyse
from learnability.studies.subspace_polynomials.online_sgd.claims import CLAIMS
from learnability.studies.subspace_polynomials.online_sgd.setting import SgdSetting
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match="one polynomial"):
        SgdSetting(target=HiddenPolynomials(polynomials=("z1*z2", "z1")))
    with pytest.raises(ValueError, match="odd"):
        SgdSetting(target=HiddenPolynomials(polynomials=("z1",)), neurons=31)


def _runs(gaps: list[np.ndarray]) -> list[Run]:
    """A run for each target whose losses differ by these (seed, time), in units of L(0) = 1."""
    runs = []
    for text, gap in zip(("z1*z2", "z1 + z1*z2"), gaps, strict=True):
        result = xr.Dataset(
            {
                "sgd_loss": (("seed", "time"), 1 + gap),
                "flow_loss": (("seed", "time"), np.ones_like(gap)),
                "status": ("seed", np.zeros(len(gap), dtype=np.int8)),
            },
            coords={"time": [0.0, 1.0]},
        )
        runs.append(Run(SgdSetting(target=HiddenPolynomials(polynomials=(text,))), result, None))
    return runs


def test_the_gap_holds_for_all_targets_together() -> None:
    """The target of the smaller gap may have the wider interval, and decides the upper end."""
    noise = np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0])[:, None] * np.ones(2)
    gaps = [0.010 + 0.0005 * noise, 0.008 + 0.02 * noise]
    analysis = with_bounds(analyse(_runs(gaps), np.random.default_rng(0)))
    expected = [supremum_interval(gap, 1 - 0.05 / 2) for gap in gaps]
    np.testing.assert_allclose(analysis["gap"].values, expected)
    claim = CLAIMS[0]
    found = claim.measure({"online_sgd": analysis})  # type: ignore[misc]
    assert found.estimate == pytest.approx(0.010)
    assert found.low == pytest.approx(expected[0][1])
    assert found.high == pytest.approx(expected[1][2])
    assert judge(claim.rule, found, claim.seeds_needed)[0] == "inconclusive"  # type: ignore[arg-type]
    assert bounds_of(analysis["gap"])[2][0] < 0.02  # the target of the largest gap alone would have passed

"""The sentences about a check, from cosines that are made up."""

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import names, with_bounds
from learnability.studies.atlas import answer
from learnability.studies.atlas.check.analyse import analyse
from learnability.studies.atlas.check.setting import CheckSetting


def check() -> xr.Dataset:
    """Online SGD needs 10 d; kernel ridge never learns; the U-statistic was not run."""
    counts = np.array([100, 178, 316, 562, 1000, 1778, 3162])
    dimensions = np.array([20, 40, 80])
    cosine = np.full((3, 3, 7, 4), np.nan)
    cosine[0] = np.where(counts[None, :, None] >= 10 * dimensions[:, None, None], 0.9, 0.1)
    cosine[1, :, :4] = 0.1
    methods = ("online_sgd", "kernel_ridge", "u_statistic")
    result = xr.Dataset(
        {"cosine": (("method", "dimension", "num_samples", "seed"), cosine)},
        {"method": names("method", methods, "method"), "dimension": dimensions, "num_samples": counts},
    )
    setting = CheckSetting.model_validate({"target": {"text": "h2(z1)"}, "dimensions": (20, 40, 80)})
    return with_bounds(analyse([Run(setting, result)], np.random.default_rng(0))).isel(target=0)


def test_rows_say_what_was_reached_and_what_was_not_run() -> None:
    online, kernel, pairs = answer._check(check())
    assert online[1] == "316 at d = 20, 562 at d = 40, 1,000 at d = 80"
    assert "not reached at d = 80" in kernel[1]
    assert "not run at d = 20" in pairs[1]
    assert online[3] == "1"


def test_the_verdict_names_what_learned_and_what_did_not() -> None:
    learned, failed = answer._measured(check())
    assert "online SGD (1,000)" in learned
    assert "kernel ridge (562)" in failed
    assert "U-statistic" not in learned + failed


def test_an_exponent_that_fits_two_laws_is_said_to_fit_both() -> None:
    found = check()
    wide = found["exponent"].copy(data=np.array([[1.2, 0.9, 1.7], [np.nan] * 3, [np.nan] * 3]))
    sentence, kernel = answer._not_told_apart(found.assign(exponent=wide))
    assert "cannot tell d and d^1.5 apart" in sentence
    assert "theorem is about its loss" in kernel


def test_an_interval_with_an_open_end_gives_the_other_bound() -> None:
    assert answer._interval(1.25, 0.9, np.inf) == "1.25 (at least 0.90)"
    assert answer._interval(1.25, -np.inf, 1.6) == "1.25 (at most 1.60)"
    assert answer._interval(1.25, 0.9, 1.6) == "1.25 (0.90 to 1.60)"
    found = check()
    wide = found["exponent"].copy(data=np.array([[1.2, 0.9, np.inf], [np.nan] * 3, [np.nan] * 3]))
    assert "too many seeds" in answer._not_told_apart(found.assign(exponent=wide))[0]


def test_no_dimension_out_of_reach_is_advised() -> None:
    found = check()
    wide = found["exponent"].copy(data=np.array([[1.2, 0.1, 9.0], [np.nan] * 3, [np.nan] * 3]))
    sentence = answer._not_told_apart(found.assign(exponent=wide))[0]
    assert "d, d^1.5, d^2 and d^3 apart; more seeds" in sentence


def test_what_is_said_of_a_target_ends_with_the_directions_whose_leap_is_known() -> None:
    """One of two directions shows no correlation that is told from zero, and the cut expansion has the other alone."""
    times = xr.Dataset(
        {
            "sgd_samples": ("quantile", [np.nan] * 3),
            "escape_time": (("flow", "dimension", "angle", "quantile"), [[[[1.0, 2.0, 3.0]]]]),
            "directions": 1,
            "kept_share": 1.0,
        },
        {"flow": ["joint"]},
    )
    assert "for the directions whose leap was found (largest 1); theory says nothing of the other 1" in answer._online(
        times, 100, 1, 1.0, unseen=1
    )
    assert "largest leap 1" in answer._online(times, 100, 1, 1.0, unseen=0)
    some = times.assign(sgd_samples=("quantile", [7100.0, 8300.0, np.inf]), sgd_tried=100_000)
    assert answer._online(some, 100, 2, 1.0, unseen=0) == (
        "In theory online SGD needs n ~ d log d samples (largest leap 2); a two-layer network at d = 100 needed "
        "8,300 (80%: 7,100 to never; never: not within 100,000)."
    )
    assert "the 1 of 2 directions that the cut expansion shows" in answer._joint(times, 100, 2)
    assert "learns every direction" in answer._joint(times, 100, 1)

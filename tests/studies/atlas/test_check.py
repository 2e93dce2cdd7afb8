"""The check of questions: thresholds from cosines, exponents with their error, predictions, methods on easy data."""

import math

import numpy as np
import pytest
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import names, with_bounds
from learnability.studies.atlas import theory
from learnability.studies.atlas.check.analyse import GRID, analyse, needed
from learnability.studies.atlas.check.methods import SEPARATE, Samples, counts, two_timescale, until_learned
from learnability.studies.atlas.check.setting import CheckSetting
from learnability.studies.atlas.problem import known_of
from learnability.studies.atlas.scaling import exponent
from learnability.studies.atlas.settings import Target


def test_counts_are_quarters_of_a_decade() -> None:
    assert counts(100, 1000) == (100, 178, 316, 562, 1000)


def test_a_seed_needs_the_n_from_which_on_it_always_learns() -> None:
    cosine = np.array([[0.1, 0.9, 0.2], [0.9, 0.9, 0.2], [0.5, 0.9, 0.2], [0.9, 0.9, np.nan], [0.95, np.nan, np.nan]])
    found = needed(cosine, np.array([100, 178, 316, 562, 1000]))
    assert found.tolist() == [562.0, 100.0, math.inf]
    assert np.isnan(needed(np.full((3, 1), np.nan), np.array([1, 2, 3]))).all()


def test_an_exponent_covers_the_coarseness_of_the_grid() -> None:
    dimensions = np.array([32.0, 64.0, 128.0])
    samples = 10 * dimensions[:, None] ** 1.5 * np.ones((3, 8))
    middle, low, high = exponent(dimensions, samples, np.random.default_rng(0), GRID)
    assert middle == pytest.approx(1.5, abs=0.02)
    step = 0.5 * math.log(GRID) / math.log(4)
    assert low <= 1.5 - 0.9 * step
    assert high >= 1.5 + 0.9 * step


def test_without_a_median_there_is_no_exponent() -> None:
    samples = np.array([[100.0, 100.0], [math.inf, math.inf]])
    assert np.isnan(exponent(np.array([32.0, 64.0]), samples, np.random.default_rng(0), GRID)).all()


@pytest.mark.parametrize(
    ("text", "predicted"),
    [
        # online, each sample twice, partial trace, best transform, kernel
        ("h2(z1)", (1, 1, 1, 1, 2)),
        ("h3(z1)", (2, 1, 1.5, 1, 3)),
        ("z1*z2*z3", (2, 1, math.inf, 1, 3)),
        ("h1(z1) + h1(z1)*h2(z2)", (1, 1, 1, 1, 3)),
    ],
)
def test_predicted_exponents_follow_from_the_leaps(text: str, predicted: tuple[float, ...]) -> None:
    known = known_of(Target(text=text))
    methods = ("online_sgd", "reused_samples", "partial_trace", "best_transform", "kernel_ridge")
    assert tuple(theory.sample_exponent(method, known) for method in methods) == predicted


def test_labels_have_mean_zero_and_variance_one() -> None:
    """200,000 samples, five standard errors."""
    y = known_of(Target(text="sign(z1)*h2(z2) + 1")).labels(np.random.default_rng(1).standard_normal((200_000, 2)))
    assert abs(y.mean()) < 5 / math.sqrt(200_000)
    assert abs((y**2).mean() - 1) < 5 * math.sqrt((y**4).var() / 200_000 + 1e-9) + 0.05


def test_every_method_learns_a_square_from_many_samples_and_none_from_a_hundred() -> None:
    known, rng = known_of(Target(text="h2(z1)")), np.random.default_rng(2)
    x = rng.standard_normal((31_623, 24))
    y = known.labels(x[:, :1])
    for name, method in SEPARATE.items():
        last = 1778 if name == "kernel_ridge" else 31_623
        first, final = method(known, Samples(x[:last], y[:last], np.random.default_rng(3)), [100, last])
        assert final > 0.8, name
        assert first < final, name
    seeds = [Samples(x[i : i + 3162], y[i : i + 3162], np.random.default_rng(i)) for i in (0, 4000)]
    assert all(found[-1] > 0.8 for found in two_timescale(known, seeds, [100, 3162]))


def test_seeds_of_the_full_batch_do_not_touch_each_other() -> None:
    """A seed gives the same beside another, in single precision."""
    known, rng = known_of(Target(text="h2(z1)")), np.random.default_rng(5)
    x = rng.standard_normal((2, 562, 24))
    both = two_timescale(known, [Samples(a, known.labels(a[:, :1]), np.random.default_rng(6)) for a in x], [316, 562])
    one = two_timescale(known, [Samples(x[0], known.labels(x[0][:, :1]), np.random.default_rng(6))], [316, 562])
    np.testing.assert_allclose(both[0], one[0], atol=1e-3)


def test_a_seed_that_has_learned_at_two_neighbouring_n_is_not_run_again() -> None:
    cosines = {1: 0.9, 2: 0.1, 3: 0.9, 4: 0.85, 5: 0.0}
    found = until_learned([1, 2, 3, 4, 5], cosines.__getitem__)
    assert found[:4] == [0.9, 0.1, 0.9, 0.85]
    assert math.isnan(found[4])
    assert needed(np.array(found)[:, None], np.arange(1, 6)).tolist() == [3.0]


def test_a_seed_that_stopped_counts_as_learned_where_others_run() -> None:
    cosine = np.array([[0.9, 0.1], [0.9, 0.1], [np.nan, 0.9], [np.nan, np.nan]])[None, None]
    result = xr.Dataset(
        {"cosine": (("method", "dimension", "num_samples", "seed"), cosine)},
        {"method": names("method", ("partial_trace",), "method"), "dimension": [32], "num_samples": [1, 2, 3, 4]},
    )
    setting = CheckSetting.model_validate({"target": {"text": "h2(z1)"}, "dimensions": (32,)})
    share = with_bounds(analyse([Run(setting, result)], np.random.default_rng(0)))["learned"].values.ravel()
    shares = share[np.isfinite(share)]
    assert {0.5, 1.0} <= set(shares.tolist())


def test_unfinished_seeds_leave_one_end_of_the_exponent_open() -> None:
    """A third of the seeds at the largest dimension never learn: resampled medians are never in over 2.5% of draws."""
    samples = np.full((3, 12), 1000.0) * np.array([[1.0], [2.0], [4.0]])
    samples[2, :5] = math.inf
    middle, low, high = exponent(np.array([32.0, 64.0, 128.0]), samples, np.random.default_rng(0), GRID)
    assert middle == pytest.approx(1.0)
    assert math.isfinite(low)
    assert high == math.inf


def test_noisy_labels_have_variance_one_and_the_correlation_of_their_noise() -> None:
    """100,000 samples, five standard errors: 1 / sqrt(1 + 0.5^2 / 2) for z^2, of variance 2."""
    known = known_of(Target(text="z1^2", label_noise=0.5))
    z = np.random.default_rng(6).standard_normal((100_000, 1))
    y = known.sampled(z, np.random.default_rng(7))
    assert abs((y**2).mean() - 1) < 5 * math.sqrt((y**4).var() / len(y)) + 0.02
    assert np.corrcoef(y, z[:, 0] ** 2)[0, 1] == pytest.approx(1 / math.sqrt(1 + 0.25 / 2), abs=0.01)


def test_noise_costs_samples() -> None:
    """Spectral estimation of h2(z1) from 300 samples in 40 dimensions, with little noise and with much: the cosines of
    eight seeds each do not overlap in the median."""
    found = []
    for noise in (0.0, 3.0):
        known = known_of(Target(text="h2(z1)", label_noise=noise))
        cosines = []
        for seed in range(8):
            rng = np.random.default_rng(seed)
            x = rng.standard_normal((300, 40))
            cosines += SEPARATE["partial_trace"](known, Samples(x, known.sampled(x[:, :1], rng), rng), [300])
        found.append(np.median(cosines))
    assert found[0] > found[1] + 0.2


@pytest.mark.parametrize(
    ("text", "d", "n"),
    [
        ("z1^2*exp(-z1^2)", 10, 1500),  # one direction, degree 4
        ("sign(z1*z2*z3)", 10, 2500),  # no partial trace sees it
        ("h1(z1) + h1(z1)*h2(z2)", 16, 2500),  # two leaps
    ],
)
def test_best_transforms_and_pairs_learn_what_takes_degree_three_and_four_or_several_leaps(
    text: str, d: int, n: int
) -> None:
    known = known_of(Target(text=text))
    for method in ("best_transform", "u_statistic"):
        learned = 0
        for seed in range(4):
            rng = np.random.default_rng(seed)
            x = rng.standard_normal((n, d))
            data = Samples(x, known.labels(x[:, : known.directions]), rng)
            learned += SEPARATE[method](known, data, [n])[0] > 0.8
        assert learned >= 3, method

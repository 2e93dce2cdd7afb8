"""Regressions against scikit-learn, weights rebuilt from a chain."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import judge
from learnability.results.labelled import names
from learnability.results.sections import Section, Sections
from learnability.studies.ridge_combinations.phase_one import directions
from learnability.studies.ridge_combinations.phase_two import regressions
from learnability.studies.ridge_combinations.phase_two.claims import CLAIMS, reached_from
from learnability.studies.ridge_combinations.phase_two.regressions import Samples, kernel_ridge, lasso, prepared, ridge
from learnability.studies.ridge_combinations.phase_two.train import Refit, refit_target, train, trained_weights
from tests.doubles import Context
from tests.studies.ridge_combinations.cases import setting_of, target_of


def linear_samples(count, rng):
    x = rng.standard_normal((count, 12))
    return Samples(x, x[:, 0] - 2 * x[:, 3] + 0.5)


def test_regressions_recover_a_linear_label():
    rng = np.random.default_rng(0)
    sets = prepared(linear_samples(200, rng)), linear_samples(200, rng), linear_samples(200, rng)
    assert ridge(*sets).l1 < 1e-3
    assert lasso(*sets).l1 < 0.02
    assert lasso(*sets).nonzero == 2


def test_regressions_agree_with_scikit_learn(monkeypatch):
    """One penalty, features of unequal means and scales, noisy labels: the same test error as its pipelines."""
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.linear_model import Lasso, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(3)

    def samples(count):
        x = rng.standard_normal((count, 6)) * [1, 5, 0.2, 1, 3, 1] + [0, 1, -2, 0, 7, 0]
        return Samples(x, x[:, 0] + 3 * x[:, 2] ** 2 + rng.standard_normal(count))

    train, validation, test = samples(80), samples(50), samples(300)
    monkeypatch.setattr(regressions, "RIDGE_PENALTIES", np.array([0.3]))
    monkeypatch.setattr(regressions, "LASSO_PENALTIES", np.array([0.1]))
    monkeypatch.setattr(regressions, "KERNEL_PENALTIES", (0.05,))
    centre = train.labels.mean()
    models = {
        ridge: make_pipeline(StandardScaler(), Ridge(alpha=0.3 * 80)),
        lasso: make_pipeline(StandardScaler(), Lasso(alpha=0.1, tol=1e-8)),
    }
    for regression, model in models.items():
        predicted = model.fit(train.inputs, train.labels).predict(test.inputs)
        assert regression(prepared(train), validation, test).l1 == pytest.approx(
            np.abs(predicted - test.labels).mean(), rel=1e-3
        )
    model = KernelRidge(alpha=0.05, kernel="poly", degree=3, gamma=1 / 6, coef0=1.0)
    predicted = model.fit(train.inputs, train.labels - centre).predict(test.inputs) + centre
    expected = np.abs(predicted - test.labels).mean()
    assert kernel_ridge(train, validation, test, 3).l1 == pytest.approx(expected, rel=1e-6)


def test_a_cubic_kernel_is_exact_from_as_many_samples_as_cubics():
    """d = 4 has 35 cubic polynomials: 30 samples leave an error, 60 do not."""
    rng = np.random.default_rng(0)

    def samples(count):
        x = rng.standard_normal((count, 4))
        return Samples(x, x[:, 0] ** 3 - 3 * x[:, 1])

    test = samples(300)
    assert kernel_ridge(samples(60), samples(100), test, 3).l1 < 1e-2
    assert kernel_ridge(samples(20), samples(100), test, 3).l1 > 0.2


def test_the_kernel_is_the_same_in_its_features(monkeypatch):
    """Products of the features are the kernel, and both forms of ridge regression predict the same."""
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((7, 5)), rng.standard_normal((9, 5))
    products = regressions.polynomial_features(x, 3) @ regressions.polynomial_features(y, 3).T
    np.testing.assert_allclose(products, regressions.polynomial_kernel(x, y, 3), rtol=1e-12)

    def samples(count):
        inputs = rng.standard_normal((count, 3))
        return Samples(inputs, inputs[:, 0] ** 3 + rng.standard_normal(count))

    sets = samples(50), samples(40), samples(60)
    monkeypatch.setattr(regressions, "KERNEL_PENALTIES", (0.7,))
    by_features = kernel_ridge(*sets, 3)
    monkeypatch.setattr(regressions.math, "comb", lambda n, k: 10**9)
    assert kernel_ridge(*sets, 3).l1 == pytest.approx(by_features.l1, rel=1e-9)


def test_labels_are_noisy_in_training_and_clean_in_the_test():
    setting = setting_of("phase_two", label_noise=0.5)
    goal = refit_target(setting, target_of("phase_two", setting))
    noisy, clean = (goal.samples(4000, np.random.default_rng(0), noisy=noisy) for noisy in (True, False))
    np.testing.assert_array_equal(noisy.inputs, clean.inputs)
    assert np.std(noisy.labels - clean.labels) == pytest.approx(0.5, rel=0.06)  # five standard errors


def test_the_weights_of_a_chain_are_rebuilt():
    """In R^d they have unit length and, against coherent directions, the alignments with which the chain ended."""
    setting = setting_of(
        "phase_two",
        target={"tasks": 3, "coherences": [0.2]},
        dimension=9,
        phase_one={"engine": "decoupled"},
        kernel_samples=[],
        subset=None,
        new_link=None,
    )
    target = target_of("phase_two", setting)
    context = Context(3)
    arrays = trained_weights(setting, target, context, Section(Sections(context, {"all": 1}), "all"))
    frame = directions(target["gram"].values[0], 9).numpy()
    np.testing.assert_allclose(np.linalg.norm(arrays["weights"], axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(arrays["weights"] @ frame.T, arrays["alignment"], atol=1e-5)
    assert np.isfinite(train(setting, target, Context(3))["l1"].values[..., :5]).all()


@pytest.mark.parametrize(("seeds", "verdict"), [(4, "inconclusive"), (8, "supported")])
def test_the_interval_of_a_refit_is_that_of_order_statistics(seeds: int, verdict: str) -> None:
    """Four seeds have no distribution-free interval of 95% for a median; of eight the extremes are one of 99%."""
    ratios = np.linspace(0.2, 0.3, seeds)
    analysis = xr.Dataset(
        {
            "l1_per_seed": (("seed", "samples", "method"), 2 * ratios[:, None, None]),
            "zero_l1_per_seed": ("seed", np.full(seeds, 2.0)),
        },
        {"samples": [4000], "method": names("method", ["trained ridge"], "method")},
    )
    claim = next(claim for claim in CLAIMS if claim.id == "phase-two")
    assert claim.measure is not None
    assert claim.rule is not None
    found = claim.measure({"phase_two": analysis})
    assert judge(claim.rule, found, claim.seeds_needed)[0] == verdict
    if seeds == 8:
        assert (found.low, found.high) == pytest.approx((0.2, 0.3))


N = np.array([125.0, 250.0, 500.0, 1000.0, 2000.0])


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        (N**-0.5, 500.0),
        (0.5**0.5 * N**-0.5, 250.0),
        (0.1 * N**-0.5, 125.0),  # at the smallest n already: an upper bound
        (2 * N**-0.5, 2000.0),
        (3 * N**-0.5, np.inf),
        (np.array([0.02, 0.02, 0.02, 0.02, 0.7]), np.inf),  # a refit that fails at the largest n
        (np.array([0.02, 0.08, 0.02, 0.02, 0.02]), 250 * 2 ** (np.log(0.08 * 500**0.5) / np.log(4))),
    ],
)
def test_samples_are_those_from_which_on_the_error_stays_below(errors: np.ndarray, expected: float) -> None:
    assert reached_from(N, errors, 500**-0.5 * (1 + 1e-12)) == pytest.approx(expected, rel=1e-9)


def _fine_tuning(factor: float) -> xr.Dataset:
    """Ten seeds whose ridge falls like n^(-1/2), and whose LASSO needs ``factor`` times as many samples."""
    scatter = np.exp(0.05 * np.random.default_rng(0).standard_normal((10, 1)))
    ridge = scatter * N**-0.5
    both = np.stack([ridge, factor**0.5 * ridge], axis=-1)
    methods = names("method", ["trained ridge", "trained lasso"], "method")
    return xr.Dataset(
        {"l1_per_seed": (("seed", "samples", "method"), both)}, {"samples": N.astype(int), "method": methods}
    )


@pytest.mark.parametrize(("factor", "verdict"), [(0.5, "supported"), (1.5, "contradicted")])
def test_fewer_samples_are_fewer_samples(factor: float, verdict: str) -> None:
    """Not a smaller error at one number of samples."""
    claim = next(claim for claim in CLAIMS if claim.id == "fine-tuning")
    assert claim.measure is not None
    assert claim.rule is not None
    found = claim.measure({"fine_tuning": _fine_tuning(factor)})
    assert found.estimate == pytest.approx(factor, rel=0.01)
    assert judge(claim.rule, found, claim.seeds_needed)[0] == verdict


def test_the_shrinking_lead_says_from_where_and_that_it_was_seen() -> None:
    claim = next(claim for claim in CLAIMS if claim.id == "fine-tuning.large")
    assert claim.window_seen
    assert "from n = 250" in claim.statement
    assert "from n = 125 to 250 it grows" in claim.statement
    assert claim.measure is not None
    assert "at n = 125, 250, 500, 1000, 2000" in claim.measure({"fine_tuning": _fine_tuning(0.5)}).note


def test_claims_count_the_labels_that_choose_the_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What training draws beside the samples of a fit and of the test: 4000 for a refit, 1000 for a kernel."""
    drawn: list[int] = []
    samples = Refit.samples

    def counted(self: Refit, count: int, rng: np.random.Generator, noisy: bool = True) -> Samples:
        drawn.append(count)
        return samples(self, count, rng, noisy)

    monkeypatch.setattr(Refit, "samples", counted)
    train(setting_of("phase_two"), target_of("phase_two", setting_of("phase_two")), Context(1))
    assert drawn == [
        4000,
        200,
        60,
        1000,
        2000,
        50,
    ]  # penalty, test, fit of the network; penalty, test, fit of the kernel
    by_name = {claim.id: claim.measured for claim in CLAIMS if claim.evidence == "statistical"}
    assert all("penalty chosen on" in text for text in by_name.values())
    assert all("4000" in text for text in by_name.values())
    assert "1000 further labels for the kernel" in by_name["phase-two.kernel"]

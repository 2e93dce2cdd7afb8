"""Regressions against scikit-learn, weights rebuilt from a chain."""

import numpy as np
import pytest

from learnability.results.sections import Section, Sections
from learnability.studies.ridge_combinations.phase_one import directions
from learnability.studies.ridge_combinations.phase_two import regressions
from learnability.studies.ridge_combinations.phase_two.regressions import Samples, kernel_ridge, lasso, prepared, ridge
from learnability.studies.ridge_combinations.phase_two.train import refit_target, train, trained_weights
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

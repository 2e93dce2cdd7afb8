"""Second-layer regressions with the penalty chosen on a validation set by L1 error (the paper's measure)."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import lasso_path

RIDGE_PENALTIES = 10.0 ** np.arange(-5, 3.1, 0.5)
LASSO_PENALTIES = 10.0 ** np.arange(-3.0, -0.4, 0.5)
KERNEL_PENALTIES = (1e-6, 1e-3, 1e-1)


@dataclass(frozen=True)
class Samples:
    """Inputs or features (sample, column) and labels (sample,)."""

    inputs: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Score:
    """Mean absolute and mean squared error on the test set, and the number of nonzero coefficients."""

    l1: float
    l2: float
    nonzero: int


def _score(predicted: np.ndarray, labels: np.ndarray, nonzero: int) -> Score:
    error = predicted - labels
    return Score(float(np.abs(error).mean()), float((error**2).mean()), nonzero)


def standardised(train: Samples, *others: Samples) -> tuple[Samples, ...]:
    """All sets with the training set's feature means and deviations removed; labels as they are."""
    mean, spread = train.inputs.mean(0), train.inputs.std(0) + 1e-9
    return tuple(Samples((s.inputs - mean) / spread, s.labels) for s in (train, *others))


def _best(coefficients: np.ndarray, centre: float, validation: Samples, test: Samples) -> Score:
    """The column of ``coefficients`` (feature, penalty) with the least L1 error on the validation set, on the test
    set.
    """
    errors = np.abs(validation.inputs @ coefficients + centre - validation.labels[:, None]).mean(0)
    chosen = coefficients[:, int(errors.argmin())]
    return _score(test.inputs @ chosen + centre, test.labels, int((np.abs(chosen) > 1e-6).sum()))


def ridge(train: Samples, validation: Samples, test: Samples) -> Score:
    """Ridge regression, (A + lambda I)^{-1} Phi^T y / n for all penalties from one eigendecomposition."""
    centre, n = train.labels.mean(), len(train.labels)
    values, vectors = np.linalg.eigh(train.inputs.T @ train.inputs / n)
    projected = vectors.T @ (train.inputs.T @ (train.labels - centre) / n)
    shrunk = projected[:, None] / (np.maximum(values, 0)[:, None] + RIDGE_PENALTIES)
    return _best(vectors @ shrunk, float(centre), validation, test)


def lasso(train: Samples, validation: Samples, test: Samples) -> Score:
    """LASSO by scikit-learn's coordinate descent on the Gram matrix, warm-started along the penalties."""
    centre = train.labels.mean()
    features = np.asfortranarray(train.inputs)
    with warnings.catch_warnings():
        # A path stopped after its iterations is a regulariser too; the validation set judges it like any other.
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, coefficients, _ = lasso_path(
            features,
            train.labels - centre,
            alphas=LASSO_PENALTIES,
            precompute=features.T @ features,
            max_iter=300,
            tol=1e-3,
            random_state=0,  # unused by cyclic descent, yet drawn from the global generator if it is left out
        )
    return _best(coefficients, float(centre), validation, test)


def kernel_ridge(train: Samples, validation: Samples, test: Samples, degree: int) -> Score:
    """Kernel ridge regression with (1 + <x, x'>/d)^degree."""
    best: tuple[float, KernelRidge | None] = (np.inf, None)
    centre = train.labels.mean()
    for penalty in KERNEL_PENALTIES:
        model = KernelRidge(alpha=penalty, kernel="poly", degree=degree, gamma=1 / train.inputs.shape[1], coef0=1.0)
        model.fit(train.inputs, train.labels - centre)
        error = float(np.abs(model.predict(validation.inputs) + centre - validation.labels).mean())
        if error < best[0]:
            best = (error, model)
    assert best[1] is not None
    return _score(best[1].predict(test.inputs) + centre, test.labels, len(train.labels))


Regression = Callable[[Samples, Samples, Samples], Score]
REGRESSIONS: dict[str, Regression] = {"ridge": ridge, "lasso": lasso}

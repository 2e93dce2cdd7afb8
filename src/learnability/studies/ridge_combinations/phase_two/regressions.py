"""Second-layer regressions with the penalty chosen on a validation set by L1 error (the paper's measure)."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lasso_path

RIDGE_PENALTIES = 10.0 ** np.arange(-5, 3.1, 0.5)
LASSO_PENALTIES = 10.0 ** np.arange(-3.0, -0.4, 0.5)
KERNEL_PENALTIES = (1e-3, 1e-1, 1.0, 10.0)


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


@dataclass(frozen=True)
class Training:
    """A training set in the form that both regressions start from, computed once.

    ``features`` Z (sample, column) have the means ``mean`` and deviations ``spread`` removed, ``labels`` y their mean
    ``centre``; ``gram`` is Z^T Z and ``products`` Z^T y.
    """

    features: np.ndarray
    labels: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    centre: float
    gram: np.ndarray
    products: np.ndarray


def prepared(train: Samples) -> Training:
    """The training set with its moments; features that never vary are left with deviation 1e-9."""
    mean, spread, centre = train.inputs.mean(0), train.inputs.std(0) + 1e-9, float(train.labels.mean())
    features = np.asfortranarray((train.inputs - mean) / spread)
    labels = train.labels - centre
    return Training(features, labels, mean, spread, centre, features.T @ features, features.T @ labels)


def _best(training: Training, coefficients: np.ndarray, validation: Samples, test: Samples) -> Score:
    """The column of ``coefficients`` (feature, penalty) with the least L1 error on the validation set, on the test
    set. The coefficients are brought back to features as they are, which spares standardising the larger sets.
    """
    raw = coefficients / training.spread[:, None]
    offsets = training.centre - training.mean @ raw
    errors = np.abs(validation.inputs @ raw + offsets - validation.labels[:, None]).mean(0)
    chosen = int(errors.argmin())
    nonzero = int((np.abs(coefficients[:, chosen]) > 1e-6).sum())
    return _score(test.inputs @ raw[:, chosen] + offsets[chosen], test.labels, nonzero)


def ridge(training: Training, validation: Samples, test: Samples) -> Score:
    """Ridge regression, (Z^T Z / n + lambda I)^{-1} Z^T y / n for all penalties from one eigendecomposition."""
    n = len(training.labels)
    values, vectors = np.linalg.eigh(training.gram / n)
    projected = vectors.T @ training.products / n
    shrunk = projected[:, None] / (np.maximum(values, 0)[:, None] + RIDGE_PENALTIES)
    return _best(training, vectors @ shrunk, validation, test)


def lasso(training: Training, validation: Samples, test: Samples) -> Score:
    """LASSO by scikit-learn's coordinate descent on the Gram matrix, warm-started along the penalties."""
    with warnings.catch_warnings():
        # A path stopped after its iterations is a regulariser too; the validation set judges it like any other.
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, coefficients, _ = lasso_path(
            training.features,
            training.labels,
            alphas=LASSO_PENALTIES,
            precompute=training.gram,
            Xy=training.products,
            max_iter=300,
            tol=1e-3,
            random_state=0,  # unused by cyclic descent, yet drawn from the global generator if it is left out
        )
    return _best(training, coefficients, validation, test)


def polynomial_kernel(first: np.ndarray, second: np.ndarray, degree: int) -> np.ndarray:
    """(1 + <x, x'>/d)^degree between the rows of two arrays."""
    base = first @ second.T
    base /= first.shape[1]
    base += 1.0
    kernel = base * base if degree > 1 else base
    for _ in range(degree - 2):
        kernel *= base
    return kernel


def polynomial_features(inputs: np.ndarray, degree: int) -> np.ndarray:
    """Features (sample, C(d + q, q)) whose products are (1 + <x, x'>/d)^q, for degree q.

    One feature for every monomial x^a with |a| <= q, with the weight sqrt(q! / ((q - |a|)! a!) d^{-|a|}).
    """
    count, d = inputs.shape
    scaled = np.concatenate([np.ones((1, count)), inputs.T / math.sqrt(d)])  # the constant is a variable of its own
    chosen = list(combinations_with_replacement(range(d + 1), degree))
    features = np.empty((count, len(chosen)), order="F")
    for column, variables in enumerate(chosen):
        repeats = math.prod(math.factorial(variables.count(v)) for v in set(variables))
        features[:, column] = math.sqrt(math.factorial(degree) / repeats)
        for v in variables:
            features[:, column] *= scaled[v]
    return features


def kernel_ridge(train: Samples, validation: Samples, test: Samples, degree: int) -> Score:
    """Kernel ridge regression with (1 + <x, x'>/d)^degree: (K + lambda I)^{-1} y, or the same in the features of the
    kernel where they are fewer than the samples."""
    count, dimension = train.inputs.shape
    solve = _in_features if math.comb(dimension + degree, degree) < count else _in_samples
    return solve(train, validation, test, degree)


def _in_features(train: Samples, validation: Samples, test: Samples, degree: int) -> Score:
    """(Z^T Z + lambda I)^{-1} Z^T y for all penalties from one eigendecomposition."""
    centre, features = train.labels.mean(), polynomial_features(train.inputs, degree)
    values, vectors = np.linalg.eigh(features.T @ features)
    projected = vectors.T @ (features.T @ (train.labels - centre))
    coefficients = vectors @ (projected[:, None] / (np.maximum(values, 0)[:, None] + np.array(KERNEL_PENALTIES)))
    checked = polynomial_features(validation.inputs, degree) @ coefficients + centre
    best = int(np.abs(checked - validation.labels[:, None]).mean(0).argmin())
    predicted = polynomial_features(test.inputs, degree) @ coefficients[:, best] + centre
    return _score(predicted, test.labels, features.shape[1])


def _in_samples(train: Samples, validation: Samples, test: Samples, degree: int) -> Score:
    """(K + lambda I)^{-1} y by Cholesky for each penalty."""
    centre, diagonal = train.labels.mean(), np.arange(len(train.labels))
    kernel = polynomial_kernel(train.inputs, train.inputs, degree)
    checked = polynomial_kernel(validation.inputs, train.inputs, degree)
    best, chosen = np.inf, np.zeros(len(train.labels))
    shifted = np.empty_like(kernel, order="F")  # in LAPACK's order, so that it is factorised in place
    for penalty in KERNEL_PENALTIES:
        np.copyto(shifted, kernel.T)
        shifted[diagonal, diagonal] += penalty
        try:
            dual = cho_solve(cho_factor(shifted, overwrite_a=True, check_finite=False), train.labels - centre)
        except LinAlgError:  # singular to rounding: a larger penalty is needed
            continue
        error = float(np.abs(checked @ dual + centre - validation.labels).mean())
        if error < best:
            best, chosen = error, dual
    predicted = polynomial_kernel(test.inputs, train.inputs, degree) @ chosen + centre
    return _score(predicted, test.labels, len(train.labels))


Regression = Callable[[Training, Samples, Samples], Score]
REGRESSIONS: dict[str, Regression] = {"ridge": ridge, "lasso": lasso}

"""The conditioning of the averaging operator, and the law of the smallest cosine behind it."""

import itertools
import json
import math

import mpmath
import numpy as np
import pytest
import xarray as xr
from scipy.integrate import dblquad
from scipy.stats import beta

from learnability.flows.multi_index import haar_correlations
from learnability.hermite.basis import gauss_hermite, hermite_basis
from learnability.results.claim import judge
from learnability.results.contract import Run
from learnability.results.labelled import with_bounds
from learnability.studies.multi_index.averaging_operator.analyse import analyse
from learnability.studies.multi_index.averaging_operator.claims import CLAIMS
from learnability.studies.multi_index.averaging_operator.setting import AveragingOperatorSetting
from learnability.studies.multi_index.averaging_operator.smallest_cosine import (
    density,
    half_step,
    probability,
    quantile,
)
from learnability.studies.multi_index.averaging_operator.train import train
from tests.doubles import Context


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_condition_number_of_the_operator_itself(degree: int) -> None:
    """A_M as a matrix, by quadrature of ``E h_b(z) h_c(M z + (I - M M^T)^{1/2} xi)`` in four variables."""
    matrix = np.array([[0.5, -0.2], [0.3, 0.25]])
    values, vectors = np.linalg.eigh(np.eye(2) - matrix @ matrix.T)
    root = (vectors * np.sqrt(values)) @ vectors.T
    nodes, weights = gauss_hermite(degree + 1)
    grid = np.stack(np.meshgrid(*[nodes] * 4, indexing="ij")).reshape(4, -1)
    weight = np.prod(np.stack(np.meshgrid(*[weights] * 4, indexing="ij")).reshape(4, -1), axis=0)
    moved = matrix @ grid[:2] + root @ grid[2:]
    indices = [b for b in itertools.product(range(degree + 1), repeat=2) if sum(b) <= degree]

    def features(z: np.ndarray) -> np.ndarray:
        columns = [hermite_basis(row, degree) for row in z]
        return np.stack([columns[0][:, i] * columns[1][:, j] for i, j in indices])

    operator = (features(grid[:2]) * weight) @ features(moved).T
    smallest = np.linalg.svd(matrix, compute_uv=False)[-1]
    assert np.linalg.cond(operator) == pytest.approx(smallest**-degree, rel=1e-12)


@pytest.mark.parametrize("m", [1, 2, 199, 200, 10**7])
def test_half_step(m: int) -> None:
    with mpmath.workdps(40):
        expected = mpmath.gammaprod([mpmath.mpf(m + 1) / 2], [mpmath.mpf(m) / 2])
    assert half_step(m) == pytest.approx(float(expected), rel=1e-14)


@pytest.mark.parametrize("dimension", [4, 50, 10**8])
def test_one_direction_is_a_beta_law(dimension: int) -> None:
    for share in (0.1, 0.5, 0.9):
        expected = beta.ppf(share, 0.5, (dimension - 1) / 2)
        assert quantile(1, dimension, share) ** 2 == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("dimension", [6, 15])
def test_two_directions_against_the_joint_density(dimension: int) -> None:
    """P(lambda_2 <= c) by a double integral of the Jacobi density over x = y^2."""

    def mass(low: float) -> float:
        def joint(x: float, y: float) -> float:
            return float(((1 - x * x) * (1 - y * y)) ** ((dimension - 5) / 2) * (x * x - y * y))

        return float(dblquad(joint, low, 1, lambda y: y, 1, epsabs=1e-13, epsrel=1e-12)[0])

    assert probability(2, dimension, 0.2) == pytest.approx(1 - mass(0.2) / mass(0.0), rel=1e-9)


@pytest.mark.parametrize("rank", [3, 64, 512])
def test_limit_is_edelman_s_law(rank: int) -> None:
    """d to infinity: the density of the smallest eigenvalue of a square real Wishart matrix, by Tricomi's U."""
    dimension, eigenvalue = 10**10, 0.7 / rank
    with mpmath.workdps(30):
        r, x = mpmath.mpf(rank), mpmath.mpf(eigenvalue)
        constant = r / mpmath.sqrt(2 * mpmath.pi) * mpmath.gamma((r + 1) / 2)
        expected = constant * mpmath.exp(-r * x / 2) / mpmath.sqrt(x) * mpmath.hyperu((r - 1) / 2, -0.5, x / 2)
    cosine = np.array(math.sqrt(eigenvalue / dimension))
    assert float(density(rank, dimension, cosine) / (2 * cosine * dimension)) == pytest.approx(
        float(expected), rel=1e-6
    )


@pytest.mark.parametrize(("rank", "dimension"), [(2, 9), (3, 20), (6, 40)])
def test_quantiles_against_sampled_starts(rank: int, dimension: int) -> None:
    """Shares below three quantiles of 20,000 starts, within 4.5 standard errors: a false alarm in 16,000 runs of the
    nine comparisons."""
    (starts,) = haar_correlations([dimension], rank, 20_000, np.random.default_rng(rank))
    smallest = np.linalg.svd(starts, compute_uv=False)[:, -1]
    for share in (0.1, 0.5, 0.9):
        error = math.sqrt(share * (1 - share) / len(smallest))
        assert (smallest <= quantile(rank, dimension, share)).mean() == pytest.approx(share, abs=4.5 * error)


def test_subspaces_that_meet_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        quantile(4, 7, 0.5)


def _setting(**changes: object) -> AveragingOperatorSetting:
    given = {"target": {"ranks": [1, 8, 64, 256]}, "dimensions": [100, 10**4, 10**6], **changes}
    return AveragingOperatorSetting.model_validate_json(json.dumps(given))


def _analysis() -> xr.Dataset:
    setting = _setting()
    return with_bounds(
        analyse([Run(setting, train(setting, Context(1)).assign_attrs(seeds=[0, 1]))], np.random.default_rng(0))
    )


def test_exponents_decide_the_claims_and_can_fail() -> None:
    analysis = _analysis()
    tilted = analysis.assign(dimension_limit=analysis["dimension_limit"] * 1.1, rank_limit=analysis["rank_limit"] * 1.1)
    for claim in CLAIMS:
        assert claim.measure is not None
        assert claim.rule is not None
        for data, verdict in ((analysis, "supported"), (tilted, "contradicted")):
            assert judge(claim.rule, claim.measure({"averaging_operator": data}))[0] == verdict


def test_ranks_that_a_dimension_does_not_allow_are_missing() -> None:
    condition = _analysis()["condition"]
    assert np.isnan(condition.sel(rank=64, dimension=100)).all()
    assert np.isfinite(condition.sel(rank=8, dimension=100)).all()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"dimensions": [100, 100, 1000]}, "must rise"),
        ({"quantiles": [0.1, 0.9]}, "the median"),
        ({"target": {"ranks": [2, 1]}}, "must rise"),
        ({"target": {"ranks": [300]}, "dimensions": [20, 30, 500]}, "at least twice"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        _setting(**changes)

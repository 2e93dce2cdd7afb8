"""The empirical gradient at the equator."""

import json
import math

import numpy as np
import pytest

from learnability.hermite.basis import hermite_basis
from learnability.results.claim import judge
from learnability.results.contract import Run
from learnability.results.labelled import with_bounds
from learnability.studies.multi_index.gradient_error.analyse import analyse
from learnability.studies.multi_index.gradient_error.claims import CLAIMS
from learnability.studies.multi_index.gradient_error.moments import moments
from learnability.studies.multi_index.gradient_error.setting import GradientErrorSetting
from learnability.studies.multi_index.gradient_error.train import train
from tests.doubles import Context


@pytest.mark.parametrize(("degree", "n"), [(2, 10_000), (3, 40_000)])
def test_errors_against_simulated_gradients(degree: int, n: int) -> None:
    """The r.m.s. error of 300 simulated gradients near the equator, within 25 %: four standard errors of such a number,
    and the fourth cumulants of the samples, which the joint normality of their means leaves out, add 1/n."""
    d, features, trials = 4, 3, 300
    cosine = 0.15
    at = moments(degree, cosine, features)
    rng = np.random.default_rng(degree)
    squared = np.empty((trials, 2))
    for trial in range(trials):
        x = rng.standard_normal((n, d), dtype=np.float32)
        z, t = x[:, 0], x[:, 1]
        y = hermite_basis(cosine * z + math.sqrt(1 - cosine**2) * t, degree)[:, degree]
        basis = hermite_basis(z, features)
        fitted = y @ basis[:, 1:] / n
        pull = (y[:, None] * np.sqrt(np.arange(1, features + 1)) * basis[:, :-1]) @ fitted
        gradient = pull @ x[:, 1:] / n
        gradient[0] -= at.population
        squared[trial] = gradient[0] ** 2, (gradient**2).sum()
    error = np.sqrt(squared.mean(axis=0)) / at.population
    assert at.component_samples(error[0]) == pytest.approx(n, rel=0.25)
    assert at.gradient_samples(d, error[1]) == pytest.approx(n, rel=0.25)


def test_population_gradient() -> None:
    assert moments(3, 0.2, 4).population == pytest.approx(3 * 0.2**5 * math.sqrt(1 - 0.04))


def test_exponents_decide_the_claims() -> None:
    setting = GradientErrorSetting.model_validate_json(
        json.dumps({"target": {"degrees": [2, 3]}, "dimensions": [10**4, 10**5, 10**6]})
    )
    analysis = with_bounds(
        analyse([Run(setting, train(setting, Context(1)).assign_attrs(seeds=[0, 1]))], np.random.default_rng(0))
    )
    verdicts = {}
    for claim in CLAIMS:
        assert claim.measure is not None
        assert claim.rule is not None
        verdicts[claim.id] = judge(claim.rule, claim.measure({"gradient_error": analysis}))[0]
    assert verdicts == {
        "samples.gradient.h2": "contradicted",
        "samples.component.h2": "supported",
        "samples.vector.h2": "supported",
        "samples.gradient.h3": "contradicted",
        "samples.component.h3": "supported",
        "samples.vector.h3": "supported",
    }

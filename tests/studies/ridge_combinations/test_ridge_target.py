"""The target: links, directions, refusals."""

import json
import math

import numpy as np
import pytest

from learnability.studies.ridge_combinations.ridge_target import build, links
from learnability.studies.ridge_combinations.settings import RidgeTarget


def test_links_have_unit_norm_and_the_stated_strengths():
    target = RidgeTarget(tasks=4, strength_ratio=2.0)
    beta = links(target)
    np.testing.assert_allclose((beta**2).sum(1), 1, rtol=1e-14)
    np.testing.assert_allclose(beta[:, 3], [1, 0.5, 1, 0.5])
    dataset = build(target, np.random.default_rng(0))
    assert float(dataset["strength_exponent"]) == pytest.approx(4.0)
    assert int(dataset["information_exponent"]) == 3


def test_unnormalised_links_are_he_p():
    beta = links(RidgeTarget(tasks=2, unnormalised=True))
    assert beta[0, 3] == pytest.approx(math.sqrt(6))


@pytest.mark.parametrize(
    "bad", [{"link": [0.0, 1.0]}, {"link": [0.0, 1.0, 0.0, 1.0]}, {"coherences": [1.0]}, {"tasks": 0}]
)
def test_impossible_targets_are_refused(bad):
    with pytest.raises(ValueError, match=r"link|coherences|greater"):
        RidgeTarget.model_validate_json(json.dumps({"tasks": 3, **bad}))


def test_random_directions_are_a_gram_matrix_of_the_right_spread():
    """Unit diagonal, rank d, and inner products of variance 1/d: 8128 of them, so 6% is four standard errors."""
    target = RidgeTarget(tasks=128, random_dimension=128)
    gram = build(target, np.random.default_rng(0))["gram"].values[0]
    np.testing.assert_allclose(np.diag(gram), 1, rtol=1e-12)
    assert np.linalg.eigvalsh(gram)[0] > 0
    assert 128 * gram[np.triu_indices(128, 1)].var() == pytest.approx(1, abs=0.07)
    with pytest.raises(ValueError, match="random_dimension"):
        RidgeTarget(tasks=8, random_dimension=4)

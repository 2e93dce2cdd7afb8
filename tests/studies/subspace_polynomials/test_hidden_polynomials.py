"""Families of hidden polynomials, as a setting and as an artifact."""

import json

import numpy as np
import pytest

from learnability.studies.subspace_polynomials.hidden_polynomials import build
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


def test_target_artifacts_know_their_subspaces_in_unused_coordinates() -> None:
    family = HiddenPolynomials(polynomials=("z1*z2", "z1 + z1*z2*z3"), variables=4)
    found = build(family, np.random.default_rng(0))
    assert found["trapped_dimension"].sel(activation_class="smooth").values.tolist() == [2, 2]
    assert found["used_variables"].values.tolist() == [2, 3]
    assert found["used_variables"].sel(target="z1 + z1*z2*z3") == 3
    assert np.trace(found["trapped_projector"].values[0, 0]) == pytest.approx(2)
    assert not found["trapped_projector"].values[:, :, 3].any()
    turned = build(family.model_copy(update={"rotated": True}), np.random.default_rng(0))
    assert turned["norm_squared"].values == pytest.approx(found["norm_squared"].values)
    assert not turned["trapped_projector"].values[:, :, 3].any()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"polynomials": ["z1 + q"]}, "unknown variable"),
        ({"polynomials": ["z1^9"]}, "degree 9"),
        ({"polynomials": ["z1*z2"], "variables": 1}, "need 2"),
        ({"polynomials": ["3"]}, "degree 0"),
    ],
)
def test_bad_targets_are_named(content: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HiddenPolynomials.model_validate_json(json.dumps(content))

"""What a config may say, and the target artifact."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from learnability.studies.multi_index.links import build, expansions, leap_exponents, link_texts
from learnability.studies.multi_index.settings import Target
from tests.studies.multi_index.runs import setting_of


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"target": {"links": ["h1(x1)"]}}, "unknown variable 'x1'"),
        ({"target": {"links": ["h1(z1)+"]}}, "column 8"),
        ({"target": {"links": ["2"]}}, "constant"),
        ({"target": {"links": ["h1(z2)"]}}, "does not depend on z1"),
        ({"target": {"links": ["h13(z1)"]}}, "at most 12"),
        ({"target": {"links": ["h1(z1)", "h1(z1)"]}}, "twice"),
        ({"target": {"links": ["h1(z2) + h1(z1)"], "variables": 1}}, "unknown variable 'z2'"),
        ({"target": {"links": []}}, "at least 1"),
        ({"dimensions": [-5]}, "greater than or equal"),
        ({"dimensions": ["100"]}, "valid integer"),
        ({"relative_tolerance": 0}, "greater than 0"),
        ({"flow": "both"}, "'joint' or 'planted'"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_config_mistakes_are_refused(changes: dict[str, object], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        setting_of("escape", **changes)


def test_samples_need_rising_counts_and_enough_features() -> None:
    with pytest.raises(ValidationError, match="rise"):
        setting_of("samples", multiples=[64, 8])
    with pytest.raises(ValidationError, match="features"):
        setting_of("samples", features=1)


def test_target_artifact_knows_the_link() -> None:
    target = build(Target(links=("h1(z1) + 0.8*h1(z1)*h2(z2)", "h3(z1) + 2")), np.random.default_rng(0))
    assert target["norm"].values == pytest.approx([math.sqrt(1.64), math.sqrt(5)])
    assert target["information_exponent"].values.tolist() == [1, 3]
    assert leap_exponents(target, 0) == [1, 2]
    assert link_texts(target) == ["h1(z1) + 0.8*h1(z1)*h2(z2)", "h3(z1) + 2"]
    assert [str(e) for e in expansions(target)] == ["h1(z1) + 0.8*h1(z1)*h2(z2)", "h3(z1)"]
    assert all({"units", "long_name"} <= set(v.attrs) for v in target.data_vars.values())

"""The nearest of what is allowed."""

import pytest

from learnability.results.errors import nearest


@pytest.mark.parametrize(
    ("given", "known", "near"),
    [
        ("latop", ["smoke", "laptop", "paper"], "laptop"),
        ("LAPTOP", ["smoke", "laptop", "paper"], "laptop"),
        ("relu_network", ["relu", "ReLU_network"], "ReLU_network"),
        ("reused_sample", ["online_sgd", "reused_samples"], "reused_samples"),
    ],
)
def test_the_nearest_is_named(given: str, known: list[str], near: str) -> None:
    assert nearest(given, known, "") == f"did you mean {near}?"


@pytest.mark.parametrize("given", ["zzz", "gpu", ""])
def test_nothing_is_suggested_where_nothing_is_near(given: str) -> None:
    assert nearest(given, ["smoke", "laptop", "cpu"], "see --help") == "see --help"

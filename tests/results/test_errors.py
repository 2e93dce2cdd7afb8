"""The nearest of what is allowed."""

import pytest

from learnability.results.errors import comma_separated, nearest


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


@pytest.mark.parametrize("text", ["a,b", "a, b", " a ,b,", ",a,,b"])
def test_a_list_is_read_as_one_writes_it(text: str) -> None:
    assert comma_separated(text) == ["a", "b"]

"""What counts as reproduced: the estimate in the archived interval, and the same verdict."""

from typing import Any

import pytest

from learnability.archive.reproduce import Move

THEN = {"estimate": 0.5, "interval": [0.4, 0.6], "verdict": "supported"}


@pytest.mark.parametrize(
    ("now", "inside", "said"),
    [
        ({"estimate": 0.55}, True, "within"),
        ({"estimate": 0.6 + 1e-7}, True, "within"),
        ({"estimate": 0.65}, False, "OUTSIDE"),
        ({"verdict": "contradicted"}, False, "VERDICT"),
        ({"estimate": 0.65, "verdict": "contradicted"}, False, "OUTSIDE"),
        ({"estimate": None, "interval": None, "verdict": "not tested"}, False, "OUTSIDE"),
    ],
)
def test_a_claim_is_reproduced_with_its_verdict(now: dict[str, Any], inside: bool, said: str) -> None:
    move = Move("demo/a", THEN, {**THEN, **now})
    assert move.inside == inside
    assert move.render().split()[0] == said


def test_a_claim_without_an_estimate_is_reproduced_by_its_verdict() -> None:
    then = {"estimate": None, "interval": None, "verdict": "not tested"}
    assert Move("demo/a", then, then).inside
    assert not Move("demo/a", then, {**then, "verdict": "not at this scale"}).inside

"""What is said where a direction shows no leap: the coefficients of sin(20 z) are of order exp(-200)."""

import pytest

from learnability.diagnosis.diagnose import diagnose
from learnability.diagnosis.words import _rows


def test_laws_hold_for_the_directions_found_alone() -> None:
    found = diagnose("relu(z1) + sin(20*z2)")
    told = {name: (said, known) for name, said, known, _ in found.rows()}
    assert told["online SGD"][0] == (
        "n ~ d (leap 1) for the directions found; not known for the other one, whose leap was not found"
    )
    assert told["correlational queries"][0] == "n >= d by the directions found; the other one can need more"
    assert told["best low-degree method"] == ("not known: no generative leap was found for 1 direction", "undecided")
    assert told["leaps"][0].endswith("largest found: 1")
    assert told["information exponent"][1] == "exact"
    assert told["reflective subspace"][0].endswith(
        "1 of them is counted because no coefficient was told from zero there"
    )


@pytest.mark.parametrize("text", ["h2(z1) + h3(z2)", "sign(z1*z2)", "relu(z1)"])
def test_a_complete_sequence_keeps_its_rows(text: str) -> None:
    found = diagnose(text)
    assert found.rows() == _rows(found)

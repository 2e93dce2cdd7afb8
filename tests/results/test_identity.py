"""An artifact says where it belongs; the digest inside it does not."""

from pathlib import Path

import pytest

from learnability.results.identity import expected, misplaced

TRAIN = Path("results/laptop/demo/first/train/0123456789/seeds2-4.zarr.zip")
SAID = {
    "stage": "train", "scale": "laptop", "study": "demo", "experiment": "first", "setting_id": "0123456789",
    "seeds": [2, 4], "root_seed": 1,
}  # fmt: skip


def test_an_artifact_in_its_place_fits() -> None:
    assert misplaced(TRAIN, SAID, root_seed=1) == ""
    assert misplaced(Path("/elsewhere") / TRAIN, SAID) == ""
    assert misplaced(Path("anywhere.zarr.zip"), SAID) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("stage", "analyse"), ("scale", "smoke"), ("study", "other"), ("experiment", "second"), ("setting_id", "a" * 10),
     ("seeds", [0, 2]), ("root_seed", 2), ("seeds", None)],
)  # fmt: skip
def test_each_thing_that_does_not_fit_is_named(name: str, value: object) -> None:
    assert name.replace("_", " ") in misplaced(TRAIN, {**SAID, name: value}, root_seed=1)


def test_questions_are_answered_by_kinds_of_a_study() -> None:
    assert "study" not in expected(Path("results/questions/mine/times/analysis.zarr.zip"))

"""What ``make figures`` refuses before it starts anything."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from learnability import launch
from learnability.results.errors import UserError

TABLE: Any = SimpleNamespace(
    main=SimpleNamespace(scale="smoke"),
    configs={
        "first": SimpleNamespace(figures={"staircase": None, "escape_times": None}),
        "second": SimpleNamespace(figures={"staircase": None}),
    },
)


@pytest.mark.parametrize(
    ("given", "near"),
    [("escape_time", "escape_times"), ("first/starcase", "first/staircase"), ("Staircase", "staircase")],
)
def test_a_figure_that_does_not_exist_is_told_the_nearest(given: str, near: str) -> None:
    with pytest.raises(UserError) as caught:
        launch._figures_named(TABLE, given)
    assert caught.value.remedy == f"did you mean {near}?"
    assert near in caught.value.allowed.split(", ")


def test_a_figure_is_named_alone_or_with_its_study() -> None:
    assert len(launch._figures_named(TABLE, "staircase")) == 2 * len(launch._figures_named(TABLE, "first/staircase"))


def test_a_profile_that_does_not_exist_is_told_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "profiles" / "slurm").mkdir(parents=True)
    (tmp_path / "profiles" / "slurm" / "config.yaml").touch()
    monkeypatch.chdir(tmp_path)
    launch._check_profile("slurm")
    with pytest.raises(UserError, match=r"did you mean slurm\?"):
        launch._check_profile("slrum")

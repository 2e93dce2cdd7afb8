"""A question answered in this process has the datasets of the workflow."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from learnability.pipeline import direct
from learnability.pipeline.questions import STUDY, Question, as_study


def _planned() -> direct.PlannedExperiment:
    block = as_study(Question(targets=("z1",), dimension=50, check=True)).experiments["check"]
    return direct.plan_experiment("the question", STUDY, "check", block, "laptop")


def _train(common: bool) -> SimpleNamespace:
    """Trainings of one dimension each, with a grid that all have, or that differs."""

    def train(setting: object, context: direct.DirectContext) -> xr.Dataset:
        (dimension,) = setting.dimensions  # type: ignore[attr-defined]
        data = {"loss": (("dimension", "seed"), np.zeros((1, len(context.seeds))))}
        grid = ("time", [0.0, 1.0 if common else float(dimension)])
        return xr.Dataset({**data, "grid": grid}, {"dimension": [dimension]})

    return SimpleNamespace(train=train)


def test_parts_are_joined_as_in_the_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = _planned()
    monkeypatch.setattr(direct, "stage_module", lambda *_: _train(common=True))
    result = direct._run(planned, planned.settings[0], 1, lambda _: None).result
    assert result["loss"].dims == ("dimension", "seed")
    assert result["grid"].dims == ("time",)
    monkeypatch.setattr(direct, "stage_module", lambda *_: _train(common=False))
    with pytest.raises(ValueError, match="differs along it"):
        direct._run(planned, planned.settings[0], 1, lambda _: None)

"""The kind ``growth``: against the closed form, and the slope that theory predicts."""

import numpy as np
import pytest

from learnability.results.contract import Run
from learnability.results.labelled import bounds_of
from learnability.results.style import house_style
from learnability.studies.{{ cookiecutter.study }} import theory
from learnability.studies.{{ cookiecutter.study }}.figures import escape_times
from learnability.studies.{{ cookiecutter.study }}.growth.analyse import analyse
from learnability.studies.{{ cookiecutter.study }}.growth.setting import GrowthSetting, Target
from learnability.studies.{{ cookiecutter.study }}.growth.train import train
from tests.doubles import Context


def test_times_are_the_closed_form_for_exponent_two() -> None:
    setting = GrowthSetting(target=Target(information_exponent=2), dimensions=(100, 1000), step_size=0.001)
    context = Context(seeds=8)
    result = train(setting, context)
    normal = np.abs(Context(seeds=8).stream("init").standard_normal(8))
    expected = [[theory.escape_time(g / np.sqrt(d), 0.5) for g in normal] for d in setting.dimensions]
    np.testing.assert_allclose(result["escape_time"].values, expected, atol=2e-3)


def test_the_slope_is_that_of_theory_and_is_drawn() -> None:
    setting = GrowthSetting(dimensions=(1000, 10000))
    run = Run(setting, train(setting, Context(seeds=64)))
    analysis = analyse([run], np.random.default_rng(1))
    slope, low, high = (float(part) for part in bounds_of(analysis["slope"]))
    assert low <= slope <= high
    assert slope == pytest.approx(theory.escape_slope(3), abs=0.1)
    with house_style():
        assert "d^0.5" in escape_times.draw({"escape": analysis}).axes[0].get_title(loc="left")


def test_runs_out_of_steps_are_recorded() -> None:
    result = train(GrowthSetting(dimensions=(100, 1000), max_steps=2), Context(seeds=4))
    assert np.isinf(result["escape_time"].values).any()

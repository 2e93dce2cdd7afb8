"""The runs that an analysis gets: one setting where a kind has one, of the model that the kind names."""

import pytest
import xarray as xr

from learnability.results.contract import Model, Run, Setting, only


class _Flow(Setting):
    target: Model
    horizon: int


class _Other(Setting):
    pass


RUN = Run(_Flow(target=Model(), horizon=3), xr.Dataset())


def test_the_only_setting_comes_with_its_results() -> None:
    setting, result = only([RUN], _Flow)
    assert setting.horizon == 3
    assert result is RUN.result


def test_a_sweep_of_a_kind_that_has_one_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="has one setting, not 2: remove its sweep"):
        only([RUN, RUN], Setting)


def test_the_setting_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="the setting is a _Flow, not a _Other"):
        only([RUN], _Other)

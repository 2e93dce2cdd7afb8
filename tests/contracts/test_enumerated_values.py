"""Whoever misspells a value that comes from a list is told the nearest: for every such setting of every kind."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from learnability.pipeline import config as cfg
from learnability.pipeline.kinds import kind_of
from learnability.results.errors import UserError

ROOT = Path(__file__).parents[2]
STUDIES: list[str] = cfg.read_yaml(ROOT / "config/config.yaml")["studies"]


def _choices(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [value for value in get_args(annotation) if isinstance(value, str) and len(value) >= 4]
    return [value for part in get_args(annotation) for value in _choices(part)]


def _enumerated(model: BaseModel, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where a single value out of a list stands, with one of the list."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _enumerated(value, (*place, name))
        elif get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
            continue  # nothing to choose
        elif isinstance(value, str) and (choices := _choices(field.annotation)):
            yield (*place, name), choices[-1]


def _cases() -> list[Any]:
    cases = {}
    for study in STUDIES:
        path = ROOT / f"config/studies/{study}.yaml"
        for name, block in cfg.load_study(path.parent, study).experiments.items():
            setting = cfg.plan_experiment(str(path), study, name, block, "smoke").settings[0]
            for place, choice in _enumerated(setting):
                cases[study, block.kind, ".".join(place)] = (study, block.kind, setting, place, choice)
    return [pytest.param(*case, id="/".join(key)) for key, case in cases.items()]


@pytest.mark.parametrize(("study", "kind", "setting", "place", "choice"), _cases())
def test_a_misspelt_value_is_told_the_nearest(
    study: str, kind: str, setting: Any, place: tuple[str, ...], choice: str
) -> None:
    content = setting.model_dump(mode="json")
    inner = content
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = choice[:-2] + choice[-1]  # a letter left out
    with pytest.raises(UserError) as caught:
        cfg.validate(kind_of(study, kind).setting, content, "study.yaml")
    assert ".".join(place) in caught.value.problem
    assert caught.value.remedy.startswith(f"did you mean {choice}?")

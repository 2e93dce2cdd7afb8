"""Mistakes on the command line: every option of every command says what is allowed, in no library's words."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from learnability.cli import _USAGE_ERROR, app
from learnability.results.errors import UserError
from learnability.usage import mistake


def _said(*words: str) -> UserError:
    with pytest.raises(_USAGE_ERROR) as caught:
        app(list(words), prog_name="learnability", standalone_mode=False)
    return mistake(caught.value, words)


def _options(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every option of every command that takes a value, with the command."""
    for name, below in getattr(command, "commands", {}).items():
        yield from _options(below, (*path, name))
    if path and not getattr(command, "commands", {}):
        for one in command.params:
            if one.param_type_name == "option" and not one.is_flag:
                yield path, max(one.opts, key=len)


_HELP = "see learnability figures --help"
OPTIONS = list(_options(typer.main.get_command(app)))


@pytest.mark.parametrize(("command", "option"), OPTIONS, ids=[" ".join((*c, o)) for c, o in OPTIONS])
def test_an_option_without_or_with_a_wrong_value_is_told_in_our_words(command: tuple[str, ...], option: str) -> None:
    without = _said(*command, option).render()
    assert option in without
    near = _said(*command, f"{option}x")
    assert near.remedy == f"did you mean {option}?"
    for said in (without, near.render()):
        assert not any(word in said for word in ("Value error", "Input should", "Possible options", "Invalid value"))


@pytest.mark.parametrize(
    ("words", "where", "allowed", "remedy"),
    [
        (("status", "--scale", "latop"), "--scale (SCALE in make)", "smoke, laptop, paper", "did you mean laptop?"),
        (("status", "--scale=latop"), "--scale (SCALE in make)", "smoke, laptop, paper", "did you mean laptop?"),
        (("figures", "--device", "gpu"), "--device (DEVICE in make)", "auto, cpu, cuda", _HELP),
        (("ask", "z1", "--inputs", "cub"), "--inputs", "gaussian, cube", "did you mean cube?"),
        (("ask", "z1", "--seeds", "few"), "--seeds", "a whole number", "see learnability ask --help"),
        (("robustness", "--draws", "0"), "--draws", "at least 1", "see learnability robustness --help"),
        (("archive", "verify"), "ARCHIVE", "", "see learnability archive verify --help"),
        (("archive", "verif"), "learnability archive", "pack, verify, restore, reproduce", "did you mean verify?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_mistake_names_its_place_what_is_allowed_and_the_remedy(
    words: tuple[str, ...], where: str, allowed: str, remedy: str
) -> None:
    said = _said(*words)
    assert (said.where, said.allowed, said.remedy) == (where, allowed, remedy)


def test_the_value_is_quoted() -> None:
    assert "'few'" in _said("ask", "z1", "--seeds", "few").problem
    assert "'few'" in _said("ask", "z1", "--seeds=few").problem
    assert "'more words'" in _said("status", "more", "words").problem

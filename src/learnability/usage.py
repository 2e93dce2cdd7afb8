"""A mistake on the command line in the words of every other mistake: where, what, what is allowed, what to do.

The parser of the command line reports each kind of mistake in words of its own, and those of its validator beside them.
"""

import re
from collections.abc import Sequence
from typing import Any

from learnability.results.errors import UserError, nearest

# What is also a variable of the Makefile, by option: ``make status SCALE=latop`` must name what was typed.
_IN_MAKE = ("--scale", "--study", "--figure", "--device", "--cores", "--profile")
_CHOICES = re.compile(r"(?:Value error, )?'(?P<given>.*)' is not one of (?P<allowed>.+?)\.?$", re.DOTALL)
_BOUND = re.compile(r"Input should be (?:a valid )?(?P<allowed>[^,]+)", re.DOTALL)
_WORDS = {"greater than or equal to": "at least", "less than or equal to": "at most", "integer": "a whole number"}
_COMMAND = re.compile(r"No such command '(?P<given>[^']*)'")


def mistake(error: Any, arguments: Sequence[str]) -> UserError:
    """The error of the parser (a usage error of click's or of typer's own copy) as a :class:`UserError`.

    ``arguments``: the words of the command line, from which the value of an option is quoted.
    """
    command = error.ctx.command_path if error.ctx is not None else "learnability"
    help_of = f"see {command} --help"
    said = str(error.message or error.format_message())
    parameter = getattr(error, "param", None)
    if parameter is not None:
        option = parameter.param_type_name == "option"
        name = max(parameter.opts, key=len) if option else (parameter.metavar or parameter.name).rstrip(".")
        where = f"{name} ({name[2:].upper()} in make)" if name in _IN_MAKE else name
        given = _given(parameter.opts, arguments) if option else ""
        if choice := _CHOICES.search(said):
            allowed = re.findall(r"'([^']*)'", choice["allowed"])
            return UserError(
                where, f"{choice['given']!r} is unknown", ", ".join(allowed), nearest(choice["given"], allowed, help_of)
            )
        if bound := _BOUND.search(said):
            meant = bound["allowed"]
            for theirs, ours in _WORDS.items():
                meant = meant.replace(theirs, ours)
            return UserError(where, f"{given!r} cannot be used", meant, help_of)
        if not said.strip() or said.startswith("Missing"):
            return UserError(where, f"{command} needs it", remedy=help_of)
        return UserError(where, said.removeprefix("Value error, "), remedy=help_of)
    if name := getattr(error, "option_name", ""):
        if "No such option" not in said:  # such as an option without its value
            return UserError(name, said.rstrip("."), remedy=help_of)
        known = [text for one in error.ctx.command.params for text in one.opts if text.startswith("--")]
        return UserError(name, f"{command} has no such option", ", ".join(known), nearest(name, known, help_of))
    if unknown := _COMMAND.search(said):
        known = list(error.ctx.command.commands)
        return UserError(command, f"there is no command {unknown['given']!r}", ", ".join(known),
                         nearest(unknown["given"], known, help_of))  # fmt: skip
    if found := re.search(r"unexpected extra argument[^(]*(?:\(s\) )?\((.*)\)", said):
        return UserError(command, f"nothing more is expected, but there is {found[1]!r}", remedy=help_of)
    return UserError(command, said.rstrip("."), remedy=help_of)


def _given(names: Sequence[str], arguments: Sequence[str]) -> str:
    """The last value that the words of a command line give to an option."""
    value = ""
    for word, after in zip(arguments, [*arguments[1:], ""], strict=True):
        if word in names:
            value = after
        elif (parts := word.partition("="))[0] in names:
            value = parts[2]
    return value

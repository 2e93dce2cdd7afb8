"""Errors that a user can act on. They are printed without a traceback, in one screen."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def nearest(given: str, known: Iterable[str], otherwise: str) -> str:
    """The question "did you mean ...?" with the nearest of what is known, or ``otherwise`` where nothing is near.

    A typing error seldom changes the first letter: gpu does not mean cpu. Capitals do not count.
    """
    by_case = {name.lower(): name for name in known if name[:1].lower() == given[:1].lower()}
    near = difflib.get_close_matches(given.lower(), by_case, 1, 0.5)
    return f"did you mean {by_case[near[0]]}?" if near else otherwise


def comma_separated(text: str) -> list[str]:
    """The names of a list as one writes it: blanks around a name, and names left empty, do not count."""
    return [name.strip() for name in text.split(",") if name.strip()]


def make_figures(results: Path) -> str:
    """The command that makes ``results/<scale>`` and what is below it: it names the scale, if the path does."""
    below = results.parts[results.parts.index("results") + 1 :] if "results" in results.parts else ()
    scale = next((name for name in below[:1] if name in ("smoke", "laptop", "paper")), "")
    return f"make figures SCALE={scale}" if scale else "make figures"


class UserError(Exception):
    """Something in the user's hands is wrong: where, what, what is allowed, what to do.

    Parameters are plain text; ``where`` is a file, key or artifact.
    """

    def __init__(self, where: str, problem: str, allowed: str = "", remedy: str = "") -> None:
        self.where, self.problem, self.allowed, self.remedy = where, problem, allowed, remedy
        super().__init__(self.render())

    def __reduce__(self) -> tuple[Any, ...]:
        """As it is, whatever the parameters of a subclass are: errors come out of other processes by pickling."""
        return _as_it_was, (type(self), self.args, self.__dict__)

    def render(self) -> str:
        """The message as it is shown."""
        lines = [f"learnability: error in {self.where}", f"  problem: {self.problem}"]
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.remedy:
            lines.append(f"  remedy:  {self.remedy}")
        return "\n".join(lines)


def _as_it_was(kind: type[UserError], said: tuple[Any, ...], state: dict[str, Any]) -> UserError:
    error = kind.__new__(kind, *said)
    error.__dict__.update(state)
    return error

"""What several kinds of this study share in their settings. Read before the job graph exists: nothing heavy is
imported here."""

from typing import Annotated, Literal, Protocol, TypeVar

from pydantic import AfterValidator, Field, model_validator

from learnability.hermite.target_language import parse
from learnability.results.contract import Model, Setting

MOST_VARIABLES = 6
MOST_DEGREE = 12


def _link(text: str) -> str:
    """A link that can be learned: at least one variable, every variable used, degree and number bounded."""
    link = parse(text)
    if not link.information_exponent:
        raise ValueError(f"the link {text!r} is constant: there is nothing to learn")
    if link.degree > MOST_DEGREE or link.variables > MOST_VARIABLES:
        raise ValueError(
            f"the link {text!r} has degree {link.degree} in {link.variables} variables; "
            f"at most {MOST_DEGREE} in {MOST_VARIABLES} are feasible"
        )
    unused = [f"z{i + 1}" for i in range(link.variables) if not any(b[i] for b in link.coefficients)]
    if unused:
        raise ValueError(f"the link {text!r} does not depend on {', '.join(unused)}: number its variables from z1")
    return text


Link = Annotated[str, AfterValidator(_link)]
Dimension = Annotated[int, Field(ge=13, le=10**12)]
Flow = Literal["joint", "planted"]
Form = Literal["auto", "correlation", "spectral"]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Numbers = TypeVar("_Numbers", bound=tuple[float, ...])
_Entries = TypeVar("_Entries", bound=tuple[_Named, ...])


def _rising(values: _Numbers) -> _Numbers:
    if list(values) != sorted(set(values)):
        raise ValueError("must rise, each entry above the one before")
    return values


def _distinct(entries: _Entries) -> _Entries:
    found = [entry.name for entry in entries]
    if len(set(found)) != len(found):
        raise ValueError(f"a name stands for two entries: {sorted({n for n in found if found.count(n) > 1})}")
    return entries


Rising = Annotated[_Numbers, AfterValidator(_rising)]
"""A list of numbers, each above the one before."""
Distinct = Annotated[_Entries, AfterValidator(_distinct)]
"""A list of entries with a name each, all of them different."""


class Target(Model):
    """Links f of targets F(x) = f(W*^T x): sums of terms such as ``0.8*h1(z1)*h2(z2)`` or ``z1^2*z2``.

    Links in one list are solved in one job. With ``variables`` every link may name z1 to that variable and no other.
    """

    links: tuple[Link, ...] = Field(min_length=1)
    variables: int | None = Field(default=None, ge=1, le=MOST_VARIABLES)

    @model_validator(mode="after")
    def _known_variables(self) -> "Target":
        for link in self.links:
            parse(link, self.variables)
        if len(set(self.links)) != len(self.links):
            raise ValueError("links lists the same link twice: remove one of the two")
        return self


class FlowSetting(Setting):
    """Fields of every kind that solves closed flows.

    ``form`` is that of the joint flow: in M, spectral, or whichever keeps its precision (``auto``).
    """

    target: Target
    dimensions: tuple[Dimension, ...] = Field(min_length=1)
    relative_tolerance: float = Field(default=1e-5, gt=0, le=1e-2)
    max_steps: int = Field(default=6000, ge=1)
    form: Form = "auto"

"""What the kinds of questions share in their settings. Read before the job graph exists: nothing heavy is imported."""

from collections.abc import Mapping

from pydantic import Field, model_validator

from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.function_target import FunctionTarget, Link
from learnability.hermite.target_language import link_problem, parse_target
from learnability.results.contract import Model

MOST_VARIABLES = 6
MOST_DEGREE = 12


def answerable(text: str, links: Mapping[str, Link] | None = None) -> str:
    """A target that can be asked about: not constant, in at most six variables; a polynomial of degree at most 12.

    Raises ValueError for any other, and for a text that cannot be parsed.
    """
    target = parse_target(text, links=links)
    said = repr(text if len(text) <= 60 else f"{text[:57]}...")
    if target.variables > MOST_VARIABLES:
        raise ValueError(
            f"the target {said} has {target.variables} variables; times can be computed for at most {MOST_VARIABLES}"
        )
    if isinstance(target, HermiteExpansion):
        if not target.information_exponent:
            raise ValueError(f"the target {said} is constant: there is nothing to learn")
        if target.degree > MOST_DEGREE:
            raise ValueError(f"the target {said} has degree {target.degree}; at most {MOST_DEGREE} is feasible")
    return text


class LinkPoints(Model):
    """A link by its points and values (:class:`~learnability.hermite.function_target.Link`), and its name."""

    name: str
    z: tuple[float, ...]
    values: tuple[float, ...]

    @model_validator(mode="after")
    def _can_be_a_link(self) -> "LinkPoints":
        problem = link_problem(self.name)
        if problem:
            raise ValueError(problem)
        self.link()
        return self

    def link(self) -> Link:
        """The link."""
        return Link(self.z, self.values)


class Target(Model):
    """One target, as text in the target language, with the links that it names and the noise of its labels.

    ``label_noise`` is the standard deviation of the normal noise of a label, in the units of the target.
    """

    text: str
    label_noise: float = Field(default=0.0, ge=0, le=1e6)
    links: tuple[LinkPoints, ...] = ()

    @model_validator(mode="after")
    def _answerable(self) -> "Target":
        answerable(self.text, self.named_links())
        return self

    def named_links(self) -> dict[str, Link]:
        """The links by name."""
        return {one.name: one.link() for one in self.links}

    def parsed(self) -> HermiteExpansion | FunctionTarget:
        """The target itself."""
        return parse_target(self.text, links=self.named_links())

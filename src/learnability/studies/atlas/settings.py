"""What the kinds of questions share in their settings. Read before the job graph exists: nothing heavy is imported."""

from typing import Annotated

from pydantic import AfterValidator

from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.target_language import parse_target
from learnability.results.contract import Model

MOST_VARIABLES = 6
MOST_DEGREE = 12


def answerable(text: str) -> str:
    """A target that can be asked about: not constant, in at most six variables; a polynomial of degree at most 12."""
    target = parse_target(text)
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


class Target(Model):
    """One target, as text in the target language."""

    text: Annotated[str, AfterValidator(answerable)]

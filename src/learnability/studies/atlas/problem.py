"""From the text of a target to what is computed with: the function, and its Hermite expansion."""

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis import shape
from learnability.hermite.basis import evaluate
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.target_language import parse
from learnability.results.contract import Setting
from learnability.studies.atlas.settings import Target

Array = NDArray[np.float64]


def expansion_of(text: str) -> HermiteExpansion:
    """The Hermite expansion of a target, centred, in coordinates of its hidden subspace: r variables, all needed."""
    target = parse(text).centred()
    hidden = shape.hidden_basis(shape.gradient_covariance(target))
    return shape.restricted(target, hidden)


def text_of(setting: Setting) -> str:
    """The text of the target of a setting of this study."""
    assert isinstance(setting.target, Target)
    return setting.target.text


def values(text: str, z: Array) -> Array:
    """``f(z) - E f`` for z (..., r), in units of its standard deviation."""
    return evaluate(expansion_of(text).normalised(), z)

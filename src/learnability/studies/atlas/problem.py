"""From the text of a target to what is computed with: the function, and its Hermite expansion."""

import numpy as np
from numpy.typing import NDArray

from learnability.hermite.basis import evaluate
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.target_language import parse

Array = NDArray[np.float64]


def expansion_of(text: str) -> HermiteExpansion:
    """The Hermite expansion of a target, centred. Its variables that do not occur are dropped."""
    target = parse(text).centred()
    used = [i for i in range(target.variables) if any(index[i] for index in target.coefficients)]
    kept = {tuple(index[i] for i in used): value for index, value in target.coefficients.items()}
    return HermiteExpansion(len(used), kept)


def values(text: str, z: Array) -> Array:
    """``f(z) - E f`` for z (..., r), in units of its standard deviation."""
    return evaluate(expansion_of(text).normalised(), z)

"""Analysis: how often elementary models come within a distance of their target, and with what exponent."""

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import estimate, variable
from learnability.studies.two_parameter.fractions import EPS, EPSILONS, fraction
from learnability.studies.two_parameter.theory import exponent, tail_exponent

LARGEST = {1: 0.1, 2: 0.03}
"""Distances below this enter the exponent of a model with W parameters: curves leave fewer targets near them."""


def analyse(runs: list[Run], rng: np.random.Generator) -> xr.Dataset:
    """The distribution of final distances and its exponent for every model of the one setting."""
    result = runs[0].result
    distance, parameters = result.distance.values, result.parameters.values
    near = np.stack([(distance <= eps).sum(axis=0) for eps in EPSILONS], axis=1)
    fits = [tail_exponent(of, LARGEST[int(w)]) for of, w in zip(distance.T, parameters, strict=True)]
    value, low, high, used = np.array(fits).T
    text = "exponent of P(distance <= eps), eps <= 0.03 (W = 2) or 0.1 (W = 1)"
    return xr.Dataset(
        {
            "near": fraction(("family", "eps"), near, len(distance), "P(final distance <= eps)"),
            "exponent": estimate("family", value, low, high, text, "95%, exact for a pure power law"),
            "used": variable("family", used.astype(int), "number of distances in the fit"),
            "predicted": variable("family", [exponent(3, int(w)) for w in parameters], "d - W"),
            "parameters": result.parameters,
            "targets": variable((), len(distance), "number of targets"),
        },
        coords={"eps": EPS, "family": result.family},
    )

"""Analysis: how often elementary models come within a distance of their target, and with what exponent."""

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import estimate, share, variable
from learnability.studies.two_parameter.distances import EPS, EPSILONS
from learnability.studies.two_parameter.hierarchy.outcome import UNRESOLVED
from learnability.studies.two_parameter.theory import decade_exponent, exponent

LARGEST = {1: 0.1, 2: 0.03}
"""Upper end of the decade of a model with W parameters: curves leave fewer targets near them."""


def analyse(runs: list[Run], rng: np.random.Generator) -> xr.Dataset:
    """The distribution of final distances and its exponent for every model of the one setting."""
    _, result = only(runs, Setting)
    distance, parameters = result.distance.values, result.parameters.values
    open_ = np.isin(result.status.values, UNRESOLVED)
    # The distance never grows along a flow: one that did not finish may yet come as near as one likes.
    near = np.stack([(distance <= eps).sum(axis=0) for eps in EPSILONS], axis=1)
    may_come = np.stack([(open_ & ~(distance <= eps)).sum(axis=0) for eps in EPSILONS], axis=1)
    fits = [
        decade_exponent(of, LARGEST[int(w)], not_ended)
        for of, w, not_ended in zip(distance.T, parameters, open_.T, strict=True)
    ]
    value, low, high, used = np.array(fits).T
    text = "exponent of P(distance <= eps) over the decade below 0.03 (W = 2) or 0.1 (W = 1)"
    return xr.Dataset(
        {
            "near": share(("family", "eps"), near, len(distance), "P(final distance <= eps)", "Wilson", may_come),
            "exponent": estimate("family", value, low, high, text, "95% Clopper-Pearson, unresolved flows both ways"),
            "used": variable("family", used.astype(int), "number of distances in the decade and below"),
            "unresolved": variable("family", open_.sum(axis=0), "flows that the solver did not finish"),
            "predicted": variable("family", [exponent(3, int(w)) for w in parameters], "d - W"),
            "parameters": result.parameters,
            "targets": variable((), len(distance), "number of targets"),
        },
        coords={"eps": EPS, "family": result.family},
    )

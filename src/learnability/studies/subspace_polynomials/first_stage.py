"""The first stage of two-stage training in the limit of many neurons, in float64."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from learnability.flows.simplified import simplified_weights
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.quadrature import uniform_nodes

Array = NDArray[np.float64]
Weights = Callable[[Array], Array]


def trained_weights(target: HermiteExpansion, times: Sequence[float], keep_output: bool) -> dict[float, Weights]:
    """For each length of the first stage the map from a (n,) to the weights (n, p), in float64."""
    found: dict[float, Weights] = {}
    if not keep_output:
        for time in times:
            found[time] = partial(_simplified, target, time)
        return found
    # Imported here: the simplified flow does without torch, which takes two seconds to import.
    from learnability.flows.mean_field import full_weights

    # The weights are a smooth function of a: Gauss-Legendre nodes carry the population, their interpolant the rest.
    nodes, masses = uniform_nodes(48)
    degrees = 2 * np.arange(len(nodes)) + 1
    transform = degrees[:, None] * np.polynomial.legendre.legvander(nodes, len(nodes) - 1).T * masses
    at_nodes, last = np.zeros((len(nodes), target.variables)), 0.0
    for time in sorted(set(times)):
        at_nodes = full_weights(target, nodes, masses, time - last, start_weights=at_nodes)
        found[time], last = partial(_interpolated, transform @ at_nodes), time
    return found


def _simplified(target: HermiteExpansion, time: float, a: Array) -> Array:
    return simplified_weights(target, a * time)


def _interpolated(series: Array, a: Array) -> Array:
    return np.asarray(np.polynomial.legendre.legval(a, series).T)

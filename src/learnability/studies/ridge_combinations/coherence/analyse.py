"""Where neurons end over the coherence, with both thresholds of the equiangular flow."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import xarray as xr

from learnability.results.contract import Run, only
from learnability.results.labelled import estimate, over_seeds, share, variable
from learnability.studies.ridge_combinations import equiangular, theory
from learnability.studies.ridge_combinations.coherence.setting import CoherenceSetting

_ENCLOSED = "certified enclosure (rational bisection, signs in ball arithmetic)"


def _threshold(enclosure: tuple[Fraction, Fraction], long_name: str) -> xr.Variable:
    low, high = (float(end) for end in enclosure)
    return estimate((), (low + high) / 2, low, high, long_name, _ENCLOSED)


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """SGD and the population flow from the same starts; of the flow, every neuron is an independent start."""
    setting, result = only(runs, CoherenceSetting)
    target = setting.target
    exponent, tasks = target.information_exponent, target.tasks
    trials = result.sizes["seed"] * setting.phase_one.neurons

    def counted(name: str, long_name: str) -> xr.Variable:
        successes = np.rint(result[name].values.sum(0) * setting.phase_one.neurons)
        return share("coherence", successes, np.full(len(successes), trials), long_name)

    average = equiangular.average_threshold(exponent, tasks)
    localised = equiangular.localised_threshold(exponent, tasks)
    data = {
        "sgd": over_seeds(np.mean, "coherence", result["sgd"].values, rng, "fraction of neurons above 0.9, SGD"),
        "flow": counted("flow", "fraction of neurons above 0.9, flow"),
        "flow_average": counted("flow_average", "fraction of neurons on the average, flow"),
        "average_threshold": _threshold(average, "coherence at which the average of the tasks becomes stable"),
        "localised_threshold": _threshold(localised, "coherence at which the localised point vanishes"),
        "average_formula": variable((), theory.average_coherence(exponent, tasks), "(p-2)/(M+p-2)"),
    }
    if exponent == 3:
        data["localised_formula"] = variable((), theory.localised_coherence(tasks), "1/(1+2 sqrt(M-1)), p = 3")
    coords = {"coherence": result["coherence"].values}
    return xr.Dataset(data, coords, {"seeds": result.sizes["seed"], "tasks": tasks})

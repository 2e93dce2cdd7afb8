"""How far the trapped part of the loss falls below its floor by a fixed time, against the dimension."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import exponents, mean_over_seeds, variable
from learnability.statistics.asymptotics import local_exponents


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Deficits ``floor - min_t L_S`` (dimension, target) and their local exponents in d with the limit, by target."""
    _, result = only(runs, Setting)
    target = runs[0].target
    floor = target["loss_floor"].sel(activation_class="smooth").values
    dimension = result["dimension"].values
    deficit = floor - result["trapped_loss"].values.min(-1)
    loss = result["loss"].values.min(-1)
    found = [
        local_exponents(dimension, deficit[:, :, j], rng, "geometric mean", corrections=("x^-1", "x^-1/2", "none"))
        for j in range(len(floor))
    ]
    text = "floor - min L_S, geometric mean over seeds"
    return xr.Dataset(
        {
            "deficit": mean_over_seeds(("dimension", "target"), deficit, text, logarithmic=True),
            **exponents(found, "power of d of the deficit", "target"),
            "floor": variable("target", floor, "floor of the trapped part"),
            "least_loss": variable(("dimension", "target"), loss.min(0), "smallest loss of any seed and time"),
            "trapped_dimension": variable(
                "target", target["trapped_dimension"].sel(activation_class="smooth").values, "dimension of S*"
            ),
            "used_variables": variable("target", target["used_variables"].values, "variables of the target"),
        },
        coords={"dimension": result["dimension"], "target": result["target"]},
        attrs={"seeds": result.sizes["seed"]},
    )

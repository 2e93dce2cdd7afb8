"""Analysis of the kind ``orthonormal_classes``: rates in the dimension, beside their limits."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness import cosine_class
from learnability.studies.gradient_hardness.estimates import only, over_seeds, upper_half, upper_slope


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Rates per dimension: of the packings and their bounds, of the variance against its saddle, of the norms."""
    result = only(runs)
    dimensions = result["dimension"].values.astype(float)
    rates = xr.ufuncs.log(result["packing"]) / result["packing_dimension"]
    scalars = {
        "union_rate": (cosine_class.union_bound_rate(), "log n per dimension of the union bound"),
        "cap_rate": (cosine_class.cap_bound_rate(), "log n per dimension of the cap bound"),
        "saddle_cosine": (cosine_class.saddle_cosine(), "saddle value per dimension, cosine model"),
        "saddle_relu": (cosine_class.saddle_relu(), "saddle value per dimension, ReLU neuron"),
    }
    for model in ("cosine", "relu"):
        slope = _rate_beside_power(dimensions, result[f"log_variance_{model}"].values)
        scalars[f"variance_rate_{model}"] = (slope, f"fitted log variance per dimension, {model} model")
    for name in ("barron_bound_diagonal", "ridge_path_norm_diagonal", "barron_bound_axis"):
        exponent = upper_slope(np.log(dimensions), np.log(result[name].values))
        scalars[f"{name}_exponent"] = (exponent, f"growth exponent in d of {name}")
    new = {name: variable((), value, label) for name, (value, label) in scalars.items()}
    return result.assign(new | {"packing_rate": over_seeds(rates, rng, "log n / d of the packings")})


def _rate_beside_power(dimensions: np.ndarray, logs: np.ndarray) -> float:
    """Rate r of ``log y = r d + p log d + c`` by least squares on the upper half of the dimensions.

    Laplace's method leaves a power of d beside the exponential.
    """
    design = np.stack((dimensions, np.log(dimensions), np.ones_like(dimensions)), 1)
    upper = upper_half(dimensions)
    return float(np.linalg.lstsq(design[upper], logs[upper], rcond=None)[0][0])

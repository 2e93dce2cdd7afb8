"""Analysis of the kind ``orthonormal_classes``: rates in the dimension, beside their limits."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness import cosine_class
from learnability.studies.gradient_hardness.estimates import upper_half, upper_slope

# Quantities whose logarithm grows like a power of d, by the exponent.
NORMS = ("barron_bound_diagonal", "barron_lower_bound_diagonal", "ridge_path_norm_diagonal", "ridge_path_norm_sphere")


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Largest packings and the variance over them, rates per dimension of the bounds and of the variance, norms."""
    _, result = only(runs, Setting)
    dimensions = result["dimension"].values.astype(float)
    scalars = {
        "union_rate": (cosine_class.union_bound_rate(), "log n per dimension of the union bound as d grows"),
        "cap_rate": (cosine_class.cap_bound_rate(), "log n per dimension of the cap bound as d grows"),
        "saddle_cosine": (cosine_class.saddle_cosine(), "saddle value per dimension, cosine model"),
        "saddle_relu": (cosine_class.saddle_relu(), "saddle value per dimension, ReLU neuron"),
    }
    for model in ("cosine", "relu"):
        slope = _rate_beside_power(dimensions, result[f"log_variance_{model}"].values)
        scalars[f"variance_rate_{model}"] = (slope, f"fitted log variance per dimension, {model} model")
    for name in NORMS:
        exponent = upper_slope(np.log(dimensions), np.log(result[name].values))
        scalars[f"{name}_exponent"] = (exponent, f"growth exponent in d of {name}")
    new = {name: variable((), value, label) for name, (value, label) in scalars.items()}
    # Each packing is a proof, so the largest counts.
    best = result.isel(seed=result["packing"].argmax("seed"))
    size = best["packing"]
    # Theorem 5 for nearly orthonormal classes: 2/n as printed, (4/n)(1 + 1/n) with the gradient's factor 2.
    new |= {
        "largest_packing": variable("packing_dimension", size, "largest packing of cosine neurons"),
        "largest_capped": variable("packing_dimension", best["packing_capped"], "1 where it is the search's limit"),
        "packing_printed_ratio": variable(
            "packing_dimension", best["packing_variance"] * size / 2, "largest variance over the printed bound 2/n"
        ),
        "packing_corrected_ratio": variable(
            "packing_dimension",
            best["packing_variance"] * size / (4 * (1 + 1 / size)),
            "largest variance over the corrected bound (4/n)(1 + 1/n)",
        ),
        "packing_relu_ratio": variable(
            "packing_dimension", best["packing_variance_relu"] * size / 2, "one ReLU neuron: over the printed bound 2/n"
        ),
    }
    return result.assign(new)


def _rate_beside_power(dimensions: np.ndarray, logs: np.ndarray) -> float:
    """Rate r of ``log y = r d + p log d + c`` by least squares on the upper half of the dimensions.

    Laplace's method leaves a power of d beside the exponential.
    """
    design = np.stack((dimensions, np.log(dimensions), np.ones_like(dimensions)), 1)
    upper = upper_half(dimensions)
    return float(np.linalg.lstsq(design[upper], logs[upper], rcond=None)[0][0])

"""Analysis of the kind ``orthonormal_classes``: rates in the dimension, beside their limits."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import variable
from learnability.statistics.asymptotics import Correction, LocalExponents, local_exponents_of
from learnability.studies.gradient_hardness import cosine_class
from learnability.studies.gradient_hardness.estimates import extrapolated

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
    new = {name: variable((), value, label) for name, (value, label) in scalars.items()}
    for model in ("cosine", "relu"):
        # Laplace's method leaves a power of d beside the exponential, and nothing of that size else.
        rate = _rate(dimensions, result[f"log_variance_{model}"].values, ("1/log x",))
        new[f"variance_rate_{model}"] = extrapolated(rate, f"log variance per dimension as d grows, {model} model")
    rate = _rate(dimensions, result["log_sq_bound_sphere"].values, ("1/log x", "none"))
    new["sphere_rate"] = extrapolated(rate, "log n per dimension that caps prove on the sphere as d grows")
    for name in NORMS:
        exponent = local_exponents_of(dimensions, np.log(result[name].values), last_decades=1)
        new[f"{name}_exponent"] = extrapolated(exponent, f"growth exponent in d of {name} as d grows")
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


def _rate(dimensions: np.ndarray, logs: np.ndarray, corrections: Sequence[Correction]) -> LocalExponents:
    """The rate r of ``log y = r d + ...`` in the upper half of the dimensions, and its limit: an exponent in e^d.

    A power of d beside the exponential, ``p log d``, is the correction ``1/log x``.
    """
    upper_half = (dimensions[-1] - np.median(dimensions)) / np.log(10)
    return local_exponents_of(np.exp(dimensions), logs, corrections=corrections, last_decades=float(upper_half))

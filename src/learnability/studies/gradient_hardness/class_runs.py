"""Runs of the kind ``orthonormal_classes``: SQ dimensions, packings, gradient variance over the cosines,
Barron norm."""

from typing import Any

import numpy as np
import xarray as xr

from learnability.studies.contract import RunContext
from learnability.studies.gradient_hardness import cosine_class
from learnability.studies.gradient_hardness.datasets import variable
from learnability.studies.gradient_hardness.representations import cube
from learnability.studies.gradient_hardness.settings import ClassSetting


def class_runs(setting: ClassSetting, context: RunContext) -> xr.Dataset:
    target, rng = setting.target, context.stream("target")
    packings = []
    for number, _ in enumerate(context.seeds):
        packings.append(
            [
                cosine_class.greedy_packing(d, setting.candidates, setting.packing_limit, rng)
                for d in target.packing_dimensions
            ]
        )
        context.progress(number + 1, len(context.seeds), "packings")
    grams = [_gram(d) for d in target.parity_dimensions]
    dimensions = target.cosine_dimensions
    content: dict[str, Any] = {
        "packing": variable(
            ("seed", "packing_dimension"), packings, "cosine neurons packed with inner products at most 1/n^2"
        ),
        "gram_off_diagonal": variable(
            "parity_dimension", [g[0] for g in grams], "largest off-diagonal entry of the Gram matrix"
        ),
        "log2_sq_dimension": variable(
            "parity_dimension", [g[1] for g in grams], "log2 of the SQ dimension of the parities"
        ),
        "planar_sq_dimension": variable((), cosine_class.planar_sq_dimension(), "SQ dimension of the cosines at d = 2"),
        "log_union_bound": variable(
            "dimension", [cosine_class.log_union_bound(d) for d in dimensions], "log n of the union bound"
        ),
        "log_variance_cosine": variable(
            "dimension",
            [cosine_class.log_variance_cosine(d) for d in dimensions],
            "log variance of the gradient, cosine model",
        ),
        "log_variance_relu": variable(
            "dimension",
            [cosine_class.log_variance_relu(d) for d in dimensions],
            "log variance of the gradient, one ReLU neuron",
        ),
    }
    for name, count in (("diagonal", None), ("axis", 1)):
        bounds = [cosine_class.barron_bound(d, count or d) for d in dimensions]
        norms = [cosine_class.ridge_path_norm(d, count or d) for d in dimensions]
        content[f"barron_bound_{name}"] = variable("dimension", bounds, f"bound of the Barron norm, w on the {name}")
        content[f"ridge_path_norm_{name}"] = variable(
            "dimension", norms, f"path norm of a ridge network, w on the {name}"
        )
    coordinates = {
        "dimension": variable("dimension", dimensions, "input dimension d"),
        "packing_dimension": variable("packing_dimension", target.packing_dimensions, "input dimension d"),
        "parity_dimension": variable("parity_dimension", target.parity_dimensions, "input dimension d"),
    }
    return xr.Dataset(content, coordinates, {"packing_limit": setting.packing_limit})


def _gram(dimension: int) -> tuple[float, float]:
    """Largest off-diagonal inner product of all parities, and log2 of the SQ dimension that follows.

    The parities are n = 2^d orthonormal functions. No class is larger: with inner products at most 1/n^2 the
    Gram matrix is diagonally dominant, so the functions are independent, and the space has 2^d dimensions.
    """
    bits = cube(dimension)
    characters = (-1.0) ** (bits @ bits.T)
    gram = characters @ characters.T / len(bits)
    off_diagonal = float(np.abs(gram - np.eye(len(bits))).max())
    independent = np.linalg.matrix_rank(gram) if off_diagonal else len(bits)
    return off_diagonal, float(np.log2(independent))

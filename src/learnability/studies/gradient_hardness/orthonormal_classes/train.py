"""Training of the kind ``orthonormal_classes``: packings, Gram matrices, gradient variances and norms."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness import cosine_class
from learnability.studies.gradient_hardness.orthonormal_classes.setting import OrthonormalClassesSetting
from learnability.studies.gradient_hardness.representations import cube

# Against d; w on the diagonal has d coordinates of one size, w on an axis has one.
QUANTITIES: dict[str, tuple[Callable[[int], float], str]] = {
    "log_union_bound": (cosine_class.log_union_bound, "log n of the union bound"),
    "log_variance_cosine": (cosine_class.log_variance_cosine, "log variance of the gradient, cosine model"),
    "log_variance_relu": (cosine_class.log_variance_relu, "log variance of the gradient, one ReLU neuron"),
    "barron_bound_diagonal": (
        lambda d: cosine_class.barron_bound(d, d),
        "bound of the Barron norm, w on the diagonal",
    ),
    "barron_bound_axis": (lambda d: cosine_class.barron_bound(d, 1), "bound of the Barron norm, w on an axis"),
    "ridge_path_norm_diagonal": (
        lambda d: cosine_class.ridge_path_norm(d, d),
        "path norm of a ridge network, w on the diagonal",
    ),
}


def train(setting: OrthonormalClassesSetting, context: RunContext) -> xr.Dataset:
    """Packings for each seed, and what is exact: Gram matrices, bounds, variances, norms."""
    target, rng = setting.target, context.stream("target")
    packings = []
    for number, _ in enumerate(context.seeds):
        options = (setting.candidates, setting.packing_limit, rng)
        packings.append([cosine_class.greedy_packing(d, *options) for d in target.packing_dimensions])
        context.progress(number + 1, len(context.seeds), "packings")
    grams = np.array([_gram(d) for d in target.parity_dimensions])
    label = "cosine neurons packed with inner products at most 1/n^2"
    content = {
        "packing": variable(("seed", "packing_dimension"), packings, label),
        "gram_off_diagonal": variable("parity_dimension", grams[:, 0], "largest off-diagonal entry of the Gram matrix"),
        "log2_sq_dimension": variable("parity_dimension", grams[:, 1], "log2 of the SQ dimension of the parities"),
        "planar_sq_dimension": variable((), cosine_class.planar_sq_dimension(), "SQ dimension of the cosines at d = 2"),
    }
    for name, (function, label) in QUANTITIES.items():
        content[name] = variable("dimension", [function(d) for d in target.cosine_dimensions], label)
    coordinates = {
        name: variable(name, list(dimensions), "input dimension d")
        for name, dimensions in (
            ("dimension", target.cosine_dimensions),
            ("packing_dimension", target.packing_dimensions),
            ("parity_dimension", target.parity_dimensions),
        )
    }
    return xr.Dataset(content, coordinates, {"packing_limit": setting.packing_limit})


def _gram(dimension: int) -> tuple[float, float]:
    """Largest off-diagonal inner product of all parities, and log2 of the SQ dimension that follows.

    The parities are n = 2^d orthonormal functions. No class is larger: with inner products at most 1/n^2 the Gram
    matrix is diagonally dominant, so the functions are independent, and the space has 2^d dimensions.
    """
    bits = cube(dimension)
    characters = (-1.0) ** (bits @ bits.T)
    gram = characters @ characters.T / len(bits)
    off_diagonal = float(np.abs(gram - np.eye(len(bits))).max())
    independent = np.linalg.matrix_rank(gram) if off_diagonal else len(bits)
    return off_diagonal, float(np.log2(independent))

"""Training of the kind ``orthonormal_classes``: packings, Gram matrices, gradient variances and norms."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness import cosine_class
from learnability.studies.gradient_hardness.orthonormal_classes.setting import OrthonormalClassesSetting
from learnability.studies.gradient_hardness.representations import cube

# Against d; w on the diagonal has d coordinates of one size.
QUANTITIES: dict[str, tuple[Callable[[int], float], str]] = {
    "log_lecture_bound": (cosine_class.log_lecture_bound, "log n of the lecture's construction, t = d^{-1/4}"),
    "log_sq_bound": (
        lambda d: cosine_class.log_sq_bound(d, cosine_class.log_inner_product),  # type: ignore[arg-type]
        "log n that caps prove, cosines under N(0, I)",
    ),
    "log_sq_bound_sphere": (
        lambda d: cosine_class.log_sq_bound(d, cosine_class.log_inner_product_sphere),
        "log n that caps prove, cosines on the sphere of radius sqrt(d)",
    ),
    **{
        f"log_sq_bound_{link}": (
            lambda d, link=link: cosine_class.log_sq_bound(  # type: ignore[misc]
                d, lambda t, dimension: cosine_class.log_inner_product_periodic(link, t, dimension)
            ),
            f"log n that caps prove, {link} waves under N(0, I)",
        )
        for link in cosine_class.PERIODIC_LINKS
    },
    "log_variance_cosine": (cosine_class.log_variance_cosine, "log variance of the gradient, cosine model"),
    "log_variance_relu": (cosine_class.log_variance_relu, "log variance of the gradient, one ReLU neuron"),
    "barron_bound_diagonal": (
        lambda d: cosine_class.barron_bound(d, d),
        "bound of the Barron norm, w on the diagonal",
    ),
    "barron_lower_bound_diagonal": (
        lambda d: cosine_class.barron_lower_bound(d, d),
        "lower bound of the Barron norm, w on the diagonal",
    ),
    "ridge_path_norm_diagonal": (
        lambda d: cosine_class.ridge_path_norm(cosine_class.frequency_reach(d, d)),
        "path norm of a ridge network on [-1, 1]^d, w on the diagonal",
    ),
    "ridge_path_norm_sphere": (
        lambda d: cosine_class.ridge_path_norm(2 * np.pi * d),
        "path norm of a ridge network on the sphere of radius sqrt(d), w on the diagonal",
    ),
}
# The eigenvalues of larger Gram matrices take longer than all the rest.
LARGEST_GRAM = 600


def train(setting: OrthonormalClassesSetting, context: RunContext) -> xr.Dataset:
    """Packings for each seed, and what is exact: Gram matrices, bounds, variances, norms."""
    target, rng = setting.target, context.stream("target")
    packings = []
    for number, _ in enumerate(context.seeds):
        options = (setting.candidates, setting.packing_limit, rng)
        packings.append([_packing(*cosine_class.greedy_packing(d, *options)) for d in target.packing_dimensions])
        context.progress(number + 1, len(context.seeds), "packings")
    found = np.array(packings)
    grams = np.array([_gram(d) for d in target.parity_dimensions])
    axes = ("seed", "packing_dimension")
    over = "of the gradient over the packing, E|grad h|^2 = 1"
    content = {
        "packing": variable(axes, found[..., 0], "cosine neurons packed with inner products at most 1/n^2"),
        "packing_capped": variable(axes, found[..., 1], "1 where the search ended at its limit and not at a failure"),
        "packing_variance": variable(axes, found[..., 2], f"largest variance {over}; NaN for a large packing"),
        "packing_variance_relu": variable(axes, found[..., 3], f"second moment {over}, one ReLU neuron"),
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
    return xr.Dataset(content, coordinates)


def _packing(lines: np.ndarray, capped: bool) -> tuple[float, float, float, float]:
    """Size of a packing, whether it is the limit's, and both variances of the gradient over it."""
    variance = cosine_class.largest_packing_variance(lines) if 2 <= len(lines) <= LARGEST_GRAM else np.nan
    return float(len(lines)), float(capped), variance, cosine_class.relu_packing_variance(lines)


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

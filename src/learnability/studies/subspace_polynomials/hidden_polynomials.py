"""A family of hidden polynomials as an artifact, with everything that is known of them exactly."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.hermite.activation_class import ACTIVATION_CLASSES
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.reflective import Diagnosis, diagnose
from learnability.hermite.rotation import rotate
from learnability.results.labelled import names, variable
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


def haar_rotation(variables: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A Haar-distributed orthogonal matrix."""
    q, r = np.linalg.qr(rng.standard_normal((variables, variables)))
    return np.asarray(q * np.sign(np.diag(r)))


def _coefficient_table(expansions: list[HermiteExpansion]) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """Multi-indices (term, coordinate) that occur in any target, and orthonormal coefficients (target, term)."""
    indices = sorted({index for target in expansions for index in target.coefficients}, key=lambda b: (sum(b), b))
    values = [[target.coefficients.get(index, 0.0) for index in indices] for target in expansions]
    return np.array(indices, dtype=np.int16), np.array(values)


def expansions(target: xr.Dataset) -> list[HermiteExpansion]:
    """The polynomials of a target artifact, rotations applied."""
    indices = [tuple(map(int, index)) for index in target["multi_index"].values]
    variables = target.sizes["coordinate"]
    return [
        HermiteExpansion(variables, dict(zip(indices, map(float, row), strict=True)))
        for row in target["coefficient"].values
    ]


def stripped(expansion: HermiteExpansion, variables: int) -> HermiteExpansion:
    """The same polynomial as a function of its first ``variables`` variables, the only ones that it uses."""
    return HermiteExpansion(variables, {b[:variables]: a for b, a in expansion.coefficients.items()})


def stripped_expansions(target: xr.Dataset) -> list[HermiteExpansion]:
    """The polynomials of a target artifact, each as a function of the variables that it uses."""
    used = target["used_variables"].values.tolist()
    return [stripped(h, count) for h, count in zip(expansions(target), used, strict=True)]


def _used_variables(expansion: HermiteExpansion) -> int:
    """The highest variable that occurs."""
    return max(i + 1 for b in expansion.coefficients for i, k in enumerate(b) if k)


def _embedded(matrices: list[list[NDArray[np.float64]]], size: int) -> NDArray[np.float64]:
    """Square matrices of several sizes in the corner of zeros, (target, class, size, size)."""
    table = np.zeros((len(matrices), len(matrices[0]), size, size))
    for i, row in enumerate(matrices):
        for j, matrix in enumerate(row):
            table[i, j, : len(matrix), : len(matrix)] = matrix
    return table


def _growth(diagnoses: list[list[Diagnosis]], length: int) -> NDArray[np.int8]:
    """Dimensions of W_0, W_1, ... padded with the last, (target, class, step)."""
    rows = [[(*d.growth, *[d.growth[-1]] * length)[:length] for d in row] for row in diagnoses]
    return np.array(rows, dtype=np.int8)


def _turn(expansion: HermiteExpansion, rotated: bool, rng: np.random.Generator) -> NDArray[np.float64]:
    """A rotation of the variables that occur; the others stay."""
    used = _used_variables(expansion)
    turn = np.eye(expansion.variables)
    if rotated:
        turn[:used, :used] = haar_rotation(used, rng)
    return turn


def build(target: HiddenPolynomials, rng: np.random.Generator) -> xr.Dataset:
    """Coefficients, norms, information exponent, leap, largest reflective subspace and loss floor of each polynomial.

    Dimensions: ``target`` (the polynomials' texts, before any rotation), ``activation_class``, ``coordinate`` and
    ``coordinate_2``. Subspaces lie in the span of the variables that a polynomial uses.
    """
    plain, p = target.expansions(), target.common_variables
    turns = [_turn(h, target.rotated, rng) for h in plain]
    turned = [rotate(h, turn) if target.rotated else h for h, turn in zip(plain, turns, strict=True)]
    used = [_used_variables(h) for h in plain]
    own = [stripped(h, count) for h, count in zip(turned, used, strict=True)]
    diagnoses = [[diagnose(h, activation) for activation in ACTIVATION_CLASSES.values()] for h in own]
    indices, values = _coefficient_table(turned)
    each, square = ("target", "activation_class"), ("coordinate", "coordinate_2")
    trapped = _embedded([[d.trapped_projector for d in row] for row in diagnoses], p)
    learnable = _embedded([[d.learnable @ d.learnable.T for d in row] for row in diagnoses], p)
    dimension = [[d.trapped.shape[1] for d in row] for row in diagnoses]
    floor = [[d.loss_floor for d in row] for row in diagnoses]
    exact = np.array([[d.exact for d in row] for row in diagnoses], dtype=np.int8)
    information = [h.information_exponent for h in plain]
    return xr.Dataset(
        {
            "multi_index": variable(("term", "coordinate"), indices, "multi-index of the Hermite basis"),
            "coefficient": variable(("target", "term"), values, "orthonormal Hermite coefficient"),
            "rotation": variable(("target", *square), np.stack(turns), "rotation of the variables"),
            "norm_squared": variable("target", [h.norm_squared for h in turned], "E h^2"),
            "information_exponent": variable("target", information, "information exponent"),
            "leap": variable("target", [row[0].leap for row in diagnoses], "largest rotation-invariant leap"),
            "used_variables": variable("target", used, "variables that occur"),
            "closure_growth": variable((*each, "step"), _growth(diagnoses, p + 1), "dimension of W_j"),
            "trapped_dimension": variable(each, dimension, "dimension of the largest reflective subspace S*"),
            "trapped_projector": variable((*each, *square), trapped, "projector onto S*"),
            "learnable_projector": variable((*each, *square), learnable, "projector onto W*"),
            "loss_floor": variable(each, floor, "E|h - E_S* h|^2 / 2"),
            "exact": variable(each, exact, "1 where the dimensions were found in rational arithmetic"),
        },
        coords={
            "target": names("target", target.polynomials, "polynomial"),
            "activation_class": names(
                "activation_class", [a.describe() for a in ACTIVATION_CLASSES.values()], "class of the activation"
            ),
        },
    )

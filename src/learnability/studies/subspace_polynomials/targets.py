"""A family of hidden polynomials as an artifact, with everything that is known of them exactly."""

import json

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.hermite.activation_class import ACTIVATION_CLASSES
from learnability.hermite.rotation import rotate
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.reflective import Diagnosis, diagnose
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


def names(target: xr.Dataset) -> list[str]:
    """The polynomials' texts."""
    return list(json.loads(target.attrs["polynomials"]))


def stripped(expansion: HermiteExpansion, variables: int) -> HermiteExpansion:
    """The same polynomial as a function of its first ``variables`` variables, the only ones that it uses."""
    return HermiteExpansion(variables, {b[:variables]: a for b, a in expansion.coefficients.items()})


def used_variables(expansion: HermiteExpansion) -> int:
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
    used = used_variables(expansion)
    turn = np.eye(expansion.variables)
    if rotated:
        turn[:used, :used] = haar_rotation(used, rng)
    return turn


def build(target: HiddenPolynomials, rng: np.random.Generator) -> xr.Dataset:
    """Coefficients, norms, information exponent, leap, largest reflective subspace and loss floor of each polynomial.

    Dimensions: ``target``, ``activation_class`` (order of ACTIVATION_CLASSES), ``coordinate`` and ``coordinate_2``.
    Subspaces lie in the span of the variables that a polynomial uses.
    """
    plain, p = target.expansions(), target.common_variables
    turns = [_turn(h, target.rotated, rng) for h in plain]
    turned = [rotate(h, turn) if target.rotated else h for h, turn in zip(plain, turns, strict=True)]
    used = [used_variables(h) for h in plain]
    own = [stripped(h, count) for h, count in zip(turned, used, strict=True)]
    diagnoses = [[diagnose(h, activation) for activation in ACTIVATION_CLASSES.values()] for h in own]
    indices, values = _coefficient_table(turned)
    classes, square = ("target", "activation_class"), ("coordinate", "coordinate_2")
    columns: dict[str, tuple[tuple[str, ...], object, str]] = {
        "multi_index": (("term", "coordinate"), indices, "multi-index of the Hermite basis"),
        "coefficient": (("target", "term"), values, "orthonormal Hermite coefficient"),
        "rotation": (("target", *square), np.stack(turns), "rotation of the variables"),
        "norm_squared": (("target",), [h.norm_squared for h in turned], "E h^2"),
        "information_exponent": (("target",), [h.information_exponent for h in plain], "information exponent"),
        "leap": (("target",), [row[0].leap for row in diagnoses], "largest rotation-invariant leap"),
        "used_variables": (("target",), used, "variables that occur"),
        "closure_growth": ((*classes, "step"), _growth(diagnoses, p + 1), "dimension of W_j"),
        "trapped_dimension": (
            classes,
            [[d.trapped.shape[1] for d in row] for row in diagnoses],
            "dimension of the largest reflective subspace S*",
        ),
        "trapped_projector": (
            (*classes, *square),
            _embedded([[d.trapped_projector for d in row] for row in diagnoses], p),
            "projector onto S*",
        ),
        "learnable_projector": (
            (*classes, *square),
            _embedded([[d.learnable @ d.learnable.T for d in row] for row in diagnoses], p),
            "projector onto W*",
        ),
        "loss_floor": (classes, [[d.loss_floor for d in row] for row in diagnoses], "E|h - E_S* h|^2 / 2"),
        "exact": (
            classes,
            np.array([[d.exact for d in row] for row in diagnoses], dtype=np.int8),
            "1 where the dimensions were found in rational arithmetic",
        ),
    }
    return xr.Dataset(
        {name: (axes, data, {"units": "1", "long_name": text}) for name, (axes, data, text) in columns.items()},
        attrs={
            "polynomials": json.dumps(list(target.polynomials)),
            "activation_classes": json.dumps([a.describe() for a in ACTIVATION_CLASSES.values()]),
        },
    )

"""The closure against the definition and against a search over the Grassmannian, for named and for planted targets."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.numerics.activation_class import ACTIVATION_CLASSES, ActivationClass
from learnability.numerics.hermite_rotation import multi_indices, rotate
from learnability.numerics.polynomials import HermiteExpansion
from learnability.numerics.reflective import diagnose
from learnability.numerics.reflective_search import definition_residual, grassmann_search, subspace_defect
from learnability.studies.contract import RunContext
from learnability.studies.subspace_polynomials.settings import DiagnosisSetting
from learnability.studies.subspace_polynomials.targets import expansions, haar_rotation, stripped

Array = NDArray[np.float64]

#: sigma' of one activation of each class: sin(x + pi/4), x + x^2/2 and sin(x).
SLOPES: dict[str, Callable[[Array], Array]] = {
    "smooth": lambda x: np.cos(x + np.pi / 4),
    "quadratic": lambda x: 1 + x,
    "odd": np.cos,
}


def _basis(projector: Array) -> Array:
    """Orthonormal columns that span the range of a projector."""
    values, vectors = np.linalg.eigh(projector)
    return np.asarray(vectors[:, values > 0.5])


def _residual(
    target: HermiteExpansion, basis: Array, name: str, setting: DiagnosisSetting, rng: np.random.Generator
) -> float:
    shifts = np.zeros(setting.probes) if name == "odd" else rng.standard_normal(setting.probes)
    directions = rng.standard_normal((setting.probes, target.variables))
    # Lengths up to 1.5, where the quadrature's error is at rounding level.
    directions *= rng.uniform(0.3, 1.5, (setting.probes, 1)) / np.linalg.norm(directions, axis=1, keepdims=True)
    return definition_residual(target, basis, SLOPES[name], shifts, directions, setting.nodes)


def _one_target(
    target: HermiteExpansion,
    projector: Array,
    name: str,
    setting: DiagnosisSetting,
    rng: np.random.Generator,
    ranks: int,
) -> dict[str, float | Array]:
    """Residuals of S* and of S* with one more direction; defects and positions of the subspaces that a search finds."""
    p, activation = target.variables, ACTIVATION_CLASSES[name]
    trapped, learnable = _basis(projector), _basis(np.eye(p) - projector)
    found: dict[str, float | Array] = {"residual": np.nan, "residual_larger": np.nan}
    if trapped.shape[1]:
        found["residual"] = _residual(target, trapped, name, setting, rng)
    if learnable.shape[1]:
        extra = learnable @ rng.standard_normal((learnable.shape[1], 1))
        larger = np.hstack([trapped, extra / np.linalg.norm(extra)])
        found["residual_larger"] = _residual(target, larger, name, setting, rng)
    defects, outside = np.full(ranks, np.nan), np.full(ranks, np.nan)
    for rank in range(max(1, trapped.shape[1]), p + 1):
        starts = rng.standard_normal((setting.starts, p, rank))
        values, projectors = grassmann_search(target, rank, starts, activation)
        best = int(values.argmin())
        defects[rank - 1] = values[best]
        outside[rank - 1] = np.linalg.norm(projectors[best] @ (np.eye(p) - projector), 2)
    found |= {"search_defect": defects, "search_outside": outside}
    return found


def _coordinate_defect(target: HermiteExpansion, activation: ActivationClass) -> float:
    """The smallest defect of a subspace spanned by coordinate axes."""
    p = target.variables
    chosen = (c for size in range(1, p + 1) for c in itertools.combinations(range(p), size))
    return min(subspace_defect(target, np.eye(p)[:, list(c)], activation) for c in chosen)


def planted_target(rng: np.random.Generator) -> tuple[HermiteExpansion, Array]:
    """A random polynomial in 3 or 4 variables with a planted largest reflective subspace, and its projector.

    In the planted coordinates (y, s) the part in y alone starts a full staircase and no term has degree one in s,
    which is what a reflective subspace means; then everything is rotated.
    """
    p = int(rng.integers(3, 5))
    trapped = int(rng.integers(1, p))
    free = p - trapped
    terms: dict[tuple[int, ...], float] = {}
    for degree in range(1, 4):
        for index in multi_indices(p, degree).tolist():
            if sum(index[free:]) != 1 and rng.random() < 0.5:
                terms[tuple(index)] = float(rng.uniform(0.5, 1.5) * rng.choice([-1, 1]))
    for i in range(free):
        terms[tuple(int(j <= i) if i else int(j == 0) for j in range(p))] = float(rng.uniform(0.5, 1.5))
    for i in range(free, p):
        terms[tuple(2 * int(j == i) for j in range(p))] = float(rng.uniform(0.5, 1.5))
    turn = haar_rotation(p, rng)
    return rotate(HermiteExpansion(p, terms), turn), turn[:, free:] @ turn[:, free:].T


def _planted(setting: DiagnosisSetting, rng: np.random.Generator) -> dict[str, float]:
    target, projector = planted_target(rng)
    found = diagnose(target)
    size = round(float(np.trace(projector)))
    return {
        "planted_dimension": size,
        "planted_found": found.trapped.shape[1],
        "planted_distance": float(np.linalg.norm(found.trapped_projector - projector, 2)),
        "planted_residual": _residual(target, _basis(projector), "smooth", setting, rng),
    }


def grassmann_slice(target: HermiteExpansion, turn: Array, points: int) -> tuple[Array, Array]:
    """Defects of ``span{cos t e1 + sin t e2, cos u e3 + sin u e4}`` (rotated by ``turn``), angles in degrees."""
    angles = np.linspace(-90, 90, points)
    circle = np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))])
    values = np.empty((points, points))
    for i, j in itertools.product(range(points), repeat=2):
        frame = np.zeros((4, 2))
        frame[:2, 0], frame[2:, 1] = circle[:, i], circle[:, j]
        values[i, j] = subspace_defect(target, turn @ frame)
    return angles, values


def run(setting: DiagnosisSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Residuals and searches (seed, target, class, rank), planted targets (seed), one slice."""
    rng = context.stream("init")
    used = [int(count) for count in target["used_variables"].values]
    own = [stripped(h, count) for h, count in zip(expansions(target), used, strict=True)]
    ranks, names = max(used), list(ACTIVATION_CLASSES)
    cells: list[dict[str, float | Array]] = []
    planted = []
    total = len(context.seeds) * len(own)
    for done, (_, i) in enumerate(itertools.product(context.seeds, range(len(own)))):
        for j, name in enumerate(names):
            projector = target["trapped_projector"].values[i, j, : used[i], : used[i]]
            cells.append(_one_target(own[i], projector, name, setting, rng, ranks))
        context.progress(done + 1, total, f"target {i + 1} of {len(own)}")
    for _ in context.seeds:
        planted.append(_planted(setting, rng))
    shape, axes = (len(context.seeds), len(own), len(names)), ("seed", "target", "activation_class")
    columns: dict[str, tuple[tuple[str, ...], Array, str]] = {}
    for key, text in _TEXTS.items():
        if key.startswith("planted"):
            columns[key] = (("seed",), np.array([row[key] for row in planted]), text)
        else:
            values = np.array([cell[key] for cell in cells])
            extra = ("rank",) if values.ndim == 2 else ()
            columns[key] = ((*axes, *extra), values.reshape(*shape, *values.shape[1:]), text)
    coordinate = [[_coordinate_defect(h, a) for a in ACTIVATION_CLASSES.values()] for h in own]
    columns["coordinate_defect"] = (axes[1:], np.array(coordinate), "smallest defect of a coordinate subspace")
    coordinates: dict[str, Any] = {
        "rank": ("rank", np.arange(1, ranks + 1), {"units": "1", "long_name": "dimension of the subspace"})
    }
    if 4 in used:
        place = used.index(4)
        turn = target["rotation"].values[place, :4, :4]
        angles, values = grassmann_slice(own[place], turn, setting.slice_points)
        columns["slice_defect"] = (("angle", "angle_2"), values, "defect over a slice of the Grassmannian")
        for name in ("angle", "angle_2"):
            coordinates[name] = (name, angles, {"units": "degree", "long_name": "angle of a basis vector"})
    return xr.Dataset(
        {name: (dims, data, {"units": "1", "long_name": text}) for name, (dims, data, text) in columns.items()},
        coords=coordinates,
    )


_TEXTS = {
    "residual": "largest |E[z_S h sigma'(u + v.z_perp)]| over random u, v for S = S*",
    "residual_larger": "the same for S* with one more direction",
    "search_defect": "smallest defect that a search over subspaces of one dimension finds",
    "search_outside": "distance of the best subspace found from lying inside S*",
    "planted_dimension": "dimension of the planted reflective subspace",
    "planted_found": "dimension of the largest reflective subspace that the closure finds",
    "planted_distance": "distance between the two projectors",
    "planted_residual": "residual of the definition on the planted subspace",
}

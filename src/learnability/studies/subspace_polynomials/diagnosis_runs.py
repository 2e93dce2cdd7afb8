"""The closure against the definition and against a search over the Grassmannian, for named and for planted targets."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.hermite.activation_class import ACTIVATION_CLASSES, ActivationClass
from learnability.hermite.rotation import multi_indices, rotate
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.reflective import diagnose
from learnability.hermite.reflective_search import definition_residual, grassmann_search, subspace_defect
from learnability.results.contract import RunContext
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
) -> Array:
    """Residuals of S* and of S* with one more direction; by rank the defects and positions that a search finds.

    (2 + 2 ranks,), NaN where there is no such subspace.
    """
    p, activation = target.variables, ACTIVATION_CLASSES[name]
    trapped, learnable = _basis(projector), _basis(np.eye(p) - projector)
    found = np.full(2 + 2 * ranks, np.nan)
    if trapped.shape[1]:
        found[0] = _residual(target, trapped, name, setting, rng)
    if learnable.shape[1]:
        extra = learnable @ rng.standard_normal((learnable.shape[1], 1))
        larger = np.hstack([trapped, extra / np.linalg.norm(extra)])
        found[1] = _residual(target, larger, name, setting, rng)
    for rank in range(max(1, trapped.shape[1]), p + 1):
        starts = rng.standard_normal((setting.starts, p, rank))
        values, projectors = grassmann_search(target, rank, starts, activation)
        best = int(values.argmin())
        found[1 + rank] = values[best]
        found[1 + ranks + rank] = np.linalg.norm(projectors[best] @ (np.eye(p) - projector), 2)
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


def _all_cells(setting: DiagnosisSetting, target: xr.Dataset, context: RunContext, ranks: int) -> Array:
    """The rows of :func:`_one_target`, (seed, target, class, row); each seed and target has its own generator."""
    used = [int(count) for count in target["used_variables"].values]
    own = [stripped(h, count) for h, count in zip(expansions(target), used, strict=True)]
    names, total = list(ACTIVATION_CLASSES), len(context.seeds) * len(own)
    generators = context.stream("init").spawn(total)
    rows = np.full((total, len(names), 2 + 2 * ranks), np.nan)
    saved, first = context.checkpoint.load(), 0
    if saved is not None:
        rows, first = np.array(saved["rows"]), int(saved["done"])
    for cell in range(first, total):
        i = cell % len(own)
        for j, name in enumerate(names):
            projector = target["trapped_projector"].values[i, j, : used[i], : used[i]]
            rows[cell, j] = _one_target(own[i], projector, name, setting, generators[cell], ranks)
        context.progress(cell + 1, total, f"target {i + 1} of {len(own)}")
        if context.checkpoint.due():
            context.checkpoint.save({"rows": rows, "done": np.asarray(cell + 1)})
    return rows.reshape(len(context.seeds), len(own), len(names), -1)


def run(setting: DiagnosisSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Residuals and searches (seed, target, class, rank), planted targets (seed), one slice."""
    used = [int(count) for count in target["used_variables"].values]
    own = [stripped(h, count) for h, count in zip(expansions(target), used, strict=True)]
    ranks, axes = max(used), ("seed", "target", "activation_class")
    rows = _all_cells(setting, target, context, ranks)
    rng = context.stream("noise")
    planted = [_planted(setting, rng) for _ in context.seeds]
    columns: dict[str, tuple[tuple[str, ...], Array]] = {
        "residual": (axes, rows[..., 0]),
        "residual_larger": (axes, rows[..., 1]),
        "search_defect": ((*axes, "rank"), rows[..., 2 : 2 + ranks]),
        "search_outside": ((*axes, "rank"), rows[..., 2 + ranks :]),
    }
    columns |= {key: (("seed",), np.array([row[key] for row in planted])) for key in planted[0]}
    coordinate = [[_coordinate_defect(h, a) for a in ACTIVATION_CLASSES.values()] for h in own]
    columns["coordinate_defect"] = (axes[1:], np.array(coordinate))
    sizes = ("rank", np.arange(1, ranks + 1), {"units": "1", "long_name": "dimension of the subspace"})
    coordinates: dict[str, Any] = {"rank": sizes}
    if 4 in used:
        place = used.index(4)
        turn = target["rotation"].values[place, :4, :4]
        angles, values = grassmann_slice(own[place], turn, setting.slice_points)
        columns["slice_defect"] = (("angle", "angle_2"), values)
        for name in ("angle", "angle_2"):
            coordinates[name] = (name, angles, {"units": "degree", "long_name": "angle of a basis vector"})
    return xr.Dataset(
        {name: (dims, data, {"units": "1", "long_name": _TEXTS[name]}) for name, (dims, data) in columns.items()},
        coords=coordinates,
    )


_TEXTS = {
    "residual": "largest |E[z_S h sigma'(u + v.z_perp)]| over random u, v for S = S*",
    "residual_larger": "the same for S* with one more direction",
    "search_defect": "smallest defect that a search over subspaces of one dimension finds",
    "search_outside": "distance of the best subspace found from lying inside S*",
    "coordinate_defect": "smallest defect of a coordinate subspace",
    "slice_defect": "defect over a slice of the Grassmannian",
    "planted_dimension": "dimension of the planted reflective subspace",
    "planted_found": "dimension of the largest reflective subspace that the closure finds",
    "planted_distance": "distance between the two projectors",
    "planted_residual": "residual of the definition on the planted subspace",
}

"""The closure against the definition and against a search over the Grassmannian, for named and for planted targets."""

import itertools
from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.hermite.activation_class import ACTIVATION_CLASSES, ActivationClass
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.reflective import diagnose
from learnability.hermite.reflective_search import definition_residual, grassmann_search, subspace_defect
from learnability.hermite.rotation import multi_indices, rotate
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.subspace_polynomials.diagnosis.setting import DiagnosisSetting
from learnability.studies.subspace_polynomials.hidden_polynomials import haar_rotation, stripped_expansions

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
    own, classes = stripped_expansions(target), list(ACTIVATION_CLASSES)
    total = len(context.seeds) * len(own)
    generators = context.stream("init").spawn(total)
    rows = np.full((total, len(classes), 2 + 2 * ranks), np.nan)
    saved, first = context.checkpoint.load(), 0
    if saved is not None:
        rows, first = np.array(saved["rows"]), int(saved["done"])
    for cell in range(first, total):
        i = cell % len(own)
        used = own[i].variables
        for j, name in enumerate(classes):
            projector = target["trapped_projector"].values[i, j, :used, :used]
            rows[cell, j] = _one_target(own[i], projector, name, setting, generators[cell], ranks)
        context.progress(cell + 1, total, f"target {i + 1} of {len(own)}")
        if context.checkpoint.due():
            context.checkpoint.save({"rows": rows, "done": np.asarray(cell + 1)})
    return rows.reshape(len(context.seeds), len(own), len(classes), -1)


def _slice(target: xr.Dataset, own: list[HermiteExpansion], points: int) -> xr.Dataset:
    """The slice of the first target in four variables; empty where there is none."""
    places = [i for i, h in enumerate(own) if h.variables == 4]
    if not places:
        return xr.Dataset()
    turn = target["rotation"].values[places[0], :4, :4]
    angles, values = grassmann_slice(own[places[0]], turn, points)
    axes = ("angle", "angle_2")
    return xr.Dataset(
        {"slice_defect": variable(axes, values, "defect over a slice of the Grassmannian")},
        coords={name: variable(name, angles, "angle of a basis vector", "degree") for name in axes},
    )


def train(setting: DiagnosisSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Residuals and searches (seed, target, class, rank), planted targets (seed), one slice."""
    own = stripped_expansions(target)
    ranks, axes = max(h.variables for h in own), ("seed", "target", "activation_class")
    rows = _all_cells(setting, target, context, ranks)
    rng = context.stream("noise")
    planted = [_planted(setting, rng) for _ in context.seeds]
    coordinate = [[_coordinate_defect(h, a) for a in ACTIVATION_CLASSES.values()] for h in own]
    definition = "largest |E[z_S h sigma'(u + v.z_perp)]| over random u, v for S"
    search = "that a search over subspaces of one dimension finds"
    return xr.Dataset(
        {
            "residual": variable(axes, rows[..., 0], f"{definition} = S*"),
            "residual_larger": variable(axes, rows[..., 1], f"{definition} = S* with one more direction"),
            "search_defect": variable((*axes, "rank"), rows[..., 2 : 2 + ranks], f"smallest defect {search}"),
            "search_outside": variable(
                (*axes, "rank"), rows[..., 2 + ranks :], f"how far the best subspace {search} lies outside S*"
            ),
            **{name: variable("seed", [row[name] for row in planted], text) for name, text in _PLANTED.items()},
            "coordinate_defect": variable(axes[1:], coordinate, "smallest defect of a coordinate subspace"),
        },
        coords={
            "target": target["target"],
            "activation_class": target["activation_class"],
            "rank": variable("rank", np.arange(1, ranks + 1), "dimension of the subspace"),
        },
    ).merge(_slice(target, own, setting.slice_points))


_PLANTED = {
    "planted_dimension": "dimension of the planted reflective subspace",
    "planted_found": "dimension of the largest reflective subspace that the closure finds",
    "planted_distance": "distance between the two projectors",
    "planted_residual": "residual of the definition on the planted subspace",
}

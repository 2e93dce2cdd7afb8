"""Training of the kind ``representation``: networks of halfspaces and parities, and their path norms."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness import representations
from learnability.studies.gradient_hardness.representation.setting import RepresentationSetting

STEEPNESSES = (2.0, 10.0, 1000.0)

HALFSPACE_LABELS = {
    "mismatches": "points of the cube where sign g differs from the AND",
    "sigmoid_mismatches": "the same for k sigmoid neurons of steepness 2 log(6k)",
    "positive_fraction": "fraction of the cube inside the intersection",
    "positive_margin": "smallest g inside the intersection",
    "negative_margin": "largest g outside the intersection",
    "smallest_distance": "smallest |c_i(x)| on the cube",
    "path_norm_exact": "path norm of g",
    "path_norm_printed": "printed bound of the path norm",
    "path_norm_corrected": "corrected bound of the path norm",
}
PARITY_LABELS = {
    "error": "largest error of both networks on the cube",
    "path_norm_gap": "largest distance of the path norm from 8(d+1)k + 4d(d+1) + 2",
    "merged_gap": "largest distance of the merged path norm from 6k^2 + 1",
    "path_norm": "path norm of the hat network of the full parity",
    "merged_path_norm": "path norm of the merged network of the full parity",
    "neurons": "neurons of the hat network",
    "merged_neurons": "neurons of the merged network",
}


def train(setting: RepresentationSetting, context: RunContext) -> xr.Dataset:
    """Margins and path norms of one intersection for each seed and dimension; the parities, which no seed changes."""
    target, rng = setting.target, context.stream("target")
    draws = []
    for number, _ in enumerate(context.seeds):
        halfspaces = [
            representations.draw_halfspaces(d, k, target.largest_weight, rng)
            for d, k in zip(target.dimensions, target.intersections, strict=True)
        ]
        draws.append([_check_intersection(drawn) for drawn in halfspaces])
        context.progress(number + 1, len(context.seeds), "halfspaces")
    content = {
        name: variable(("seed", "dimension"), [[row[name] for row in rows] for rows in draws], label)
        for name, label in HALFSPACE_LABELS.items()
    }
    content["intersections"] = variable(
        "dimension", list(target.intersections), "number k of halfspaces in the intersection"
    )
    content |= _parity_checks(target.parity_dimensions, target.reduced_dimensions)
    content |= _step_checks()
    coordinates = {
        name: variable(name, list(dimensions), "input dimension d")
        for name, dimensions in (
            ("dimension", target.dimensions),
            ("parity_dimension", target.parity_dimensions),
            ("reduced_dimension", target.reduced_dimensions),
        )
    }
    coordinates["steepness"] = variable("steepness", list(STEEPNESSES), "slope a in ReLU(at) - ReLU(at-1)")
    return xr.Dataset(content, coordinates)


def _check_intersection(halfspaces: representations.Halfspaces) -> dict[str, float]:
    """The quantities of ``HALFSPACE_LABELS``."""
    norms = representations.intersection_path_norms(halfspaces)
    return representations.check_intersection(halfspaces) | {f"path_norm_{name}": norms[name] for name in norms}


def _parity_checks(dimensions: tuple[int, ...], reduced: tuple[int, ...]) -> dict[str, xr.Variable]:
    """The parity networks for |v| = 1, d/2 and d; |v| = 0 is a constant."""
    checks = []
    for d in dimensions:
        rows = [representations.check_parity((np.arange(d) < k).astype(float)) for k in sorted({1, (d + 1) // 2, d})]
        worst = {name: max(abs(row[name]) for row in rows) for name in ("error", "path_norm_gap", "merged_gap")}
        checks.append(rows[-1] | worst)
    content = {
        f"parity_{name}": variable("parity_dimension", [check[name] for check in checks], label)
        for name, label in PARITY_LABELS.items()
    }
    errors = [representations.check_reduced_parity(d) for d in reduced]
    content["reduced_error"] = variable("reduced_dimension", errors, "largest error over z = v.x of both networks")
    return content


def _step_checks() -> dict[str, xr.Variable]:
    """The step identity on |z| >= 1/2, and what the printed limit gives at t = 0, where the step function is 1."""
    halves = np.concatenate((-np.arange(1, 200) / 2, np.arange(1, 200) / 2))
    gap = np.abs(representations.step_from_relus(halves) - (halves > 0)).max()
    at_zero = [float(representations.step_from_relus(np.zeros(1), a)[0]) for a in STEEPNESSES]
    return {
        "step_gap": variable((), gap, "largest distance of ReLU(2z) - ReLU(2z-1) from the step on |z| >= 1/2"),
        "step_at_zero": variable("steepness", at_zero, "ReLU(at) - ReLU(at-1) at t = 0"),
    }

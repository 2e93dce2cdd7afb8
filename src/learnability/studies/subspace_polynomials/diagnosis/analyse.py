"""The three ways to a reflective subspace side by side, and the planted targets."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import variable
from learnability.studies.subspace_polynomials.diagnosis.setting import DiagnosisSetting

#: Residuals and defects below the first count as zero, those above the second as not.
ZERO, NONZERO = 1e-12, 1e-2
#: A search that stops at this defect has found a reflective subspace.
SEARCH_ZERO = 1e-9


def _is_rotated(run: Run) -> bool:
    return run.setting_as(DiagnosisSetting).target.rotated


def _extreme(values: np.ndarray, largest: bool) -> np.ndarray:
    """Over the seeds, NaN where there is nothing."""
    empty = np.isnan(values).all(0)
    filled = np.where(np.isnan(values), -np.inf if largest else np.inf, values)
    return np.where(empty, np.nan, filled.max(0) if largest else filled.min(0))


def _search_verdicts(run: Run) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the best start of all seeds finds: the defect at dim S*, its distance from S*, the defect above dim S*.

    (target, class) each, NaN where there is no such dimension. A search may stop in a local minimum, so only its best
    start speaks.
    """
    dimension, rank = run.target["trapped_dimension"].values[..., None], run.result["rank"].values
    defect = np.where(np.isnan(run.result["search_defect"].values), np.inf, run.result["search_defect"].values)
    best = defect.argmin(0)[None]
    least = np.take_along_axis(defect, best, 0)[0]
    place = np.take_along_axis(run.result["search_outside"].values, best, 0)[0]
    at = _extreme(np.moveaxis(np.where(rank == dimension, least, np.nan), -1, 0), True)
    outside = _extreme(np.moveaxis(np.where(rank == dimension, place, np.nan), -1, 0), True)
    above = _extreme(np.moveaxis(np.where(rank > dimension, least, np.nan), -1, 0), False)
    return at, outside, np.where(np.isinf(above), np.nan, above)


def _agreement(run: Run) -> dict[str, np.ndarray]:
    """The three ways side by side; ``agree`` is 1 where none contradicts the closure."""
    residual = _extreme(run.result["residual"].values, True)
    larger = _extreme(run.result["residual_larger"].values, False)
    at, outside, above = _search_verdicts(run)
    wrong = (residual > ZERO) | (larger < NONZERO) | (at > SEARCH_ZERO) | (above < NONZERO) | (outside > 1e-3)
    return {
        "residual": residual,
        "residual_larger": larger,
        "search_at": at,
        "search_above": above,
        "search_outside": outside,
        "agree": (~wrong).astype(np.int8),
        "coordinate_defect": run.result["coordinate_defect"].values,
    }


_TABLE_TEXTS = {
    "residual": "residual of the definition on S*, largest over seeds",
    "residual_larger": "residual on S* with one more direction, smallest over seeds",
    "search_at": "smallest defect that a search finds at dim S*",
    "search_above": "smallest defect that a search finds above dim S*",
    "search_outside": "how far the subspace found at dim S* lies from S*",
    "agree": "1 where definition, closure and search agree",
    "coordinate_defect": "smallest defect of a coordinate subspace",
}


def _covariance(runs: Sequence[Run]) -> float:
    """Largest distance between S* of a rotated target and the rotated S* of the target; NaN without both."""
    if len({_is_rotated(run) for run in runs}) < 2:
        return float("nan")
    plain = next(run.target for run in runs if not _is_rotated(run))
    turned = next(run.target for run in runs if _is_rotated(run))
    turn = turned["rotation"].values[:, None]
    moved = turn @ plain["trapped_projector"].values @ np.swapaxes(turn, -1, -2)
    return float(np.abs(moved - turned["trapped_projector"].values).max())


def _planted(results: Sequence[xr.Dataset]) -> dict[str, xr.Variable]:
    """The planted targets of all runs and seeds in four numbers."""
    dimension, found, distance, residual = (
        np.concatenate([result[f"planted_{name}"].values for result in results])
        for name in ("dimension", "found", "distance", "residual")
    )
    missed = "planted targets whose reflective subspace was not found"
    return {
        "planted_misses": variable((), int((found != dimension).sum()), missed),
        "planted_count": variable((), len(found), "planted targets"),
        "planted_distance": variable((), distance.max(), "largest distance from the plant"),
        "planted_residual": variable((), residual.max(), "largest residual on a plant"),
    }


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """The table of agreement (rotated, target, class), the planted targets, and the slices where there are any."""
    runs = sorted(runs, key=_is_rotated)
    tables, results, first = [_agreement(run) for run in runs], [run.result for run in runs], runs[0]
    axes = ("rotated", "target", "activation_class")
    found = xr.Dataset(
        {
            **{name: variable(axes, np.stack([t[name] for t in tables]), text) for name, text in _TABLE_TEXTS.items()},
            "trapped_dimension": variable(axes[1:], first.target["trapped_dimension"].values, "dimension of S*"),
            "trapped_projector": variable(
                (*axes[1:], "coordinate", "coordinate_2"), first.target["trapped_projector"].values, "projector onto S*"
            ),
            "used_variables": variable("target", first.target["used_variables"].values, "variables of the target"),
            "loss_floor": variable(axes[1:], first.target["loss_floor"].values, "loss floor of S*"),
            "covariance": variable(
                (), _covariance(runs), "distance between the rotated S* and S* of the rotated target"
            ),
            **_planted(results),
        },
        coords={
            "rotated": variable("rotated", np.arange(len(runs)), "1 for rotated targets"),
            "target": first.target["target"],
            "activation_class": first.target["activation_class"],
        },
    )
    if not all("slice_defect" in result for result in results):
        return found
    slices = np.stack([result["slice_defect"].values for result in results])
    text = "defect over a slice of the Grassmannian"
    return found.assign(slice_defect=variable(("rotated", "angle", "angle_2"), slices, text)).assign_coords(
        {name: first.result[name] for name in ("angle", "angle_2")}
    )

"""From the runs of an experiment to what the figures draw and the claims judge."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.contract import Experiment, Run
from learnability.studies.subspace_polynomials.flow_analysis import analyse_flow
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials
from learnability.studies.subspace_polynomials.tables import Columns, dataset_of
from learnability.studies.subspace_polynomials.targets import names
from learnability.studies.subspace_polynomials.training_analysis import analyse_online_sgd, analyse_two_stage

#: Residuals and defects below the first count as zero, those above the second as not.
ZERO, NONZERO = 1e-12, 1e-2
#: A search that stops at this defect has found a reflective subspace.
SEARCH_ZERO = 1e-9


def _is_rotated(run: Run) -> bool:
    target = run.setting.target
    assert isinstance(target, HiddenPolynomials)
    return target.rotated


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
    }


_TABLE_TEXTS = {
    "residual": "residual of the definition on S*, largest over seeds",
    "residual_larger": "residual on S* with one more direction, smallest over seeds",
    "search_at": "smallest defect that a search finds at dim S*",
    "search_above": "smallest defect that a search finds above dim S*",
    "search_outside": "how far the subspace found at dim S* lies from S*",
    "agree": "1 where definition, closure and search agree",
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


def _diagnosis(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    runs = sorted(runs, key=_is_rotated)
    tables = [_agreement(run) for run in runs]
    axes = ("rotated", "target", "activation_class")
    columns: Columns = {
        name: (axes, np.stack([table[name] for table in tables]), text) for name, text in _TABLE_TEXTS.items()
    }
    first, results = runs[0], [run.result for run in runs]
    planted = xr.concat(
        [result[[name for name in result if str(name).startswith("planted")]] for result in results], "seed"
    )
    columns |= {
        "trapped_dimension": (axes[1:], first.target["trapped_dimension"].values, "dimension of S*"),
        "used_variables": (axes[1:2], first.target["used_variables"].values, "variables of the target"),
        "loss_floor": (axes[1:], first.target["loss_floor"].values, "loss floor of S*"),
        "coordinate_defect": (
            axes,
            np.stack([r.result["coordinate_defect"].values for r in runs]),
            "smallest defect of a coordinate subspace",
        ),
        "covariance": ((), _covariance(runs), "distance between the rotated S* and S* of the rotated target"),
        "planted_misses": (
            (),
            int((planted["planted_found"] != planted["planted_dimension"]).sum()),
            "planted targets whose reflective subspace was not found",
        ),
        "planted_count": ((), planted.sizes["seed"], "planted targets"),
        "planted_distance": (
            (),
            float(planted["planted_distance"].max()),
            "largest distance from the plant",
        ),
        "planted_residual": (
            (),
            float(planted["planted_residual"].max()),
            "largest residual on a plant",
        ),
    }
    coordinates: dict[str, Any] = {}
    if all("slice_defect" in result for result in results):
        slices = np.stack([result["slice_defect"].values for result in results])
        columns["slice_defect"] = (("rotated", "angle", "angle_2"), slices, "defect over a slice of the Grassmannian")
        coordinates |= {name: first.result[name] for name in ("angle", "angle_2")}
    coordinates["rotated"] = ("rotated", np.arange(len(runs)), {"units": "1", "long_name": "1 for rotated targets"})
    return dataset_of(
        columns,
        coordinates,
        polynomials=names(first.target),
        activation_classes=first.target.attrs["activation_classes"],
    )


def _taylor(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    run = runs[0]
    columns: Columns = {
        name: (
            tuple(map(str, run.result[name].dims)),
            run.result[name].values,
            str(run.result[name].attrs["long_name"]),
        )
        for name in ("rank", "spanning_order", "exact")
    }
    columns["used_variables"] = (("target",), run.target["used_variables"].values, "variables of the target")
    columns["trapped_dimension"] = (("target",), run.target["trapped_dimension"].values[:, 0], "dimension of S*")
    return dataset_of(
        columns,
        {"order": run.result["order"]},
        polynomials=names(run.target),
        activations=run.result.attrs["activations"],
    )


def analyse(experiment: Experiment, runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """The analysis of one experiment; all runs of an experiment have the same kind."""
    match experiment.kind:
        case "flow":
            return analyse_flow(runs, rng)
        case "diagnosis":
            return _diagnosis(runs, rng)
        case "online_sgd":
            return analyse_online_sgd(runs, rng)
        case "two_stage":
            return analyse_two_stage(runs, rng)
        case "taylor":
            return _taylor(runs, rng)
    raise ValueError(f"this study has no experiments of kind {experiment.kind!r}")

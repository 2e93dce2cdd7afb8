"""From the runs of an experiment to what the figures draw and the claims judge."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.numerics.intervals import bootstrap
from learnability.studies.contract import Experiment, Run
from learnability.studies.subspace_polynomials.flow_analysis import analyse_flow
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials, TwoStageSetting
from learnability.studies.subspace_polynomials.targets import names

#: Residuals and defects below the first count as zero, those above the second as not.
ZERO, NONZERO = 1e-12, 1e-2
#: A search that stops at this defect has found a reflective subspace.
SEARCH_ZERO = 1e-9

Columns = dict[str, tuple[tuple[str, ...], object, str]]


def _dataset(columns: Columns, coordinates: dict[str, object] | None = None, **attributes: object) -> xr.Dataset:
    variables = {
        name: (axes, np.asarray(data), {"units": "1", "long_name": text}) for name, (axes, data, text) in columns.items()
    }
    return xr.Dataset(variables, coords=coordinates, attrs=attributes)


def _is_rotated(run: Run) -> bool:
    target = run.setting.target
    assert isinstance(target, HiddenPolynomials)
    return target.rotated


def _extreme(values: np.ndarray, largest: bool) -> np.ndarray:
    """Over the seeds, NaN where there is nothing."""
    empty = np.isnan(values).all(0)
    filled = np.where(np.isnan(values), -np.inf if largest else np.inf, values)
    return np.where(empty, np.nan, filled.max(0) if largest else filled.min(0))


def _search_verdicts(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Largest defect at dim S* and smallest above it, over seeds: (target, class) each, NaN where there is none."""
    dimension = run.target["trapped_dimension"].values
    defect, rank = run.result["search_defect"].values, run.result["rank"].values
    at = np.where(rank == dimension[..., None], defect, np.nan)
    above = np.where(rank > dimension[..., None], defect, np.nan)
    return _extreme(_extreme(np.moveaxis(at, -1, 0), True), True), _extreme(_extreme(np.moveaxis(above, -1, 0), False), False)


def _agreement(run: Run) -> dict[str, np.ndarray]:
    """The three ways side by side; ``agree`` is 1 where none contradicts the closure."""
    residual = _extreme(run.result["residual"].values, True)
    larger = _extreme(run.result["residual_larger"].values, False)
    at, above = _search_verdicts(run)
    position = run.result["search_outside"].values
    rank = run.result["rank"].values == run.target["trapped_dimension"].values[..., None]
    outside = _extreme(_extreme(np.moveaxis(np.where(rank, position, np.nan), -1, 0), True), True)
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
    "search_at": "smallest defect that a search finds at dim S*, largest over seeds",
    "search_above": "smallest defect that a search finds above dim S*",
    "search_outside": "how far the subspace found at dim S* lies from S*",
    "agree": "1 where definition, closure and search agree",
}


def _covariance(runs: Sequence[Run]) -> float:
    """Largest distance between S* of a rotated target and the rotated S* of the target."""
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
    first = runs[0]
    columns |= {
        "trapped_dimension": (axes[1:], first.target["trapped_dimension"].values, "dimension of S*"),
        "used_variables": (axes[1:2], first.target["used_variables"].values, "variables of the target"),
        "loss_floor": (axes[1:], first.target["loss_floor"].values, "loss floor of S*"),
        "coordinate_defect": (axes, np.stack([r.result["coordinate_defect"].values for r in runs]), "smallest defect of a coordinate subspace"),
        "slice_defect": (
            ("rotated", "angle", "angle_2"),
            np.stack([r.result["slice_defect"].values for r in runs]),
            "defect over a slice of the Grassmannian",
        ),
        "covariance": ((), _covariance(runs), "distance between the rotated S* and S* of the rotated target"),
        "planted_misses": (
            (),
            sum(int((r.result["planted_found"] != r.result["planted_dimension"]).sum()) for r in runs),
            "planted targets whose reflective subspace was not found",
        ),
        "planted_count": ((), sum(r.result.sizes["seed"] for r in runs), "planted targets"),
        "planted_distance": ((), max(float(r.result["planted_distance"].max()) for r in runs), "largest distance from the plant"),
        "planted_residual": ((), max(float(r.result["planted_residual"].max()) for r in runs), "largest residual on a plant"),
    }
    coordinates = {name: first.result[name] for name in ("angle", "angle_2")}
    coordinates["rotated"] = ("rotated", np.arange(len(runs)), {"units": "1", "long_name": "1 for rotated targets"})
    return _dataset(
        columns,
        coordinates,
        polynomials=names(first.target),
        activation_classes=first.target.attrs["activation_classes"],
    )


def _relative_gap(samples: np.ndarray, axis: int) -> np.ndarray:
    """``sup_t |mean_seeds(L_sgd - L_flow)|`` of samples (..., seed, time) that hold the difference over L(0)."""
    return np.asarray(np.abs(samples.mean(axis=axis)).max(-1))


def _online_sgd(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    time = runs[0].result["time"]
    columns: Columns = {}
    for name, text in (("sgd_loss", "online SGD"), ("flow_loss", "mean-field flow")):
        bands = [np.quantile(run.result[name].values, (0.1, 0.5, 0.9), axis=0) for run in runs]
        columns[name] = (("target", "quantile", "time"), np.stack(bands), f"quantiles over seeds of the loss of {text}")
    gaps, spreads = [], []
    for run in runs:
        difference = run.result["sgd_loss"].values - run.result["flow_loss"].values
        start = run.result["flow_loss"].values[:, :1]
        gaps.append(bootstrap(_relative_gap, difference / start, rng))
        spreads.append(float(np.abs(difference / start).max()))
    for position, suffix in enumerate(("", "_low", "_high")):
        columns["gap" + suffix] = (("target",), [gap[position] for gap in gaps], "sup_t |mean (L_sgd - L_flow)| / L(0)" + suffix)
    columns["worst_gap"] = (("target",), spreads, "largest |L_sgd - L_flow| / L(0) of any seed and time")
    columns["failed_runs"] = ((), sum(int((run.result["status"] != 0).sum()) for run in runs), "runs that diverged")
    columns["seed_count"] = ((), runs[0].result.sizes["seed"], "seeds")
    quantile = ("quantile", np.array([0.1, 0.5, 0.9]), {"units": "1", "long_name": "quantile over seeds"})
    return _dataset(
        columns, {"time": time, "quantile": quantile}, polynomials=[text for run in runs for text in names(run.target)]
    )


def _two_stage(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """All settings along ``case``; ``copies`` becomes 0 (one copy) and 1 (p copies)."""
    columns: Columns = {}
    first = runs[0].result
    stacked = ("lambda_min", "lambda_max", "scaled_condition", "lambda_min_curve", "curve_condition", "loss", "bound", "time_to")
    for name in stacked:
        axes = ("case", *(str(axis) for axis in first[name].dims))
        columns[name] = (axes, np.stack([run.result[name].values for run in runs]), str(first[name].attrs["long_name"]))
    columns["curve_times"] = (("case", "time"), np.stack([run.result["time"].values for run in runs]), "time of the second stage")
    bands, ratios, bound = [], [], []
    for run in runs:
        sampled = run.result["sampled_loss"].values
        bands.append(np.quantile(sampled, (0.1, 0.5, 0.9), axis=0))
        times = run.result["sampled_time_to"].values
        ratios.append(bootstrap(np.median, times[:, 0] / times[:, 1], rng))
        with np.errstate(invalid="ignore", divide="ignore"):
            over = np.concatenate([sampled / run.result["sampled_bound"].values, (run.result["loss"] / run.result["bound"]).values[None]])
        bound.append(np.nanmax(over))
    columns["sampled_loss"] = (("case", "quantile", "copies", "time"), np.stack(bands), "loss from sampled particles, quantiles over seeds")
    for position, suffix in enumerate(("", "_low", "_high")):
        columns["speed_ratio" + suffix] = (
            ("case", "fraction"),
            np.stack([ratio[position] for ratio in ratios]),
            "time without averaging over time with p copies" + suffix,
        )
    columns["bound_ratio"] = (("case",), bound, "largest L / bound over times, copies and seeds")
    log_time = np.log(first["training_time"].values)
    logs = np.log(columns["lambda_min"][1])  # type: ignore[call-overload]
    columns["local_slope"] = (("case", "copies", "interval"), np.diff(logs) / np.diff(log_time), "power of T between neighbouring T")
    columns["used_variables"] = (("case",), [int(run.target["used_variables"].values[0]) for run in runs], "variables p")
    columns["degree"] = (("case",), [int(run.target["multi_index"].values[run.target["coefficient"].values[0] != 0].sum(1).max()) for run in runs], "degree n")
    columns["seed_count"] = ((), first.sizes["seed"], "seeds")
    kept = [run.setting.keep_output for run in runs if isinstance(run.setting, TwoStageSetting)]
    columns["keep_output"] = (("case",), np.array(kept, dtype=np.int8), "1 where the first stage keeps the network's output")
    coordinates = {
        "training_time": first["training_time"],
        "fraction": first["fraction"],
        "copies": ("copies", np.array([0, 1]), {"units": "1", "long_name": "0: one copy, 1: p copies"}),
    }
    return _dataset(columns, coordinates, polynomials=[names(run.target)[0] for run in runs])


def _taylor(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    run = runs[0]
    columns: Columns = {
        name: (tuple(map(str, run.result[name].dims)), run.result[name].values, str(run.result[name].attrs["long_name"]))
        for name in ("rank", "spanning_order", "exact")
    }
    columns["used_variables"] = (("target",), run.target["used_variables"].values, "variables of the target")
    columns["trapped_dimension"] = (("target",), run.target["trapped_dimension"].values[:, 0], "dimension of S*")
    return _dataset(
        columns, {"order": run.result["order"]}, polynomials=names(run.target), activations=run.result.attrs["activations"]
    )


def analyse(experiment: Experiment, runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """The analysis of one experiment; all runs of an experiment have the same kind."""
    match experiment.kind:
        case "flow":
            return analyse_flow(runs, rng)
        case "diagnosis":
            return _diagnosis(runs, rng)
        case "online_sgd":
            return _online_sgd(runs, rng)
        case "two_stage":
            return _two_stage(runs, rng)
        case "taylor":
            return _taylor(runs, rng)
    raise ValueError(f"this study has no experiments of kind {experiment.kind!r}")

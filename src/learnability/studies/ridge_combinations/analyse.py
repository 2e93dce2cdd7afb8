"""Analyses: from training artifacts to what the figures draw and the claims judge, theory beside it. One function
for each kind.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from learnability.statistics.intervals import bootstrap
from learnability.statistics.scaling import bootstrap_slope
from learnability.results.contract import Experiment, Run
from learnability.studies.ridge_combinations import theory

Variables = dict[str, tuple[tuple[str, ...], Any, str, str]]


def _dataset(variables: Variables, **attributes: Any) -> xr.Dataset:
    data = {
        n: (dims, values, {"units": unit, "long_name": text}) for n, (dims, values, unit, text) in variables.items()
    }
    return xr.Dataset(data, attrs=attributes)


def mean_interval(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(estimate, low, high) of the mean over the first axis, bootstrapped over it; stacked on a new last axis."""
    return np.stack(bootstrap(np.mean, values, rng), axis=-1)


def median_interval(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same for the median."""
    return np.stack(bootstrap(np.median, values, rng), axis=-1)


def localised_only(largest: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Neurons on a single direction, 1 or 0: largest alignment above 0.9 and second below 0.3 (merged pairs fail the
    second). NaN where the run diverged, so that it is not counted as one that did not localise.
    """
    return np.where(np.isnan(largest), np.nan, (largest > 0.9) & (second < 0.3))


def above(largest: np.ndarray, level: float | np.ndarray) -> np.ndarray:
    """Alignments above a level, 1 or 0; NaN where the run diverged."""
    return np.where(np.isnan(largest), np.nan, largest > level)


def _top_two(alignment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ordered = np.sort(np.abs(alignment), axis=-1)
    return ordered[..., -1], ordered[..., -2]


def _figure_one(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    result = runs[0].result
    alignment = result["alignment"].values
    fraction = localised_only(*_top_two(alignment)).mean(-1)
    control = localised_only(*_top_two(result["control_alignment"].values)).mean(-1)
    grown = above(_top_two(alignment)[0], 0.5).mean(-1)
    kept = ("variant", "time")
    variables: Variables = {
        "localised": ((*kept, "interval"), mean_interval(fraction, rng), "1", "fraction of neurons on one direction"),
        "grown": ((*kept, "interval"), mean_interval(grown, rng), "1", "fraction of neurons above 0.5"),
        "control": (("moment", "interval"), mean_interval(control, rng), "1", "the same in the NTK scaling"),
        "samples": (("time",), result["time"].values, "samples", "samples seen"),
        # The paper's scatter and the heat map are pictures of single networks: the first seed.
        "scatter": (("moment", "neuron", "task"), alignment[0, 0][[0, -1]], "1", "<w_j, v_m> before and after"),
        "control_scatter": (
            ("moment", "control_neuron", "task"),
            result["control_alignment"].values[0],
            "1",
            "<w_j, v_m> / |w_j| of the control before and after",
        ),
        "history": (("time", "neuron", "task"), np.abs(alignment[0, 0]), "1", "|<w_j, v_m>| over time"),
        "bias": (("neuron",), result["bias"].values[0], "1", "bias of the neuron"),
    }
    return _dataset(variables, seeds=result.sizes["seed"], neurons=result.sizes["neuron"])


def law_statistics(alignment: np.ndarray) -> np.ndarray:
    """Statistics of single neurons at the end, (statistic, seed), from alignments (seed, neuron, task)."""
    largest = np.abs(alignment).max(-1)
    columns = [alignment[:, 0, 0], alignment[:, 1, 1], alignment[:, 2].sum(-1), largest[:, 0], largest[:, 3]]
    return np.stack([*columns, np.square(alignment[:, 0]).sum(-1)])


def _curve(alignment: np.ndarray) -> np.ndarray:
    """Mean over neurons of the largest alignment, (seed, time)."""
    return np.abs(alignment).max(-1).mean(-1)


def _supremum(curves: np.ndarray, axis: int = 0) -> np.ndarray:
    """sup over time of |difference of the mean curves|, for pairs (seed, 2, time)."""
    mean = curves.mean(axis=axis)
    return np.abs(mean[..., 0, :] - mean[..., 1, :]).max(-1)


def _engines(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    from scipy.stats import ks_2samp  # its import is half a second, which the other analyses need not pay

    result = runs[0].result
    final = result["alignment"].values[:, :, -1]
    reference = law_statistics(final[:, 0])
    pvalues = np.array(
        [
            [ks_2samp(a, b).pvalue for a, b in zip(reference, law_statistics(final[:, e]), strict=True)]
            for e in range(1, final.shape[1])
        ]
    )
    flow = _curve(result["flow_alignment"].values)
    gaps, curves = [], []
    for k in range(result.sizes["relative_step"]):
        sgd = _curve(result["full_alignment"].values[:, k])
        gaps.append(np.stack(bootstrap(_supremum, np.stack([sgd, flow], axis=1), rng)))
        curves.append(mean_interval(sgd, rng))
    by_engine = np.stack([mean_interval(_curve(result["alignment"].values[:, e]), rng) for e in range(final.shape[1])])
    variables: Variables = {
        "pvalue": (("pair", "statistic"), pvalues, "1", "two-sample Kolmogorov-Smirnov p-value against full SGD"),
        "corrected_pvalue": (
            (),
            min(1.0, pvalues.min() * pvalues.size),
            "1",
            "least p-value times the number of tests",
        ),
        "flow_gap": (("relative_step", "interval"), np.array(gaps), "1", "sup over t |SGD - flow| of the mean curve"),
        "curve": (("relative_step", "time", "interval"), np.array(curves), "1", "mean largest alignment, full SGD"),
        "engine_curve": (("engine", "time", "interval"), by_engine, "1", "mean largest alignment by engine"),
        "flow_curve": (("time", "interval"), mean_interval(flow, rng), "1", "mean largest alignment, population flow"),
        "flow_time": (("time",), result["time"].values, "flow time", "step size x samples"),
    }
    dataset = _dataset(variables, engines=result.attrs["engines"], seeds=result.sizes["seed"])
    return dataset.assign_coords(relative_step=result["relative_step"].values)


def half_times(hitting: np.ndarray) -> np.ndarray:
    """T50 of each seed: the median over neurons of the hitting time, (seed, tasks, dimension); inf where too few do."""
    return np.median(hitting, axis=-1)


def _localisation(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Numbers of tasks and dimensions are axes of a run; several runs differ in their numbers of tasks."""
    setting: Any = runs[0].setting
    exponent = int(runs[0].target["information_exponent"])
    settled: Any = {"data_vars": "minimal", "coords": "minimal", "compat": "override", "join": "exact"}
    result = xr.concat([run.result for run in runs], "tasks", combine_attrs="override", **settled).sortby("tasks")
    tasks, dimensions = result["tasks"].values, result["dimension"].values
    unit = tasks[:, None] * dimensions.astype(float) ** (exponent - 1)
    half = half_times(result["hitting_time"].values)
    largest = result["largest"].values
    found = _tasks_found(largest, result["task"].values)
    alone = localised_only(largest, result["second"].values).mean(-1)
    grid = ("tasks", "dimension")
    variables: Variables = {
        "half_time": ((*grid, "interval"), median_interval(half, rng), "samples", "T50, median over seeds"),
        "half_time_per_seed": (("seed", *grid), half, "samples", "T50 of the seed"),
        "scaled_half_time": ((*grid, "interval"), median_interval(half / unit, rng), "1", "T50 / (M d^(p-1))"),
        "localised": ((*grid, "interval"), mean_interval(alone, rng), "1", "fraction of neurons on one direction"),
        "tasks_found": ((*grid, "interval"), mean_interval(found, rng), "tasks", "tasks with a neuron above 0.9"),
        "all_found": ((*grid, "interval"), mean_interval(above(found, tasks[:, None] - 0.5), rng), "1", "all found"),
        "engine": (grid, result["engine"].values, "1", "engine that ran"),
        "correlational_bound": (
            grid,
            np.stack([theory.correlational_bound(dimensions, int(m), exponent) for m in tasks]),
            "samples",
            "M d^(p/2), CSQ lower bound up to its constant",
        ),
    }
    if setting.phase_one.bias != "uniform":
        alpha = theory.relu_coefficient(setting.phase_one.bias, exponent)
        delta = setting.phase_one.relative_step
        curve = [theory.escape_constant(exponent, int(m), alpha, 1.0, delta) for m in tasks]
        variables["escape_constant"] = (("tasks",), curve, "1", "n* / (M d^(p-1)) of the population flow")
        until = partial(theory.hitting_constant, exponent, student=alpha, relative_step=delta)
        level = setting.threshold
        finite = np.array([[until(int(m), dimension=float(d), threshold=level) for d in dimensions] for m in tasks])
        variables["hitting_constant"] = (grid, finite, "1", "the same until the threshold, at finite d")
        if len(dimensions) > 1:
            expected = np.polyfit(np.log(dimensions), np.log(finite[0] * unit[0]), 1)[0]
            variables["expected_dimension_slope"] = ((), expected, "1", "slope of the flow's time at these d")
    for axis, x, values in (("dimension", dimensions, half[:, 0]), ("tasks", tasks, half[:, :, 0])):
        if len(x) > 1:
            slope = np.array(bootstrap_slope(x, values, rng))
            variables[f"{axis}_slope"] = (("interval",), slope, "1", f"slope of log T50 against log {axis}")
    dataset = _dataset(variables, information_exponent=exponent, seeds=half.shape[0])
    dataset["engine"].attrs = result["engine"].attrs  # with the meanings of the codes
    return dataset.assign_coords(tasks=tasks, dimension=dimensions)


def _tasks_found(largest: np.ndarray, task: np.ndarray) -> np.ndarray:
    """Number of tasks with a neuron above 0.9, from arrays whose last axis is the neuron; NaN where a run diverged."""
    winner = np.sort(np.where(largest > 0.9, task, -1), axis=-1)
    new = np.diff(winner, axis=-1, prepend=-1) > 0
    return np.where(np.isnan(largest).any(-1), np.nan, new.sum(-1).astype(float))


def _width(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    ordered = sorted(runs, key=lambda run: run.setting.target.strength_ratio)  # type: ignore[attr-defined]
    targets: list[Any] = [run.setting.target for run in ordered]
    exponents = np.array([t.strength_ratio ** (2 / (t.information_exponent - 2)) for t in targets])
    tasks = ordered[0].result["tasks"].values
    share = np.stack([run.result["share"].values for run in ordered], axis=1)
    expected = [[theory.weak_share(int(m), t.strength_ratio, t.information_exponent) for m in tasks] for t in targets]
    slopes = [bootstrap_slope(tasks, share[:, k], rng, statistic="mean") for k in range(len(targets))]
    limits = [np.polyfit(np.log(tasks), np.log(row), 1)[0] for row in expected]
    ratio = share.mean(0) / np.array(expected)
    spread = np.stack(bootstrap(_worst_ratio, share / np.array(expected), rng))
    variables: Variables = {
        "share": (("strength_exponent", "tasks", "interval"), mean_interval(share, rng), "1", "share of one weak task"),
        "expected_share": (("strength_exponent", "tasks"), np.array(expected), "1", "finite-M theory"),
        "ratio": (("strength_exponent", "tasks"), ratio, "1", "measured share over theory"),
        "worst_ratio": (("interval",), spread, "1", "largest |measured / theory - 1|"),
        "slope": (("strength_exponent", "interval"), np.array(slopes), "1", "slope of log share against log M"),
        "expected_slope": (("strength_exponent",), np.array(limits), "1", "the same of the finite-M theory"),
    }
    dataset = _dataset(variables, seeds=share.shape[0])
    return dataset.assign_coords(strength_exponent=exponents, tasks=tasks)


def _worst_ratio(ratios: np.ndarray, axis: int = 0) -> np.ndarray:
    return np.abs(ratios.mean(axis=axis) - 1).max(axis=(-2, -1))


def _coherence(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    result, target = runs[0].result, runs[0].target
    exponent, tasks = int(target["information_exponent"]), target.sizes["task"]
    axes = ("coherence", "interval")
    variables: Variables = {
        "sgd": (axes, mean_interval(result["sgd"].values, rng), "1", "fraction of neurons above 0.9, SGD"),
        "flow": (axes, mean_interval(result["flow"].values, rng), "1", "fraction of neurons above 0.9, flow"),
        "threshold": ((), theory.coherence_threshold(exponent, tasks), "1", "(p-2)/(M+p-2)"),
    }
    dataset = _dataset(variables, seeds=result.sizes["seed"], tasks=tasks)
    return dataset.assign_coords(coherence=result["coherence"].values)


def _phase_two(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    result = runs[0].result
    axes = ("samples", "method", "interval")
    variables: Variables = {
        "l1": (axes, median_interval(result["l1"].values, rng), "1", "mean absolute test error, median over seeds"),
        "l2": (axes, median_interval(result["l2"].values, rng), "1", "mean squared test error, median over seeds"),
        "l1_per_seed": (("seed", "samples", "method"), result["l1"].values, "1", "mean absolute test error"),
        "nonzero": (axes, median_interval(result["nonzero"].values, rng), "1", "nonzero coefficients"),
        "zero_l1": (("interval",), median_interval(result["zero_l1"].values, rng), "1", "error of predicting zero"),
        "localised": (("interval",), mean_interval(result["localised"].values, rng), "1", "neurons above 0.9"),
        "phase_one_samples": ((), int(result["phase_one_samples"]), "samples", "samples of phase I"),
    }
    if result.sizes["kernel_samples"]:
        kernel = median_interval(result["kernel_l1"].values, rng)
        variables["kernel_l1"] = (("kernel_samples", "interval"), kernel, "1", "error of kernel ridge")
    link = runs[0].target["link"].values[0]
    degree = int(np.flatnonzero(link)[-1])
    features = _monomials(int(result.attrs["dimension"]), degree)
    variables["kernel_features"] = ((), features, "1", "polynomials of the links' degree in d variables")
    attributes = {"methods": result.attrs["methods"], "dimension": int(result.attrs["dimension"])}
    dataset = _dataset(variables, seeds=result.sizes["seed"], **attributes)
    coordinates = {name: result[name].values for name in ("samples", "method", "kernel_samples")}
    return dataset.assign_coords(coordinates)


def _monomials(variables: int, degree: int) -> float:
    from math import comb

    return float(comb(variables + degree, degree))


def _superorthogonal(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Nothing random is left: the artifact itself, without the seed."""
    return runs[0].result.isel(seed=0, drop=True)


_BY_KIND = {
    "figure_one": _figure_one,
    "engines": _engines,
    "localisation": _localisation,
    "width": _width,
    "coherence": _coherence,
    "phase_two": _phase_two,
    "superorthogonal": _superorthogonal,
}


def analyse(experiment: Experiment, runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """All runs of an experiment -> what its figures draw and its claims judge."""
    # A time that was never reached is infinite, and quantiles between two infinite ones are NaN: no warning is due.
    with np.errstate(invalid="ignore"):
        return _BY_KIND[experiment.kind](runs, rng)

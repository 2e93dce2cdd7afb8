"""Do the engines have one law, and how far is SGD from the population flow?"""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from scipy.stats import ks_2samp

from learnability.results.contract import Run
from learnability.results.labelled import names, texts, variable
from learnability.studies.ridge_combinations.over_seeds import over_seeds

STATISTICS = ("<w_0, v_0>", "<w_1, v_1>", "sum <w_2, v_m>", "max |<w_0, v_m>|", "max |<w_3, v_m>|", "sum <w_0, v_m>^2")


def law_statistics(alignment: np.ndarray) -> np.ndarray:
    """The ``STATISTICS`` of single neurons at the end, (statistic, seed), from alignments (seed, neuron, task)."""
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


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Every engine tested against full SGD; the full engine's curve at each step size beside the flow's."""
    result = runs[0].result
    alignment = result["alignment"].values
    reference, *others = (law_statistics(alignment[:, e, -1]) for e in range(alignment.shape[1]))
    pvalues = np.array([[ks_2samp(a, b).pvalue for a, b in zip(reference, other, strict=True)] for other in others])
    flow = _curve(result["flow_alignment"].values)
    text, gaps, curves = "mean largest alignment", [], []
    for k in range(result.sizes["relative_step"]):
        sgd = _curve(result["full_alignment"].values[:, k])
        pair = np.stack([sgd, flow], axis=1)  # of the same starts: a seed is resampled with both
        gaps.append(over_seeds(_supremum, (), pair, rng, "sup over t |SGD - flow| of the mean curve"))
        curves.append(over_seeds(np.mean, "time", sgd, rng, f"{text}, full SGD"))
    by_engine = [
        over_seeds(np.mean, "time", _curve(alignment[:, e]), rng, f"{text} by engine")
        for e in range(alignment.shape[1])
    ]
    corrected = min(1.0, pvalues.min() * pvalues.size)
    data = {
        "pvalue": variable(("pair", "statistic"), pvalues, "two-sample Kolmogorov-Smirnov p-value against full SGD"),
        "corrected_pvalue": variable((), corrected, "least p-value times the number of tests"),
        "flow_gap": xr.Variable.concat(gaps, "relative_step"),
        "curve": xr.Variable.concat(curves, "relative_step"),
        "engine_curve": xr.Variable.concat(by_engine, "engine"),
        "flow_curve": over_seeds(np.mean, "time", flow, rng, f"{text}, population flow"),
        "flow_time": variable("time", result["time"].values, "step size x samples", "flow time"),
    }
    engines = texts(result["engine"])
    coords = {
        "relative_step": result["relative_step"].values,
        "engine": result["engine"].variable,
        "pair": names("pair", engines[1:], "engine tested against full SGD"),
        "statistic": names("statistic", STATISTICS, "statistic of single neurons at the end"),
    }
    return xr.Dataset(data, coords, {"seeds": result.sizes["seed"]})

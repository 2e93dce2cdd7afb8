"""Do the engines have one law, and how far is SGD from the population flow?"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import estimate, names, over_seeds, texts, variable
from learnability.statistics.equivalence import equivalence_power, kolmogorov_distance

STATISTICS = ("<w_0, v_0>", "<w_1, v_1>", "sum <w_2, v_m>", "max |<w_0, v_m>|", "max |<w_3, v_m>|", "sum <w_0, v_m>^2")


def law_statistics(alignment: np.ndarray) -> np.ndarray:
    """The ``STATISTICS`` of single neurons at the end, (statistic, seed), from alignments (seed, neuron, task)."""
    largest = np.abs(alignment).max(-1)
    columns = [alignment[:, 0, 0], alignment[:, 1, 1], alignment[:, 2].sum(-1), largest[:, 0], largest[:, 3]]
    return np.stack([*columns, np.square(alignment[:, 0]).sum(-1)])


# What the laws of two engines may differ by, and the probability with which any of the tests may err.
MARGIN = 0.1
ERROR = 0.05


def _curve(alignment: np.ndarray) -> np.ndarray:
    """Mean over neurons of the largest alignment, (seed, time)."""
    return np.abs(alignment).max(-1).mean(-1)


def _supremum(curves: np.ndarray, axis: int = 0) -> np.ndarray:
    """sup over time of |difference of the mean curves|, for pairs (seed, 2, time)."""
    mean = curves.mean(axis=axis)
    return np.abs(mean[..., 0, :] - mean[..., 1, :]).max(-1)


def _ratio_of_gaps(curves: np.ndarray, axis: int = 0) -> np.ndarray:
    """The gap of the first step size over that of the last, for triples (first, last, flow) of curves of one seed."""
    mean = curves.mean(axis=axis)
    first, last = (np.abs(mean[..., k, :] - mean[..., 2, :]).max(-1) for k in (0, 1))
    return np.asarray(first / last)


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Every engine's distance from full SGD; the full engine's curve at each step size beside the flow's."""
    _, result = only(runs, Setting)
    alignment = result["alignment"].values
    flow = _curve(result["flow_alignment"].values)
    text, gaps, curves = "mean largest alignment", [], []
    ends = [_curve(result["full_alignment"].values[:, k]) for k in (0, -1)]
    ratio = over_seeds(
        _ratio_of_gaps, (), np.stack([*ends, flow], axis=1), rng, "gap at the first step size over the last"
    )
    for k in range(result.sizes["relative_step"]):
        sgd = _curve(result["full_alignment"].values[:, k])
        pair = np.stack([sgd, flow], axis=1)  # of the same starts: a seed is resampled with both
        gaps.append(over_seeds(_supremum, (), pair, rng, "sup over t |SGD - flow| of the mean curve"))
        curves.append(over_seeds(np.mean, "time", sgd, rng, f"{text}, full SGD"))
    by_engine = [
        over_seeds(np.mean, "time", _curve(alignment[:, e]), rng, f"{text} by engine")
        for e in range(alignment.shape[1])
    ]
    data = {
        "gap_ratio": ratio,
        "flow_gap": xr.Variable.concat(gaps, "relative_step"),
        "curve": xr.Variable.concat(curves, "relative_step"),
        "engine_curve": xr.Variable.concat(by_engine, "engine"),
        "flow_curve": over_seeds(np.mean, "time", flow, rng, f"{text}, population flow"),
        "flow_time": variable("time", result["time"].values, "step size x samples", "flow time"),
    }
    coords = {
        "relative_step": result["relative_step"].values,
        "engine": result["engine"].variable,
    }
    analysis = xr.Dataset(data, coords, {"seeds": result.sizes["seed"]})
    return (
        analysis.merge(_distances(texts(result["engine"]), alignment[:, :, -1])) if alignment.shape[1] > 1 else analysis
    )


def _distances(engines: list[str], last: np.ndarray) -> xr.Dataset:
    """Kolmogorov distances from full SGD, from the last alignments (seed, engine, neuron, task)."""
    reference, *others = (law_statistics(last[:, e]) for e in range(len(engines)))
    confidence = 1 - ERROR / (len(others) * len(STATISTICS))
    found = [[kolmogorov_distance(a, b, confidence) for a, b in zip(reference, other, strict=True)] for other in others]
    value, low, high = (
        np.array([[getattr(d, end) for d in row] for row in found]) for end in ("distance", "low", "high")
    )
    said, axes = f"{1 - ERROR:.0%} over all tests", ("pair", "statistic")
    power = equivalence_power(len(last), len(last), MARGIN, confidence)
    data = {
        "distance": estimate(axes, value, low, high, "Kolmogorov distance from full SGD", said),
        "power": variable((), power, "chance that equal laws pass one test"),
    }
    coords = {
        "pair": names("pair", engines[1:], "engine tested against full SGD"),
        "statistic": names("statistic", STATISTICS, "statistic of single neurons at the end"),
    }
    return xr.Dataset(data, coords)

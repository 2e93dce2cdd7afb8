"""How each claim is measured: from the analyses of the study to an estimate with its interval."""

import json
import math

import numpy as np
import xarray as xr

from learnability.statistics.intervals import wilson
from learnability.results.claim import Analyses, Measurement
from learnability.studies.multi_index.flows import METHODS
from learnability.studies.multi_index.landscape_analysis import FAMILIES

_JOINT, _PLANTED = 0, 1


def _missing(what: str) -> Measurement:
    return Measurement(math.nan, math.nan, math.nan, None, f"{what} is not part of this scale")


def _bounds(values: xr.DataArray, seeds: int | None) -> Measurement:
    estimate, low, high = (float(v) for v in values)
    return Measurement(estimate, low, high, seeds)


def escape(analyses: Analyses, flow: str, link: str, name: str) -> Measurement:
    data = analyses[f"escape_{flow}"]
    links = json.loads(data.attrs["links"])
    if link not in links:
        return _missing(link)
    one = data.isel(case=links.index(link))
    last = int(one["num_variables"]) - 1
    return _bounds(one[name][last], int(one["seeds"][last]))


def worst_exponent(analyses: Analyses, flow: str) -> Measurement:
    """The fitted exponent that lies farthest from theory, as a distance."""
    data = analyses[f"escape_{flow}"]
    worst = (math.nan, math.nan, math.nan)
    seeds = None
    for case in range(data.sizes["case"]):
        one = data.isel(case=case)
        last = int(one["num_variables"]) - 1
        if not float(one["exponent"][last]) > 0:
            continue
        offset = one["asymptotic_slope"][last].values - float(one["exponent"][last])
        sides = np.abs(offset[1:])
        inside = offset[1] <= 0 <= offset[2]
        found = (abs(float(offset[0])), 0.0 if inside else float(sides.min()), float(sides.max()))
        if not worst[2] >= found[2]:
            worst, seeds = found, int(one["seeds"][last])
    return Measurement(*worst, seeds)


def closure(analyses: Analyses, flow: int) -> Measurement:
    return Measurement.exact(float(analyses["closure"]["difference"][flow]))


def plateaus(analyses: Analyses) -> Measurement:
    """Largest distance of a median plateau height from theory at the largest dimension."""
    data = analyses["staircase"].isel(dimension=-1)
    offset = data["plateau"].values - data["predicted_plateau"].values[:, None]
    seeds = int(data.attrs["seeds"])
    worst = int(np.nanargmax(np.abs(offset).max(axis=1)))
    estimate, low, high = np.abs(offset[worst])
    return Measurement(float(estimate), 0.0, float(max(estimate, low, high)), seeds)


def order(analyses: Analyses) -> Measurement:
    """Smallest ratio of median escape times of consecutive saddles at the largest dimension."""
    data = analyses["staircase"].isel(dimension=-1)
    median = data["escape_time"].sel(quantile=0.5).values
    low, high = data["escape_time"].sel(quantile=0.1).values, data["escape_time"].sel(quantile=0.9).values
    k = int(np.argmin(median[1:] / median[:-1]))
    return Measurement(
        float(median[k + 1] / median[k]),
        float(low[k + 1] / high[k]),
        float(high[k + 1] / low[k]),
        int(data.attrs["seeds"]),
    )


def monotone(analyses: Analyses) -> Measurement:
    falls = [float(analyses["escape_joint"]["largest_fall"].max()), float(analyses["staircase"]["largest_fall"])]
    landscape = float(analyses["landscape"]["largest_fall"])
    worst = max([*falls, landscape])
    return Measurement.exact(worst, f"escape {falls[0]:.1e}, staircase {falls[1]:.1e}, landscape {landscape:.1e}")


def _cases(analyses: Analyses, families: tuple[str, ...]) -> xr.Dataset:
    data = analyses["landscape"]
    codes = [FAMILIES.index(family) for family in families]
    return data.isel(case=np.flatnonzero(np.isin(data["family"].values, codes)))


def joint_success(analyses: Analyses) -> Measurement:
    """Pooled success of the joint flow over all links and starts that the solver finished."""
    data = analyses["landscape"].sel(flow=_JOINT)
    trials = data["trials"].values
    finished = float((trials * (1 - data["unfinished"].values)).sum())
    reached = float((trials * data["success"].values).sum())
    low, high = wilson(reached, finished)
    note = f"{data.sizes['case']} links; {int(trials.sum() - finished)} unfinished of {int(trials.sum())}"
    return Measurement(reached / finished, float(low), float(high), int(trials.min()), note)


def joint_unfinished(analyses: Analyses) -> Measurement:
    data = analyses["landscape"].sel(flow=_JOINT)
    trials = data["trials"].values
    left = float((trials * data["unfinished"].values).sum())
    low, high = wilson(left, trials.sum())
    return Measurement(left / trials.sum(), float(low), float(high), int(trials.min()))


def extreme(analyses: Analyses, families: tuple[str, ...], largest: bool) -> Measurement:
    """The largest or smallest planted success of the families, with its own Wilson interval."""
    data = _cases(analyses, families).sel(flow=_PLANTED)
    if not data.sizes["case"]:
        return _missing(" and ".join(families))
    success = data["success"].values
    i = int(success.argmax() if largest else success.argmin())
    low, high = float(data["success_low"][i]), float(data["success_high"][i])
    link = json.loads(analyses["landscape"].attrs["links"])[int(data["case"][i])]
    return Measurement(float(success[i]), low, high, int(data["trials"][i]), f"{link}; {data.sizes['case']} links")


def trend(analyses: Analyses) -> Measurement:
    """The steepest change of the planted success per decade of d, by absolute value."""
    trend = analyses["landscape_dimension"]["trend"].values
    seeds = int(analyses["landscape_dimension"]["trials"].min())
    i = int(np.abs(trend[:, 0]).argmax())
    sides = np.abs(trend[i, 1:])
    low = 0.0 if trend[i, 1] <= 0 <= trend[i, 2] else float(sides.min())
    links = list(dict.fromkeys(json.loads(analyses["landscape_dimension"].attrs["links"])))
    return Measurement(abs(float(trend[i, 0])), low, float(sides.max()), seeds, links[i] if i < len(links) else "")


def rank_gain(analyses: Analyses) -> Measurement:
    """Planted success with the most ridges minus that with one; Newcombe's interval from Wilson's."""
    data = _cases(analyses, ("rank",)).sel(flow=_PLANTED)
    if data.sizes["case"] < 2:
        return _missing("the scan over ridges")
    order = np.argsort(data["parameter"].values)
    first, last = data.isel(case=order[0]), data.isel(case=order[-1])
    p1, l1, u1 = (float(first[n]) for n in ("success", "success_low", "success_high"))
    p2, l2, u2 = (float(last[n]) for n in ("success", "success_low", "success_high"))
    gain = p2 - p1
    low = gain - math.hypot(p2 - l2, u1 - p1)
    high = gain + math.hypot(u2 - p2, p1 - l1)
    return Measurement(gain, low, high, int(data["trials"].min()))


def samples(analyses: Analyses, link: str, method: str) -> Measurement:
    """The exponent of n50 with an interval that covers both estimators: their disagreement is part of the doubt."""
    data = analyses["samples"]
    links = json.loads(data.attrs["links"])
    if link not in links:
        return _missing(link)
    slopes = data["slope"].isel(link=links.index(link), method=METHODS.index(method)).values
    note = f"logistic {slopes[0, 0]:.2f}, crossing {slopes[1, 0]:.2f}"
    estimate = float(slopes[:, 0].mean())
    return Measurement(estimate, float(slopes[:, 1].min()), float(slopes[:, 2].max()), int(data.attrs["seeds"]), note)


def lost(analyses: Analyses, form: int) -> Measurement:
    """Fraction of runs lost at the deepest saddle with d^(s-1) >= 1e16, in the rotated frame."""
    data = analyses["precision"]
    depth = data["dimension"].values[None, :].astype(float) ** (data["leap"].values[:, None] - 1)
    lost = data["lost"].isel(form=form, frame=1).values[depth >= 0.99e16]
    seeds = int(data.attrs["seeds"])
    if not lost.size:
        return _missing("a saddle with d^(s-1) of 1e16")
    low, high = wilson(lost.sum() * seeds, lost.size * seeds)
    return Measurement(float(lost.mean()), float(low), float(high), seeds)


def frame_error(analyses: Analyses) -> Measurement:
    worst = float(analyses["precision"]["largest_deviation"].isel(form=1).max())
    return Measurement.exact(worst)


def hermite(analyses: Analyses) -> Measurement:
    return Measurement.exact(float(analyses["precision"]["hermite_error"].max()))

"""Where flows end: success with Wilson intervals, and how the others are stuck."""

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.statistics.intervals import bootstrap, wilson
from learnability.results.contract import Run
from learnability.studies.multi_index.flows import FLOWS
from learnability.studies.multi_index.settings import LandscapeTarget
from learnability.studies.multi_index.targets import link_texts

FAMILIES = ("radial", "harmonic", "mixed_parity", "mixed_harmonics", "general", "rank", "mixture")
"""Codes of the variable ``family``."""

FROZEN = 0.1
"""A trapped run none of whose cosines exceeds this has frozen at the equator."""

FOUND = 0.99
"""A trapped run all of whose cosines exceed this has found the subspace, in a wrong frame."""

_CONVERGED = 1
_TRAPPED = 16

_MEANINGS = {
    "success": "fraction of runs that reach the target",
    "success_low": "lower end of the 95 % Wilson interval of the success",
    "success_high": "upper end of the 95 % Wilson interval of the success",
    "frozen": "fraction trapped with no cosine above 0.1: frozen at the equator",
    "wrong_frame": "fraction trapped with all cosines above 0.99: the subspace found, in a wrong frame",
    "rank_deficient": "fraction trapped with some directions found and others not",
    "unfinished": "fraction neither at the target nor trapped when the solver stopped",
}


def analyse_landscape(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """One case for every link and dimension; dimensions case, flow. Flows that did not run are NaN."""
    rows: list[dict[str, Any]] = []
    texts: list[str] = []
    for run in runs:
        assert isinstance(run.setting.target, LandscapeTarget)
        for link, text in enumerate(run.setting.target.labels or link_texts(run.target)):
            for place in range(run.result.sizes["dimension"]):
                rows.append(_case(run, link, place))
                texts.append(text)
    variables: dict[str, tuple[tuple[str, ...], Any, dict[str, Any]]] = {
        name: (("case", "flow"), np.array([row[name] for row in rows]), {"long_name": text, "units": "1"})
        for name, text in _MEANINGS.items()
    }
    for name in ("dimension", "family", "parameter", "num_variables", "trials", "link"):
        variables[name] = (("case",), np.array([row[name] for row in rows]), {"long_name": name, "units": "1"})
    variables["family"][2]["flag_values"] = list(range(len(FAMILIES)))
    variables["family"][2]["flag_meanings"] = " ".join(FAMILIES)
    falls = [float(run.result["largest_fall"].sel(flow=0).max()) for run in runs if 0 in run.result["flow"].values]
    fall = max(falls, default=math.nan)
    trend = _trends(runs, rng)
    dataset = xr.Dataset(variables, coords={"case": np.arange(len(rows)), "flow": np.arange(len(FLOWS))})
    return dataset.assign(
        largest_fall=((), fall, {"long_name": "largest fall of a cosine in one step of a joint flow", "units": "1"}),
        trend=(
            ("trended", "bound"),
            trend,
            {"long_name": "change of the planted success per decade of dimension: estimate, low, high", "units": "1"},
        ),
    ).assign_attrs(links=json.dumps(texts))


def outcomes(status: NDArray[np.int64], cosines: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
    """Masks (seed,) of how runs ended, for status (seed,) and cosines (angle, seed) without missing angles."""
    trapped = status == _TRAPPED
    frozen = trapped & (cosines.max(axis=0) < FROZEN)
    found = trapped & (cosines.min(axis=0) > FOUND)
    return {
        "success": status == _CONVERGED,
        "frozen": frozen,
        "wrong_frame": found,
        "rank_deficient": trapped & ~frozen & ~found,
        "unfinished": ~trapped & (status != _CONVERGED),
    }


def _case(run: Run, link: int, place: int) -> dict[str, Any]:
    target = run.setting.target
    assert isinstance(target, LandscapeTarget)
    r = int(run.target["num_variables"][link])
    row: dict[str, Any] = {name: [math.nan] * len(FLOWS) for name in _MEANINGS}
    trials = run.result.sizes["seed"]
    for position, code in enumerate(run.result["flow"].values.tolist()):
        one = run.result.isel(link=link, flow=position, dimension=place)
        masks = outcomes(one["status"].values.astype(np.int64), one["cosine"].values[:r])
        for name, mask in masks.items():
            row[name][code] = float(mask.mean())
        low, high = wilson(int(masks["success"].sum()), trials)
        row["success_low"][code], row["success_high"][code] = float(low), float(high)
    return {
        **row,
        "dimension": int(run.result["dimension"][place]),
        "family": FAMILIES.index(target.family),
        "parameter": target.parameters[link] if target.parameters else math.nan,
        "num_variables": r,
        "trials": trials,
        "link": link,
    }


def _trends(runs: Sequence[Run], rng: np.random.Generator) -> NDArray[np.float64]:
    """Least-squares slope of the planted success against log10 d, one row for every link with several dimensions."""
    rows = []
    for run in runs:
        if run.result.sizes["dimension"] < 2 or 1 not in run.result["flow"].values:
            continue
        x = np.log10(run.result["dimension"].values.astype(float))
        x = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
        reached = (run.result["status"].sel(flow=1) == _CONVERGED).transpose("link", "seed", "dimension").values
        for samples in reached.astype(float):
            rows.append(bootstrap(lambda v, *, axis, x=x: np.mean(v, axis=axis) @ x, samples, rng))
    return np.array(rows, dtype=float).reshape(-1, 3)

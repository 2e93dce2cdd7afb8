"""Analysis of where flows end: success with Wilson intervals, and how the others are stuck."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.flows.multi_index import TRAPPED
from learnability.results.contract import Run
from learnability.results.labelled import OVER_SEEDS, estimate, names, share, texts, variable
from learnability.results.status import Status
from learnability.statistics.intervals import bootstrap
from learnability.studies.multi_index.landscape.setting import LandscapeSetting, LandscapeTarget

FROZEN = 0.1
"""A trapped run none of whose cosines exceeds this has frozen at the equator."""

FOUND = 0.99
"""A trapped run all of whose cosines exceed this has found the subspace, in a wrong frame."""

FLAT = 0.01
"""A success that changes by less than this in a decade of the dimension does not depend on it."""

_FLOWS = ("joint", "planted")
_FRACTIONS = {
    "frozen": "fraction trapped with no cosine above 0.1: frozen at the equator",
    "wrong_frame": "fraction trapped with all cosines above 0.99: the subspace found, in a wrong frame",
    "rank_deficient": "fraction trapped with some directions found and others not",
    "unfinished": "fraction neither at the target nor trapped when the solver stopped",
}
_OF_LINKS = {
    "dimension": "dimension d of the data",
    "parameter": "parameter of the link in its scan; NaN where its family is none",
    "num_variables": "number of variables of the link",
    "trials": "number of starts",
}


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """One case for every link and dimension; dimensions case, flow. Flows that did not run are NaN."""
    rows = [
        _case(run, link, place)
        for run in runs
        for link in range(run.result.sizes["link"])
        for place in range(run.result.sizes["dimension"])
    ]
    trended, trend = _trends(runs, rng)
    slope, low, high = trend.T
    reached, trials = (np.array([row[name] for row in rows]) for name in ("success", "trials"))
    return xr.Dataset(
        {
            "success": share(
                ("case", "flow"), reached, trials[:, None], "fraction of runs that reach the target", "Wilson"
            ),
            **{
                name: variable(("case", "flow"), np.array([row[name] for row in rows]), text)
                for name, text in _FRACTIONS.items()
            },
            **{name: variable("case", np.array([row[name] for row in rows]), text) for name, text in _OF_LINKS.items()},
            "trend": estimate(
                "trended", slope, low, high, "change of the planted success per decade of dimension", OVER_SEEDS
            ),
        },
        coords={
            "link": names("case", [row["link"] for row in rows], "link, by its label where it has one"),
            "family": names("case", [row["family"] for row in rows], "family of the link"),
            "flow": names("flow", _FLOWS, "flow"),
            "trended_link": names("trended", trended, "link of the trend"),
        },
    )


def outcomes(status: NDArray[np.int64], cosines: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
    """Masks (seed,) of how runs ended, for status (seed,) and cosines (angle, seed) without missing angles."""
    reached, trapped = status == Status.CONVERGED, status == TRAPPED
    frozen = trapped & (cosines.max(axis=0) < FROZEN)
    found = trapped & (cosines.min(axis=0) > FOUND)
    return {
        "success": reached,
        "frozen": frozen,
        "wrong_frame": found,
        "rank_deficient": trapped & ~frozen & ~found,
        "unfinished": ~trapped & ~reached,
    }


def _labels(target: LandscapeTarget) -> Sequence[str]:
    return target.labels or target.links


def _case(run: Run, link: int, place: int) -> dict[str, Any]:
    target = run.setting_as(LandscapeSetting).target
    r = int(run.target["num_variables"][link])
    trials = run.result.sizes["seed"]
    row: dict[str, Any] = {name: [math.nan] * len(_FLOWS) for name in (*_FRACTIONS, "success")}
    for position, flow in enumerate(texts(run.result["flow"])):
        one = run.result.isel(link=link, flow=position, dimension=place)
        masks = outcomes(one["status"].values.astype(np.int64), one["cosine"].values[:r])
        column = _FLOWS.index(flow)
        for name in _FRACTIONS:
            row[name][column] = float(masks[name].mean())
        row["success"][column] = float(masks["success"].sum())
    return {
        **row,
        "dimension": int(run.result["dimension"][place]),
        "family": target.family,
        "parameter": target.parameters[link] if target.parameters else math.nan,
        "num_variables": r,
        "trials": trials,
        "link": _labels(target)[link],
    }


def _trends(runs: Sequence[Run], rng: np.random.Generator) -> tuple[list[str], NDArray[np.float64]]:
    """Links with several dimensions, and the least-squares slope of their planted success against log10 d."""
    links: list[str] = []
    rows = []
    for run in runs:
        if run.result.sizes["dimension"] < 2 or "planted" not in texts(run.result["flow"]):
            continue
        x = np.log10(run.result["dimension"].values.astype(float))
        x = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
        status = run.result["status"].sel(flow="planted").transpose("link", "seed", "dimension").values
        for samples in (status == Status.CONVERGED).astype(float):
            rows.append(bootstrap(lambda v, *, axis, x=x: np.mean(v, axis=axis) @ x, samples, rng))
        links += _labels(run.setting_as(LandscapeSetting).target)
    return links, np.array(rows, dtype=float).reshape(-1, 3)

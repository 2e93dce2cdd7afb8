"""Analysis of one direction: local exponents of the exact median by decade, and their limit."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import xarray as xr

from learnability.results.contract import Run, only
from learnability.results.labelled import exponents, names, variable
from learnability.statistics.asymptotics import local_exponents_of
from learnability.studies.multi_index import theory
from learnability.studies.multi_index.one_direction.setting import Case, OneDirectionSetting
from learnability.studies.multi_index.one_direction.train import MEDIAN
from learnability.studies.multi_index.one_variable import (
    OneVariable,
    escape_time,
    features_rate,
    joint_rate,
    one_variable,
    relu_biases,
)


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """One row for every case. Nothing is random, so the interval of a limit holds the extrapolation alone.

    Where the law is a logarithm the "exponent" is the rate d(time)/d(log d).
    """
    setting, result = only(runs, OneDirectionSetting)
    result, cases = result.isel(seed=0), setting.target.cases
    links = [one_variable(case.link, case.beyond) for case in cases]
    dimensions = result["dimension"].values.astype(float)
    times = result["escape_time"].transpose("case", "quantile", "dimension").values
    median = int(np.flatnonzero(result["quantile"].values == MEDIAN)[0])
    expected = [predicted(case, link) for case, link in zip(cases, links, strict=True)]
    logarithmic = [theory_of == 0 for theory_of, _ in expected]
    found = [
        local_exponents_of(dimensions, row if is_log else np.log(row))
        for row, is_log in zip(times[:, median], logarithmic, strict=True)
    ]
    medians = zip(cases, links, times[:, median], strict=True)
    instant = np.array([_instant_ratio(case, link, dimensions, row) for case, link, row in medians])
    return xr.Dataset(
        {
            **exponents(found, "local exponent of the median escape time (rate against log d for a logarithm)", "case"),
            "escape_time": variable(
                ("case", "quantile", "dimension"), times, "quantile over starts of the escape time", "flow time"
            ),
            "expected": variable(
                "case", [rate if e == 0 else e for e, rate in expected], "exponent, or rate, of theory"
            ),
            "logarithmic": variable("case", np.array(logarithmic), "whether the law is a logarithm"),
            "instant_ratio": variable(
                ("case", "dimension"), instant, "median time over that of the link refitted without delay or loss"
            ),
            "least_speed": variable(
                "case",
                [_least_speed(case, link) for case, link in zip(cases, links, strict=True)],
                "least speed with fitted features over that of the exact fit, both sides; NaN without features",
            ),
            "information_exponent": variable("case", [link.exponent for link in links], "information exponent s"),
            "truncation": result["truncation"],
        },
        coords={
            "case": names("case", [case.name for case in cases], "case"),
            "link": names("case", [link_text(case) for case in cases], "link"),
            "flow": names("case", [case.flow for case in cases], "flow"),
            "dimension": result["dimension"],
            "quantile": result["quantile"],
        },
    )


def link_text(case: Case) -> str:
    """The link in words: what is taken away stands behind it."""
    return f"{case.link} beyond degree {case.beyond}" if case.beyond else case.link


def predicted(case: Case, link: OneVariable) -> tuple[float, float]:
    """(exponent of theory, rate against log d where the exponent is zero).

    With a link that is learned at the rate d^p, the time is d^(s-1) as long as that is longer than d^-p, else
    sqrt(d^(s-1) d^-p).
    """
    s, energy = link.exponent, link.squares[link.exponent]
    if case.flow == "planted":
        return theory.planted_exponent(s) * case.start_power, 0.25 / energy * case.start_power
    instant = theory.joint_exponent(s) * case.start_power
    if case.link_rate is not None and -case.link_rate_power > instant:
        return (instant - case.link_rate_power) / 2, math.nan
    return instant, 0.5 / energy * case.start_power


def _least_speed(case: Case, link: OneVariable) -> float:
    """The least ratio of the speeds with fitted ReLU features and with the exact fit, over lambda^2 from 1e-8 to 1 and
    both sides of the equator: where it is positive, features make no trap."""
    if case.relu_features is None:
        return math.nan
    energy, biases = (
        np.concatenate([np.geomspace(1e-8, 0.5, 400), 1 - np.geomspace(0.5, 1e-6, 400)]),
        relu_biases(case.relu_features),
    )
    speeds = [features_rate(link, biases, side=side)(energy) for side in (1, -1)]
    return float(np.min(speeds / joint_rate(link, energy)))


def _instant_ratio(case: Case, link: OneVariable, dimensions: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Times over those of the joint flow of the same link from the same starts; NaN for the planted flow."""
    if case.flow == "planted":
        return np.full(len(times), math.nan)
    starts = [theory.start_quantile(int(d), 0.5) ** case.start_power for d in dimensions]
    return times / [escape_time(partial(joint_rate, link), start) for start in starts]

"""Training: none is needed. Escape times of the quantiles of the start's law, by quadrature."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.studies.multi_index.one_direction.setting import Case, OneDirectionSetting
from learnability.studies.multi_index.one_variable import (
    escape_time,
    features_rate,
    finite_rate_time,
    joint_rate,
    one_variable,
    planted_rate,
    relu_biases,
)
from learnability.studies.multi_index.theory import start_quantile

MEDIAN = 0.5

Array = NDArray[np.float64]


def train(setting: OneDirectionSetting, context: RunContext) -> xr.Dataset:
    """Times of every case at every dimension and quantile; the same for all seeds, since nothing is drawn.

    Times fall with the start's cosine: the quantile p of the times belongs to the quantile 1 - p of the starts.
    """
    cases, dimensions = setting.target.cases, setting.dimensions
    times = np.full((len(cases), len(dimensions), len(setting.quantiles)), math.nan)
    for i, case in enumerate(cases):
        context.progress(i, len(cases), case.name)
        timed = timing(case)
        for j, dimension in enumerate(dimensions):
            for k, share in enumerate(setting.quantiles):
                if case.link_rate is not None and share != MEDIAN:
                    continue  # an equation to solve for every time: the median is what is judged
                start = start_quantile(dimension, 1 - share) ** case.start_power
                times[i, j, k] = timed(start, dimension)
    links = [one_variable(case.link, case.beyond) for case in cases]
    return xr.Dataset(
        {
            "escape_time": variable(
                ("case", "dimension", "quantile"), times, "quantile over starts of the escape time", "flow time"
            ),
            "information_exponent": variable("case", [link.exponent for link in links], "information exponent s"),
            "truncation": variable("case", [link.tail for link in links], "energy beyond the last degree kept"),
        },
        coords={
            "case": names("case", [case.name for case in cases], "case"),
            "dimension": variable("dimension", np.array(dimensions), "dimension d of the data"),
            "quantile": variable("quantile", np.array(setting.quantiles), "quantile over starts"),
        },
    ).expand_dims(seed=list(context.seeds))


def timing(case: Case) -> Callable[[float, int], float]:
    """The escape time as a function of the start's lambda^2 and the dimension."""
    link = one_variable(case.link, case.beyond)
    if case.link_rate is not None:
        rate, power, s = case.link_rate, case.link_rate_power, link.exponent
        return lambda energy, dimension: finite_rate_time(s, energy, rate * float(dimension) ** power)
    if case.relu_features is not None:
        fitted = features_rate(link, relu_biases(case.relu_features))
        return lambda energy, _: escape_time(fitted, energy)
    form = joint_rate if case.flow == "joint" else planted_rate
    return lambda energy, _: escape_time(partial(form, link), energy)

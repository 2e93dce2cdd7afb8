"""From analyses to measurements: what several claims share."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, Measurement

Measure = Callable[[Analyses], Measurement]


def exactly(experiment: str, value: Callable[[xr.Dataset], object]) -> Measure:
    """A number without sampling error: closed form or exhaustive enumeration."""
    return lambda analyses: Measurement.exact(float(np.asarray(value(analyses[experiment]))))


def over_draws(experiment: str, value: Callable[[xr.Dataset], object]) -> Measure:
    """A number that was the same exact check on every draw: no interval, and the number of draws."""

    def measure(analyses: Analyses) -> Measurement:
        dataset = analyses[experiment]
        number = float(np.asarray(value(dataset)))
        return Measurement(number, number, number, dataset.sizes["seed"])

    return measure


def with_interval(experiment: str, name: str, pick: Callable[[xr.DataArray], object] | None = None) -> Measure:
    """The variable ``name`` with its ends ``_low`` and ``_high``, reduced to one number by ``pick``."""

    def measure(analyses: Analyses) -> Measurement:
        dataset = analyses[experiment]
        parts = [dataset[name + suffix] for suffix in ("", "_low", "_high")]
        numbers = [float(np.asarray(pick(part) if pick else part)) for part in parts]
        return Measurement(numbers[0], numbers[1], numbers[2], dataset.sizes["seed"])

    return measure


def worst(*measures: Measure) -> Measure:
    """The largest of several measurements, end by end: for a bound that must hold in all of them."""

    def measure(analyses: Analyses) -> Measurement:
        found = [one(analyses) for one in measures]
        ends = [max(getattr(one, end) for one in found) for end in ("estimate", "low", "high")]
        seeds = [one.seeds for one in found if one.seeds is not None]
        return Measurement(ends[0], ends[1], ends[2], min(seeds) if seeds else None)

    return measure

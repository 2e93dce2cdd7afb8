"""From analyses to measurements: the vocabulary that the claims of all studies share.

A measure maps the analyses of a study, keyed by experiment, to a :class:`~learnability.results.claim.Measurement`.
Those here pick a number or an estimate out of one analysis; :func:`largest` and :func:`smallest` join several.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, Measurement, NotAtThisScale
from learnability.results.labelled import BOUND, bounds_of, texts

Measure = Callable[[Analyses], Measurement]
Pick = Callable[[xr.DataArray], Any]


def seeds_of(dataset: xr.Dataset) -> int:
    """The number of independent seeds behind an analysis: its dimension ``seed``, else its attribute ``seeds``."""
    return int(dataset.sizes["seed"] if "seed" in dataset.sizes else dataset.attrs["seeds"])


def entry(dataset: xr.Dataset, coordinate: str, label: str | float, what: str = "") -> xr.Dataset:
    """The entry of ``dataset`` at a label of a coordinate.

    Raises NotAtThisScale where the scale that was run has no such entry.
    """
    values = dataset[coordinate].values
    known: list[Any] = texts(dataset[coordinate]) if values.dtype.kind in "TUO" else values.tolist()
    if label not in known:
        raise NotAtThisScale(what or str(label))
    return dataset.isel({dataset[coordinate].dims[0]: known.index(label)})


def measured(values: xr.DataArray, seeds: int | None = None, note: str = "") -> Measurement:
    """The measurement in a variable whose only dimension is ``bound``."""
    if values.dims != (BOUND,):
        raise ValueError(f"an estimate has the dimension {BOUND!r} alone, not {values.dims}")
    estimate, low, high = (float(part) for part in bounds_of(values))
    return Measurement(estimate, low, high, seeds, note)


def exactly(experiment: str, value: Callable[[xr.Dataset], Any], note: str = "") -> Measure:
    """A number without sampling error: closed form or exhaustive enumeration."""
    return lambda analyses: Measurement.exact(float(np.asarray(value(analyses[experiment]))), note)


def over_draws(experiment: str, value: Callable[[xr.Dataset], Any]) -> Measure:
    """A number that was the same exact check on every draw: no interval, and the number of draws."""

    def measure(analyses: Analyses) -> Measurement:
        dataset = analyses[experiment]
        number = float(np.asarray(value(dataset)))
        return Measurement(number, number, number, seeds_of(dataset))

    return measure


def estimated(experiment: str, name: str, pick: Pick | None = None, where: Mapping[str, int] | None = None) -> Measure:
    """The estimate in the variable ``name`` at the positions ``where``, reduced by ``pick`` bound by bound."""

    def measure(analyses: Analyses) -> Measurement:
        dataset = analyses[experiment]
        parts = bounds_of(dataset[name].isel(where or {}))
        numbers = [float(np.asarray(pick(part) if pick else part)) for part in parts]
        return Measurement(numbers[0], numbers[1], numbers[2], seeds_of(dataset))

    return measure


def largest(*measures: Measure) -> Measure:
    """The largest of several measurements, bound by bound: for an upper bound that must hold in all of them."""
    return _joined(max, measures)


def smallest(*measures: Measure) -> Measure:
    """The smallest of several measurements, bound by bound: for a lower bound that must hold in all of them."""
    return _joined(min, measures)


def _joined(choose: Callable[..., float], measures: tuple[Measure, ...]) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        found = [one(analyses) for one in measures]
        estimate, low, high = (choose(getattr(one, end) for one in found) for end in ("estimate", "low", "high"))
        seeds = [one.seeds for one in found if one.seeds is not None]
        return Measurement(estimate, low, high, min(seeds) if seeds else None)

    return measure

"""From analyses to measurements: the vocabulary that the claims of all studies share.

A measure maps the analyses of a study, keyed by experiment, to a :class:`~learnability.results.claim.Measurement`.
Those here pick a number or an estimate out of one analysis; :func:`largest` and :func:`smallest` join several.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, Measurement, NotAtThisScale, OutOfSteps
from learnability.results.labelled import BOUND, bounds_of, texts
from learnability.statistics.intervals import clopper_pearson

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
    """The measurement in a variable whose only dimension is ``bound``. Raises ValueError for one with others."""
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


def limit_exponent(experiment: str, where: Mapping[str, int] | None = None, name: str = "exponent") -> Measure:
    """The exponent of the limit at the positions ``where``: :func:`limit_of`."""
    return lambda analyses: limit_of(analyses[experiment], experiment, name, where)


def limit_of(
    dataset: xr.Dataset, experiment: str, name: str = "exponent", where: Mapping[str, int] | None = None
) -> Measurement:
    """The exponent of the limit, for an asymptotic claim; the note says on what range it rests and how it drifts.

    Reads the variables of :func:`~learnability.results.labelled.exponents` at the positions ``where``. Raises
    NotAtThisScale where the scale that was run has too few values for a limit.
    """
    if f"{name}_limit" not in dataset:
        raise NotAtThisScale(f"the limit of an exponent of {experiment} ({name}: too few values)")
    at = {dim: index for dim, index in (where or {}).items() if dim in dataset[f"{name}_limit"].dims}
    local = dataset[f"{name}_local"].isel(at).values[-3:, 0]
    first, last = dataset[f"{name}_range"].values
    decades = ", ".join(f"{slope:.4g}" for slope in local)
    note = f"local exponents {decades} by decade; limit from the range {first:g} to {last:g}"
    random = "seed" in dataset.sizes or "seeds" in dataset.attrs
    return measured(dataset[f"{name}_limit"].isel(at), seeds_of(dataset) if random else None, note)


def share(successes: float, trials: float, unresolved: float = 0, note: str = "") -> Measurement:
    """A share of independent runs with Clopper and Pearson's exact 95% interval.

    ``unresolved`` runs (out of steps) are neither: the interval holds what it would be if all of them had succeeded,
    and if none had; the estimate leaves them out.
    """
    low, _ = clopper_pearson(successes, trials)
    _, high = clopper_pearson(successes + unresolved, trials)
    resolved = trials - unresolved
    said = f"{unresolved:g} of {trials:g} runs out of steps" if unresolved else ""
    estimate = successes / resolved if resolved else float("nan")
    return Measurement(estimate, float(low), float(high), int(trials), "; ".join(part for part in (said, note) if part))


def quotient(numerator: Measurement, denominator: Measurement, note: str = "") -> Measurement:
    """The quotient of two measurements with the widest interval that their ends allow; the numerator's seeds.

    The interval has no ends where 0 lies inside that of the denominator.
    """
    a, b = numerator, denominator
    # An end of the denominator at 0 is approached from inside its interval.
    over, under = np.array([a.low, a.high])[:, None], np.array([b.low or 0.0, b.high or -0.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, ends = float(np.divide(a.estimate, b.estimate)), over / under
    known = ends[~np.isnan(ends)] if not b.low < 0 < b.high else np.array([-np.inf, np.inf])
    low, high = (float(known.min()), float(known.max())) if known.size else (math.nan, math.nan)
    return Measurement(estimate, low, high, a.seeds, note)


def minus(found: Measurement, number: float, note: str = "") -> Measurement:
    """A measurement less a number that is known; with another note where one is given."""
    ends = {end: getattr(found, end) - number for end in ("estimate", "low", "high")}
    return replace(found, **ends, note=note or found.note)


def absolute(found: Measurement) -> Measurement:
    """The absolute value of a measurement: its interval reaches down to 0 where the other holds both signs."""
    sides = abs(found.low), abs(found.high)
    nearest = 0.0 if found.low <= 0 <= found.high else min(sides)
    return replace(found, estimate=abs(found.estimate), low=nearest, high=max(*sides, abs(found.estimate)))


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


def if_known(measure: Measure, analyses: Analyses) -> Measurement | None:
    """What a claim measures, for the title of a figure; None where it cannot be known from these analyses."""
    try:
        found = measure(analyses)
    except (NotAtThisScale, OutOfSteps):
        return None
    return found if np.isfinite(found.estimate) else None

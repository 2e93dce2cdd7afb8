"""What would contradict a claim: artifacts under which its rule fails. A rule that none can contradict tests nothing.

The variables that a measure reads are recorded, and changed one at a time, mildest change first: scaled, set to a
constant, shifted, reversed or tilted along a dimension, and last all of them together. The first change whose
measurement the rule contradicts is the refutation, in words. Changes keep what a quantity is: one that is nowhere
negative stays so, a share stays in [0, 1], and an estimate stays inside its interval. What the experiment was given
(numbers of runs, seeds, dimensions) is changed last.
"""

import itertools
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, Claim, Measurement, judge
from learnability.results.labelled import BOUND

Change = Callable[[np.ndarray], np.ndarray]
Place = tuple[str, str]

_FACTORS = (2.0, 0.5, 10.0, 0.1, 1e3, 1e-3, 1e6, 1e-6, 1e12)
_SHARE = re.compile(r"share|fraction|probab|accuracy|coverage|cosine|success")
_SIGNED = re.compile(r"^change ")  # of either sign, though what was measured may be positive
_GIVEN = re.compile(r"^(?:number|seeds?|trials|runs|input|dimension|samples|steps after|polynomials)\b")
_FAILURES = (ArithmeticError, LookupError, ValueError, TypeError, AttributeError)
"""What a measure may raise on an artifact that it was not written for; such an artifact refutes nothing."""

_READ: ContextVar[set[str] | None] = ContextVar("variables that are read", default=None)


class _Recorded(xr.Dataset):
    """A dataset that notes the names of the variables that are taken from it, or from a selection of it."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        names = _READ.get()
        if names is not None:
            names |= {key} if isinstance(key, str) else set()
        return super().__getitem__(key)


def variables_read(claim: Claim, analyses: Analyses) -> list[Place]:
    """(experiment, variable) of everything that the measure reads; every variable where that cannot be told."""
    assert claim.measure is not None
    recorded = {name: _Recorded(analyses[name].data_vars, analyses[name].coords, analyses[name].attrs)
                for name in claim.experiments}  # fmt: skip
    names: set[str] = set()
    token = _READ.set(names)
    try:
        claim.measure(recorded)
    finally:
        _READ.reset(token)
    known = [(experiment, str(name)) for experiment in claim.experiments for name in analyses[experiment].variables]
    read = [place for place in known if place[1] in names]
    return read or [place for place in known if place[1] in analyses[place[0]].data_vars]


@dataclass(frozen=True)
class _Artifact:
    words: str
    changes: Mapping[Place, Change]

    def of(self, analyses: Analyses) -> dict[str, xr.Dataset]:
        changed = dict(analyses)
        for (experiment, name), change in self.changes.items():
            changed[experiment] = replaced(changed[experiment], name, change)
        return changed


def replaced(dataset: xr.Dataset, name: str, change: Change) -> xr.Dataset:
    """The dataset with one variable changed, within what the variable can be."""
    old = dataset.variables[name]
    with np.errstate(all="ignore"):
        values = change(old.values)
    if old.dtype.kind in "fiu":
        values = _possible(np.asarray(values, dtype=float), old)
    if name in dataset.coords:
        unlabelled = dataset.drop_indexes(name, errors="ignore")
        return unlabelled.assign_coords({name: xr.Variable(old.dims, values, old.attrs)})
    copy = dataset.copy()
    copy.variables[name].values = values  # a copy has variables of its own; assign() would align all of them first
    return copy


def _possible(values: np.ndarray, old: xr.Variable) -> np.ndarray:
    finite = old.values[np.isfinite(old.values)]
    if finite.size and finite.min() >= 0 and not _SIGNED.search(_label(old, "")):
        values = np.abs(values)
    if _SHARE.search(_label(old, "")) and finite.size and np.abs(finite).max() <= 1:
        values = np.clip(values, -1, 1)
    if BOUND in old.dims and old.sizes[BOUND] == 3:
        axis = old.dims.index(BOUND)
        ends = values.min(axis=axis), values.max(axis=axis)
        values = np.stack([np.take(values, 0, axis=axis), *ends], axis=axis)
    if old.dtype.kind in "iu":
        limits = np.iinfo(old.dtype)
        values = np.rint(np.clip(values, max(limits.min, -(2**53)), min(limits.max, 2**53))).astype(old.dtype)
    return values


def _label(variable: xr.Variable, name: str) -> str:
    return str(variable.attrs.get("long_name", name)) or name


def _zero(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), values, 0)


def _scaled(factor: float) -> Change:
    return lambda values: values * factor


def _shifted(by: float) -> Change:
    return lambda values: values + by


def _flipped(axis: int) -> Change:
    return lambda values: np.flip(values, axis)


def _rolled(axis: int) -> Change:
    return lambda values: np.roll(values, 1, axis)


def _tilt(axis: int, factor: float) -> Change:
    def change(values: np.ndarray) -> np.ndarray:
        shape = [1] * values.ndim
        shape[axis] = -1
        return np.asarray(values * factor ** np.linspace(0, 1, values.shape[axis]).reshape(shape))

    return change


def _changes(variable: xr.Variable) -> Iterator[tuple[str, Change]]:
    """The changes of one variable with their words, the mildest first."""
    along = [(axis, str(dim)) for axis, dim in enumerate(variable.dims) if dim != BOUND and variable.shape[axis] > 1]
    kind = variable.dtype.kind
    if kind == "b":
        yield "false everywhere", np.zeros_like
        yield "true everywhere", np.ones_like
        yield "inverted", np.logical_not
    elif kind in "fiu":
        for factor in _FACTORS:
            yield f"{factor:g} times as large", _scaled(factor)
        yield "zero", _zero
        for axis, dim in along:
            for factor in (10.0, 0.1, 1e3, 1e-3):
                yield f"drifting by a factor of {factor:g} along {dim}", _tilt(axis, factor)
        if _SHARE.search(_label(variable, "")):
            yield "one everywhere", np.ones_like
        for shift in (1.0, -1.0, 10.0, -10.0, *((1e2, 1e3) if kind in "iu" else ())):
            yield f"shifted by {shift:+g}", _shifted(shift)
        yield "with its sign reversed", np.negative
    for axis, dim in along:
        yield f"in reversed order along {dim}", _flipped(axis)
    for axis, dim in along:
        yield f"moved on by one entry along {dim}", _rolled(axis)


def _artifacts(analyses: Analyses, places: list[Place]) -> Iterator[_Artifact]:
    """Changes of what was measured, mildest first; then of all of it at once; then of what the experiment was given."""
    several = len({experiment for experiment, _ in places}) > 1

    def variable(place: Place) -> xr.Variable:
        return analyses[place[0]].variables[place[1]]

    def artifacts(place: Place) -> list[_Artifact]:
        label = _label(variable(place), place[1])
        words = f"{label} (of {place[0]})" if several else label
        return [_Artifact(f"{words} {said}", {place: change}) for said, change in _changes(variable(place))]

    def given(place: Place) -> bool:
        return place[1] not in analyses[place[0]].data_vars or bool(_GIVEN.match(_label(variable(place), place[1])))

    found = [place for place in places if not given(place)]
    for row in itertools.zip_longest(*map(artifacts, found)):
        yield from (artifact for artifact in row if artifact is not None)
    numbers = [place for place in found if variable(place).dtype.kind in "fiu"]
    if len(numbers) > 1:
        for factor in _FACTORS:
            yield _Artifact(f"all that it reads {factor:g} times as large", dict.fromkeys(numbers, _scaled(factor)))
        yield _Artifact("all that it reads zero", dict.fromkeys(numbers, _zero))
    for place in places:
        if given(place):
            yield from artifacts(place)


def measured_on(claim: Claim, analyses: Analyses) -> Measurement | None:
    """The measurement on an artifact that the measure was perhaps not written for; None where it gives none."""
    assert claim.measure is not None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return claim.measure(analyses)
        except _FAILURES:
            return None


def refutation(claim: Claim, analyses: Analyses) -> str:
    """What would contradict the claim, in words; empty where no artifact does.

    A claim's own artifact, ``contradicted_by``, decides alone; ``counterexample`` is its words.
    """
    assert claim.measure is not None
    rule = claim.rule
    assert rule is not None

    def contradicted(artifact: Analyses, whole: Callable[[], Analyses] | None = None) -> Measurement | None:
        measurement = measured_on(claim, artifact)
        if measurement is None and whole is not None:
            measurement = measured_on(claim, whole())
        return measurement if measurement and judge(rule, measurement)[0] == "contradicted" else None

    read = {name: analyses[name] for name in claim.experiments}
    if contradicted(read):
        return "what was measured"
    if claim.contradicted_by is not None:
        return claim.counterexample if contradicted(claim.contradicted_by(read)) else ""
    places = variables_read(claim, read)
    few = _without_unread(read, places)
    if measured_on(claim, few) != measured_on(claim, read):
        few = read
    # A change may lead the measure to variables that it did not read before: then it gets all of them.
    found = (
        (artifact.words, contradicted(artifact.of(few), lambda a=artifact: a.of(read)))  # type: ignore[misc]
        for artifact in _artifacts(few, places)
    )
    return next((f"{words}: {measurement.estimate:.4g}" for words, measurement in found if measurement), "")


def _without_unread(analyses: Analyses, places: list[Place]) -> dict[str, xr.Dataset]:
    """The analyses without the variables that are not read, so that a change costs less."""
    return {
        name: dataset.drop_vars([other for other in dataset.data_vars if (name, str(other)) not in places])
        for name, dataset in analyses.items()
    }


def rounded(analyses: Analyses, rng: np.random.Generator, size: float = 1e-13) -> dict[str, xr.Dataset]:
    """The analyses with every floating-point number off by a relative error of about ``size``, as another machine's
    rounding would leave it; an estimate moves with its interval, and a whole number (a count) does not move."""

    def moved(variable: xr.Variable) -> xr.Variable:
        shape = [1 if dim == BOUND else length for dim, length in zip(variable.dims, variable.shape, strict=True)]
        moved_by = size * rng.standard_normal(shape) * (variable.values != np.rint(variable.values))
        return xr.Variable(variable.dims, variable.values * (1 + moved_by), variable.attrs)

    return {
        name: dataset.assign({k: moved(v.variable) for k, v in dataset.data_vars.items() if v.dtype.kind == "f"})
        for name, dataset in analyses.items()
    }

"""Numbers of a setting that would need more memory than a machine has, or more steps than anybody waits for.

A setting says itself what values its fields may have. Where it gives a number no upper bound, the bounds are these: an
array of :data:`MOST_HELD` numbers takes 80 GB. They refuse a slip of the keyboard and a stranger's config before any
work begins; whether a job fits a given machine is another question (``memory_mb``, ``minutes``).
"""

import functools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from learnability.results.contract import Setting
from learnability.results.errors import UserError

MOST_HELD = 10**10
"""Numbers in one array."""

MOST_STEPS = 10**12
"""Steps, or samples that are seen one after the other."""

MOST_VALUES = 10_000
"""Entries of one list."""

_SIZE = 10**9  # one vector of them
_SQUARED = 10**5  # the side of a square matrix
_STEPS = {"max_steps", "steps", "sample_budget", "most_online", "drawn", "largest_loss_goal_dimension"}
_SPECIAL = {
    "most_batch": MOST_HELD, "most_kernel": _SQUARED, "kernel_samples": _SQUARED, "packing_limit": _SQUARED,
    "most_pairs": 10**6, "points_per_unit": 10**4, "largest_weight": 100, "cases": 1000,
}  # fmt: skip
_OF_EACH_SEED = {"width", "widths", "neurons", "neurons_per_task", "particles"}  # seeds of a batch run side by side
_DURATIONS = (
    ("end_time", "step_size"), ("first_time", "first_step"), ("end_time", "second_step"), ("times", "time_step"),
    ("horizon", "relative_step"),
)  # fmt: skip

Leaf = tuple[str, str, float]
"""The dotted place of a number, its field's name, and its value."""


def demand_feasible(where: str, key: str, setting: Setting, seeds: int) -> None:
    """Raise UserError for a setting whose numbers no run could bear; ``seeds`` is the size of a batch."""
    leaves = list(_leaves(where, key, setting.model_dump(mode="json"), "", ""))
    _demand_few_steps(where, leaves)
    counts = [leaf for leaf in leaves if isinstance(leaf[2], int)]
    largest = max([seeds, *(abs(value) for _, _, value in counts)])
    if largest <= _SQUARED and not any(name in _SPECIAL for _, name, _ in counts):
        return  # no two of them are too large together
    bounded = _bounded(type(setting))
    sizes: dict[str, Leaf] = {}
    for leaf in counts:
        place, name, value = leaf
        if name in bounded:
            continue
        most = MOST_STEPS if name in _STEPS else _SPECIAL.get(name, _SIZE)
        if abs(value) > most:
            raise UserError(where, f"{place} = {value}: more than any machine holds", f"at most {most}", _REMEDY)
        if most == _SIZE and value > sizes.get(name, ("", "", 0))[2]:
            sizes[name] = leaf
    _demand_small(where, sorted(sizes.values(), key=lambda leaf: -leaf[2])[:2])
    batch = (f"{key}.seed_batch", "seed_batch", seeds)
    for leaf in sizes.values():
        _demand_small(where, [leaf, batch] if leaf[1] in _OF_EACH_SEED else [])


_REMEDY = "give a smaller number"


def _demand_small(where: str, sides: list[Leaf]) -> None:
    """Raise UserError where two sizes, which may be the sides of one array, are too large together."""
    held = math.prod(int(value) for _, _, value in sides)
    if len(sides) == 2 and held > MOST_HELD:
        (first, _, one), (second, _, other) = sides
        problem = f"{first} = {one} and {second} = {other} would be the sides of an array of {held:.1e} numbers"
        raise UserError(where, problem, f"at most {MOST_HELD:.0e} together, which are 80 GB", "make one smaller")


def _demand_few_steps(where: str, leaves: list[Leaf]) -> None:
    """A time over its step is a number of steps."""
    longest: dict[str, Leaf] = {}
    for leaf in leaves:
        known = longest.get(leaf[1])
        shorter = known is not None and leaf[1] in {step for _, step in _DURATIONS} and leaf[2] < known[2]
        if known is None or shorter or (leaf[1] in {time for time, _ in _DURATIONS} and leaf[2] > known[2]):
            longest[leaf[1]] = leaf
    for time, step in _DURATIONS:
        if time in longest and step in longest and longest[step][2] > 0:
            (place, _, end), (other, _, size) = longest[time], longest[step]
            if end > MOST_STEPS * size:
                problem = f"{place} = {end:g} with {other} = {size:g} are more than {MOST_STEPS:.0e} steps"
                raise UserError(where, problem, f"at most {MOST_STEPS:.0e}", "end earlier, or take larger steps")


def _leaves(where: str, key: str, content: Any, place: str, name: str) -> Iterator[Leaf]:
    """Every number of a setting. Raises UserError for a list that is too long."""
    if isinstance(content, bool) or content is None:
        return
    if isinstance(content, int | float):
        yield f"{key}{place}", name, content
    elif isinstance(content, Mapping):
        for inner, value in content.items():
            # the keys of a mapping of numbers are no names of fields
            yield from _leaves(where, key, value, f"{place}.{inner}", inner if inner.isidentifier() else name)
    elif isinstance(content, list | tuple):
        if len(content) > MOST_VALUES:
            problem = f"{key}{place} has {len(content)} entries"
            raise UserError(where, problem, f"at most {MOST_VALUES}", "give fewer, or split the experiment")
        for value in content:
            yield from _leaves(where, key, value, place, name)


@functools.cache
def _bounded(model: type[Setting]) -> frozenset[str]:
    """The names of the fields to which a setting gives an upper bound wherever they occur in it."""
    schema = model.model_json_schema()
    found: dict[str, bool] = {}
    _look(schema, schema.get("$defs", {}), "", found)
    return frozenset(name for name, bounded in found.items() if bounded)


def _look(schema: Mapping[str, Any], definitions: Mapping[str, Any], name: str, found: dict[str, bool]) -> None:
    """Note for every whole number of a schema whether it has an upper bound."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for inner in schema.get("anyOf", ()):
        _look(inner, definitions, name, found)
    if schema.get("type") == "integer":
        bounded = bool({"maximum", "exclusiveMaximum", "const", "enum"} & set(schema))
        found[name] = found.get(name, True) and bounded
    for key, inner in schema.get("properties", {}).items():
        _look(inner, definitions, key, found)
    for inner in (schema.get("additionalProperties"), schema.get("items"), *schema.get("prefixItems", ())):
        if isinstance(inner, Mapping):
            _look(inner, definitions, name, found)

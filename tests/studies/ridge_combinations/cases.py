"""The smallest setting of every kind of the study, and what tests do with one."""

import importlib
import json

import numpy as np
import xarray as xr

from learnability.results.contract import Kind, Run, Setting
from tests.doubles import Context

_PHASE_ONE = {"neurons": 4, "bias": -1.0, "signs": 1, "horizon": 2.0, "steps": 32}
CASES = {
    "localisation": {"target": {"tasks": 2}, "dimensions": [16, 100], "phase_one": _PHASE_ONE, "saved": 10},
    "figure_one": {
        "target": {"tasks": 3, "unnormalised": True},
        "dimension": 8,
        "neurons": 4,
        "samples": 300,
        "saved": 3,
    },
    "engines": {"target": {"tasks": 2}, "dimension": 12, "steps": 16, "saved": 3},
    "width": {"target": {"tasks": 4}, "tasks": [2, 4], "neurons": 16},
    "growth": {"target": {"tasks": 10}, "powers": [0.5], "dimensions": [16, 100], "phase_one": _PHASE_ONE, "saved": 10},
    "mixed_links": {"target": {"tasks": 3, "link": [0, 0, 0, 1, 1, 1]}, "dimension": 1000, "neurons": 16},
    "refit": {
        "target": {"tasks": 2},
        "tasks": [2, 3],
        "samples": [60, 120],
        "neurons_per_task": 6,
        "joint_samples": [60, 120],
        "widths": [4, 8],
    },
    "coherence": {
        "target": {"tasks": 3, "coherences": [0.0, 0.4]},
        "dimension": 12,
        "phase_one": {**_PHASE_ONE, "signs": "random"},
    },
    "phase_two": {
        "target": {"tasks": 2},
        "dimension": 8,
        "phase_one": {"neurons": 12, "horizon": 2.0, "steps": 32},
        "samples": [60],
        "kernel_samples": [50],
        "test_samples": 200,
        "subset": 1,
        "new_link": [0, 0, 0, 0, 1],
    },
    "superorthogonal": {"target": {"digits": 30}, "cases": [[2, 2, 1, 17]]},
}


def _module(kind: str, stage: str = ""):
    return importlib.import_module(".".join(("learnability.studies.ridge_combinations", kind, stage)).rstrip("."))


def kind_of(kind: str) -> Kind:
    return _module(kind).KIND


def setting_of(kind: str, **changes) -> Setting:
    """The case of a kind with ``changes``; mappings among them change the entries that they name."""
    content = dict(CASES[kind])
    for key, value in changes.items():
        content[key] = {**content.get(key, {}), **value} if isinstance(value, dict) else value
    return kind_of(kind).setting.model_validate_json(json.dumps(content))


def target_of(kind: str, setting: Setting) -> xr.Dataset | None:
    return (
        _module(kind, "targets").build(setting.target, np.random.default_rng(0)) if kind_of(kind).has_target else None
    )


def trained(kind: str, setting: Setting, context: Context | None = None) -> xr.Dataset:
    """The training artifact of a setting, on a target of its own where the kind reads one."""
    target = target_of(kind, setting)
    inputs = (setting,) if target is None else (setting, target)
    return _module(kind, "train").train(*inputs, context or Context(3))


def analysed(kind: str, *runs: tuple[Setting, xr.Dataset]) -> xr.Dataset:
    """The analysis of (setting, training artifact) pairs."""
    rng = np.random.default_rng(0)
    return _module(kind, "analyse").analyse([Run(setting, result) for setting, result in runs], rng)

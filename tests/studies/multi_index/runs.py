"""Tiny settings of every kind of the study, and runs of them."""

import importlib
import json
from types import ModuleType

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting
from learnability.results.labelled import with_bounds
from learnability.studies.multi_index.links import build
from tests.doubles import Context

SETTINGS: dict[str, dict[str, object]] = {
    "escape": {"target": {"links": ["h2(z1)", "h1(z1) + h1(z1)*h2(z2)"]}, "dimensions": [50, 2000], "flow": "joint"},
    "trajectory": {
        "target": {"links": ["h1(z1) + h1(z1)*h2(z2)"]},
        "dimensions": [200],
        "last_time": 1e6,
        "save_times": 40,
    },
    "landscape": {
        "target": {"family": "mixed_parity", "links": ["h3(z1)", "h2(z1) + 0.5*h3(z1)"]},
        "dimensions": [50, 1000],
        "relative_tolerance": 1e-3,
    },
    "monotone": {
        "target": {"links": ["h1(z1) + h1(z1)*h2(z2)"]},
        "dimension": 100,
        "tolerances": [1e-2, 1e-3, 1e-4],
        "save_times": 40,
        "last_time": 1e6,
    },
    "closure": {"target": {"links": ["h1(z1)*h1(z2)"]}, "dimensions": [14], "end_time": 2.0, "save_times": 5},
    "precision": {
        "target": {"links": ["h1(z1) + h1(z1)*h2(z2)"]},
        "dimensions": [100],
        "explicit_dimensions": [20],
        "hermite_degrees": [4, 9],
    },
    "samples": {"target": {"links": ["h2(z1)"]}, "dimensions": [5, 8], "multiples": [2, 30], "max_steps": 200},
}


def module_of(kind: str, name: str = "") -> ModuleType:
    return importlib.import_module(".".join(filter(None, ("learnability.studies.multi_index", kind, name))))


def setting_of(kind: str, **changes: object) -> Setting:
    setting: Setting = module_of(kind).KIND.setting.model_validate_json(json.dumps({**SETTINGS[kind], **changes}))
    return setting


def target_of(setting: Setting) -> xr.Dataset:
    return build(setting.target, np.random.default_rng(0))  # type: ignore[arg-type]


def train(kind: str, context: Context, **changes: object) -> xr.Dataset:
    """The training artifact, with the coordinates that the pipeline adds."""
    setting = setting_of(kind, **changes)
    result = module_of(kind, "train").train(setting, target_of(setting), context)
    return with_bounds(result).assign_coords(seed=context.seeds)


def run_of(kind: str, seeds: int = 12, **changes: object) -> Run:
    setting = setting_of(kind, **changes)
    return Run(setting, train(kind, Context(seeds), **changes), target_of(setting))


def analyse(kind: str, *runs: Run) -> xr.Dataset:
    return with_bounds(module_of(kind, "analyse").analyse(runs, np.random.default_rng(0)))

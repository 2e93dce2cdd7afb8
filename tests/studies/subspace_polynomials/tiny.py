"""The experiments of the config at sizes that a test can afford, and their stages one after the other."""

import copy
import itertools
import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from learnability.pipeline.config import read_yaml
from learnability.results.contract import Run, Setting
from learnability.results.labelled import with_bounds
from tests.doubles import Context

STUDY = "learnability.studies.subspace_polynomials"
KINDS = ("diagnosis", "flow", "trapped_part", "relu", "online_sgd", "two_stage", "second_stage", "taylor")
CONFIG: dict[str, Any] = read_yaml(Path(__file__).parents[3] / "config" / "studies" / "subspace_polynomials.yaml")
EXPERIMENTS: dict[str, dict[str, Any]] = CONFIG["experiments"]

#: Everything else as at the smoke scale.
TINY: dict[str, dict[str, Any]] = {
    "reflective_table": {
        "target": {"polynomials": ["z1 + z2 + z1*z3 + z2*z4", "z1 + z1*z2", "z1 + He3(z2)"]},
        "starts": 6,
        "probes": 4,
        "nodes": 14,
        "slice_points": 5,
    },
    "trapping_exact": {"particles": 8, "end_time": 5.0, "save_points": 6},
    "finite_dimension": {"dimensions": [16, 64, 256], "particles": 40, "end_time": 6.0, "save_points": 13},
    "trapped_part": {"dimensions": [16, 64, 256], "particles": 40, "save_points": 3},
    "relu": {"particles": 8, "end_time": 3.0, "save_points": 4},
    "escape_leap_2": {"dimensions": [16, 64, 256, 1024], "particles": 40},
    "escape_leap_3": {"dimensions": [16, 64, 256], "particles": 40, "end_time": 80.0, "save_points": 41},
    "coefficient": {"particles": 8, "end_time": 5.0, "save_points": 9},
    "online_sgd": {
        "dimension": 16,
        "neurons": 20,
        "batch_size": 32,
        "step_size": 0.1,
        "end_time": 3.0,
        "save_points": 7,
    },
    "two_stage": {"times": [0.1, 0.2, 2.0], "nodes": 8, "single_nodes": 48, "curve_points": 21},
    "second_stage": {
        "neurons": 40,
        "end_time": 30.0,
        "save_points": 16,
        "samples_per_dimension": 60,
        "batch_size": 32,
    },
    "second_stage_one_copy": {
        "neurons": 40,
        "end_time": 30.0,
        "save_points": 16,
        "samples_per_dimension": 60,
        "dimension": 16,
    },
    "taylor": {"order": 7},
}


def module(kind: str, name: str = "") -> Any:
    """A module of a kind, or its package."""
    return import_module(".".join(part for part in (STUDY, kind, name) if part))


def settings_of(experiment: str) -> list[Setting]:
    """The settings of an experiment: the points of its sweep, made tiny."""
    block = EXPERIMENTS[experiment]
    smoke = block["scales"]["smoke"]
    sweep = {**block.get("sweep", {}), **smoke.get("sweep", {})}
    settings = []
    for point in itertools.product(*sweep.values()):
        content = copy.deepcopy({"target": {}, **block["settings"], **smoke.get("settings", {})})
        for axis, value in zip(sweep, point, strict=True):
            (content["target"] if axis.startswith("target.") else content)[axis.removeprefix("target.")] = value
        target = {**content["target"], **TINY[experiment].get("target", {})}
        content |= TINY[experiment] | {"target": target}
        settings.append(module(block["kind"]).KIND.setting.model_validate_json(json.dumps(content)))
    return settings


@cache
def build(kind: str, setting: Setting) -> xr.Dataset:
    """The target artifact of a setting."""
    return module(kind, "targets").build(setting.target, np.random.default_rng(0))


def train(kind: str, setting: Setting, context: Context) -> xr.Dataset:
    """The training artifact of one batch, with the coordinate that the pipeline adds."""
    result = module(kind, "train").train(setting, build(kind, setting), context)
    assert result.sizes["seed"] == len(context.seeds)
    return result.assign_coords(seed=("seed", np.array(context.seeds), {"units": "1", "long_name": "seed"}))


def analyse(kind: str, settings: list[Setting], results: list[xr.Dataset]) -> xr.Dataset:
    """The analysis of training artifacts."""
    reads_target = "analyse" in module(kind).KIND.target_for
    runs = [
        Run(setting, result, build(kind, setting) if reads_target else None)
        for setting, result in zip(settings, results, strict=True)
    ]
    return with_bounds(module(kind, "analyse").analyse(runs, np.random.default_rng(1)))

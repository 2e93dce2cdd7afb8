"""Every study of the config through one suite."""

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from learnability.pipeline.config import SCALES
from learnability.pipeline.job_table import RunTable
from learnability.pipeline.canonical import canonical, setting_id
from learnability.results.contract import Setting

ROOT = Path(__file__).parents[2]
STUDIES = yaml.safe_load((ROOT / "config/config.yaml").read_text())["studies"]
MODULES = ("settings", "targets", "train", "analyse", "figures", "theory", "claims")
FORMS = {"stated", "printed", "corrected", "summary"}


def _module(study: str, name: str) -> ModuleType:
    return importlib.import_module(f"learnability.studies.{study}.{name}")


@pytest.fixture(params=STUDIES)
def study(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def table() -> RunTable:
    return RunTable(ROOT / "config", {})


def test_every_module_and_the_readme_are_there(study: str) -> None:
    for name in MODULES:
        assert _module(study, name).__doc__, f"{study}.{name} has no docstring"
    assert (ROOT / f"src/learnability/studies/{study}/README.md").stat().st_size > 500


def test_stage_functions_have_the_signature_of_the_contract(study: str) -> None:
    assert list(inspect.signature(_module(study, "targets").build).parameters) == ["target", "rng"]
    assert list(inspect.signature(_module(study, "train").train).parameters) == ["setting", "target", "context"]
    assert list(inspect.signature(_module(study, "analyse").analyse).parameters) == ["experiment", "runs", "rng"]


def test_the_config_opens_with_what_it_reproduces(study: str) -> None:
    head = (ROOT / f"config/studies/{study}.yaml").read_text().split("study:")[0]
    assert head.startswith("#")
    assert len(head) > 200


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_plans(study: str, scale: str) -> None:
    table = RunTable(ROOT / "config", {"scale": scale})
    assert table.experiments(study, scale)


def test_the_scales_change_sizes_and_never_the_experiments(study: str, table: RunTable) -> None:
    kinds = [{n: e.kind for n, e in table.experiments(study, scale).items()} for scale in SCALES]
    assert kinds[0] == kinds[1] == kinds[2]


def test_a_laptop_study_is_at_most_a_hundred_jobs(study: str, table: RunTable) -> None:
    assert len(table.artifact_paths(study, "laptop")) <= 100


def test_settings_survive_their_canonical_form(study: str, table: RunTable) -> None:
    for experiment in table.experiments(study, "laptop").values():
        for setting in experiment.settings:
            content = canonical(setting)
            again = type(setting).model_validate_json(json.dumps(content))
            assert again == setting
            assert setting_id(experiment.kind, again) == setting_id(experiment.kind, setting)


def test_settings_are_light_to_import(study: str) -> None:
    """They are read whenever the workflow is parsed."""
    heavy = ("torch", "scipy", "xarray", "matplotlib", "numpy")
    code = f"import sys, learnability.studies.{study}.settings; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_figures_of_the_config_and_of_the_code_are_the_same(study: str, table: RunTable) -> None:
    assert set(_module(study, "figures").FIGURES) == set(table.configs[study].figures)


def test_figures_have_captions(study: str, table: RunTable) -> None:
    for name, block in table.configs[study].figures.items():
        assert len(block.caption) > 40, name


def test_claims_are_well_formed(study: str, table: RunTable) -> None:
    claims = _module(study, "claims").CLAIMS
    ids = [claim.id for claim in claims]
    assert len(set(ids)) == len(ids)
    for claim in claims:
        assert claim.form in FORMS
        assert claim.source, claim.id
        assert claim.statement, claim.id
        assert claim.measured, claim.id
        assert set(claim.experiments) <= set(table.configs[study].experiments), claim.id
        assert claim.figure is None or claim.figure in table.configs[study].figures, claim.id
        assert not claim.id.endswith(".printed") or claim.form == "printed", claim.id
        assert not claim.id.endswith(".corrected") or claim.form == "corrected", claim.id


def test_kinds_are_settings_and_all_of_them_are_used(study: str, table: RunTable) -> None:
    kinds = _module(study, "settings").KINDS
    assert all(issubclass(model, Setting) for model in kinds.values())
    assert {block.kind for block in table.configs[study].experiments.values()} == set(kinds)

"""Every study of the config, and every kind, through one suite."""

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from learnability.pipeline import kinds, questions
from learnability.pipeline.canonical import canonical, setting_id
from learnability.pipeline.config import SCALES, read_yaml
from learnability.pipeline.fingerprint import closure
from learnability.pipeline.job_table import JobTable
from learnability.results.claim import EVIDENCE, FORMS
from learnability.results.contract import Setting

ROOT = Path(__file__).parents[2]
STUDIES: list[str] = read_yaml(ROOT / "config/config.yaml")["studies"]
KINDS = [(study, kind) for study in STUDIES for kind in kinds.kinds_of(study)]
FIGURES = [
    (study, figure)
    for study in STUDIES
    for figure in read_yaml(ROOT / f"config/studies/{study}.yaml").get("figures", {})
]
# A paper with its number or year, the lecture, a summary, or the study itself.
_DOCUMENT = r"arXiv|\b(?:19|20)\d\d\b|\blecture\b|summary|^this study"
LEANING = re.compile(
    r"(?:So|Such|Same|Likewise|Also|And|But|Again|Then|It|Its|They|Their|This|These|That|Those|Here|Both|Neither|"
    r"However|In (?:this|that|both)|With(?:out)? (?:it|this|that|these)|The (?:same|latter|former|other))\b"
)
"""How a statement begins that leans on the row above it."""

each_study = pytest.mark.parametrize("study", STUDIES)
each_kind = pytest.mark.parametrize(("study", "kind"), KINDS, ids=["/".join(pair) for pair in KINDS])
each_figure = pytest.mark.parametrize(("study", "figure"), FIGURES, ids=["/".join(pair) for pair in FIGURES])


@pytest.fixture(scope="module")
def table() -> JobTable:
    return JobTable(ROOT / "config", {})


@each_study
def test_the_study_explains_itself(study: str) -> None:
    assert importlib.import_module(f"learnability.studies.{study}").__doc__
    assert importlib.import_module(f"learnability.studies.{study}.theory").__doc__
    assert (ROOT / f"src/learnability/studies/{study}/README.md").stat().st_size > 500


@each_study
def test_the_config_opens_with_what_it_reproduces(study: str) -> None:
    head = (ROOT / f"config/studies/{study}.yaml").read_text().split("study:")[0]
    assert head.startswith("#")
    assert len(head) > 200


@each_study
def test_the_kinds_of_the_code_are_those_of_the_config_and_of_questions(study: str, table: JobTable) -> None:
    asked = questions.as_study(questions.Question(targets=("z1",), check=True)).experiments.values()
    of_questions = {block.kind for block in asked} if study == questions.STUDY else set()
    assert set(table.kinds(study)) | of_questions == set(kinds.kinds_of(study))


@each_study
@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_plans(study: str, scale: str) -> None:
    table = JobTable(ROOT / "config", {"scale": scale})
    assert table.experiments(study, scale)


@each_study
def test_the_scales_change_sizes_and_never_the_experiments(study: str, table: JobTable) -> None:
    planned = [{n: e.kind for n, e in table.experiments(study, scale).items()} for scale in SCALES]
    assert planned[0] == planned[1] == planned[2]


@each_study
def test_a_laptop_study_is_at_most_a_hundred_jobs(study: str, table: JobTable) -> None:
    assert len(table.artifact_paths(study, "laptop")) <= 100


@each_kind
def test_a_kind_has_its_stages_and_no_other(study: str, kind: str) -> None:
    declared = kinds.kind_of(study, kind)
    assert importlib.import_module(kinds.package(study, kind)).__doc__
    assert issubclass(declared.setting, Setting)
    expected = ["setting", "target", "context"] if "train" in declared.target_for else ["setting", "context"]
    train = kinds.stage_module(study, kind, "train").train
    assert list(inspect.signature(train).parameters) == expected
    analyse = kinds.stage_module(study, kind, "analyse").analyse
    assert list(inspect.signature(analyse).parameters) == ["runs", "rng"]
    assert kinds.has_module(study, kind, "targets") == declared.has_target
    if declared.has_target:
        build = kinds.stage_module(study, kind, "targets").build
        assert list(inspect.signature(build).parameters) == ["target", "rng"]


def _reads_a_target(node: ast.AST) -> bool:
    """Whether code asks a run for its target artifact (``run.target``, not ``run.setting.target`` or a diagnosis's)."""
    asked = (ast.unparse(n.value) for n in ast.walk(node) if isinstance(n, ast.Attribute) and n.attr == "target")
    return any("setting" not in of and "diagnosis" not in of and of != "self" for of in asked)


@each_kind
def test_the_analysis_reads_the_target_artifact_that_it_depends_on(study: str, kind: str) -> None:
    """What the job graph says is true; for training the signature says it."""
    modules = {module for module, _, _ in closure((f"{kinds.package(study, kind)}.analyse", "analyse"))}
    files = [importlib.import_module(name).__file__ for name in modules if f".studies.{study}." in name]
    own = [file for file in files if file and Path(file).name != "setting.py"]
    reads = any(_reads_a_target(ast.parse(Path(file).read_text())) for file in own)
    assert reads == ("analyse" in kinds.kind_of(study, kind).target_for)


@each_kind
def test_settings_are_light_to_import(study: str, kind: str) -> None:
    """They are read whenever the workflow is parsed."""
    heavy = ("torch", "scipy", "xarray", "matplotlib", "numpy")
    code = f"import sys, {kinds.package(study, kind)}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@each_study
def test_settings_survive_their_canonical_form(study: str, table: JobTable) -> None:
    for experiment in table.experiments(study, "laptop").values():
        for setting in experiment.settings:
            again = type(setting).model_validate_json(json.dumps(canonical(setting)))
            assert again == setting
            assert setting_id(experiment.kind, again) == setting_id(experiment.kind, setting)


@each_figure
def test_a_figure_is_a_module_and_has_a_caption(study: str, figure: str, table: JobTable) -> None:
    assert list(inspect.signature(kinds.figure_module(study, figure).draw).parameters) == ["analyses"]
    assert len(table.configs[study].figures[figure].caption) > 40


@each_study
def test_claims_are_well_formed(study: str, table: JobTable) -> None:
    modules = [
        kinds.stage_module(study, k, "claims") for k in table.kinds(study) if kinds.has_module(study, k, "claims")
    ]
    claims = [claim for module in modules for claim in module.CLAIMS]
    ids = [claim.id for claim in claims]
    assert claims
    assert len(set(ids)) == len(ids)
    for claim in claims:
        assert claim.form in FORMS, claim.id
        assert claim.evidence in EVIDENCE, claim.id
        assert claim.source, claim.id
        assert not re.match(r"ours?\b", claim.source, re.IGNORECASE), f"{claim.id}: say 'this study'"
        assert re.search(_DOCUMENT, claim.source), f"{claim.id}: {claim.source!r} names no document"
        assert claim.statement, claim.id
        assert not LEANING.match(claim.statement), f"{claim.id}: {claim.statement!r} must be read alone"
        assert claim.measured, claim.id
        assert set(claim.experiments) <= set(table.configs[study].experiments), claim.id
        assert claim.figure is None or claim.figure in table.configs[study].figures, claim.id
        assert not claim.id.endswith(".printed") or claim.form == "printed", claim.id
        assert not claim.id.endswith(".corrected") or claim.form == "corrected", claim.id


@each_kind
def test_a_claim_stands_beside_its_experiment(study: str, kind: str, table: JobTable) -> None:
    if not kinds.has_module(study, kind, "claims"):
        return
    for claim in kinds.stage_module(study, kind, "claims").CLAIMS:
        if claim.experiments:
            assert table.kind(study, claim.experiments[0]) == kind, claim.id


@each_kind
def test_a_kind_whose_analysis_is_of_one_setting_says_so(study: str, kind: str) -> None:
    """It would refuse a sweep after all trainings; what is declared is refused when the config is read."""
    analysis = importlib.import_module(f"learnability.studies.{study}.{kind}.analyse")
    assert kinds.kind_of(study, kind).one_setting == hasattr(analysis, "only")

"""The workflow's own linter, and the rule that no rule names a study."""

import re
from pathlib import Path

import pytest

from learnability.pipeline.config import read_yaml

from .conftest import Project

pytestmark = pytest.mark.workflow
ROOT = Path(__file__).parents[2]
# The project is installed by its own files; conda and containers are for those who want them (environment.yml).
ALLOWED = {"Specify a conda environment or container for each rule."}


def test_snakemake_finds_nothing_to_say(project: Project) -> None:
    done = project.snakemake("--lint")
    text = done.stdout + done.stderr
    assert "Lints for" in text, text
    titles = {title.strip().rstrip(":") for title in re.findall(r"^ {4}\* (.+)$", text, re.MULTILINE)}
    assert {title for title in titles if title + "." not in ALLOWED and title not in ALLOWED} == set()


def test_no_rule_names_a_study() -> None:
    studies = read_yaml(ROOT / "config/config.yaml")["studies"]
    for path in [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]:
        code = re.sub(r"#.*", "", path.read_text())
        assert not [study for study in studies if study in code], path


def test_every_rule_logs() -> None:
    for path in sorted((ROOT / "workflow/rules").glob("*.smk")):
        text = path.read_text()
        assert text.count("\nrule ") == text.count("\n    log:"), path

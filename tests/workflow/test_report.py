"""When the report is made, and when it is left alone."""

import sys

import pytest

from .conftest import Project

pytestmark = pytest.mark.workflow


def test_report_is_made_again_only_when_what_it_shows_changed(project: Project) -> None:
    report = project.folder / "results/laptop/report.html"
    before = report.stat().st_mtime_ns
    assert "to do" not in project.launch().stdout
    assert report.stat().st_mtime_ns == before
    project.edit("config/studies/demo.yaml", lambda text: text.replace("caption: The means.", "caption: Other words."))
    done = project.launch()
    assert done.returncode == 0
    assert "page of verdicts" in done.stdout
    assert " figures," not in done.stdout
    assert "Other words." in report.read_text()
    assert "The means." not in report.read_text()


def test_deleted_report_is_made_alone(project: Project) -> None:
    report = project.folder / "results/laptop/report.html"
    report.unlink()
    command = (sys.executable, "-m", "learnability.cli", "report")
    assert project.call(*command).stdout == "results/laptop/report.html\n"
    assert project.call(*command).stdout == "results/laptop/report.html is up to date\n"
    assert "<title>Snakemake Report</title>" in report.read_text()


def test_report_of_nothing_names_what_is_missing(fresh: Project) -> None:
    done = fresh.call(sys.executable, "-m", "learnability.cli", "report")
    assert done.returncode == 2
    assert "results/laptop/demo/figures/means.svg" in done.stderr
    assert "Traceback" not in done.stderr

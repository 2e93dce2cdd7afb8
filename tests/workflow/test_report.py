"""When the report is made, and when it is left alone."""

import sys

import pytest

from .conftest import Project

pytestmark = pytest.mark.workflow


def test_report_is_made_again_only_when_what_it_shows_changed(project: Project) -> None:
    page = project.folder / "results/laptop/report/demo.html"
    before = page.stat().st_mtime_ns
    assert "to do" not in project.launch().stdout
    assert page.stat().st_mtime_ns == before
    project.edit("config/studies/demo.yaml", lambda text: text.replace("caption: The means.", "caption: Other words."))
    done = project.launch()
    assert done.returncode == 0
    assert "to do   1 report" in done.stdout
    assert "Other words." in page.read_text()
    assert "The means." not in page.read_text()


def test_a_deleted_page_is_made_alone(project: Project) -> None:
    (project.folder / "results/laptop/report/index.html").unlink()
    assert project.planned() == {}  # the report alone, which this count leaves out
    assert "to do   1 report" in project.launch().stdout
    assert (project.folder / "results/laptop/report/index.html").is_file()


def test_the_command_writes_the_pages_from_what_there_is(project: Project) -> None:
    (project.folder / "results/laptop/demo/figures/norms.svg").unlink()
    done = project.call(sys.executable, "-m", "learnability.cli", "report")
    assert done.stdout == "results/laptop/report/index.html\n"
    assert "1 of 2 figures are drawn so far" in (project.folder / "results/laptop/report/demo.html").read_text()


def test_report_of_nothing_says_what_to_do(fresh: Project) -> None:
    done = fresh.call(sys.executable, "-m", "learnability.cli", "report")
    assert done.returncode == 2
    assert "there are no figures yet" in done.stderr
    assert "make figures" in done.stderr
    assert "Traceback" not in done.stderr

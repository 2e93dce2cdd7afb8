"""When the report is made, and when it is left alone."""

import os
import re
import subprocess
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


def _exports(project: Project) -> subprocess.CompletedProcess[str]:
    return project.call(sys.executable, "-m", "learnability.cli", "paper-exports")


def test_a_damaged_analysis_is_named_on_its_page(project: Project) -> None:
    analysis = project.folder / "results/laptop/demo/first/analysis.zarr.zip"
    os.truncate(analysis, 1500)
    done = project.call(sys.executable, "-m", "learnability.cli", "report")
    assert (done.returncode, done.stderr) == (0, "")
    assert "results/laptop/demo/first/analysis.zarr.zip" in (analysis.parents[2] / "report/demo.html").read_text()
    (project.folder / "results/laptop/demo/claims.json").write_text('[{"id": "x"}]')
    done = project.call(sys.executable, "-m", "learnability.cli", "report")
    assert done.returncode == 2
    assert "row 1 has no study, verdict" in done.stderr
    assert "Traceback" not in done.stderr
    assert project.launch().returncode == 0
    assert "Damaged" not in (analysis.parents[2] / "report/demo.html").read_text()


def test_only_what_this_code_makes_is_exported(project: Project) -> None:
    assert _exports(project).stdout == "results/laptop/exports/\n"
    exports = project.folder / "results/laptop/exports"
    before = sorted(path.name for path in exports.iterdir())
    assert {"claims.tex", "demo-means.pdf", "demo-norms.pdf"} <= set(before)
    project.edit("src/learnability/studies/demo/walk/train.py", lambda text: text.replace("np.cos", "np.sin"))
    done = _exports(project)
    assert done.returncode == 2
    assert "results/laptop/demo/figures/means.pdf: stale" in done.stderr
    assert "make figures SCALE=laptop" in done.stderr
    project.edit("src/learnability/studies/demo/walk/train.py", lambda text: text.replace("np.sin", "np.cos"))
    project.edit("config/studies/demo.yaml", lambda text: re.sub(r"\n  norms: .*", "", text))
    assert project.launch().returncode == 0
    assert _exports(project).returncode == 0
    assert sorted(path.name for path in exports.iterdir()) == [name for name in before if name != "demo-norms.pdf"]

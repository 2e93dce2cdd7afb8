"""``learnability status`` looks at the answers of questions, too, and at the templates behind every page."""

import json
import socket
from pathlib import Path

import pytest

from learnability import asking
from learnability.pipeline import pages, status
from learnability.pipeline.job_table import JobTable
from learnability.pipeline.jobs import jobs, question_jobs
from learnability.results import manifest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobTable:
    """A project with the atlas and two questions, of which one was answered."""
    (tmp_path / "config/studies").mkdir(parents=True)
    (tmp_path / "config/questions").mkdir()
    (tmp_path / "config/studies/atlas.yaml").write_bytes((ROOT / "config/studies/atlas.yaml").read_bytes())
    (tmp_path / "config/config.yaml").write_text("root_seed: 1\nstudies: [atlas]\n")
    for name in ("one", "two"):
        (tmp_path / f"config/questions/{name}.yaml").write_text('targets: ["h1(z1)"]\n')
    monkeypatch.chdir(tmp_path)
    made = JobTable(Path("config"))
    for job in question_jobs(made, "one"):
        for name in job.outputs:
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        inputs = manifest.digests(map(Path, job.inputs))
        manifest.record(map(Path, job.outputs), job.rule, json.loads(job.parameters), job.code, inputs)
    return made


def _states(table: JobTable) -> dict[str, str]:
    outputs, problems = status.examine_questions(table)
    assert not problems
    return {output.path: output.state for output in outputs if output.state != "current"}


PAGE = "results/questions/one/index.html"


def test_an_answer_is_current_and_a_question_that_was_not_asked_here_says_nothing(table: JobTable) -> None:
    assert _states(table) == {}
    said, _ = status.screen(table)
    assert "results/questions: " in said
    assert "/two/" not in said


def test_an_edited_page_and_what_no_question_makes_are_named(table: JobTable) -> None:
    Path(PAGE).write_text("no")
    Path("results/questions/gone/figures").mkdir(parents=True)
    Path("results/questions/gone/figures/answer.svg").write_text("")
    assert _states(table) == {PAGE: "edited", "results/questions/gone/figures/answer.svg": "foreign"}
    said, good = status.screen(table)
    assert not good
    assert "learnability ask one sees to its outputs" in said


def test_another_dimension_makes_the_answer_stale(table: JobTable) -> None:
    Path("config/questions/one.yaml").write_text('targets: ["h1(z1)"]\ndimension: 500\n')
    states = _states(JobTable(Path("config")))
    assert states["results/questions/one/figures/answer.svg"] == "stale"
    assert states[PAGE] == "stale"


def test_another_template_makes_its_pages_stale(table: JobTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "question_templates_digest", lambda: "other")
    assert _states(table) == {PAGE: "stale"}
    monkeypatch.undo()
    (report,) = (job for job in jobs(JobTable(ROOT / "config")) if job.rule == "report")
    assert json.loads(report.parameters)["templates"] == pages.templates_digest()


def test_a_faulty_question_stops_nothing(table: JobTable) -> None:
    Path("config/questions/two.yaml").write_text("targets: []\n")
    said, good = status.screen(JobTable(Path("config")))
    assert not good
    assert "config/questions/two.yaml" in said
    assert "results/questions: " in said


def test_asking_again_sets_aside_what_was_replaced(table: JobTable, capsys: pytest.CaptureFixture[str]) -> None:
    assert asking._see_to_untrusted("one") == []
    assert capsys.readouterr().err == ""
    Path(PAGE).write_text("no")
    assert asking._see_to_untrusted("one") == []
    assert not Path(PAGE).exists()
    assert f"{PAGE}: edited" in capsys.readouterr().err


def test_asking_again_clears_what_a_killed_question_left(table: JobTable) -> None:
    name = f".staged-{socket.gethostname()}-{2**22 + 1}.tmp"  # no process has such a number
    left = [Path(f"results/questions/{place}/{name}") for place in ("one", "one/times", "manifest/one", "two")]
    for folder in left:
        folder.mkdir(parents=True)
    asking._see_to_untrusted("one")
    assert [folder.exists() for folder in left] == [False, False, False, True]


def test_asking_again_makes_what_is_stale_by_itself_again(table: JobTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "question_code", lambda: "other")
    assert asking._see_to_untrusted("one") == [PAGE]


def test_why_tells_of_an_answer(table: JobTable) -> None:
    said = status.why(table, PAGE)
    assert said.startswith(f"{PAGE}  current")
    assert "config/questions/one.yaml" in said

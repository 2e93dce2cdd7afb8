"""A job runs the code that it was planned with, from its imports to the record of its result, or it is refused."""

import argparse
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from learnability.pipeline import fingerprint as fp
from learnability.pipeline import kinds, planned_code, run_job, stages
from learnability.pipeline.job_table import JobTable
from learnability.pipeline.jobs import jobs, question_jobs
from learnability.pipeline.planned_code import PlannedCode
from learnability.pipeline.progress import Progress
from learnability.results import manifest
from learnability.results.errors import UserError

JOB: dict[str, Any] = {"study": "demo", "experiment": "first", "kind": "walk"}
ROOT = Path(__file__).parents[2]
OUTPUT = Path("results/laptop/demo/first/analysis.zarr.zip")


class _Source:
    """A package of one function, which is the code behind every stage, and how often it was read."""

    def __init__(self, file: Path) -> None:
        self.file, self.reads = file, 0

    def write(self, text: str) -> None:
        before = self.file.stat().st_mtime_ns if self.file.exists() else 0
        self.file.write_text(text)
        os.utime(self.file, ns=(before + 1, before + 1))

    def code_of(self, stage: str, job: object) -> str:
        self.reads += 1
        return fp.fingerprint(("learnability.a", "f"))


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Source]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "learnability").mkdir()
    monkeypatch.setattr(fp, "SOURCE", tmp_path)
    found = _Source(tmp_path / "learnability/a.py")
    found.write(A)
    monkeypatch.setattr(planned_code, "code_of", found.code_of)
    fp.forget()
    yield found
    fp.forget()


A = "def f():\n    return 1\n"
B = "def f():\n    return 2\n"


def test_unchanged_source_is_read_once(source: _Source) -> None:
    planned = PlannedCode("analyse", JOB, source.code_of("", {}))
    for _ in range(3):
        planned.demand()
    assert source.reads == 2


def test_an_edit_is_refused_at_the_next_look_and_a_comment_is_not(source: _Source) -> None:
    planned = PlannedCode("analyse", JOB, source.code_of("", {}))
    planned.demand()
    source.write(f"# a comment\n{A}")
    planned.demand()
    source.write(B)
    with pytest.raises(UserError, match="the code changed since this run was planned") as refused:
        planned.demand()
    assert refused.value.where == "analyse demo/first"
    assert refused.value.remedy == "run the same command again"
    source.write(A)
    planned.demand()


def test_a_job_that_was_started_by_hand_asks_for_nothing(source: _Source) -> None:
    PlannedCode("analyse", JOB, "").demand()
    assert source.reads == 0


def _run(
    source: _Source, monkeypatch: pytest.MonkeyPatch, *, imported: Callable[[], None], work: Callable[[], None]
) -> None:
    code = source.code_of("", {})

    def stage(arguments: argparse.Namespace, progress: Progress) -> None:
        work()
        arguments.output[0].write_bytes(b"result")

    monkeypatch.setattr(stages, "import_code", lambda *_: imported())
    monkeypatch.setitem(stages.STAGES, "analyse", stage)
    monkeypatch.setattr(run_job, "demand_lease", lambda place: None)
    arguments = argparse.Namespace(stage="analyse", job=JOB, code=code, input=[], output=[OUTPUT])
    run_job._run(arguments, Progress("job", None))


def _nothing() -> None: ...


def test_a_job_records_its_result_with_the_code_that_it_ran(source: _Source, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(source, monkeypatch, imported=_nothing, work=_nothing)
    record = manifest.read(OUTPUT)
    assert record is not None
    assert record.code == source.code_of("", {})


@pytest.mark.parametrize("when", ["imported", "work"])
def test_an_edit_during_a_job_leaves_no_result(source: _Source, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """One during the imports is refused before any work: a checkpoint would carry it into a later run."""
    worked: list[bool] = []
    steps = {"imported": _nothing, "work": lambda: worked.append(True)}
    before = steps[when]

    def edit() -> None:
        before()
        source.write(B)

    with pytest.raises(UserError, match="the code changed"):
        _run(source, monkeypatch, **{**steps, when: edit})
    assert worked == ([] if when == "imported" else [True])
    assert not OUTPUT.exists()
    assert manifest.read(OUTPUT) is None


@pytest.mark.parametrize("scale", ["smoke", "questions"])
def test_a_job_finds_the_code_that_the_plan_found(tmp_path: Path, scale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its parameters alone, for every stage of every study and for a question."""
    (tmp_path / "config/questions").mkdir(parents=True)
    (tmp_path / "config/config.yaml").write_bytes((ROOT / "config/config.yaml").read_bytes())
    shutil.copytree(ROOT / "config/studies", tmp_path / "config/studies")
    (tmp_path / "config/questions/one.yaml").write_text('targets: ["h1(z1)"]\n')
    monkeypatch.chdir(tmp_path)
    table = JobTable(Path("config"), {"scale": "smoke"})
    planned = question_jobs(table, "one") if scale == "questions" else jobs(table)
    stages_of = {job.rule for job in planned} & {*run_job.STAGES}
    assert stages_of == ({*run_job.STAGES} if scale == "smoke" else {"train", "analyse", "figures"})
    for job in planned:
        if job.rule in stages_of:
            assert kinds.code_of(job.rule, json.loads(job.parameters)) == job.code, job.title

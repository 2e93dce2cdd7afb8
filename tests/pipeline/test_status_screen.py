"""``learnability status`` on one screen: the cause first, what follows from it in a line, and what will be done."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from learnability.pipeline import status
from learnability.pipeline.job_table import JobTable
from learnability.pipeline.jobs import Job
from learnability.pipeline.status import Output

FOLDER = "results/smoke/study"
LOST = f"{FOLDER}/one/analysis.zarr.zip"


def _figure(name: str) -> list[Output]:
    outputs = tuple(f"{FOLDER}/figures/{name}.{form}" for form in ("svg", "pdf", "png"))
    job = Job("figures", "study", name, (LOST,), outputs)
    return [Output(path, "stale", f"{LOST} is gone", job, own=True) for path in outputs]


FOUND = [
    Output(LOST, "missing", "", Job("analyse", "study", "one", (), (LOST,))),
    *(output for number in range(6) for output in _figure(f"figure_{number}")),
    Output(
        f"{FOLDER}/claims.json", "stale", f"{LOST} is gone", Job("claims", "study", "", (), (f"{FOLDER}/claims.json",)),
        own=True,
    ),
    Output(f"{FOLDER}/two/analysis.zarr.zip", "stale", "its code changed (a, now b)", None, own=True),
]  # fmt: skip


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> JobTable:
    monkeypatch.chdir(Path(__file__).parents[2])
    return JobTable(Path("config"), {"scale": "smoke", "studies": "multi_index"})


def _screen(
    table: JobTable, monkeypatch: pytest.MonkeyPatch, found: Sequence[Output], everything: bool = False
) -> tuple[list[str], bool]:
    monkeypatch.setattr(status, "demand_whole", lambda *_: None)
    monkeypatch.setattr(status, "examine", lambda *_: list(found))
    monkeypatch.setattr(status, "foreign", lambda *_: [])
    monkeypatch.setattr(status, "examine_questions", lambda *_: ([], []))
    said, good = status.screen(table, everything)
    return said.splitlines(), good


def test_the_cause_comes_first_and_what_follows_from_it_has_one_line(
    table: JobTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, good = _screen(table, monkeypatch, FOUND)
    assert not good
    assert [line.split()[:2] for line in lines[1:4]] == [
        ["missing", LOST],
        ["stale", f"{FOLDER}/two/analysis.zarr.zip:"],
        ["stale", "19"],
    ]
    assert lines[3] == f"  stale      19 files, such as {FOLDER}/figures/figure_0.svg: {LOST} is gone"
    assert "--all lists every file" in lines[4]
    assert lines[5] == "make figures SCALE=smoke makes again: 1 analysis, 6 figures, 1 study to judge"


def test_all_of_it_lists_every_file(table: JobTable, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, _ = _screen(table, monkeypatch, FOUND, everything=True)
    assert sum(line.startswith("  ") for line in lines) == len(FOUND)
    assert lines[1].split() == ["missing", LOST]


def test_more_than_a_screen_holds_is_counted(table: JobTable, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Output(f"{FOLDER}/{i}.zarr.zip", "stale", f"seeds was {i}, is 0", None, own=True) for i in range(20)]
    lines, _ = _screen(table, monkeypatch, found)
    assert lines[-1] == "  and 5 more (learnability status --all lists them)"


def test_a_scale_of_which_nothing_was_made_is_not_current(table: JobTable, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, good = _screen(table, monkeypatch, FOUND[:1])
    assert "nothing has been made yet" in lines[1]
    assert not good


def test_results_that_the_engine_has_no_record_of_are_counted(table: JobTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "examine", lambda *_: [Output(LOST, "current"), *FOUND[1:3]])
    monkeypatch.setattr(status, "foreign", lambda *_: [])
    monkeypatch.setattr(status, "examine_questions", lambda *_: ([], []))
    said, _ = status.screen(table, without_records=len)
    assert "no record of 1 file" in said


def test_many_missing_files_of_one_stage_have_one_line(table: JobTable, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [f"{FOLDER}/one/train/{number}.zarr.zip" for number in range(40)]
    runs = [Output(path, "missing", "", Job("train", "study", "one", (), (path,))) for path in paths]
    lines, _ = _screen(table, monkeypatch, [*runs, *FOUND])
    assert lines[1] == f"  missing    40 files, such as {paths[0]}"
    assert lines[2].split() == ["missing", LOST]

"""What ``make figures`` refuses before it starts anything."""

import errno
import re
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from learnability import display, launch
from learnability.pipeline import events
from learnability.pipeline.job_table import JobTable
from learnability.results import manifest
from learnability.results.errors import UserError

TABLE: Any = SimpleNamespace(
    main=SimpleNamespace(scale="smoke"),
    configs={
        "first": SimpleNamespace(figures={"staircase": None, "escape_times": None}),
        "second": SimpleNamespace(figures={"staircase": None}),
    },
)


@pytest.mark.parametrize(
    ("given", "near"),
    [("escape_time", "escape_times"), ("first/starcase", "first/staircase"), ("Staircase", "staircase")],
)
def test_a_figure_that_does_not_exist_is_told_the_nearest(given: str, near: str) -> None:
    with pytest.raises(UserError) as caught:
        launch._figures_named(TABLE, given)
    assert caught.value.remedy == f"did you mean {near}?"
    assert near in caught.value.allowed.split(", ")


def test_a_figure_is_named_alone_or_with_its_study() -> None:
    assert len(launch._figures_named(TABLE, "staircase")) == 2 * len(launch._figures_named(TABLE, "first/staircase"))


def test_events_are_read_by_whole_lines_and_their_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "run/events.jsonl"
    with launch._Events(path) as reader, path.open("ab", buffering=0) as out:
        out.write(b'{"event": "plan"}\n{"event"')
        assert reader.read() == [{"event": "plan"}]
        out.write(b': "note"}\n')
        assert reader.read() == [{"event": "note"}]
    assert reader._stream.closed


@pytest.mark.parametrize(
    "left", [b'\n{"event": "prog', b'{"event": "progress"', b"7\n", b'{"event": "other"}', b"\xff"]
)
def test_what_a_full_disk_left_of_an_event_ends_nothing_and_spoils_no_other(
    left: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.jsonl"
    monkeypatch.setenv(events.VARIABLE, str(path))
    with launch._Events(path) as reader:
        path.write_bytes(left)
        events.tell("finished", id=3)
        assert reader.read() == [{"event": "finished", "id": 3}]


def test_a_profile_that_does_not_exist_is_told_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "profiles" / "slurm").mkdir(parents=True)
    (tmp_path / "profiles" / "slurm" / "config.yaml").touch()
    monkeypatch.chdir(tmp_path)
    launch._check_profile("slurm")
    with pytest.raises(UserError, match=r"did you mean slurm\?"):
        launch._check_profile("slrum")


@pytest.mark.parametrize(
    "trouble",
    [
        FileNotFoundError("cost.svg"),
        UserError("claims.json", "there is no such file"),
        OSError(errno.ENOSPC, "full"),
        zipfile.BadZipFile("cut off"),
        KeyError("verdict"),
        UnicodeDecodeError("utf-8", b"", 0, 1, "no text"),
    ],
    ids=repr,
)
def test_what_the_pages_cannot_read_or_write_while_jobs_are_at_work_does_not_end_the_run(
    trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> Path:
        raise trouble

    monkeypatch.setattr(launch, "_pages", gone)
    assert not launch._pages_meanwhile(TABLE)
    monkeypatch.setattr(launch, "_pages", lambda _: Path("index.html"))
    assert launch._pages_meanwhile(TABLE)


def test_what_the_pages_show_of_a_study_that_is_not_chosen_is_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config/studies").mkdir(parents=True)
    for study in ("atlas", "gradient_hardness"):
        shutil.copy(Path(__file__).parents[1] / f"config/studies/{study}.yaml", tmp_path / "config/studies")
    (tmp_path / "config/config.yaml").write_text("root_seed: 1\nstudies: [atlas, gradient_hardness]\n")
    monkeypatch.chdir(tmp_path)
    results = Path("results/laptop")
    experiment = next(iter(JobTable(Path("config")).configs["gradient_hardness"].experiments))
    claims = results / "gradient_hardness/claims.json"
    analysis = results / f"gradient_hardness/{experiment}/analysis.zarr.zip"
    for path in (claims, analysis):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("[]")
        manifest.record([path], "made")
    table = JobTable(Path("config"), {"studies": "atlas"})
    launch._see_to_untrusted(table, results)
    assert analysis.is_file()
    assert capsys.readouterr().err == ""
    analysis.write_text("cut")
    assert {output.job.study for output in launch._see_to_untrusted(table, results) if output.job} == {"atlas", ""}
    assert not analysis.exists()
    assert analysis.with_name("analysis.zarr.zip.damaged").exists()
    said = capsys.readouterr().err
    assert f"{analysis}: damaged" in said
    assert "make figures SCALE=laptop STUDY=gradient_hardness makes it again" in said
    claims.write_text("[ ]")
    config = Path("config/studies/gradient_hardness.yaml")
    config.write_text(re.sub("kind: .*", "kind: nothing", config.read_text(), count=1))
    launch._see_to_untrusted(table, results)
    assert "not examined, because of" in capsys.readouterr().err


def test_pages_that_could_not_be_written_are_written_at_the_next_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_PUBLISH", -1.0)
    monkeypatch.setattr(display.time, "sleep", lambda _: None)
    could, looks = iter([False, True, True]), iter([True] * 5 + [False])
    asked: list[bool] = []

    def publish() -> bool:
        asked.append(next(could))
        return asked[-1]

    events: Any = iter([[SimpleNamespace(kind="figure")], *([[]] * 9)])
    state: Any = SimpleNamespace(update=lambda event: [event], share=lambda: 0.5, seconds_left=lambda: None)
    shown: Any = SimpleNamespace(show=lambda *_: None)
    display.wait_for(lambda: next(looks), lambda: next(events), state, shown, publish, lambda *_: None)
    assert asked == [False, True]

"""The guard of the benchmarks judges paired ratios: it sees a lost lead, and no busy machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as bench
from benchmarks.compare import RECORD, Timing, record


def row(lead: list[float] | None, name: str = "a") -> dict[str, Any]:
    return {"engine": "e", "row": name, "ours": "ours", "seconds": 1.0, "peer": "peer", "lead": lead}


def test_a_lead_is_lost_where_even_the_upper_quartile_is_below_what_is_kept() -> None:
    reference = [row([10.0, 9.0, 11.0])]
    assert bench.fallen([row([5.0, 4.0, 6.1])], reference) == []
    assert bench.fallen([row([5.0, 4.0, 5.9])], reference) != []
    assert bench.fallen([row(None)], reference) == []  # no peer finished
    assert bench.fallen([row([1.0, 1.0, 1.0], "new")], reference) == []


def test_every_benchmark_takes_the_arguments_that_all_are_given() -> None:
    """One that refuses --quick, or needs what a machine may not have, would fail the whole comparison."""
    for name in bench.NAMES:
        source = (Path(bench.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        assert '"--quick"' in source, name


def test_an_engine_that_earned_its_keep_must_go_on_to_do_so() -> None:
    assert bench.fallen([row([1.3, 1.2, 1.4])], [row([2.0, 1.9, 2.1])]) != []
    assert bench.fallen([row([1.0, 0.9, 1.1])], [row([1.2, 1.1, 1.3])]) == []  # this one never led by half
    assert bench.fallen([row([0.6, 0.5, 0.7])], [row([1.2, 1.1, 1.3])]) != []


def test_rows_are_those_of_one_round_and_failures_are_no_peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RECORD, str(tmp_path / "rows"))
    ours = Timing("ours", (1.0, 2.0, 4.0))  # the machine was busy in the last rounds, for everyone
    peers = [Timing("slow", (9.0, 18.0, 36.0)), Timing("best", (3.0, 6.0, 12.0)), Timing("none", (), "failed: x")]
    record("e", "r", [ours, *peers])
    record("e", "alone", [ours, peers[2]])
    first, second = map(json.loads, (tmp_path / "rows").read_text().splitlines())
    assert (first["peer"], first["lead"], first["seconds"]) == ("best", [3.0, 3.0, 3.0], 2.0)
    assert second["lead"] is None
    assert bench.merged([second], [row([1.0, 1.0, 1.0])])[1] == second


def test_the_committed_rows_are_in_the_page() -> None:
    page = (bench.DOCS / "benchmarks.md").read_text(encoding="utf-8")
    for line in bench.table(bench.read(bench.DOCS / "benchmarks.json")):
        assert line in page

"""The verdict follows from the interval and the rule, and from nothing else."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import AtLeast, AtMost, Between, Claim, Equals, Measurement, OutOfSteps, judge
from learnability.results.errors import UserError
from learnability.results.rows import by_origin, counted, read_rows
from learnability.results.verdicts import row, to_json


@pytest.mark.parametrize(
    ("rule", "interval", "verdict"),
    [
        (Equals(2.0, 0.1), (1.95, 2.05), "supported"),
        (Equals(2.0, 0.1), (1.85, 2.05), "inconclusive"),
        (Equals(2.0, 0.1), (2.2, 2.3), "contradicted"),
        (AtMost(1.0), (0.2, 1.0), "supported"),
        (AtMost(1.0), (0.9, 1.1), "inconclusive"),
        (AtMost(1.0), (1.01, 1.1), "contradicted"),
        (AtLeast(0.5), (0.5, 0.9), "supported"),
        (AtLeast(0.5), (0.1, 0.4), "contradicted"),
        (Between(0.0, 1.0), (-0.1, 1.1), "inconclusive"),
        (AtMost(1.0), (0.0, math.inf), "inconclusive"),
        (AtMost(1.0), (math.nan, math.nan), "inconclusive"),
    ],
)
def test_judge(rule: Equals, interval: tuple[float, float], verdict: str) -> None:
    estimate = sum(interval) / 2
    assert judge(rule, Measurement(estimate, *interval, seeds=10))[0] == verdict


def test_too_few_seeds_are_inconclusive_whatever_the_numbers() -> None:
    assert judge(AtMost(1.0), Measurement(0.1, 0.0, 0.2, seeds=7), seeds_needed=8)[0] == "inconclusive"
    assert judge(AtMost(1.0), Measurement(0.1, 0.0, 0.2, seeds=8), seeds_needed=8)[0] == "supported"


def test_an_interval_upside_down_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="upside down"):
        Measurement(1.0, 2.0, 0.0)


def test_a_claim_without_a_measurement_must_say_why() -> None:
    with pytest.raises(ValueError, match="must say why"):
        Claim("a", "b", "c", "d", evidence="exact")


def test_rows_are_valid_json_even_for_infinite_intervals() -> None:
    claim = Claim(
        "slope",
        "Theorem 1",
        "slope one",
        "slope",
        Equals(1, 0.1),
        lambda analyses: Measurement(1.0, -math.inf, math.inf, 5),
        ("first",),
        evidence="statistical",
    )
    made = row("demo", claim, {"first": xr.Dataset()}, {"first": "results/x"})
    assert json.loads(to_json([made]))[0]["interval"] == [None, None]
    assert made["verdict"] == "inconclusive"
    assert made["artifact"] == "results/x"
    untested = Claim("crypto", "Theorem 2", "hard", "-", reason="rests on an assumption", evidence="exact")
    rows = [made, row("demo", untested, {}, {})]
    assert rows[1]["verdict"] == "not tested"
    assert counted(rows) == "2 claims of the sources: 1 inconclusive, 1 not tested"


def _made(**changes: Any) -> dict[str, Any]:
    fields = {
        "id": "size",
        "source": "Theorem 1",
        "statement": "The size is small.",
        "measured": "size",
        "rule": AtMost(1.0),
        "measure": lambda analyses: Measurement(float(analyses["first"]["size"].max()), 0.1, 0.3, 5),
        "experiments": ("first",),
        "evidence": "existence",
        **changes,
    }
    return row("demo", Claim(**fields), {"first": xr.Dataset({"size": ("seed", np.array([0.2]))})}, {"first": "x"})


def test_runs_out_of_steps_are_a_state_of_their_own() -> None:
    def unfinished(analyses: object) -> Measurement:
        raise OutOfSteps("3 of 16 runs")

    made = _made(measure=unfinished, reason="a longer run decides")
    assert (made["verdict"], made["reason"]) == ("out of steps", "3 of 16 runs; a longer run decides")
    assert made["estimate"] is None


def test_a_rule_that_nothing_contradicts_is_refused() -> None:
    made = _made(measure=lambda analyses: Measurement(0.2 + 0 * float(analyses["first"]["size"].max()), 0.1, 0.3, 5))
    assert (made["verdict"], made["refuted_by"]) == ("inconclusive", "")
    assert made["reason"] == "no artifact can contradict this rule"


def test_a_statistical_claim_needs_an_interval_with_a_width() -> None:
    def exact(analyses: Any) -> Measurement:
        return Measurement.exact(float(analyses["first"]["size"].max()))

    assert _made(measure=exact, evidence="statistical")["verdict"] == "inconclusive"
    made = _made(measure=exact, evidence="exact", window_seen=True)
    assert (made["verdict"], made["evidence"], made["window_seen"]) == ("supported", "exact", True)
    assert made["refuted_by"] == "size 10 times as large: 2"


def test_the_study_and_summaries_are_counted_apart_from_the_sources() -> None:
    stated = {"study": "a", "verdict": "supported", "evidence": "exact", "source": "Theorem 1 (closure: this study)"}
    own = {"study": "a", "verdict": "contradicted", "evidence": "exact", "source": "this study, of Theorem 1"}
    summary = {"study": "a", "verdict": "contradicted", "evidence": "summary", "source": "this study's summary"}
    assert counted([stated, summary]) == "1 claim of the sources: 1 supported; 1 of summaries: 1 contradicted"
    assert counted([own, stated, own]) == "1 claim of the sources: 1 supported; 2 of this study: 2 contradicted"
    assert counted([own, own]) == "2 claims of this study: 2 contradicted"
    assert counted([own, {**own, "study": "b"}]) == "2 claims of the studies themselves: 2 contradicted"
    assert counted([summary]) == "1 claim of summaries: 1 contradicted"
    assert counted([]) == "no claims"
    assert by_origin([own, stated]) == {"the sources": [stated], "this study": [own], "summaries": []}


def test_rows_of_an_older_file_can_be_shown_beside_newer_ones(tmp_path: Path) -> None:
    path = tmp_path / "claims.json"
    path.write_text(json.dumps([{"id": "a/b", "study": "a", "verdict": "supported"}]))
    (row,) = read_rows(path)
    assert row["evidence"] == "statistical"
    assert counted([row]) == "1 claim of the sources: 1 supported"
    path.write_text(json.dumps([made := _made()]))
    assert to_json(read_rows(path)) == to_json([made])  # byte for byte: the archive compares files


@pytest.mark.parametrize(
    "text",
    ['[{"id": "demo/a"', "", "{}", "[1]", "\udcff", '[{"id": "x"}]', '[{"id": "x", "study": "a", "verdict": "maybe"}]'],
    ids=["cut off", "empty", "object", "numbers", "bytes", "no verdict", "another verdict"],
)
def test_verdicts_that_cannot_be_read_are_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "claims.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match=r"claims.json(.|\n)*cannot be read(.|\n)*make figures"):
        read_rows(tmp_path / "claims.json")

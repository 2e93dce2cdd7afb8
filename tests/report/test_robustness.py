"""Verdicts under rounding and other runs, and the page that says so."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from learnability.report import robustness
from learnability.report.summary import changed_verdicts
from learnability.results.claim import AtMost, Claim, NotAtThisScale
from learnability.results.measuring import exactly

ROOT = Path(__file__).parents[2]


def _claim(name: str, bound: float) -> Claim:
    measure = exactly("first", lambda a: a["x"].max())
    return Claim(name, "s", "t", "m", AtMost(bound), measure, ("first",), evidence="exact")


def _row(name: str, verdict: str, estimate: float | None = 0.5, **more: Any) -> dict[str, Any]:
    interval = None if estimate is None else [estimate - 0.1, estimate + 0.1]
    row = {"id": f"demo/{name}", "study": "demo", "estimate": estimate, "interval": interval, "verdict": verdict}
    return {**row, "seeds": 16, **more}


def test_a_verdict_on_the_edge_moves_with_rounding_and_another_does_not() -> None:
    """Each of 8 draws leaves the edge with chance 1/2: all stay inside with 1/256, and the seeds are fixed."""
    analyses = {"first": xr.Dataset({"x": ("i", np.array([1e-6, 0.3]))})}
    moved = robustness.moved_by_rounding("demo", [_claim("edge", 0.3), _claim("far", 0.31)], analyses, draws=8)
    assert [row["id"] for row in moved] == ["demo/edge"]
    assert (moved[0]["then"]["verdict"], moved[0]["now"]["verdict"]) == ("supported", "contradicted")


def test_what_is_missing_at_a_scale_stays_missing() -> None:
    def absent(analyses: object) -> Any:
        raise NotAtThisScale("d = 9")

    claim = Claim("c", "s", "t", "m", AtMost(1), absent, ("first",), evidence="exact")
    assert robustness.moved_by_rounding("demo", [claim], {"first": xr.Dataset()}, draws=2) == []


def test_other_results_are_compared_claim_by_claim() -> None:
    here = [_row("a", "supported"), _row("b", "supported"), _row("c", "not tested", None)]
    there = [_row("a", "supported", 0.6), _row("b", "inconclusive", 0.9), _row("new", "supported")]
    count, moved = robustness.differing(here, there)
    assert count == 2
    assert [(row["id"], row["now"]["estimate"]) for row in moved] == [("demo/b", 0.9)]


def test_false_alarms_are_those_of_random_claims_alone() -> None:
    rows = [_row("a", "supported"), _row("exact", "supported", seeds=None), _row("c", "not tested", None)]
    found = robustness.alarms(rows, {row["id"]: (0.0, 1.0) for row in rows})
    assert [row["id"] for row in found] == ["demo/a"]
    assert found[0]["edge"] == pytest.approx(0.025, abs=0.01)  # four standard errors of 4,000 draws


def test_the_page_names_what_is_not_decided() -> None:
    moved = [{"id": "demo/b", "then": _row("b", "supported"), "now": _row("b", "inconclusive", 0.9)}]
    content = {
        "scale": "laptop",
        "claims": 3,
        "rounding": {"size": 1e-13, "draws": 5, "moved": []},
        "others": [{"label": "root seed 7", "claims": 2, "moved": moved}],
        "alarms": [
            {"id": f"demo/{i}", "model": "normal", "edge": 0.025, "at_estimate": 0.0, "centre": 0.0, "undecided": 0.1}
            for i in range(40)
        ],
    }
    assert robustness.undecided(content) == {"demo/b": "root seed 7"}
    text = robustness.page(content)
    assert "[`demo/b`](verdicts.md#demo.b) | ✓ supported 0.5 [0.4, 0.6] | ? inconclusive 0.9 [0.8, 1] |" in text
    assert "| at the worst edge of every claim | 1.00 | 0.64 |" in text


def test_comparisons_stay_while_the_verdicts_do() -> None:
    """A run without others would drop what a root seed has cost hours to measure, or show it beside other verdicts."""
    seven, eight = ({"label": f"root seed {seed}", "claims": 2, "moved": []} for seed in (7, 8))
    rows = [_row("a", "supported"), _row("b", "contradicted", 0.9)]
    before = {"scale": "laptop", "judged": robustness._digest(rows), "others": [seven, eight]}
    now = {"scale": "laptop", "judged": robustness._digest(rows[::-1]), "others": []}
    assert robustness.kept(now, before) == [seven, eight]
    assert robustness.kept({**now, "others": [{**eight, "claims": 3}]}, before) == [seven]
    assert robustness.kept({**now, "scale": "smoke"}, before) == []
    changed = robustness._digest([rows[0], _row("b", "supported", 0.9)])
    assert robustness.kept({**now, "judged": changed}, before) == []


def test_claims_that_have_changed_since_are_left_out() -> None:
    """Another number, another verdict, and a claim that is gone: what was said of them is of another claim."""
    here = [_row("same", "supported"), _row("number", "supported"), _row("gone", "supported")]
    there = [{**row, "verdict": "inconclusive"} for row in here]
    content = {
        "scale": "laptop",
        "claims": 3,
        "rounding": {"size": 1e-13, "draws": 2, "moved": []},
        "others": [{"label": "root seed 7", "claims": 3, "moved": robustness.differing(here, there)[1]}],
        "alarms": robustness.alarms(here, {row["id"]: (0.0, 1.0) for row in here}),
    }
    now = robustness.standing(content, [_row("same", "supported"), _row("number", "contradicted", 0.6)])
    assert robustness.undecided(now) == {"demo/same": "root seed 7"}
    assert [row["id"] for row in now["alarms"]] == ["demo/same"]
    assert now["left_out"] == ["demo/gone", "demo/number"]
    assert "changed since this was measured: `demo/gone`, `demo/number`." in robustness.page(now)
    assert robustness.standing(now, [_row("same", "supported")]) == now


def test_removed_comparisons_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found: dict[str, Any] = {"claims": 1, "scale": "laptop", "judged": "one", "others": [{"label": "root seed 7"}]}
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(robustness, "measure", lambda *_: dict(found))
    monkeypatch.setattr(robustness, "page", lambda content: f"{len(content['others'])} others\n")
    monkeypatch.setattr(robustness, "undecided", lambda content: {})

    def write() -> str:
        return robustness.write(None, [], 1)  # type: ignore[arg-type]

    assert "removed" not in write()
    found |= {"others": []}
    assert "removed" not in write()
    assert robustness.PAGE.read_text() == "1 others\n"
    found |= {"judged": "another"}
    assert "removed: root seed 7" in write()
    assert robustness.PAGE.read_text() == "0 others\n"


def test_the_committed_page_is_in_step() -> None:
    assert robustness.in_step(ROOT), "run learnability robustness"


def test_a_run_ends_with_the_verdicts_that_changed() -> None:
    rows = [_row("a", "supported"), _row("b", "contradicted", 0.75), _row("new", "supported")]
    before = [_row("a", "supported"), _row("b", "supported"), _row("gone", "supported")]
    committed = {"scale": "laptop", "claims": [*before, {**_row("x", "supported"), "study": "other"}]}
    lines = changed_verdicts(rows, committed, "laptop")
    assert lines[1:] == [
        "  demo/b: supported 0.5 [0.4, 0.6] -> contradicted 0.75 [0.65, 0.85]",
        "  demo/new: new, supported 0.5 [0.4, 0.6]",
        "  demo/gone: gone",
    ]
    assert changed_verdicts(rows, committed, "smoke") == []
    many = changed_verdicts(
        [_row(f"new{i}", "supported") for i in range(40)], {"scale": "laptop", "claims": []}, "laptop"
    )
    assert len(many) == 14
    assert many[-1] == "  and 28 more"
    assert changed_verdicts(before, committed, "laptop") == ["verdicts as in docs/verdicts.json"]

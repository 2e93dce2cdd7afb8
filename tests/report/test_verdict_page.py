"""The page of verdicts, and that the committed one is in step."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from learnability.report import verdict_table
from learnability.report.wording import VERDICT_MEANINGS
from learnability.results.errors import UserError
from learnability.results.verdicts import to_json

ROOT = Path(__file__).parents[2]

ROW = {
    "id": "demo/growth.printed",
    "study": "demo",
    "source": "Theorem 1",
    "form": "printed",
    "evidence": "statistical",
    "window_seen": True,
    "refuted_by": "x 10 times as large: 1.2",
    "statement": "a | b < c",
    "unit": "1",
    "estimate": 0.123456789,
    "interval": [0.1, 0.2],
    "rule": "at most 0.5",
    "seeds": 16,
    "verdict": "supported",
    "measured": "x",
    "reason": "",
    "figure": None,
    "artifact": None,
}
UNTESTED = {**ROW, "id": "demo/sq", "estimate": None, "interval": None, "seeds": None, "verdict": "not tested"}


def test_committed_page_is_in_step() -> None:
    assert verdict_table.in_step(ROOT), "run make verdicts"


def test_every_committed_claim_that_is_measured_can_be_contradicted() -> None:
    rows = json.loads((ROOT / verdict_table.VERDICTS_FILE).read_text(encoding="utf-8"))["claims"]
    measured = [row for row in rows if row["estimate"] is not None and None not in row["interval"]]
    assert measured
    assert [row["id"] for row in measured if not row["refuted_by"]] == []


def test_written_page_is_in_step_until_either_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "results/laptop").mkdir(parents=True)
    (tmp_path / "results/laptop/claims.json").write_bytes(to_json([ROW, UNTESTED]))
    verdict_table.write(Path("results/laptop/claims.json"))
    text = (tmp_path / "docs/verdicts.md").read_text()
    assert (
        '| <a id="demo.growth.printed" href="#demo.growth.printed"><code>growth.printed</code></a> | *printed:* a'
        in text
    )
    assert (
        "a \\| b &lt; c | Theorem 1 | x | 0.1235 [0.1, 0.2] | at most 0.5 † | statistical | 16 | ✓ supported |" in text
    )
    assert "| study | claims of | ✓ supported | – not tested |" in text
    assert "| `demo` | the sources | 1 | 1 |" in text
    assert verdict_table.in_step()
    (tmp_path / "docs/verdicts.md").write_text(text.replace("✓ supported |\n", "✗ contradicted |\n"))
    assert not verdict_table.in_step()


def test_the_page_has_the_same_bytes_in_every_process() -> None:
    """The order of a set follows the hash seed, which each process draws."""
    own = {**ROW, "id": "other/a", "study": "other", "source": "this study", "verdict": "contradicted"}
    rows = verdict_table.digest([ROW, UNTESTED, own])
    content = {"scale": "laptop", "undecided": {"demo/sq": "rounding"}, "claims": rows}
    beside = {**content, "scale": "paper", "cost": "1h", "archives": [], "claims": rows[:1]}
    program = "import sys, json; from learnability.report.verdict_table import page, page_beside; "
    program += "content, beside = json.load(sys.stdin); "
    program += "sys.stdout.buffer.write((page(content) + page_beside(beside, content)).encode())"
    pages = [
        subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps([content, beside]).encode(),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "3")
    ]
    assert pages[0] == pages[1] == pages[2]
    assert "– not tested ‡ |" in pages[0].decode()


def test_claims_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run make figures first"):
        verdict_table.write(tmp_path / "claims.json")


def test_the_page_counts_the_study_apart_from_its_sources() -> None:
    own = {**ROW, "id": "demo/own", "source": "this study, of Theorem 1"}
    rows = verdict_table.digest([ROW, UNTESTED, own])
    text = verdict_table.page({"scale": "laptop", "undecided": {}, "claims": rows})
    assert "2 claims of the sources: 1 supported, 1 not tested; 1 of this study: 1 supported" in text
    assert "| `demo` | the sources | 1 | 1 |" in text
    assert "| `demo` | this study | 1 | 0 |" in text
    other = {**own, "id": "other/own", "study": "other"}
    text = verdict_table.page({"scale": "laptop", "undecided": {}, "claims": verdict_table.digest([ROW, own, other])})
    assert "1 claim of the sources: 1 supported; 2 of the studies themselves: 2 supported (scale" in text


def test_every_verdict_is_explained() -> None:
    text = " ".join(verdict_table.page({"scale": "laptop", "undecided": {}, "claims": []}).split())
    for verdict, meaning in VERDICT_MEANINGS.items():
        assert f"*{verdict}*: {meaning}" in text
    assert "| `demo` | summaries |" not in text


def test_another_scale_stands_beside_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    moved = {**ROW, "estimate": 0.7, "interval": [0.6, 0.8], "verdict": "contradicted", "seeds": 64}
    alone = {**ROW, "id": "demo/new", "seeds": 64}
    elsewhere = {**ROW, "id": "other/x", "study": "other"}
    for scale, rows in (("laptop", [ROW, UNTESTED, elsewhere]), ("paper", [moved, UNTESTED, alone])):
        (tmp_path / f"results/{scale}").mkdir(parents=True)
        (tmp_path / f"results/{scale}/claims.json").write_bytes(to_json(rows))
    verdict_table.write(Path("results/laptop/claims.json"))
    first = Path("docs/verdicts.md").read_bytes()
    packed = tmp_path / "paper.tar"
    packed.write_bytes(b"abc")
    written = verdict_table.write_beside(Path("results/paper/claims.json"), "demo 3 jobs\n1h in all", [packed])
    text = written.read_text()
    assert written == Path("docs/verdicts_paper.md")
    assert Path("docs/verdicts.md").read_bytes() == first
    assert text.startswith("---\norphan: true\n---\n")
    assert "The 2 that were measured stand here beside the scale `laptop`: 1 verdict differs." in text
    assert "Not run at this scale: `other`." in text
    assert "sha256 `ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad`" in text  # that of "abc"
    assert "```text\ndemo 3 jobs\n1h in all\n```" in text
    both = "0.1235 [0.1, 0.2] | 0.7 [0.6, 0.8] | 64 | ✗ contradicted | ✓ supported |"
    assert f"| [`growth.printed`](verdicts.md#demo.growth.printed) | x | at most 0.5 † | {both}" in text
    assert "| 0.1235 [0.1, 0.2] | 64 | ✓ supported |  |" in text
    assert "demo/sq" not in text
    assert verdict_table.in_step()
    # The first page changes: the other follows.
    Path("results/laptop/claims.json").write_bytes(to_json([moved, UNTESTED]))
    verdict_table.write(Path("results/laptop/claims.json"))
    assert "stand here beside the scale `laptop`: no verdict differs." in written.read_text()
    assert verdict_table.in_step()
    written.write_text(written.read_text().replace("64", "65"))
    assert not verdict_table.in_step()
    # A claim that accepts something else by now, or measures something else, is not compared.
    for changed in ({"rule": "at most 0.4"}, {"measured": "y"}):
        Path("results/laptop/claims.json").write_bytes(to_json([{**ROW, **changed}, UNTESTED]))
        verdict_table.write(Path("results/laptop/claims.json"))
        assert "The 1 that were measured" in written.read_text()
        assert (
            "has changed since for 1 more, which stand here when the scale is judged again: `demo/growth.printed`."
            in (written.read_text())
        )


def test_an_archive_with_other_verdicts_was_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    for scale in ("laptop", "paper"):
        (tmp_path / f"results/{scale}").mkdir(parents=True)
        (tmp_path / f"results/{scale}/claims.json").write_bytes(to_json([ROW]))
    verdict_table.write(Path("results/laptop/claims.json"))
    claims, packed = Path("results/paper/claims.json"), tmp_path / "paper.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("results/paper/claims.json", claims.read_bytes())
    text = verdict_table.write_beside(claims, "1h", [packed, packed]).read_text()
    assert "judged again" not in text
    assert text.count("Archive of the run of `demo`: ") == 2
    claims.write_bytes(to_json([{**ROW, "estimate": 0.13}]))
    assert "were analysed and judged again by rules that are newer" in (
        verdict_table.write_beside(claims, "1h", [packed]).read_text()
    )

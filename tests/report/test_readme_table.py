"""The README's table of verdicts, and that the committed one is in step."""

from pathlib import Path

import pytest

from learnability.report import verdict_table as readme
from learnability.results.errors import UserError

ROOT = Path(__file__).parents[2]

ROW = {
    "id": "demo/growth.printed",
    "study": "demo",
    "source": "Theorem 1",
    "form": "printed",
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


def test_committed_table_is_in_step() -> None:
    if not (ROOT / readme.VERDICTS_FILE).exists():
        text = (ROOT / readme.README).read_text()
        between = text.partition(readme.BEGIN)[2].partition(readme.END)[0]
        assert not between.strip(), "README.md has verdicts, but docs/verdicts.json is not there: run make readme"
        pytest.skip("no verdicts were written yet (make readme)")
    assert readme.in_step(ROOT), "run make readme"


def _files(folder: Path) -> None:
    (folder / "docs").mkdir()
    (folder / "README.md").write_text(f"# t\n{readme.BEGIN}\nold\n{readme.END}\nafter\n")


def test_written_table_is_in_step_until_either_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from learnability.results.verdicts import to_json

    monkeypatch.chdir(tmp_path)
    _files(tmp_path)
    (tmp_path / "results/laptop").mkdir(parents=True)
    (tmp_path / "results/laptop/claims.json").write_bytes(to_json([ROW, UNTESTED]))
    assert readme.main([]) == 0
    text = (tmp_path / "README.md").read_text()
    assert "old" not in text
    assert "| `growth.printed` | *printed:* a \\| b &lt; c | Theorem 1 | 0.1235 [0.1, 0.2] |" in text
    assert "| `demo` | 1 | 0 | 0 | 1 |" in text
    assert text.endswith(f"{readme.END}\nafter\n")
    assert readme.main(["--check"]) == 0
    (tmp_path / "README.md").write_text(text.replace("✓ supported |\n", "✗ contradicted |\n"))
    assert readme.main(["--check"]) == 1


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    content = {"scale": "laptop", "claims": readme.digest([ROW, UNTESTED])}
    once = readme.inserted(f"{readme.BEGIN}\n{readme.END}", readme.table(content))
    assert readme.inserted(once, readme.table(content)) == once


@pytest.mark.parametrize("text", ["", readme.BEGIN, f"{readme.END}{readme.BEGIN}", f"{readme.BEGIN * 2}{readme.END}"])
def test_markers_must_be_there_once_and_in_order(text: str) -> None:
    with pytest.raises(UserError, match="once and in order"):
        readme.inserted(text, "x")

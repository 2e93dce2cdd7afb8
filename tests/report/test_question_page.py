"""The answer to a question, on its page and on the screen: its words are explained there and in the guide."""

import re
from pathlib import Path

import pytest

import learnability
from learnability.report.question_page import GUIDE, page
from learnability.results import store

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def asked() -> learnability.Asked:
    return learnability.ask("h1(z1)", dimension=50, seeds=16)


def test_the_page_explains_its_words_and_leads_to_the_guide(asked: learnability.Asked, tmp_path: Path) -> None:
    paths = []
    for name, analysis in asked.analyses.items():
        paths.append(tmp_path / name / "analysis.zarr.zip")
        paths[-1].parent.mkdir()
        store.write(analysis, paths[-1])
    picture = tmp_path / "answer.svg"
    picture.write_text("<svg><dc:title>Found</dc:title></svg>")
    output = Path("results/questions/one/index.html")
    text = page("one", paths, [picture], output)
    link = re.search(r'<a href="([^"]*exponents\.md)">', text)
    assert link is not None
    assert (ROOT / output.parent / link[1]).resolve() == (ROOT / GUIDE).resolve()
    words = re.search(r"<footer>.*</footer>", text, re.DOTALL)
    assert words is not None
    for term in ("link refitted, link known", "joint", "planted", "0.1 / Var f", "correlation loss"):
        assert term in words[0]


def test_the_screen_names_the_guide(asked: learnability.Asked) -> None:
    shown = " ".join(str(asked).split())
    assert "link refitted" in shown
    assert f"explained in {GUIDE} under 'Times and the verdict'." in shown


def test_the_guide_explains_the_words_of_an_answer() -> None:
    guide = (ROOT / GUIDE).read_text(encoding="utf-8")
    section = guide.partition("## Times and the verdict")[2]
    terms = "link refitted", "link known", "joint", "planted", "steps of 0.1/Var f", "growth with d", "correlation loss"
    assert [term for term in terms if term not in section] == []

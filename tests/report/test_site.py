"""The pages of the report from made-up results: complete, linked, small, and the same for the same input."""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from learnability.pipeline import pages
from learnability.report import site
from learnability.report.mathematics import with_mathematics
from learnability.report.wording import VERDICT_MEANINGS, interval_picture
from learnability.results import store
from learnability.results.claim import VERDICTS
from learnability.results.errors import UserError

STUDIES = ("multi_index", "two_parameter")


def row(study: str, verdict: str, **more: Any) -> dict[str, Any]:
    """A claim with this verdict."""
    measured = verdict not in ("not tested", "not at this scale")
    return {
        "id": f"{study}/escape.{verdict.replace(' ', '-')}",
        "study": study,
        "source": "Theorem 3.1",
        "form": "printed",
        "evidence": "statistical",
        "statement": "The escape time <scales> as d^(s/2-1) & stays there",
        "measured": "slope of the logarithm of the escape time",
        "unit": "1",
        "estimate": 0.51234567 if measured else None,
        "interval": [0.4, 0.6] if measured else None,
        "expected": "1/2",
        "rule": "equal to 0.5 within 0.1" if measured else "",
        "accepted": [0.4, 0.6] if measured else None,
        "window_seen": False,
        "refuted_by": "slope 2 times as large: 1.02",
        "seeds": 256 if measured else None,
        "verdict": verdict,
        "reason": "" if measured else "rests on a cryptographic assumption",
        "figure": "escape",
        "artifact": None,
        **more,
    }


def studies() -> list[site.Study]:
    """Two studies with every verdict and a figure."""
    made = []
    for name in STUDIES:
        figure = site.Figure(
            name, "escape", f"../{name}/figures/escape.svg", "Times grow as d < 2", "Times.", ("first",)
        )
        data = site.Data("first", f"../{name}/first/analysis.zarr.zip", {"seeds": 3})
        rows = [row(name, verdict) for verdict in VERDICTS]
        made.append(site.Study(name, f"{name}: a title", ["What is asked."], rows, [figure], [data], 1))
    return made


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = dict(attributes)
        if known.get("id"):
            self.ids.add(str(known["id"]))
        if tag in ("a", "link") and known.get("href"):
            self.links.append(str(known["href"]))
        if tag == "img":
            self.images.append(known)


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return site.pages("laptop", studies())


def test_equal_results_give_equal_pages(made: dict[str, str]) -> None:
    assert site.pages("laptop", studies()) == made


def test_every_link_inside_the_report_leads_somewhere(made: dict[str, str]) -> None:
    pages = {name: _Page(text) for name, text in made.items() if name.endswith(".html")}
    count = 0
    for name, page in pages.items():
        for link in page.links:
            if link.startswith(("data:", "../")):
                continue
            path, _, anchor = link.partition("#")
            path = path.partition("?")[0] or name
            assert path in made, (name, link)
            if anchor:
                assert anchor in pages[path].ids, (name, link)
            count += 1
    assert count > 60


def test_every_claim_has_its_permanent_address_and_every_word_of_its_verdict(made: dict[str, str]) -> None:
    for name in STUDIES:
        page = _Page(made[f"{name}.html"])
        for verdict in VERDICTS:
            assert f"{name}.escape.{verdict.replace(' ', '-')}" in page.ids
            assert f" {verdict}</span>" in made[f"{name}.html"]


def test_the_study_and_summaries_are_counted_apart_from_the_sources() -> None:
    own = row("multi_index", "contradicted", source="this study", statement="Ours falls.")
    told = row("multi_index", "contradicted", evidence="summary", statement="Theirs falls.")
    rows = [row("multi_index", "supported"), own, told]
    pages = site.pages("laptop", [site.Study("multi_index", "a title", [], rows, [], [])])
    start = pages["index.html"]
    assert "1 claim of the sources: 1 supported; 1 of this study: 1 contradicted; 1 of summaries: 1 contrad" in start
    assert "origin=this%20study&amp;verdict=contradicted" in start
    assert "origin=the%20sources&amp;evidence=statistical&amp;verdict=supported" in start
    assert "evidence=statistical&amp;verdict=contradicted" not in start
    assert "Theirs falls." in start
    assert "Ours falls." not in start  # it contradicts no source
    assert pages["verdicts.html"].count('data-origin="this study"') == 1


def test_pages_of_several_studies_speak_of_the_studies() -> None:
    made = [site.Study(name, name, [], [row(name, "supported", source="this study")], [], []) for name in STUDIES]
    pages = site.pages("laptop", made)
    for name in ("index.html", "verdicts.html"):
        shown = re.sub(r"<[^>]*>", "", pages[name])
        assert "2 claims of the studies themselves: 2 supported" in shown
        assert "of this study" not in shown
    assert "1 claim of this study: 1 supported" in pages[f"{STUDIES[0]}.html"]


def test_what_was_measured_stands_beside_its_estimate_under_the_names_of_the_docs(made: dict[str, str]) -> None:
    from learnability.report.verdict_table import COLUMNS

    text = made["verdicts.html"]
    heads = re.findall(r'<th scope="col">(.*?)</th>', text)
    assert [head for head in COLUMNS if head in heads] == heads
    assert {"measured", "estimate", "accepted"} <= set(heads)
    line = next(part for part in text.split("<tr ") if "escape.supported" in part)
    cells = dict(re.findall(r'<td data-label="(.*?)">(.*?)</td>', line, re.DOTALL))
    assert list(cells) == heads
    assert cells["measured"] == "slope of the logarithm of the escape time"
    assert cells["estimate"].strip() == "0.5123 [0.4, 0.6]"
    assert "content: attr(data-label)" in made["style.css"]  # on a phone, where the heads are hidden
    said = re.sub(r"<[^>]*>|\s+", " ", made["index.html"])
    assert "slope of the logarithm of the escape time" in said


def test_every_verdict_is_explained_where_it_is_listed(made: dict[str, str]) -> None:
    for verdict in VERDICTS:
        assert VERDICT_MEANINGS[verdict] in html.unescape(made["index.html"])


def test_text_of_strangers_is_escaped(made: dict[str, str]) -> None:
    assert "&lt;scales&gt;" in made["multi_index.html"]
    assert "<scales>" not in "".join(text for name, text in made.items() if name.endswith(".html"))


def test_pictures_have_alternative_texts(made: dict[str, str]) -> None:
    images = [image for name, text in made.items() if name.endswith(".html") for image in _Page(text).images]
    assert len(images) == 4
    assert all(str(image["alt"]).startswith("Times grow as d < 2. Times.") for image in images)


def test_pages_need_no_network(made: dict[str, str]) -> None:
    addresses = [found for text in made.values() for found in re.findall(r"(?:src|href)=\"(https?:[^\"]*)", text)]
    assert addresses == []


def test_a_study_without_results_has_a_page_that_says_so(tmp_path: Path) -> None:
    figures = {"escape": {"caption": "Times.", "experiments": ["first"]}}
    page = site.write(
        tmp_path / "laptop", {"multi_index": {"readme": "# A title\n\nWhat is asked.\n", "figures": figures}}
    )
    assert page == tmp_path / "laptop/report/index.html"
    text = (tmp_path / "laptop/report/multi_index.html").read_text()
    assert "0 of 1 figures are drawn so far" in text
    assert "What is asked." in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("n ~ d^2.", "n ~ d<sup>2</sup>."),
        ("d^1.5 and x^10", "d<sup>1.5</sup> and x<sup>10</sup>"),
        ("grows as d^(s-1) & more", "grows as d<sup>s-1</sup> &amp; more"),
        ("z_1 + z_1 z_2", "z<sub>1</sub> + z<sub>1</sub> z<sub>2</sub>"),
        ("a snake_case_name and seed_batch", "a snake_case_name and seed_batch"),
        ("2^-d of them", "2<sup>-d</sup> of them"),
        ("|theta_0|^2 <= rho", "|θ<sub>0</sub>|<sup>2</sup> ≤ ρ"),
        ("e^{C_2 t 2^{-d/2}}", "e<sup>C<sub>2</sub> t 2<sup>-d/2</sup></sup>"),
        ("z_1z_2, lambda_min", "z<sub>1</sub>z<sub>2</sub>, λ<sub>min</sub>"),
        ("sqrt(d) -> 0", "√(d) → 0"),
        ("meta alphabet of two_parameter and figure_1", "meta alphabet of two_parameter and figure_1"),
    ],
)
def test_plain_formulas_are_set(text: str, shown: str) -> None:
    assert with_mathematics(text) == shown


def test_formulas_become_mathml() -> None:
    shown = with_mathematics(r"rate $d^{s-1}$, <b>")
    assert shown.startswith("rate <math")
    assert "<msup>" in shown
    assert shown.endswith(", &lt;b&gt;")


def test_the_drawn_interval_is_where_the_numbers_say() -> None:
    picture = interval_picture(row("multi_index", "supported", estimate=0.5, interval=[0.4, 0.6], accepted=[0.0, 1.0]))
    # from -0.2 to 1.2 on 200 units
    assert 'class="estimate" cx="100.0"' in picture
    assert f'x1="{200 * 0.6 / 1.4:.1f}" x2="{200 * 0.8 / 1.4:.1f}"' in picture
    assert interval_picture(row("multi_index", "not tested")) == ""


def test_the_introduction_is_the_text_before_the_first_table() -> None:
    title, paragraphs = pages.introduction(
        "# `a`: title\n\nTarget `F(x) = f(W*^T x)`, **joint**\nlearning.\n\n| a |\n\nmore"
    )
    assert title == "a: title"
    assert paragraphs == ["Target F(x) = f(W*^T x), joint learning."]


def _gathered(folder: Path) -> site.Study:
    figures = {name: {"caption": "Times.", "experiments": ["first"]} for name in ("good", "bad")}
    return site.gather(folder, "demo", {"readme": "# Demo\n", "figures": figures})


def test_damaged_files_are_left_out_and_named(tmp_path: Path) -> None:
    study = tmp_path / "demo"
    attributes = {"total_seeds": 3, "root_seed": 1, "devices": ["cpu"], "code": "ab", "versions": "{}"}
    for name in ("good", "cut", "empty"):
        (study / name).mkdir(parents=True)
        attrs = {} if name == "empty" else attributes
        store.write(xr.Dataset({"loss": ("time", range(1000))}, attrs=attrs), study / name / "analysis.zarr.zip")
    with (study / "cut/analysis.zarr.zip").open("rb+") as stream:
        stream.truncate(1500)
    (study / "figures").mkdir()
    (study / "figures/good.svg").write_text("<svg/>")
    (study / "figures/bad.svg").write_bytes(b"\xff")
    gathered = _gathered(tmp_path)
    assert [data.experiment for data in gathered.data] == ["good"]
    assert [figure.name for figure in gathered.figures] == ["good"]
    said = " ".join(gathered.damaged)
    for path in ("cut/analysis.zarr.zip", "empty/analysis.zarr.zip", "figures/bad.svg"):
        assert (study / path).as_posix() in said
    page = site.pages("laptop", [gathered])["demo.html"]
    assert (study / "cut/analysis.zarr.zip").as_posix() in html.unescape(page)
    assert "make figures STUDY=demo SCALE=laptop" in page


@pytest.mark.parametrize("key", ["statement", "figure", "verdict", "id"])
def test_a_claim_that_no_page_can_show_is_named(key: str, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    whole = row("demo", "supported")
    (tmp_path / "demo/claims.json").write_text(json.dumps([whole]))
    assert _gathered(tmp_path).rows == [whole]
    (tmp_path / "demo/claims.json").write_text(json.dumps([{k: v for k, v in whole.items() if k != key}]))
    with pytest.raises(UserError, match=f"row 1 has no {key}"):
        _gathered(tmp_path)

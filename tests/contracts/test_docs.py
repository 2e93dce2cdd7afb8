"""The documents: relative links lead to files, Python blocks are Python, and the site builds without a warning."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any, get_args
from urllib.parse import unquote, urlsplit

import pytest

from learnability.pipeline.config import read_yaml

ROOT = Path(__file__).parents[2]
MADE_FOR_THE_SITE = {"gallery.md", "results.md", "studies.md", "changelog.md", "contributing.md"}
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name not in MADE_FOR_THE_SITE),
    *sorted((ROOT / "docs/guides").glob("*.md")),
    *sorted((ROOT / "src/learnability/studies").glob("*/README.md")),
]
each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


@each_document
def test_relative_links_lead_to_files(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", _without_code(path.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", link) and Path(link).name not in MADE_FOR_THE_SITE:
            assert (path.parent / link).exists(), f"{path.name}: {link}"


@each_document
def test_addresses_of_claims_and_errors_are_there(path: Path) -> None:
    text = _without_code(path.read_text(encoding="utf-8"))
    for page, address in re.findall(r"\]\(((?:[\w/.]*(?:verdicts|errors)\.md)?)#([\w.-]+)\)", text):
        there = (path.parent / page).read_text(encoding="utf-8") if page else text
        heading = {
            re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-")
            for head in re.findall(r"(?m)^#+ (.*)$", there)
        }
        assert f'id="{address}"' in there or address in heading, f"{path.name}: {page}#{address}"


@each_document
def test_python_blocks_are_python(path: Path) -> None:
    for block in re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL):
        ast.parse(block)


def test_the_tutorial_shows_what_is_printed() -> None:
    import learnability

    text = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    assert str(learnability.diagnose("h2(z1) + h3(z2) + 0.5*h1(z1)*h2(z2)")) in text


_EVERY_WORD: dict[str, dict[str, Any]] = {
    "h2(z1) + h3(z2) + 0.5*h1(z1)*h2(z2)": {},  # from singular values, floating point
    "z1^2 + z1*z2": {},  # rational
    "relu(z1) + sin(20*z2)": {},  # undecided
    "sqrt(z1^2 + z2^2 + 1)": {},  # measured
    "sign(z1*z2*z3)": {},  # quadrature
    "x1*x2*x3": {"inputs": "cube"},
    "g(z1)": {"links": True},
    "h2(z1)": {"label_noise": 0.5},
}


def test_the_guide_lists_every_word_for_how_a_number_is_known() -> None:
    import learnability
    from learnability.diagnosis.result import Exactness

    guide = (ROOT / "docs/guides/exponents.md").read_text(encoding="utf-8")
    listed = re.findall(r"(?m)^\| (.+?) \|", guide.partition("## How a number")[2].partition("\n## ")[0])
    patterns = [re.escape(words).replace(re.escape("..."), ".*") for words in listed]
    seen = set()
    for text, more in _EVERY_WORD.items():
        options = {**more, "links": {"g": learnability.Link.from_callable(lambda z: z**2)}} if "links" in more else more
        for name, _, known, _ in learnability.diagnose(text, **options).rows():
            fits = [words for words, pattern in zip(listed, patterns, strict=True) if re.match(pattern, known)]
            assert fits, f"{name}: {known}"
            seen |= set(fits)
    assert set(get_args(Exactness)) <= seen
    assert set(listed) - {"word", "words"} == seen, "the guide lists words that no diagnosis says"


def test_the_guide_names_the_limits_of_the_language() -> None:
    from learnability.diagnosis import cube, diagnose
    from learnability.hermite import target_language
    from learnability.studies.atlas import settings

    guide = " ".join((ROOT / "docs/guides/exponents.md").read_text(encoding="utf-8").split())
    assert (diagnose.MOST_VARIABLES, settings.MOST_VARIABLES, settings.MOST_DEGREE) == (8, 6, 12)
    assert f"`z1` to `z{target_language.MAX_VARIABLES}`" in guide
    assert f"at most eight variables, or {cube.MOST_BITS} bits" in guide
    assert "at most six variables and polynomials of degree at most 12" in guide


def _pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages", ROOT / "docs/pages.py")
    assert spec is not None
    assert spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    return pages


def test_links_of_the_studies_lead_to_pages_of_the_site() -> None:
    for study in read_yaml(ROOT / "config/config.yaml")["studies"]:
        text = _pages()._readme(ROOT, study)
        for link in re.findall(r"\]\(([^)]*)\)", _without_code(text)):
            assert re.match(r"https?:|#|\.\./\.\./[\w/]+\.md", link), f"{study}: {link}"


def test_the_gallery_has_a_line_for_every_figure_and_the_committed_pictures() -> None:
    pages = _pages()
    studies = read_yaml(ROOT / "config/config.yaml")["studies"]
    text = pages.gallery_page(ROOT, studies)
    for study in studies:
        page = pages._gallery(ROOT, study)
        for figure, block in read_yaml(ROOT / f"config/studies/{study}.yaml")["figures"].items():
            said = pages._one_line(ROOT, study, figure, block)
            assert said.count("(") == said.count(")"), f"{study}/{figure} is cut inside brackets: {said}"
            heading = figure.replace("_", " ").capitalize()
            assert f"\n## {heading}\n" in page
            line = re.search(
                rf"\[{heading}\]\(generated/gallery/{study}\.md#{figure.replace('_', '-')}\):? .{{20}}", text
            )
            assert line is not None, f"{study}/{figure}"
    for picture in (ROOT / "docs/pictures").glob("*/*.png"):
        if picture.parent.name in studies:
            assert f"(generated/pictures/{picture.parent.name}_{picture.name})" in text


def test_the_page_of_results_has_the_report_and_says_where_it_is_from(tmp_path: Path) -> None:
    extra = tmp_path / "extra"
    assert "no results" in _pages().results_page(tmp_path, extra)
    committed = json.loads((ROOT / "docs/verdicts.json").read_text(encoding="utf-8"))["claims"]
    committed[0]["verdict"] = "not tested" if committed[0]["verdict"] != "not tested" else "supported"
    files = (
        "report/index.html",
        "demo/figures/one.svg",
        "demo/first/analysis.zarr.zip",
        "demo/first/train/run.zarr.zip",
    )
    for name in files:
        path = tmp_path / "results/laptop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    (tmp_path / "results/laptop/claims.json").write_text(json.dumps(committed))
    (tmp_path / "docs").mkdir()
    shutil.copy2(ROOT / "docs/verdicts.json", tmp_path / "docs")
    page = _pages().results_page(tmp_path, extra)
    assert "1 of their verdicts differs" in page
    copied = {path.relative_to(extra / "results/laptop").as_posix() for path in extra.rglob("*") if path.is_file()}
    assert copied == {*files[:3], "claims.json"}


def test_the_page_of_errors_is_assembled_from_its_entries() -> None:
    pages = _pages()
    studies = read_yaml(ROOT / "config/config.yaml")["studies"]
    text = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    assert text == pages.errors_page(ROOT, studies), "run python docs/pages.py"
    entries = sorted((ROOT / "docs/errors").glob("*.md"))
    assert len(re.findall(r'<a id="[^"]+"></a>', text)) == len(entries), "an entry is named <study>-<slug>.md"
    for entry in entries:
        study = entry.stem.partition("-")[0]
        assert (ROOT / f"tests/errors/test_{study}.py").is_file(), f"{entry.name} is not derived a second time"


def test_what_a_summary_says_is_not_called_printed() -> None:
    for entry in sorted((ROOT / "docs/errors").glob("*.md")):
        text = entry.read_text(encoding="utf-8")
        summarised = re.search(r"(?m)^Source: .*circulating summary", text) is not None
        assert ("**As summarised.**" in text, "**As printed.**" in text) == (summarised, not summarised), entry.name


class _Page(HTMLParser):
    """The addresses inside a page and the links that leave from it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attributes}
        self.ids |= {known[name] for name in ("id", "name") if name in known}
        self.links += [known[name] for name in ("href", "src") if name in known]


def _broken_links(site: Path) -> list[str]:
    """Links and pictures of the pages of a folder that lead to no file of it, or to no address in its page."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in site.resolve().rglob("*.html")}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages[there].ids if there in pages else {""}
            if not there.exists() or (parts.fragment and unquote(parts.fragment) not in known):
                broken.append(f"{path.relative_to(site.resolve())}: {link}")
    return broken


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="b.html#there"></a><a href="b.html#x"></a><a href="c.html"></a><a href="#">'
    )
    (tmp_path / "b.html").write_text(
        '<p id="there"></p><a href="#../../docs/errors"></a><a href="https://example.org/">'
    )
    assert sorted(_broken_links(tmp_path)) == ["a.html: b.html#x", "a.html: c.html", "b.html: #../../docs/errors"]


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    if importlib.util.find_spec("furo") is None:
        pytest.skip("the extra docs is not installed (make docs)")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--nitpicky", "--quiet"]
    done = subprocess.run(
        [*command, "-d", str(tmp_path / "trees"), "docs", str(tmp_path / "html")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert _broken_links(tmp_path / "html") == []
    page = (tmp_path / "html/index.html").read_text()
    assert not re.findall(r'(?:src|href)="https?://[^"]*\.(?:js|css|woff2?)"', page)

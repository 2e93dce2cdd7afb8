"""The report in a real browser: no errors, no network, filters and search, narrow screens, dark mode, print.

The pages are those of the results of the scale laptop, written anew by today's code, where there are such results, else
those of the demo study. LEARNABILITY_REPORT=folder reads the pages of another report as they are, and with
LEARNABILITY_EVERY_PAGE=1 the rules of accessibility are tried on every page, not on one of each kind.
"""

import importlib.util
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from learnability.pipeline.config import read_yaml
from learnability.report import site
from learnability.report.wording import finding

from .browser import CHROMIUM, DRIVER, Browser
from .conftest import ROOT, Project

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with chromedriver on this machine"),
]
_ROWS = "[...document.querySelectorAll('#claims tbody tr')]"
_FITS = "document.scrollingElement.scrollWidth <= window.innerWidth"
# Relative luminance and contrast of WCAG 2, for the colour of an element on the page's ground.
_CONTRAST = """(() => {
  const luminance = (text) => text.match(/[0-9.]+/g).slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = luminance(getComputedStyle(document.body).backgroundColor);
  const seen = [...document.querySelectorAll('p, a, td, th, dt, dd, .verdict, figcaption, summary')];
  return Math.min(...seen.map((e) => luminance(getComputedStyle(e).color))
    .map((l) => (Math.max(l, ground) + 0.05) / (Math.min(l, ground) + 0.05)));
})()"""


# What axe-core, the rules of WCAG 2 in code, finds on a page: its serious and critical findings with their places.
_AXE = """axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations
  .filter((v) => ['serious', 'critical'].includes(v.impact))
  .map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(', ')))"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the report."""
    if named := os.environ.get("LEARNABILITY_REPORT"):
        return Path(named).resolve()
    results = ROOT / "results/laptop"
    if (results / "claims.json").is_file() and any(results.glob("*/figures/*.svg")):
        return _written_anew(results, tmp_path_factory.mktemp("pages") / "results/laptop")
    finished: Project = request.getfixturevalue("finished")
    return finished.folder / "results/laptop/report"


def _written_anew(results: Path, folder: Path) -> Path:
    """The pages of results in another folder: those beside the results may be older than the code."""
    folder.mkdir(parents=True)
    described = {}
    for study in read_yaml(ROOT / "config/config.yaml")["studies"]:
        if (results / study).is_dir():
            (folder / study).symlink_to(results / study)
            described[study] = site.describe(study, read_yaml(ROOT / f"config/studies/{study}.yaml")["figures"])
    return site.write(folder, described).parent


@pytest.fixture
def study(report: Path) -> str:
    """The first study of the report."""
    shared = {"index", "verdicts", "search"}
    return sorted(path.stem for path in report.glob("*.html") if path.stem not in shared)[0]


def _look(browser: Browser, name: str) -> None:
    """With LEARNABILITY_SCREENSHOTS=folder, leave a picture for a person."""
    folder = os.environ.get("LEARNABILITY_SCREENSHOTS")
    if folder:
        browser.screenshot(Path(folder) / f"{name}.png")


def _clean(browser: Browser) -> None:
    assert browser.errors() == []
    assert [url for url in browser.requested() if url.startswith(("http:", "https:", "ws:"))] == []


@pytest.mark.parametrize("width", [1366, 390])
@pytest.mark.parametrize("page", ["index", "verdicts", "search", "study"])
def test_every_page_opens_without_errors_and_fits(
    browser: Browser, report: Path, study: str, page: str, width: int
) -> None:
    browser.open(report / f"{study if page == 'study' else page}.html", width)
    browser.until("document.readyState == 'complete'")
    _look(browser, f"{page}_{width}")
    assert browser.run("document.querySelector('h1').innerText.length > 3")
    assert browser.run(_FITS)
    _clean(browser)


def test_pages_are_small(report: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in report.iterdir()}
    assert all(size < 300_000 for size in sizes.values()), sizes


def test_pictures_are_drawn(browser: Browser, report: Path, study: str) -> None:
    browser.open(report / f"{study}.html")
    browser.run("document.querySelectorAll('img').forEach(i => i.loading = 'eager') || true")
    browser.until("[...document.querySelectorAll('figure img')].every(i => i.complete && i.naturalWidth > 99)")
    assert browser.run("document.querySelectorAll('figure img').length > 0")
    assert browser.run("[...document.querySelectorAll('figure img')].every(i => i.alt.length > 20)")


def test_verdicts_are_filtered_and_the_filter_is_in_the_address(browser: Browser, report: Path) -> None:
    browser.open(report / "verdicts.html")
    browser.until(f"{_ROWS}.length > 2")
    everything = browser.run(f"{_ROWS}.filter(r => !r.hidden).length")
    browser.run(
        "(f => { f.value = 'supported'; f.dispatchEvent(new Event('input', {bubbles: true})); return true })"
        "(document.querySelector('#filters [name=verdict]'))"
    )
    browser.until(f"{_ROWS}.filter(r => !r.hidden).length < {everything}")
    assert browser.run(f"{_ROWS}.filter(r => !r.hidden).every(r => r.dataset.verdict == 'supported')")
    shown = browser.run(f"{_ROWS}.filter(r => !r.hidden).length")
    assert browser.run("document.getElementById('shown').innerText").startswith(str(shown))
    browser.run("(location.search.includes('verdict=supported') || (location.search = '?verdict=supported')) && true")
    browser.until("document.readyState == 'complete' && document.getElementById('filters')")
    browser.until(f"{_ROWS}.filter(r => !r.hidden).length == {shown}")
    _look(browser, "verdicts_filtered")
    _clean(browser)


def test_a_number_of_the_matrix_leads_to_its_claims(browser: Browser, report: Path) -> None:
    browser.open(report / "index.html")
    count = browser.run("Number(document.querySelector('.matrix td a').innerText.match(/[0-9]+/)[0])")
    browser.run("document.querySelector('.matrix td a').click() || true")
    browser.until("document.getElementById('filters')")
    browser.until(f"{_ROWS}.filter(r => !r.hidden).length == {count}")
    _clean(browser)


def test_search_finds_and_leads_to_the_claim(browser: Browser, report: Path) -> None:
    browser.open(report / "search.html")
    browser.until("typeof INDEX == 'object'")
    browser.run(
        "(f => { f.value = 'mean'; f.dispatchEvent(new Event('input', {bubbles: true})); return true })"
        "(document.querySelector('#search [name=q]'))"
    )
    browser.until("document.querySelectorAll('#hits a').length > 0")
    _look(browser, "search")
    assert "hit" in browser.run("document.getElementById('found').innerText")
    claim = "[...document.querySelectorAll('#hits li')].find(e => e.innerText.startsWith('claim'))"
    browser.run(f"{claim}.querySelector('a').click() || true")
    browser.until("document.querySelector('.claim:target')")
    _clean(browser)


def test_without_hits_the_page_says_so(browser: Browser, report: Path) -> None:
    browser.open(report / "search.html")
    browser.run(
        "(f => { f.value = 'xyzzy'; f.dispatchEvent(new Event('input', {bubbles: true})); return true })"
        "(document.querySelector('#search [name=q]'))"
    )
    browser.until("document.getElementById('found').innerText == '0 hits'")
    _clean(browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_in_light_and_dark(browser: Browser, report: Path, study: str, scheme: str) -> None:
    browser.scheme(scheme)
    for page in ("index", "verdicts", study):
        browser.open(report / f"{page}.html")
        browser.until("document.readyState == 'complete'")
        _look(browser, f"{page}_{scheme}")
        assert browser.run(_CONTRAST) >= 4.5
    browser.scheme("light")


def test_print_leaves_the_controls_out(browser: Browser, report: Path) -> None:
    for page in ("index", "verdicts"):
        browser.open(report / f"{page}.html", 1030, 720)  # a sheet of A4 across
        browser.medium("print")
        _look(browser, f"{page}_print")
        assert browser.run("[...document.querySelectorAll('header, .filters')].every(e => e.offsetHeight == 0)")
        assert browser.run(_FITS)
        browser.medium("screen")


def test_controls_have_names_and_headings_do_not_skip(browser: Browser, report: Path, study: str) -> None:
    for page in ("index", "verdicts", "search", study):
        browser.open(report / f"{page}.html")
        assert browser.run("document.documentElement.lang == 'en'")
        assert browser.run("document.querySelectorAll('h1').length == 1")
        named = "[...document.querySelectorAll('input, select')].every(e => e.labels.length || e.ariaLabel)"
        assert browser.run(named)
        levels = browser.run("[...document.querySelectorAll('h1, h2, h3, h4')].map(e => Number(e.tagName[1]))")
        assert all(after - before <= 1 for before, after in pairwise(levels)), (page, levels)


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core."""
    package = importlib.util.find_spec("axe_core_python")
    if package is None or package.origin is None:
        pytest.skip("axe-core-python is not installed (make test)")
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_axe_has_no_serious_finding(
    browser: Browser, report: Path, study: str, axe: str, width: int, scheme: str
) -> None:
    every = bool(os.environ.get("LEARNABILITY_EVERY_PAGE"))
    names = [path.stem for path in sorted(report.glob("*.html"))] if every else ["index", "verdicts", "search", study]
    browser.scheme(scheme)
    found = {}
    for name in names:
        browser.open(report / f"{name}.html", width)
        browser.until("document.readyState == 'complete'")
        browser.load(axe)
        found[name] = browser.promise(_AXE)
    browser.scheme("light")
    assert {name: serious for name, serious in found.items() if serious} == {}


# Of the element that has the focus: its place among all elements, whether it is seen, and whether its focus is.
_FOCUSED = """(() => {
  const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
  return [[...document.querySelectorAll('*')].indexOf(e), e.tagName,
    box.width > 0 && box.height > 0 && box.left >= 0 && box.right <= innerWidth + 1 && box.bottom > 0,
    style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2];
})()"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("page", ["index", "verdicts", "study"])
def test_the_tab_key_goes_through_a_page_in_order_and_is_seen(
    browser: Browser, report: Path, study: str, page: str, width: int
) -> None:
    browser.open(report / f"{study if page == 'study' else page}.html", width)
    browser.until("document.readyState == 'complete'")
    places = []
    for _ in range(30):
        browser.press("Tab")
        place, name, seen, marked = browser.run(_FOCUSED)
        if name == "BODY":  # past the last one
            break
        places.append(place)
        assert seen, (name, place)
        assert marked, (name, place)
    assert len(places) > 4
    assert places == sorted(places)


def test_the_first_stop_skips_to_the_content(browser: Browser, report: Path) -> None:
    browser.open(report / "index.html")
    browser.until("document.readyState == 'complete'")
    browser.press("Tab")
    assert browser.run("document.activeElement.className") == "skip"
    _look(browser, "skip")
    browser.press("Enter")
    browser.until("location.hash == '#content'")
    browser.press("Tab")
    assert browser.run("document.querySelector('main').contains(document.activeElement)")


def test_axe_finds_what_is_wrong(browser: Browser, tmp_path: Path, axe: str) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text('<html lang="en"><title>t</title><main><img src="x.png"><p style="color: #ccc">pale</p></main>')
    browser.open(bad)
    browser.load(axe)
    found = browser.promise(_AXE)
    assert [line.partition(":")[0] for line in found] == ["color-contrast", "image-alt"]


def test_finding_is_the_figure_title_and_never_the_drawing_library(finished: Project) -> None:
    svg = (finished.folder / "results/laptop/demo/figures/means.svg").read_text()
    assert finding(svg).startswith("The mean is drawn")
    assert "Matplotlib" in svg
    untitled = svg.replace(f"<dc:title>{finding(svg)}</dc:title>", "")
    assert finding(untitled) == ""

"""The report and the claims page in a real browser: no errors, no network, filters, figures, narrow screens."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from learnability.report import claims_page

from .browser import CHROMIUM, DRIVER, Browser
from .conftest import Project

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with chromedriver on this machine"),
]

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><metadata xmlns:dc="http://purl.org/dc/elements'
    '/1.1/"><dc:title>escape times grow as d &lt; 2</dc:title></metadata><rect width="300" height="200"/></svg>'
)
STUDIES = ("multi_index", "two_parameter", "gradient_hardness")
VERDICTS = ("supported", "contradicted", "inconclusive", "not tested")


def _row(study: str, verdict: str, **more: Any) -> dict[str, Any]:
    measured = verdict != "not tested"
    return {
        "id": f"{study}/escape-{verdict.replace(' ', '-')}",
        "study": study,
        "source": "Theorem 3.1",
        "form": "printed",
        "evidence": "statistical",
        "window_seen": verdict == "supported",
        "refuted_by": "",
        "statement": "The escape time <scales> as d^(s/2 - 1) & stays there, whatever the link and the dimension are",
        "measured": "slope of the logarithm of the escape time",
        "unit": "1",
        "estimate": 0.51234567 if measured else None,
        "interval": [0.4, 0.6] if measured else None,
        "expected": "1/2",
        "rule": "equal to 0.5 within 0.1" if measured else "",
        "seeds": 256 if measured else None,
        "verdict": verdict,
        "reason": "" if measured else "rests on a cryptographic assumption",
        "figure": "escape",
        "artifact": None,
        **more,
    }


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A claims page of three studies with every verdict."""
    folder = tmp_path_factory.mktemp("results") / "laptop"
    folder.mkdir()
    rows = [_row(study, verdict) for study in STUDIES for verdict in VERDICTS]
    figures = [claims_page.DrawnFigure(s, "escape", f"{s}/figures/escape.svg", SVG, "Escape times.") for s in STUDIES]
    path = folder / "claims.html"
    path.write_text(claims_page.page(rows, figures, [], folder), encoding="utf-8")
    return path


def _shown(browser: Browser) -> list[str]:
    """The verdicts of the rows that are shown."""
    found: list[str] = browser.run("[...document.querySelectorAll('#claims tbody .verdict')].map(v => v.textContent)")
    return found


def _pane(text: str) -> str:
    panes = "[...document.querySelectorAll('.dtsp-searchPane td')]"
    return f"{panes}.find(cell => cell.textContent.includes({text!r})).click() || true"


def _look(browser: Browser, name: str) -> None:
    """With LEARNABILITY_SCREENSHOTS=folder, leave a picture for a person."""
    folder = os.environ.get("LEARNABILITY_SCREENSHOTS")
    if folder:
        browser.screenshot(Path(folder) / f"{name}.png")


def test_claims_page_loads_without_errors_and_without_network(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.until("document.querySelectorAll('#claims tbody tr').length == 12")
    _look(browser, "claims_laptop")
    assert browser.errors() == []
    assert [url for url in browser.requested() if url.startswith(("http:", "https:", "ws:"))] == []
    assert "The escape time <scales>" in browser.run("document.querySelector('#claims tbody').innerText")


def test_claims_are_filtered_by_study_and_verdict_and_searched(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.until("document.querySelectorAll('.dtsp-searchPane tbody tr').length == 8")
    browser.run(_pane("contradicted"))
    browser.until("document.querySelectorAll('#claims tbody tr').length == 3")
    assert set(_shown(browser)) == {"✗ contradicted"}
    browser.run(_pane("two_parameter"))
    browser.until("document.querySelectorAll('#claims tbody tr').length == 1")
    _look(browser, "claims_filtered")
    browser.run("document.querySelector('.dtsp-clearAll').click() || true")
    browser.until("document.querySelectorAll('#claims tbody tr').length == 12")
    typed = (
        "(box => { box.value = 'cryptographic'; box.dispatchEvent(new Event('input', {bubbles: true})); return true })"
    )
    browser.run(f"{typed}(document.querySelector('.dt-search input'))")
    browser.until("document.querySelectorAll('#claims tbody tr').length == 3")
    assert set(_shown(browser)) == {"– not tested"}
    assert browser.errors() == []


def test_every_link_of_a_claim_leads_to_a_figure_that_is_drawn(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.until("document.querySelectorAll('#claims tbody tr').length == 12")
    anchors = "[...document.querySelectorAll('#claims tbody a:not(.address)')].map(a => a.getAttribute('href'))"
    targets = browser.run(anchors)
    assert len(targets) == 12
    assert all(browser.run(f"document.querySelector('{target} img').naturalWidth > 0") for target in set(targets))
    text = browser.run("document.querySelector('figcaption').innerText")
    assert text.startswith("escape times grow as d < 2. Escape times.")


def test_a_claim_is_found_by_its_address(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.until("document.querySelectorAll('#claims tbody tr').length == 12")
    assert browser.run("document.getElementById('two_parameter.escape-not-tested').innerText") == "escape-not-tested"


def test_claims_page_fits_a_phone(browser: Browser, page: Path) -> None:
    browser.open(page, 390, 844)
    browser.until("document.querySelectorAll('#claims tbody tr').length == 12")
    _look(browser, "claims_phone")
    assert browser.run("document.scrollingElement.scrollWidth <= window.innerWidth")
    assert browser.run("getComputedStyle(document.querySelector('#claims td')).display") == "block"


def test_claims_page_prints_without_its_controls(browser: Browser, page: Path) -> None:
    browser.open(page, 1030, 720)  # a sheet of A4 across
    browser.until("document.querySelectorAll('#claims tbody tr').length == 12")
    browser.medium("print")
    hidden = "[...document.querySelectorAll('.dt-search, .dtsp-panesContainer')].every(e => e.offsetHeight == 0)"
    assert browser.run(hidden)
    assert browser.run("document.querySelectorAll('#claims tbody tr').length == 12")
    assert browser.run("document.scrollingElement.scrollWidth <= window.innerWidth")
    _look(browser, "claims_print")
    browser.medium("screen")


def test_finding_is_the_figure_title_and_never_the_drawing_library(finished: Project) -> None:
    svg = (finished.folder / "results/laptop/demo/figures/means.svg").read_text()
    assert claims_page.finding(svg).startswith("The mean is drawn")
    assert "Matplotlib" in svg
    untitled = svg.replace(f"<dc:title>{claims_page.finding(svg)}</dc:title>", "")
    assert claims_page.finding(untitled) == ""


def _click(text: str) -> str:
    return f"[...document.querySelectorAll('nav a')].find(a => a.textContent.includes({text!r})).click() || true"


@pytest.mark.parametrize("width", [1366, 390])
def test_report_opens_every_figure_and_the_claims(browser: Browser, finished: Project, width: int) -> None:
    browser.open(finished.folder / "results/laptop/report.html", width)
    browser.until("document.querySelector('nav') && document.body.innerText.includes('Workflow')")
    browser.until("document.querySelectorAll('canvas, svg.marks').length > 0")
    _look(browser, f"report_{width}")
    browser.run(_click("demo"))
    browser.until("document.querySelector('nav').innerText.includes('means')")
    for number in range(browser.run("document.querySelectorAll('nav tbody tr').length")):
        browser.run(f"document.querySelectorAll('nav tbody tr')[{number}].querySelector('a').click() || true")
        browser.until(
            "[...document.querySelectorAll('#app img')].some(i => i.src.includes('svg+xml') && i.naturalWidth > 99)"
        )
        _look(browser, f"report_figure_{width}_{number}")
    browser.run("app.setView({navbarMode: 'menu'}) || true")
    browser.until("document.querySelector('nav').innerText.includes('Statistics')")
    browser.run(_click("claims"))
    browser.until("document.querySelector('nav').innerText.includes('verdicts')")
    browser.run("document.querySelector('nav tbody tr a').click() || true")
    browser.until("document.querySelectorAll('iframe').length == 1")
    browser.frame(0)
    browser.until("document.querySelectorAll('#claims tbody .verdict').length == 3")
    assert browser.run("document.documentElement.classList.contains('embedded')")
    browser.run("document.querySelector('#claims tbody a:not(.address)').click() || true")
    browser.until("window.scrollY > 0 && document.querySelector(':target img').naturalWidth > 99")
    browser.frame(None)
    _look(browser, f"report_claims_{width}")
    assert browser.errors() == []
    assert [url for url in browser.requested() if url.startswith(("http:", "https:", "ws:"))] == []


def test_report_shows_statistics_and_the_caption_with_the_finding(browser: Browser, finished: Project) -> None:
    browser.open(finished.folder / "results/laptop/report.html")
    browser.until("document.querySelector('nav')")
    browser.run(_click("Statistics"))
    browser.until("document.querySelectorAll('canvas, svg.marks').length > 1")
    _look(browser, "report_statistics")
    result = "results['results/laptop/demo/figures/means.svg']"
    assert "The means." in browser.run(f"{result}.caption")
    assert browser.run(f"{result}.labels.figure").startswith("means: The mean is drawn against the dimension")
    assert browser.errors() == []

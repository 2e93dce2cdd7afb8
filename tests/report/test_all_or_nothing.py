"""Pages and exports are replaced together: after a fault at any step that writes, all are old or all are new."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from learnability.report import latex, question_page, site
from learnability.results import journal, manifest, verdicts
from tests.faults import ERRORS, contents, faults

PAGES = ("index.html", "verdicts.html", "style.css")


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(site, "report_code", lambda: "code")
    monkeypatch.setattr(site, "report_parameters", lambda figures: {})
    return Path("results/laptop")


def _page(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(site, "pages", lambda *_: dict.fromkeys(PAGES, text))


def _recorded(results: Path) -> bool:
    """Whether every page is the one that the manifest records."""
    found = {name: manifest.read(results / "report" / name) for name in PAGES}
    return all(r is not None and r.sha256 == manifest.sha256(results / "report" / n) for n, r in found.items())


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_pages_are_old_or_new_after_a_fault_at_any_step(
    results: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    old, new = (dict.fromkeys(PAGES, text) for text in (b"old", b"new"))
    seen = set()

    def prepare() -> None:
        shutil.rmtree(results, ignore_errors=True)
        _page(monkeypatch, "old")
        site.write(results, {})
        _page(monkeypatch, "new")

    for at, _ in faults(error, prepare, lambda: site.write(results, {})):
        site.finish_interrupted(results)
        found = contents(results / "report")
        assert found in (old, new), f"fault {at}"
        assert _recorded(results), f"fault {at}"
        seen.add(found == new)
        site.write(results, {})
        assert contents(results / "report") == new
        assert _recorded(results)
        assert not list(results.rglob(".journal*")), f"fault {at}"
    assert at > 20
    assert seen == {False, True}


def test_pages_that_stay_are_not_written_again(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _page(monkeypatch, "text")
    site.write(results, {})
    before = {path: path.stat().st_mtime_ns for path in results.rglob("*") if path.is_file()}
    site.write(results, {})
    assert before == {path: path.stat().st_mtime_ns for path in results.rglob("*") if path.is_file()}


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_exports_are_old_or_new_after_a_fault_at_any_step(results: Path, error: BaseException) -> None:
    def figures(text: str) -> None:
        for name in ("one", "two"):
            path = results / f"study/figures/{name}.pdf"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def prepare() -> None:
        shutil.rmtree(results, ignore_errors=True)
        figures("old")
        export()
        (results / "exports/study-gone.pdf").write_text("old")
        (results / "exports/my-notes.pdf").write_text("mine")
        figures("new")

    def export() -> None:
        latex.export(results, [], sorted(results.glob("study/figures/*.pdf")))

    seen = set()
    for at, _ in faults(error, prepare, export):
        latex.finish_interrupted(results)
        found = contents(results / "exports")
        texts = {found["study-one.pdf"], found["study-two.pdf"]}
        assert texts in ({b"old"}, {b"new"}), f"fault {at}"
        seen |= texts
        assert ("study-gone.pdf" in found) == (texts == {b"old"}), f"fault {at}"
        export()
        found = contents(results / "exports")
        assert found["study-one.pdf"] == b"new"
        assert "study-gone.pdf" not in found, "no figure any more"
        assert found["my-notes.pdf"] == b"mine"
        assert not journal.place(results / "exports").exists()
    assert at > 10
    assert seen == {b"old", b"new"}


def test_a_figure_that_was_replaced_is_not_exported(results: Path) -> None:
    path = results / "study/figures/one.pdf"
    path.parent.mkdir(parents=True)
    path.write_text("made")
    manifest.record([path], "figures")
    path.write_text("edited")
    with pytest.raises(Exception, match="not those that the manifest records"):
        latex.export(results, [], [path])
    assert not (results / "exports").exists()


def _list_of_verdicts() -> Path:
    claims = Path("results/laptop/demo/claims.json")
    claims.parent.mkdir(parents=True, exist_ok=True)
    claims.write_text("[]")
    verdicts.main(["--input", str(claims), "--output", "results/laptop/claims.json"])
    return Path("results/laptop/claims.json")


def _page_of_a_question() -> Path:
    output = Path("results/questions/one/index.html")
    Path("analysis").touch()
    question_page.main(["--name", "one", "--analyses", "analysis", "--figures", "analysis", "--output", str(output)])
    return output


@pytest.mark.parametrize("make", [_list_of_verdicts, _page_of_a_question])
@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_list_of_verdicts_and_a_page_are_never_there_before_their_record(
    make: Callable[[], Path], error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(question_page, "page", lambda *_: "the page")
    output, seen = make(), set()
    for step, _ in faults(error, lambda: shutil.rmtree("results", ignore_errors=True), make):
        record = manifest.read(output)
        if output.is_file():
            assert record is not None, f"step {step}"
            assert record.sha256 == manifest.sha256(output)
        seen.add((output.is_file(), record is not None))
    assert (False, True) in seen

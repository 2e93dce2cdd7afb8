"""The documents: relative links lead to files, Python blocks are Python, and the site builds without a warning."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

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


def _pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages", ROOT / "docs/pages.py")
    assert spec is not None
    assert spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    return pages


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
    page = (tmp_path / "html/index.html").read_text()
    assert not re.findall(r'(?:src|href)="https?://[^"]*\.(?:js|css|woff2?)"', page)

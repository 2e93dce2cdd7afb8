"""The report: static pages of one scale, in ``results/<scale>/report/``.

Every page is a file that a browser opens from the disk or from any web server, without a network: ``index.html`` (the
question, verdicts by study and evidence, pictures, what does not hold), ``verdicts.html`` (every claim, to search and
to filter), one page a study, ``search.html``. Pictures and data are linked, never copied, so that pages stay small. The
pages show whatever there is: they can be built while a run goes on.

The address of a claim is ``<study>.html#<study>.<id>``, and that of a figure ``<study>.html#figure-<name>``.
"""

import argparse
import functools
import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from learnability.pipeline.pages import introduction, readme, report_code, report_parameters
from learnability.report.mathematics import with_mathematics
from learnability.report.wording import (
    VERDICT_MARKS,
    VERDICT_MEANINGS,
    WINDOW_MARK,
    address,
    finding,
    interval,
    interval_picture,
    number,
    plain,
    rule,
)
from learnability.results import journal, manifest
from learnability.results.claim import VERDICTS, Evidence, Verdict
from learnability.results.integrity import DamagedArtifact, check
from learnability.results.rows import ORIGINS, by_origin, counted, origin, read_rows, verdict_counts, whose

if TYPE_CHECKING:
    from jinja2 import Environment

ASSETS = ("style.css", "site.js")
EVIDENCE = get_args(Evidence)
_COLUMNS = (*((ORIGINS[0], kind) for kind in EVIDENCE if kind != "summary"), *((name, "") for name in ORIGINS[1:]))
"""Of the table on the start page: whose statements, and by which evidence they are judged."""
_ROW_KEYS = (
    "form", "statement", "measured", "unit", "estimate", "interval", "expected", "rule", "seeds", "reason", "figure",
    "artifact",
)  # fmt: skip
"""What the pages read of a claim besides what every list of verdicts has."""
_QUESTION = "When does gradient flow or SGD learn a high-dimensional target, and how long does it take?"


@dataclass(frozen=True)
class Figure:
    """A figure of a study; ``path`` is that of the SVG, relative to the page."""

    study: str
    name: str
    path: str
    found: str
    caption: str
    experiments: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Its address on the page of the study."""
        return f"figure-{self.name}"

    @property
    def title(self) -> str:
        """Its name in words: what it found can be long, and is no heading."""
        return self.name.replace("_", " ").capitalize()

    @property
    def findings(self) -> list[str]:
        """What it found, panel by panel."""
        return [part for part in self.found.split("; ") if part]

    @property
    def first(self) -> str:
        """The first of its findings; empty without one."""
        return next(iter(self.findings), "")

    def file(self, form: str) -> str:
        """Its file in another form, relative to the page."""
        return f"{self.path.removesuffix('.svg')}.{form}"


@dataclass(frozen=True)
class Data:
    """The analysis of an experiment: where it is, relative to the page, and what it says of its origin."""

    experiment: str
    path: str
    facts: Mapping[str, Any]

    @property
    def anchor(self) -> str:
        """Its address on the page of the study."""
        return f"data-{self.experiment}"


@dataclass(frozen=True)
class Study:
    """What the page of a study shows."""

    name: str
    title: str
    introduction: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    figures: Sequence[Figure]
    data: Sequence[Data]
    planned_figures: int = 0
    damaged: Sequence[str] = ()
    """Files that are left out because they are damaged, each with what is wrong."""

    def beside(self, figure: Figure) -> list[Mapping[str, Any]]:
        """The claims that a figure carries."""
        return [row for row in self.rows if row["figure"] == figure.name]

    @property
    def counted(self) -> str:
        """Its claims and their verdicts in words."""
        return counted(self.rows)

    @property
    def picture(self) -> Figure | None:
        """The figure that stands for the study: the one that carries most claims."""
        return max(self.figures, key=lambda figure: len(self.beside(figure)), default=None)

    @property
    def without_figure(self) -> list[Mapping[str, Any]]:
        """The claims that no figure here carries."""
        drawn = {figure.name for figure in self.figures}
        return [row for row in self.rows if row["figure"] not in drawn]

    @property
    def against(self) -> list[Mapping[str, Any]]:
        """What contradicts the source, or a summary of it."""
        return [row for row in self.rows if row["verdict"] == "contradicted" and origin(row) != ORIGINS[1]]

    def count(self, claims_of: str, evidence: str) -> dict[Verdict, int]:
        """How often each verdict was given to claims of this origin and evidence (any, where it is empty)."""
        return verdict_counts([row for row in by_origin(self.rows)[claims_of] if evidence in ("", row["evidence"])])


@functools.cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("learnability.report", "templates/site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": number,
        "interval": interval,
        "address": address,
        "rule": rule,
        "picture": interval_picture,
        "mathematics": with_mathematics,
        "plain": plain,
    }
    made.globals |= {
        "marks": VERDICT_MARKS,
        "meanings": VERDICT_MEANINGS,
        "verdicts": VERDICTS,
        "evidence": EVIDENCE,
        "origin": origin,
        "columns": _COLUMNS,
        "window_mark": WINDOW_MARK,
    }
    return made


def _facts(path: Path) -> dict[str, Any]:
    from learnability.results.attributes import attributes, sha256

    known = attributes(path)
    versions = json.loads(known["versions"])
    return {
        "seeds": known["total_seeds"],
        "root seed": known["root_seed"],
        "devices": ", ".join(known["devices"]),
        "code": known["code"],
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "SHA-256": sha256(path),
    }


def gather(results: Path, name: str, description: Mapping[str, Any]) -> Study:
    """What there is of a study at a scale; ``description`` is what :func:`describe` gives.

    Damaged analyses and figures are left out, and named. Raises UserError for verdicts that cannot be read, and for a
    file that the system does not give.
    """
    folder = results / name
    claims = folder / "claims.json"
    rows = read_rows(claims, _ROW_KEYS) if claims.is_file() else []
    title, paragraphs = introduction(description["readme"])
    figures, data, damaged = [], [], []
    for figure, block in description["figures"].items():
        path = folder / "figures" / f"{figure}.svg"
        if path.is_file():
            try:
                found = finding(path.read_text(encoding="utf-8"))
            except UnicodeDecodeError:
                damaged.append(f"{path.as_posix()}: no SVG")
                continue
            caption = " ".join(block["caption"].split())
            place = f"../{name}/figures/{figure}.svg"
            figures.append(Figure(name, figure, place, found, caption, tuple(block["experiments"])))
    for path in sorted(folder.glob("*/analysis.zarr.zip")):
        try:
            check(path)
            data.append(Data(path.parent.name, f"../{name}/{path.parent.name}/{path.name}", _facts(path)))
        except DamagedArtifact as damage:
            damaged.append(f"{path.as_posix()}: {damage.problem.removeprefix(f'{damage.what}: ')}")
        except (ValueError, KeyError, zipfile.BadZipFile):
            damaged.append(f"{path.as_posix()}: it does not say how it was made")
    return Study(name, title or name, paragraphs, rows, figures, data, len(description["figures"]), damaged)


def _search_index(studies: Sequence[Study]) -> str:
    """What the search looks through: kind, title, address, text. A script, since a page from a disk may not fetch."""
    entries = []
    for study in studies:
        entries.append(["study", study.title, f"{study.name}.html", " ".join(study.introduction)])
        for figure in study.figures:
            words = f"{figure.name} {figure.found} {plain(figure.caption)}"
            title = ": ".join(filter(None, (figure.title, figure.first)))
            entries.append([f"figure of {study.name}", title, f"{study.name}.html#{figure.anchor}", words])
        for row in study.rows:
            words, kind = f"{row['id']} {row['source']} {row['measured']}", f"claim of {study.name}, {row['verdict']}"
            entries.append([kind, row["statement"], f"{study.name}.html#{address(row)}", words])
    return f"const INDEX = {json.dumps(entries, ensure_ascii=False, separators=(',', ':'))};\n"


def pages(scale: str, studies: Sequence[Study], commit: str = "") -> dict[str, str]:
    """Every page by its file name. Equal input gives equal text."""
    rows = [row for study in studies for row in study.rows]
    shared: dict[str, Any] = {"scale": scale, "studies": studies, "commit": commit, "question": _QUESTION}
    shared |= {"counted": counted(rows), "origins": {name: whose(name, rows) for name in ORIGINS}}
    environment = _templates()

    def render(template: str, here: str, **more: Any) -> str:
        return environment.get_template(template).render(**shared, here=here, **more)

    made = {
        "index.html": render("index.html", "index.html"),
        "verdicts.html": render("verdicts.html", "verdicts.html", rows=rows),
        "search.html": render("search.html", "search.html"),
        "search.js": _search_index(studies),
    }
    for study in studies:
        made[f"{study.name}.html"] = render("study.html", f"{study.name}.html", study=study)
    for asset in ASSETS:
        made[asset] = (files("learnability.report") / "templates" / "site" / asset).read_text(encoding="utf-8")
    return made


def write(results: Path, descriptions: Mapping[str, Mapping[str, Any]], commit: str = "") -> Path:
    """Build the pages of a scale from what its folder holds; the start page.

    All pages are replaced together: killed anywhere, the next call or :func:`finish_interrupted` ends it, or nothing
    has changed. The launcher and a job of the engine may call it in the same moment.
    """
    folder = results / "report"
    with journal.alone(folder):
        journal.recover(folder, _record_pages)
        studies = [gather(results, name, description) for name, description in descriptions.items()]
        made = {name: text.encode() for name, text in pages(results.name, studies, commit).items()}
        job = report_parameters({study: description["figures"] for study, description in descriptions.items()})
        code, inputs = report_code(), manifest.digests(_shown(results, descriptions))
        records, changed = {}, {}
        for name, text in made.items():
            path = folder / name
            record = manifest.Record(hashlib.sha256(text).hexdigest(), "report", job, code, inputs)
            if manifest.read(path) != record:
                records[path.as_posix()] = asdict(record)
            if not path.is_file() or path.read_bytes() != text:
                changed[name] = text
        if records or changed:
            journal.put(folder, changed, records, _record_pages)
    return folder / "index.html"


def finish_interrupted(results: Path) -> bool:
    """End the writing of pages that was interrupted; whether there was one."""
    return journal.end_interrupted(results / "report", _record_pages)


def _record_pages(records: Mapping[str, Any]) -> None:
    for path, record in records.items():
        manifest.write(Path(path), manifest.Record(**record))


def _shown(results: Path, studies: Iterable[str]) -> list[Path]:
    """The verdicts, analyses and figures that the pages show."""
    shown = [results / "claims.json"]
    for study in studies:
        folder = results / study
        shown += [folder / "claims.json", *sorted(folder.glob("*/analysis.zarr.zip"))]
        shown += sorted((folder / "figures").glob("*.svg"))
    return [path for path in shown if path.is_file()]


def describe(study: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    """What a page says of a study before there is any result: its README and its figures."""
    return {"readme": readme(study), "figures": figures}


def main(argv: list[str] | None = None) -> None:
    """Write the report of a scale."""
    parser = argparse.ArgumentParser(prog="python -m learnability.report.site", description=main.__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/<scale>")
    parser.add_argument("--studies", required=True, type=json.loads, help="JSON: what the report says of figures")
    parser.add_argument("--code", default="", help="the fingerprint of this module, for the engine's record")
    arguments = parser.parse_args(argv)
    write(arguments.results, {name: describe(name, figures) for name, figures in arguments.studies.items()})


if __name__ == "__main__":
    main()

"""The claims page: every verdict in a table that can be searched and filtered, with its figures; one file, no network.

The table is DataTables, as packed for offline use by the package itables; the page is the template ``claims.html``. It
serves alone, beside the results, and embedded in the report, where relative links lead nowhere: figures are inside
the page for that reason.
"""

import argparse
import base64
import functools
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnability.results.atomic import replacing
from learnability.results.verdicts import counted

if TYPE_CHECKING:
    from jinja2 import Environment

VERDICT_MARKS = {
    "supported": "✓",
    "contradicted": "✗",
    "inconclusive": "?",
    "not tested": "–",
    "not at this scale": "·",
    "out of steps": "…",
}
"""A verdict is a word and a mark, never a colour alone."""

_TITLE = re.compile(r"<dc:title>(.*?)</dc:title>", re.DOTALL)
_CREATOR = re.compile(r"<dc:creator>.*?</dc:creator>", re.DOTALL)  # has a title of its own: the drawing library
_COLUMNS = ("Claim", "Study", "Statement", "Estimate", "Interval", "Rule", "Seeds", "Evidence", "Verdict", "Data")
WINDOW_MARK = "†"
"""Marks a rule whose window was set after its number had been seen."""


@dataclass(frozen=True)
class DrawnFigure:
    """A figure as the page shows it; ``path`` is relative to the page."""

    study: str
    name: str
    path: str
    svg: str
    caption: str

    @property
    def anchor(self) -> str:
        return f"figure-{self.study}-{self.name}"

    @property
    def found(self) -> str:
        return finding(self.svg)

    @property
    def data_address(self) -> str:
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg.encode()).decode()}"


@dataclass(frozen=True)
class Analysis:
    """An analysis that claims rest on: its place on the page, and where it comes from."""

    path: str

    @property
    def anchor(self) -> str:
        return "data-" + re.sub(r"[^A-Za-z0-9]+", "-", "/".join(Path(self.path).parts[2:-1]))

    @property
    def experiment(self) -> str:
        return Path(self.path).parent.name

    @property
    def facts(self) -> dict[str, Any]:
        from learnability.results.attributes import attributes, sha256

        known = attributes(Path(self.path))
        versions = json.loads(known["versions"])
        return {
            "seeds": known["total_seeds"],
            "root seed": known["root_seed"],
            "devices": ", ".join(known["devices"]),
            "code": known["code"],
            "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
            "SHA-256": sha256(Path(self.path)),
        }


_SYMBOLS = {
    "alpha": "α", "beta": "β", "eta": "η", "kappa": "κ", "lambda": "λ", "mu": "μ", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "infty": "∞", "times": "×", "cdot": "·", "sim": "~", "propto": "∝", "leq": "≤", "geq": "≥", "pi": "π",
    "approx": "≈", "pm": "±", "to": "→", "sqrt": "√", "ell": "ℓ", "varepsilon": "ε", "epsilon": "ε",
}  # fmt: skip


def plain(text: str) -> str:
    """Text with mathtext as plain text without braces, which would be taken for placeholders in a report's labels."""
    text = re.sub(r"\\(?:mathrm|mathbf|mathcal|text|operatorname)\s*", "", text)
    text = re.sub(r"\\[a-zA-Z]+", lambda match: _SYMBOLS.get(match[0][1:], match[0][1:]), text)
    return re.sub(r"[${}]", "", re.sub(r"\\[,;:! ]", " ", text)).replace("\\", "")


def finding(svg: str) -> str:
    """What the figure says it found, as its metadata carry it, in plain text; empty for a figure without."""
    match = _TITLE.search(_CREATOR.sub("", svg))
    return plain(html.unescape(match[1]).strip()) if match else ""


def number(value: float | None) -> str:
    """Four significant digits."""
    return "" if value is None else f"{value:.4g}"


def address(row: Mapping[str, Any]) -> str:
    """The permanent address of a claim on every page that shows it: ``<study>.<id>``."""
    return str(row["id"]).replace("/", ".", 1)


def rule(row: Mapping[str, Any]) -> str:
    """The rule, with its mark where the window was set after its number had been seen."""
    return f"{row['rule']} {WINDOW_MARK}" if row["window_seen"] else str(row["rule"])


def interval(row: Mapping[str, Any]) -> str:
    """The interval as ``[low, high]``; ``exact`` where the measurement has no width."""
    if row["interval"] is None or None in row["interval"]:
        return ""
    low, high = row["interval"]
    return "exact" if low == high == row["estimate"] else f"[{number(low)}, {number(high)}]"


@functools.cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("learnability.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.filters |= {"number": number, "interval": interval, "address": address, "rule": rule}
    made.globals["marks"] = VERDICT_MARKS
    return made


def templates_digest() -> str:
    """A digest of the templates: with the code's fingerprint it decides whether a page is out of date."""
    folder = files("learnability.report") / "templates"
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.iterdir(), key=lambda path: path.name)]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def _cells(row: Mapping[str, Any], figures: Mapping[tuple[str, str], DrawnFigure]) -> list[str]:
    parts: Any = _templates().get_template("parts.html").module
    cells = [str(getattr(parts, column.lower())(row)) for column in _COLUMNS[:-1]]
    artifact = Analysis(row["artifact"]) if row["artifact"] else None
    data = parts.data_of(row, figures.get((row["study"], row["figure"])), artifact)
    return [*cells, "".join(data.splitlines())]


def table(rows: Sequence[Mapping[str, Any]], figures: Sequence[DrawnFigure]) -> str:
    """The table of claims with its search field and its filters by study, evidence and verdict."""
    import pandas as pd
    from itables.javascript import to_html_datatable

    known = {(figure.study, figure.name): figure for figure in figures}
    frame = pd.DataFrame([_cells(row, known) for row in rows], columns=list(_COLUMNS), dtype=object)
    filtered = [_COLUMNS.index(name) for name in ("Study", "Evidence", "Verdict")]
    return to_html_datatable(
        frame,
        connected=False,
        allow_html=True,
        showIndex=False,
        maxBytes=0,
        table_id="claims",
        classes="display compact",
        style="width:100%",
        paging=False,
        ordering=True,
        order=[],
        autoWidth=False,
        layout={"top1": "searchPanes", "topStart": "info", "topEnd": "search", "bottomStart": None, "bottomEnd": None},
        searchPanes={
            "columns": filtered,
            "layout": "columns-3",
            "viewTotal": True,
            "controls": False,
            "initCollapsed": False,
        },
        columnDefs=[
            {"targets": filtered, "searchPanes": {"show": True}},
            {"targets": [3, 4, 6], "className": "dt-right"},
        ],
    )


def page(
    rows: Sequence[Mapping[str, Any]], figures: Sequence[DrawnFigure], artifacts: Sequence[str], root: Path
) -> str:
    """The whole page; ``root`` is the folder that it is written to. Equal input gives equal text."""
    from itables.javascript import generate_init_offline_itables_html
    from itables.options import dt_bundle
    from markupsafe import Markup

    listed = [(Analysis(path), Path(path).relative_to(root).as_posix()) for path in artifacts]
    return (
        _templates()
        .get_template("claims.html")
        .render(
            scale=root.name,
            counted=counted(rows),
            mark=WINDOW_MARK,
            datatables=Markup(generate_init_offline_itables_html(dt_bundle)),
            table=Markup(table(rows, figures)),
            figures=figures,
            artifacts=listed,
        )
    )


def main(argv: list[str] | None = None) -> None:
    """Write the claims page from ``claims.json``, the figures (SVG) and the analyses."""
    parser = argparse.ArgumentParser(prog="python -m learnability.report.claims_page", description=main.__doc__)
    parser.add_argument("--claims", required=True, type=Path)
    parser.add_argument("--figures", nargs="*", default=[], type=Path)
    parser.add_argument("--captions", default={}, type=json.loads, help="JSON: study -> figure -> caption")
    parser.add_argument("--analyses", nargs="*", default=[])
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument("--code", default="", help="the fingerprint of this module, for the record")
    arguments = parser.parse_args(argv)
    root = arguments.output.parent
    figures = []
    for path in arguments.figures:
        study, name = path.parts[-3], path.stem
        caption = arguments.captions.get(study, {}).get(name, "")
        svg = path.read_text(encoding="utf-8")
        figures.append(DrawnFigure(study, name, path.relative_to(root).as_posix(), svg, caption))
    rows = json.loads(arguments.claims.read_text(encoding="utf-8"))
    with replacing(arguments.output) as out:
        out.write(page(rows, figures, arguments.analyses, root).encode())


if __name__ == "__main__":
    main()

"""The claims page: every verdict in a table that can be searched and filtered, with its figures; one file, no network.

The table is DataTables, as packed for offline use by the package itables. The page stands alone beside the results and
is also embedded in the report, where relative links lead nowhere: figures are inside the page for that reason.
"""

import argparse
import base64
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learnability.report.page_parts import SCRIPT, STYLE, VERDICT_MARKS
from learnability.results.atomic import replacing
from learnability.results.verdicts import counted

_TITLE = re.compile(r"<dc:title>(.*?)</dc:title>", re.DOTALL)
_CREATOR = re.compile(r"<dc:creator>.*?</dc:creator>", re.DOTALL)  # has a title of its own: the drawing library
_COLUMNS = ("Claim", "Study", "Statement", "Estimate", "Interval", "Expected", "Seeds", "Verdict", "Evidence")


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


def interval(row: Mapping[str, Any]) -> str:
    """The interval as ``[low, high]``; a single value where the measurement is exact."""
    if row["interval"] is None or None in row["interval"]:
        return ""
    low, high = row["interval"]
    return "exact" if low == high == row["estimate"] else f"[{number(low)}, {number(high)}]"


def _small(text: str) -> str:
    return f"<small>{html.escape(text)}</small>" if text else ""


def _evidence(row: Mapping[str, Any], figures: Mapping[tuple[str, str], DrawnFigure]) -> str:
    links = []
    figure = figures.get((row["study"], row["figure"]))
    if figure is not None:
        links.append(f'<a href="#{figure.anchor}">figure&nbsp;{html.escape(figure.name)}</a>')
    if row["artifact"]:
        links.append(f'<a href="#{artifact_anchor(row["artifact"])}">{html.escape(_experiment(row["artifact"]))}</a>')
    return "<br>".join(links)


def _experiment(artifact: str) -> str:
    return f"data of {Path(artifact).parent.name}"


def artifact_anchor(path: str) -> str:
    """The place on the page that tells of an artifact."""
    return "data-" + re.sub(r"[^A-Za-z0-9]+", "-", "/".join(Path(path).parts[2:-1]))


def _cells(row: Mapping[str, Any], figures: Mapping[tuple[str, str], DrawnFigure]) -> list[str]:
    form = "" if row["form"] == "stated" else f'<span class="form">{html.escape(row["form"])}</span> '
    unit = "" if row["unit"] in ("", "1") else f" {row['unit']}"
    expected = "; ".join(part for part in (row["rule"], row["expected"]) if part)
    statement = f"{form}{html.escape(row['statement'])}<br>{_small('Measured: ' + row['measured'])}"
    verdict = f"{VERDICT_MARKS[row['verdict']]} {row['verdict']}"
    style = row["verdict"].replace(" ", "-")
    return [
        f"<b>{html.escape(row['id'].partition('/')[2])}</b><br>{_small(row['source'])}",
        html.escape(row["study"]),
        statement,
        html.escape(number(row["estimate"]) + (unit if row["estimate"] is not None else "")),
        html.escape(interval(row)),
        html.escape(expected),
        "" if row["seeds"] is None else str(row["seeds"]),
        f'<span class="verdict {style}">{verdict}</span>',
        _evidence(row, figures) + ("<br>" + _small(row["reason"]) if row["reason"] else ""),
    ]


def table(rows: Sequence[Mapping[str, Any]], figures: Sequence[DrawnFigure]) -> str:
    """The table of claims with its search field and its filters by study and verdict."""
    import pandas as pd
    from itables.javascript import to_html_datatable

    known = {(figure.study, figure.name): figure for figure in figures}
    frame = pd.DataFrame([_cells(row, known) for row in rows], columns=list(_COLUMNS), dtype=object)
    filtered = [_COLUMNS.index("Study"), _COLUMNS.index("Verdict")]
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
            "layout": "columns-2",
            "viewTotal": True,
            "controls": False,
            "initCollapsed": False,
        },
        columnDefs=[
            {"targets": filtered, "searchPanes": {"show": True}},
            {"targets": [3, 4, 6], "className": "dt-right"},
        ],
    )


def _picture(figure: DrawnFigure) -> str:
    data = base64.b64encode(figure.svg.encode()).decode()
    found = finding(figure.svg)
    return (
        f'<figure id="{figure.anchor}"><h3>{html.escape(figure.study)}: {html.escape(figure.name)}</h3>'
        f'<img alt="{html.escape(found or figure.caption)}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{'<b>' + html.escape(found) + '.</b> ' if found else ''}{html.escape(figure.caption)} "
        f'<a class="file" href="{html.escape(figure.path)}">{html.escape(figure.path)}</a></figcaption></figure>'
    )


def _artifact(path: str, root: Path) -> str:
    from learnability.results.attributes import attributes, sha256

    known = attributes(Path(path))
    versions = json.loads(known["versions"])
    facts = {
        "seeds": known["total_seeds"],
        "root seed": known["root_seed"],
        "devices": ", ".join(known["devices"]),
        "code": known["code"],
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "SHA-256": sha256(Path(path)),
    }
    listed = "".join(f"<dt>{name}</dt><dd>{html.escape(str(value))}</dd>" for name, value in facts.items())
    relative = Path(path).relative_to(root).as_posix()
    link = f'<a class="file" href="{html.escape(relative)}">{html.escape(path)}</a>'
    return f'<section class="data" id="{artifact_anchor(path)}"><h3>{link}</h3><dl>{listed}</dl></section>'


def page(
    rows: Sequence[Mapping[str, Any]], figures: Sequence[DrawnFigure], artifacts: Sequence[str], root: Path
) -> str:
    """The whole page; ``root`` is the folder it stands in. Equal input gives equal text."""
    from itables.javascript import generate_init_offline_itables_html
    from itables.options import dt_bundle

    scale = html.escape(root.name)
    body = [
        f"<h1>Claims at the scale <code>{scale}</code></h1>",
        f"<p>{html.escape(counted(rows))}. A verdict follows from the interval of the estimate and a rule that "
        "stands in the code. CHANGELOG.md lists the claims that were not fixed before numbers had been seen. "
        "Search the table, or choose studies and verdicts.</p>",
        table(rows, figures),
        "<h2>Figures</h2>",
        *map(_picture, figures),
        "<h2>Data</h2>",
        *(_artifact(path, root) for path in artifacts),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>Claims ({scale})</title><style>{STYLE}</style>{SCRIPT}</head>\n<body>\n'
        + generate_init_offline_itables_html(dt_bundle)
        + "\n".join(body)
        + "\n</body></html>\n"
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

"""What a finished run says at its end: the verdicts by study, and where everything is."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from learnability.report.wording import VERDICT_MARKS, judged
from learnability.results.claim import VERDICTS
from learnability.results.rows import by_origin, counted, read_rows, verdict_counts, whose

_SHOWN = 12
"""Changed verdicts that are listed: after a change of scale or of the config there may be hundreds."""


def verdict_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The verdicts on the sources' statements by study; in a row each, those on the studies' own and on summaries."""
    shown = [verdict for verdict in VERDICTS if any(row["verdict"] == verdict for row in rows)]
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("study", no_wrap=True)
    for verdict in shown:
        width = max(9, *map(len, verdict.split()))  # a heading may break between its words, never inside one
        table.add_column(f"{VERDICT_MARKS[verdict]} {verdict}", justify="right", width=width)
    sources, *others = by_origin(rows).items()
    parts = {study: [r for r in sources[1] if r["study"] == study] for study in dict.fromkeys(r["study"] for r in rows)}
    apart = ((f"of {whose(name, rows)}", part) for name, part in others if part)
    for name, part in (*parts.items(), *apart):
        counts = verdict_counts(part)
        table.add_row(name, *(str(counts[verdict]) for verdict in shown))
    return table


def changed_verdicts(rows: Sequence[Mapping[str, Any]], committed: Mapping[str, Any], scale: str) -> list[str]:
    """What differs from the committed verdicts of the same scale, a line for each claim, with both numbers."""
    if committed["scale"] != scale:
        return []

    known = {row["id"]: row for row in committed["claims"]}
    moved = [row for row in rows if row["id"] in known and row["verdict"] != known[row["id"]]["verdict"]]
    lines = [f"  {row['id']}: {judged(known[row['id']])} -> {judged(row)}" for row in moved]
    studies = {row["study"] for row in rows}
    lines += [f"  {row['id']}: new, {judged(row)}" for row in rows if row["id"] not in known]
    now = {row["id"] for row in rows}
    lines += [f"  {name}: gone" for name, row in known.items() if row["study"] in studies and name not in now]
    if not lines:
        return ["verdicts as in docs/verdicts.json"]
    more = [f"  and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return [f"verdicts that differ from docs/verdicts.json ({len(lines)}):", *lines[:_SHOWN], *more]


def describe_figures(files: Sequence[str], results: Path, console: Console) -> None:
    """Print where the figures that were asked for are."""
    lines = [f"figure   {file}, and as .pdf and .png" for file in files if file.endswith(".svg")]
    lines.append(f"report   {results.as_posix()}/report/index.html")
    if results.name == "smoke":
        lines.append("reduced size: the scale smoke shows that everything runs, and settles no statement")
    console.print("\n".join(lines), soft_wrap=True, highlight=False)


def summarise(results: Path, console: Console) -> None:
    """Print where the results of a scale are and what the verdicts are."""
    claims = results / "claims.json"
    rows = read_rows(claims)
    console.print(verdict_table(rows))
    lines = [
        "",
        counted(rows),
        f"figures  {results}/<study>/figures/",
        f"verdicts {claims}",
        f"report   {results}/report/index.html",
    ]
    committed = Path("docs/verdicts.json")
    if committed.is_file():
        lines += ["", *changed_verdicts(rows, json.loads(committed.read_text(encoding="utf-8")), results.name)]
    console.print("\n".join(lines), highlight=False, soft_wrap=True, markup=False)

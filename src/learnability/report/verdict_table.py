"""The page of verdicts, ``docs/verdicts.md``, from ``claims.json``, and pages of other scales beside it.

``make verdicts`` writes ``docs/verdicts.json``, the small committed copy of the verdicts, and the page. ``make verdicts
SCALE=paper`` writes ``docs/verdicts_paper.json`` and ``.md``, where the verdicts of that scale stand beside those of
the first page. ``learnability verdicts --check`` says whether all are in step.
"""

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from learnability.pipeline.own_files import replace_together
from learnability.report import robustness
from learnability.report.wording import VERDICT_MARKS, VERDICT_MEANINGS, address, interval, number, rule
from learnability.results.attributes import sha256
from learnability.results.claim import VERDICTS
from learnability.results.rows import by_origin, counted, read_rows, verdict_counts

MAIN_SCALE = "laptop"
"""The scale of the first page; every other one has a page of its own."""

PAGE, VERDICTS_FILE = Path("docs/verdicts.md"), Path("docs/verdicts.json")
_INTRODUCTION = """\
A verdict compares the interval of an estimate with the values that the claim accepts; nobody writes it by hand. A rule
that no artifact can contradict is refused. *Printed* statements are quoted as the source prints them and stand beside
their *corrected* form. The evidence is what decides a claim: *exact* (a certificate), *statistical* (an interval of
stated coverage), *asymptotic* (local exponents by decade and their limit), *existence* (a witness, or a search with a
stated reach), *summary* (what a summary says of a source). What a study states itself ("this study") and what
summaries say is counted apart from what the sources state.

<a id="summaries"></a>*Summaries* are texts about the papers that others wrote: one for each of the four, unsigned, with
sections such as *Key Results* and *Design tradeoffs*, and by their form the work of a program. They circulate beside
the papers and have no place of publication, so they cannot be cited. Their statements are judged because a reader would
take them for the papers' own. Only for the lecture is it the source's own summary, its last slides.

{meanings}

‡ marks a verdict that moves under rounding, another root seed or another tolerance: it is [not decided](robustness.md).
† marks a rule whose window was set after its number had been seen; the [changelog](changelog.md) says which claims were
added or changed after that. The name of a claim is its permanent address."""
COLUMNS = ("claim", "statement", "source", "measured", "estimate", "accepted", "evidence", "seeds", "verdict")
"""Of the tables of claims: ``measured`` says what is measured, ``estimate`` is the number that was found."""
_KEPT = (
    *("id", "study", "source", "form", "evidence", "statement", "measured", "unit", "estimate", "interval", "rule"),
    *("window_seen", "refuted_by", "seeds", "verdict", "reason"),
)


def digest(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the page needs of each claim; numbers to the four digits that a reader sees."""

    def short(value: Any) -> Any:
        return float(f"{value:.4g}") if isinstance(value, float) else value

    def kept(row: Mapping[str, Any]) -> dict[str, Any]:
        few = {key: short(row[key]) for key in _KEPT}
        return {**few, "interval": row["interval"] and [short(value) for value in row["interval"]]}

    return [kept(row) for row in rows]


def _cell(text: str) -> str:
    return re.sub(r"([|*_`])", r"\\\1", " ".join(text.split())).replace("<", "&lt;")


def _estimate(row: Mapping[str, Any]) -> str:
    if row["estimate"] is None:
        return ""
    unit = "" if row["unit"] in ("", "1") else f" {row['unit']}"
    return f"{number(row['estimate'])}{unit} {interval(row)}"


def _claim_line(row: Mapping[str, Any], undecided: Mapping[str, str]) -> str:
    form = "" if row["form"] == "stated" else f"*{row['form']}:* "
    cells = [
        f'<a id="{address(row)}" href="#{address(row)}"><code>{row["id"].partition("/")[2]}</code></a>',
        form + _cell(row["statement"]),
        _cell(row["source"]),
        _cell(row["measured"]),
        _cell(_estimate(row)),
        _cell(rule(row)),
        "" if row["verdict"] == "not tested" else row["evidence"],
        "" if row["seeds"] is None else str(row["seeds"]),
        f"{VERDICT_MARKS[row['verdict']]} {row['verdict']}{' ‡' if row['id'] in undecided else ''}",
    ]
    return f"| {' | '.join(cells)} |"


def _claims(rows: Sequence[Mapping[str, Any]], undecided: Mapping[str, str]) -> list[str]:
    head = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    return [*head, *(_claim_line(row, undecided) for row in rows), ""]


def page(content: Mapping[str, Any]) -> str:
    """The page: verdicts counted by study, what is contradicted, and every claim by study."""
    rows = content["claims"]
    studies: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        studies.setdefault(row["study"], []).append(row)
    shown = [verdict for verdict in VERDICTS if any(row["verdict"] == verdict for row in rows)]
    lines = [
        "<!-- Generated by `make verdicts` from claims.json. Edit nothing here. -->",
        "# Verdicts",
        "",
        f"{counted(rows)} (scale `{content['scale']}`).",
        "",
        _INTRODUCTION.format(
            meanings="\n".join(
                f"- {VERDICT_MARKS[verdict]} *{verdict}*: {VERDICT_MEANINGS[verdict]}" for verdict in VERDICTS
            )
        ),
        "",
        f"| study | claims of | {' | '.join(f'{VERDICT_MARKS[verdict]} {verdict}' for verdict in shown)} |",
        "|---|---|" + "---:|" * len(shown),
    ]
    for study, of_study in studies.items():
        for name, part in by_origin(of_study).items():
            counts = verdict_counts(part)
            if part:
                lines.append(f"| `{study}` | {name} | {' | '.join(str(counts[verdict]) for verdict in shown)} |")
    for study, of_study in studies.items():
        lines += ["", f"## {study}", "", f"{counted(of_study)}.", "", *_claims(of_study, content["undecided"])]
    return "\n".join(lines).rstrip() + "\n"


def page_beside(content: Mapping[str, Any], main: Mapping[str, Any]) -> str:
    """The page of another scale: each claim that was judged there, beside its verdict on the first page."""
    scale, rows, before = content["scale"], content["claims"], {row["id"]: row for row in main["claims"]}
    measured = [row for row in rows if row["estimate"] is not None]
    judged = [row for row in measured if _as_now(row, before.get(row["id"]))]
    moved = [row for row in judged if row["id"] in before and before[row["id"]]["verdict"] != row["verdict"]]
    studies = list(dict.fromkeys(row["study"] for row in rows))
    others = [f"`{name}`" for name in dict.fromkeys(row["study"] for row in main["claims"]) if name not in studies]
    differ = f"{len(moved) or 'no'} {'verdict differs' if len(moved) < 2 else 'verdicts differ'}"
    lines = [
        *("---", "orphan: true", "---"),  # no list of the site's pages names it, since few checkouts have it
        "<!-- Generated by `make verdicts` from claims.json. Edit nothing here. -->",
        f"# Verdicts at the scale {scale}",
        "",
        f"{counted(rows)}. The {len(judged)} that were measured stand here beside the scale `{main['scale']}`: "
        f"{differ}.",
    ]
    if others:
        lines += ["", f"Not run at this scale: {', '.join(others)}."]
    if changed := [f"`{row['id']}`" for row in measured if row not in judged]:
        said = f"What is measured, or the rule, has changed since for {len(changed)} more"
        lines += ["", f"{said}, which stand here when the scale is judged again: {', '.join(changed)}."]
    for archive in content["archives"]:
        whose = f" of {', '.join(f'`{name}`' for name in archive['studies'])}" if archive["studies"] else ""
        lines += ["", f"Archive of the run{whose}: {archive['bytes'] / 1e6:.1f} MB, sha256 `{archive['sha256']}`."]
        if archive["judged_again"]:
            lines[-1] += " Its trainings were analysed and judged again by rules that are newer than the archive."
    lines += ["", "## What the scale costs", "", "```text", *content["cost"].splitlines(), "```"]
    names = ("claim", "measured", "accepted", main["scale"], scale, "seeds", "verdict", f"at {main['scale']}")
    for study in studies:
        lines += ["", f"## {study}", "", f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
        for row in judged:
            if row["study"] != study:
                continue
            other, name = before.get(row["id"]), f"`{row['id'].partition('/')[2]}`"
            verdicts = [f"{VERDICT_MARKS[x['verdict']]} {x['verdict']}" if x else "" for x in (row, other)]
            cells = [
                f"[{name}](verdicts.md#{address(row)})" if other else name,
                _cell(row["measured"]),
                _cell(rule(row)),
                _cell(_estimate(other)) if other else "",
                _cell(_estimate(row)),
                "" if row["seeds"] is None else str(row["seeds"]),
                *verdicts,
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines).rstrip() + "\n"


def _as_now(row: Mapping[str, Any], now: Mapping[str, Any] | None) -> bool:
    """Whether a claim measures, and accepts, what that of the first page does; a claim of this scale alone does."""
    return now is None or (row["measured"], row["rule"]) == (now["measured"], now["rule"])


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _pages_beside(main: Mapping[str, Any], root: Path = Path()) -> dict[str, bytes]:
    """The pages of all other scales that follow from their committed verdicts and the first page's."""
    files = sorted(root.glob(f"{VERDICTS_FILE.with_suffix('')}_*.json"))
    found = {path.relative_to(root).with_suffix(".md").as_posix(): page_beside(_read(path), main) for path in files}
    return {name: text.encode() for name, text in found.items()}


def in_step(root: Path = Path()) -> bool:
    """Whether ``docs/verdicts.md`` is the page that follows from ``docs/verdicts.json``, its marks of what is not
    decided are those of ``docs/robustness.json``, and the pages of other scales follow, too."""
    content = _read(root / VERDICTS_FILE)
    marked = content["undecided"] == _undecided(content["scale"], root)
    pages = {PAGE.as_posix(): page(content).encode(), **_pages_beside(content, root)}
    return marked and all(text == (root / name).read_bytes() for name, text in pages.items())


def _undecided(scale: str, root: Path = Path()) -> dict[str, str]:
    """What moves which verdict, where it was measured for this scale."""
    measured = _robustness(scale, root)
    return robustness.undecided(measured) if measured else {}


def _robustness(scale: str, root: Path = Path()) -> dict[str, Any] | None:
    """What was measured of this scale's robustness; None without."""
    path = root / robustness.RESULTS_FILE
    measured = _read(path) if path.is_file() else None
    return measured if measured and measured["scale"] == scale else None


def write(claims: Path) -> None:
    """Replace the page and its verdicts from a ``claims.json``, whose folder names the scale; other pages follow."""
    scale = claims.resolve().parent.name
    rows = digest(read_rows(claims))
    robust = _robustness(scale)
    standing = robust and robustness.standing(robust, rows)
    content = {"scale": scale, "undecided": robustness.undecided(standing) if standing else {}, "claims": rows}
    files = {VERDICTS_FILE.as_posix(): _text(content), PAGE.as_posix(): page(content).encode()}
    if standing and standing != robust:
        files |= robustness.files(standing)
    replace_together({**files, **_pages_beside(content)})


def write_beside(claims: Path, cost: str, archives: Sequence[Path] = ()) -> Path:
    """Replace the page and the verdicts of another scale; ``cost`` is what the scale costs, in lines. Returns the page.

    An archive of results is told by its size and digest, its studies, and whether they have other verdicts there.
    """
    scale, rows = claims.resolve().parent.name, digest(read_rows(claims))
    told = [_told(archive, f"results/{scale}/{claims.name}", rows) for archive in archives]
    content = {"scale": scale, "cost": cost, "archives": told, "claims": rows}
    own = VERDICTS_FILE.with_name(f"{VERDICTS_FILE.stem}_{scale}.json")
    text = page_beside(content, _read(VERDICTS_FILE))
    replace_together({own.as_posix(): _text(content), own.with_suffix(".md").as_posix(): text.encode()})
    return own.with_suffix(".md")


def _told(archive: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the page says of an archive, whose list of claims is called ``name``."""
    try:
        with zipfile.ZipFile(archive) as opened:
            then = digest(json.loads(opened.read(name)))
    except (zipfile.BadZipFile, KeyError):
        then = []
    studies = list(dict.fromkeys(row["study"] for row in then))
    now = [row for row in rows if row["study"] in studies]
    return {"bytes": archive.stat().st_size, "sha256": sha256(archive), "studies": studies, "judged_again": then != now}


def _text(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()

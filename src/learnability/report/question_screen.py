"""The answer to a question on one screen of a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from learnability.studies.atlas.answer import Answer, Row

TERMS = (
    "Link refitted: the joint flow, with the best link at every moment. Link known: the planted flow, which learns the "
    "directions alone. Every term is explained in docs/guides/exponents.md under 'Times and the verdict'."
)
"""What the rows of times are, in the words of the API and the studies."""


def diagnosis_panel(target: str, rows: Sequence["Row"]) -> Panel:
    """What algebra says of a target; how it is known stands beside it where it is not exact or theory."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, answer, known, _ in rows:
        if name == "target":
            continue
        text = Text(answer)
        if known and not known.startswith(("exact", "theory", "rank", "mean", "f(g")):
            text.append(f"  [{known}]", style="dim")
        table.add_row(name, text)
    return Panel(table, title=Text(target, style="bold"), title_align="left", padding=(0, 1))


def answer_screen(answer: "Answer", diagnosis: bool = True) -> RenderableType:
    """Diagnosis, times and verdict of one target."""
    first: RenderableType = Text(f"\n{answer.target}", style="bold")
    parts: list[RenderableType] = [diagnosis_panel(answer.target, answer.diagnosis) if diagnosis else first]
    if answer.times:
        parts.append(_table(("", "flow time, median", "steps of 0.1/Var f", "growth with d"), answer.times))
        parts.append(Text(TERMS, style="dim"))
    if answer.check:
        parts.append(
            _table(("method", "n for half of the runs", "exponent, measured", "exponent, predicted"), answer.check)
        )
        from learnability.studies.atlas.methods import GIVEN

        parts.append(Text(GIVEN, style="dim"))
    if answer.verdict:
        parts.append(Text("Verdict", style="bold"))
        parts += [Padding(Text(f"• {sentence}"), (0, 0, 0, 1)) for sentence in answer.verdict]
    if answer.open_points:
        parts.append(Text("Not known", style="bold"))
        parts += [Padding(Text(f"• {sentence}"), (0, 0, 0, 1)) for sentence in answer.open_points]
    return Group(*parts)


def comparison(answers: Sequence["Answer"]) -> Table:
    """Several targets side by side: the rows in which they differ."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for answer in answers:
        table.add_column(answer.target)
    columns = [{name: text for name, text, *_ in (*answer.diagnosis, *answer.times)} for answer in answers]
    names = dict.fromkeys(name for column in columns for name in column if name != "target")
    for name in names:
        cells = [column.get(name, "–") for column in columns]
        if len(set(cells)) > 1:
            table.add_row(name, *cells)
    return table


def _table(heads: Sequence[str], rows: Sequence["Row"]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        table.add_column(head, no_wrap=place == 0)
    for row in rows:
        table.add_row(*row)
    return table

"""``python -m benchmarks [--quick] [--check] [name ...]``: each benchmark in a process of its own, then one table.

The table has a row for each engine and size: its time, its best peer, and the lead, the ratio of both in the same round
(median and quartiles over the rounds). Seconds depend on the machine and on what else runs there, paired ratios hardly
do: ``--check`` compares leads with those of ``docs/guides/benchmarks.json`` and exits with 1 where the upper quartile
of one has fallen below :data:`KEPT` of what it was, or below :data:`LEAST` where it was above. ``--write`` renews that
file and its page from the rows that were run; others stay.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.compare import RECORD

SHARED = {"__init__", "__main__", "compare", "gpu_check", "gpu_speed"}
"""What is no benchmark of this list: the parts that they share, and what needs a GPU and has arguments of its own."""
NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in SHARED)
DOCS = Path(__file__).parents[1] / "docs/guides"

KEPT = 0.6
"""The part of its lead that an engine must keep; quartiles of ratios on a busy machine move by a fifth."""

LEAST = 1.5
"""The least lead of an engine that earns its keep."""

Row = Mapping[str, Any]


def key(row: Row) -> str:
    """What a row is about."""
    return f"{row['row']}: {row['ours']}"


def table(rows: Iterable[Row]) -> list[str]:
    """The table of all engines as Markdown."""
    lines = ["| row | ours | time | best peer | its time in ours | quartiles |", "|---|---|---:|---|---:|---|"]
    for row in rows:
        middle, low, high = (f"{lead:.3g}" for lead in row["lead"]) if row["lead"] else ("", "", "")
        quartiles = f"{low} to {high}" if low else ""
        name = row["ours"].removeprefix("ours, ")
        lines.append(
            f"| {row['row']} | {name} | {1e3 * row['seconds']:.3g} ms | {row['peer']} | {middle} | {quartiles} |"
        )
    return lines


def fallen(rows: Sequence[Row], reference: Sequence[Row]) -> list[str]:
    """The rows whose lead is lost, a line for each. Ratios are judged by their upper quartile, never seconds."""
    known = {key(row): row for row in reference}
    lines = []
    for row in rows:
        before = known.get(key(row))
        if before is None or row["lead"] is None:
            continue
        middle, _, high = row["lead"]
        was = before["lead"][0] if before["lead"] else LEAST / KEPT
        floor = max(KEPT * was, LEAST if was >= LEAST else 0.0)
        if high < floor:
            lines.append(f"{key(row)}: {middle:.3g} times ours at {row['peer']}, was {was:.3g}, least {floor:.3g}")
    return lines


def merged(rows: Sequence[Row], reference: Sequence[Row]) -> list[Row]:
    """The reference with the rows that were run in their places."""
    new = {key(row): row for row in rows}
    kept = [new.pop(key(row), row) for row in reference]
    return [*kept, *new.values()]


def read(path: Path) -> list[Row]:
    """The rows of a file; none where there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def write(rows: Sequence[Row]) -> None:
    """Renew the committed rows and the table of the document, which stands between two marks."""
    (DOCS / "benchmarks.json").write_text(
        "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8"
    )
    page = DOCS / "benchmarks.md"
    head, _, rest = page.read_text(encoding="utf-8").partition("<!-- table -->\n")
    _, _, tail = rest.partition("<!-- end of table -->")
    lines = "\n".join(table(rows))
    page.write_text(f"{head}<!-- table -->\n{lines}\n<!-- end of table -->{tail}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("names", nargs="*", metavar="name", help=f"default: all of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="small sizes: does every peer run?")
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 where a lead of docs/guides/benchmarks.json is lost"
    )
    parser.add_argument("--write", action="store_true", help="renew docs/guides/benchmarks.json and its page")
    arguments, more = parser.parse_known_args()
    unknown = set(arguments.names) - set(NAMES)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    with tempfile.TemporaryDirectory(prefix="learnability.") as folder:
        place = Path(folder) / "rows"
        environment = {**os.environ, RECORD: str(place)}
        quick = ["--quick"] if arguments.quick else []
        codes = [
            subprocess.call([sys.executable, "-m", f"benchmarks.{name}", *quick, *more], env=environment)
            for name in arguments.names or NAMES
        ]
        rows = [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()] if place.exists() else []
    print("\n" + "\n".join(table(rows)))
    reference = read(DOCS / "benchmarks.json")
    lost = fallen(rows, reference) if arguments.check else []
    print("\n".join(f"lead lost: {line}" for line in lost))
    if arguments.write:
        write(merged(rows, reference))
    return max([*codes, 1 if lost else 0])


if __name__ == "__main__":
    sys.exit(main())

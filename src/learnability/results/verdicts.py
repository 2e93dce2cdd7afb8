"""From the claims of a study and its analyses to the rows of ``claims.json``."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnability.results.atomic import replacing
from learnability.results.claim import VERDICTS, Claim, NotAtThisScale, judge

if TYPE_CHECKING:
    import xarray as xr


def _number(value: float) -> float | None:
    """A finite number for JSON, which has no others."""
    return float(value) if math.isfinite(value) else None


def row(study: str, claim: Claim, analyses: Mapping[str, xr.Dataset], artifacts: Mapping[str, str]) -> dict[str, Any]:
    """One object of ``claims.json``."""
    result: dict[str, Any] = {
        "id": f"{study}/{claim.id}",
        "study": study,
        "source": claim.source,
        "form": claim.form,
        "statement": claim.statement,
        "measured": claim.measured,
        "unit": claim.unit,
        "estimate": None,
        "interval": None,
        "expected": claim.expected,
        "rule": claim.rule.describe() if claim.rule else "",
        "seeds": None,
        "verdict": "not tested",
        "reason": claim.reason,
        "figure": claim.figure,
        "artifact": artifacts[claim.experiments[0]] if claim.experiments else None,
    }
    if claim.measure is None or claim.rule is None:
        return result
    try:
        measurement = claim.measure({name: analyses[name] for name in claim.experiments})
    except NotAtThisScale as missing:
        reason = "; ".join(part for part in (f"{missing} is not part of this scale", claim.reason) if part)
        return {**result, "verdict": "not at this scale", "reason": reason}
    verdict, why = judge(claim.rule, measurement, claim.seeds_needed)
    result["estimate"] = _number(measurement.estimate)
    result["interval"] = [_number(measurement.low), _number(measurement.high)]
    result["seeds"] = measurement.seeds
    result["verdict"] = verdict
    result["reason"] = "; ".join(part for part in (why, measurement.note, claim.reason) if part)
    return result


def rows_of_study(
    study: str, claims: Sequence[Claim], analyses: Mapping[str, xr.Dataset], artifacts: Mapping[str, str]
) -> list[dict[str, Any]]:
    """All claims of a study, in the order in which they are declared."""
    return [row(study, claim, analyses, artifacts) for claim in claims]


def to_json(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as readable JSON, one key a line."""
    return (json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def counted(rows: Sequence[Mapping[str, Any]]) -> str:
    """The verdicts in one line: ``31 claims: 24 supported, 4 contradicted, ...``."""
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}
    return f"{len(rows)} claims: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)


def main(argv: list[str] | None = None) -> None:
    """Join the claims of several studies into one list."""
    parser = argparse.ArgumentParser(prog="python -m learnability.results.verdicts", description=main.__doc__)
    parser.add_argument("--input", nargs="+", required=True, type=Path)
    parser.add_argument("--order", default="", help="the studies in the order of the list, comma-separated")
    parser.add_argument("--output", required=True, type=Path)
    arguments = parser.parse_args(argv)
    order = arguments.order.split(",")
    paths = sorted(arguments.input, key=lambda path: order.index(path.parent.name) if path.parent.name in order else -1)
    rows = [row for path in paths for row in json.loads(path.read_text(encoding="utf-8"))]
    with replacing(arguments.output) as out:
        out.write(to_json(rows))


if __name__ == "__main__":
    main()

"""From the claims of a study and its analyses to the rows of ``claims.json``."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnability.results import manifest
from learnability.results.claim import (
    Claim,
    Measurement,
    NotAtThisScale,
    OutOfSteps,
    Rule,
    Verdict,
    judge,
)
from learnability.results.refutation import refutation
from learnability.results.rows import read_rows

if TYPE_CHECKING:
    import xarray as xr


def _number(value: float) -> float | None:
    """A finite number for JSON, which has no others."""
    return float(value) if math.isfinite(value) else None


def _verdict(claim: Claim, rule: Rule, measurement: Measurement, refuted_by: str) -> tuple[Verdict, str]:
    """The verdict of a measurement, unless the rule is none."""
    verdict, why = judge(rule, measurement, claim.seeds_needed)
    if verdict in ("supported", "contradicted") and not refuted_by:
        return "inconclusive", "no artifact can contradict this rule"
    if claim.evidence == "statistical" and measurement.low == measurement.high:
        return "inconclusive", "the interval of a statistical claim has no width"
    return verdict, why


def row(study: str, claim: Claim, analyses: Mapping[str, xr.Dataset], artifacts: Mapping[str, str]) -> dict[str, Any]:
    """One object of ``claims.json``."""
    result: dict[str, Any] = {
        "id": f"{study}/{claim.id}",
        "study": study,
        "source": claim.source,
        "form": claim.form,
        "evidence": claim.evidence,
        "statement": claim.statement,
        "measured": claim.measured,
        "unit": claim.unit,
        "estimate": None,
        "interval": None,
        "expected": claim.expected,
        "rule": claim.rule.describe() if claim.rule else "",
        "accepted": [_number(claim.rule.low), _number(claim.rule.high)] if claim.rule else None,
        "window_seen": claim.window_seen,
        "refuted_by": "",
        "seeds": None,
        "verdict": "not tested",
        "reason": claim.reason,
        "figure": claim.figure,
        "artifact": artifacts[claim.experiments[0]] if claim.experiments else None,
    }

    def because(*parts: str) -> str:
        return "; ".join(part for part in (*parts, claim.reason) if part)

    if claim.measure is None or claim.rule is None:
        return result
    read = {name: analyses[name] for name in claim.experiments}
    try:
        measurement = claim.measure(read)
    except NotAtThisScale as missing:
        return {**result, "verdict": "not at this scale", "reason": because(f"{missing} is not part of this scale")}
    except OutOfSteps as unfinished:
        return {**result, "verdict": "out of steps", "reason": because(str(unfinished))}
    result["refuted_by"] = refutation(claim, read)
    verdict, why = _verdict(claim, claim.rule, measurement, result["refuted_by"])
    result["estimate"] = _number(measurement.estimate)
    result["interval"] = [_number(measurement.low), _number(measurement.high)]
    result["seeds"] = measurement.seeds
    result["verdict"] = verdict
    result["reason"] = because(why, measurement.note)
    return result


def rows_of_study(
    study: str, claims: Sequence[Claim], analyses: Mapping[str, xr.Dataset], artifacts: Mapping[str, str]
) -> list[dict[str, Any]]:
    """All claims of a study, in the order in which they are declared."""
    return [row(study, claim, analyses, artifacts) for claim in claims]


def to_json(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as readable JSON, one key a line."""
    return (json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def joined(rows_of: Mapping[str, Sequence[Mapping[str, Any]]], order: Sequence[str]) -> list[Mapping[str, Any]]:
    """The rows of several studies in one list: studies that ``order`` does not name first, then in this order."""
    studies = sorted(rows_of, key=lambda study: order.index(study) if study in order else -1)
    return [row for study in studies for row in rows_of[study]]


def main(argv: list[str] | None = None) -> None:
    """Join the claims of several studies into one list."""
    parser = argparse.ArgumentParser(prog="python -m learnability.results.verdicts", description=main.__doc__)
    parser.add_argument("--input", nargs="+", required=True, type=Path)
    parser.add_argument("--order", default="", help="the studies in the order of the list, comma-separated")
    parser.add_argument("--code", default="", help="the fingerprint of the code behind the list")
    parser.add_argument("--output", required=True, type=Path)
    arguments = parser.parse_args(argv)
    rows_of = {path.parent.name: read_rows(path) for path in arguments.input}
    text, inputs = to_json(joined(rows_of, arguments.order.split(","))), manifest.digests(arguments.input)
    manifest.put(arguments.output, text, "verdicts", code=arguments.code, inputs=inputs)


if __name__ == "__main__":
    main()

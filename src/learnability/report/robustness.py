"""Whether verdicts hold: under rounding, under another root seed or tolerance, and how many are wrong by chance.

``learnability robustness`` judges every claim of a scale again with all floating-point inputs off by rounding, compares
the verdicts with those of other results, simulates the false alarms of all claims that rest on random numbers, and
writes ``docs/robustness.json`` and the page that follows from it. A claim whose verdict moves is not decided.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from learnability.pipeline.elsewhere import CODE, alone_in, copy_project, run_in
from learnability.pipeline.job_table import JobTable
from learnability.pipeline.own_files import replace_together
from learnability.pipeline.stages import claims_of_kinds, read_analyses
from learnability.report.wording import VERDICT_MARKS, address, interval, number
from learnability.results.claim import Claim, NotAtThisScale, OutOfSteps, Verdict, judge
from learnability.results.refutation import rounded
from learnability.results.rows import read_rows
from learnability.statistics.false_alarms import estimator, false_alarms

PAGE, RESULTS_FILE = Path("docs/robustness.md"), Path("docs/robustness.json")
SIZE = 1e-13

Rows = Sequence[Mapping[str, Any]]


def _measured(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("estimate", "interval", "verdict")}


def _judged(claim: Claim, analyses: Mapping[str, Any]) -> dict[str, Any]:
    assert claim.measure is not None
    assert claim.rule is not None
    verdict: Verdict
    try:
        found = claim.measure(analyses)
    except NotAtThisScale:
        return {"estimate": None, "interval": None, "verdict": "not at this scale"}
    except OutOfSteps:
        return {"estimate": None, "interval": None, "verdict": "out of steps"}
    verdict = judge(claim.rule, found, claim.seeds_needed)[0]
    return {"estimate": found.estimate, "interval": [found.low, found.high], "verdict": verdict}


def moved_by_rounding(
    study: str, claims: Sequence[Claim], analyses: Mapping[str, Any], draws: int, size: float = SIZE
) -> list[dict[str, Any]]:
    """The claims of a study whose verdict moves in one of ``draws`` perturbations of every float by ``size``."""
    tested = [claim for claim in claims if claim.measure is not None]
    before = {claim.id: _judged(claim, {name: analyses[name] for name in claim.experiments}) for claim in tested}
    moved: dict[str, dict[str, Any]] = {}
    for draw in range(draws):
        near = rounded(analyses, np.random.default_rng(draw), size)
        for claim in tested:
            after = _judged(claim, {name: near[name] for name in claim.experiments})
            if after["verdict"] != before[claim.id]["verdict"]:
                moved[claim.id] = {"id": f"{study}/{claim.id}", "then": before[claim.id], "now": after}
    return list(moved.values())


def differing(then: Rows, now: Rows) -> tuple[int, list[dict[str, Any]]]:
    """How many claims two lists share, and those whose verdict differs, with both measurements."""
    known = {row["id"]: row for row in then}
    shared = [row for row in now if row["id"] in known]
    moved = [
        {"id": row["id"], "then": _measured(known[row["id"]]), "now": _measured(row)}
        for row in shared
        if row["verdict"] != known[row["id"]]["verdict"]
    ]
    return len(shared), moved


def alarms(rows: Rows, rules: Mapping[str, tuple[float, float]]) -> list[dict[str, Any]]:
    """The false alarms of every claim that rests on random numbers; ``rules`` are the accepted values by id."""
    found = []
    for row in rows:
        ends = row["interval"]
        if row["seeds"] is None or row["id"] not in rules or ends is None or None in ends or row["estimate"] is None:
            continue
        if not ends[0] < ends[1] or not ends[0] <= row["estimate"] <= ends[1]:
            continue
        low, high = ends
        behind = estimator(row["estimate"], low, high, row["seeds"])
        rates = false_alarms(behind, rules[row["id"]], np.random.default_rng(0))
        rates_said = {key: round(value, 4) for key, value in vars(rates).items()}
        found.append({"id": row["id"], "verdict": row["verdict"], "model": behind.model, **rates_said})
    return found


def measure(table: JobTable, others: Sequence[tuple[str, Path]], draws: int) -> dict[str, Any]:
    """All that the page shows, for the chosen studies of a scale; each draw costs a measurement of each claim."""
    scale = table.main.scale
    rows = [row for row in read_rows(Path("results") / scale / "claims.json") if row["study"] in table.configs]
    moved: list[dict[str, Any]] = []
    rules: dict[str, tuple[float, float]] = {}
    for study in table.configs:
        claims = claims_of_kinds(study, table.kinds(study))
        analyses = read_analyses([Path(path) for path in table.analysis_paths(study, scale)])
        moved += moved_by_rounding(study, claims, analyses, draws)
        rules |= {f"{study}/{claim.id}": (claim.rule.low, claim.rule.high) for claim in claims if claim.rule}
    compared = []
    for label, results in others:
        count, differ = differing(rows, read_rows(results / "claims.json"))
        compared.append({"label": label, "claims": count, "moved": differ})
    return {
        "scale": scale,
        "claims": len(rules),
        "judged": _digest(rows),
        "rounding": {"size": SIZE, "draws": draws, "moved": moved},
        "others": compared,
        "alarms": alarms(rows, rules),
    }


def _digest(rows: Rows) -> str:
    """Names what was judged: claims, verdicts and estimates to the digits that the page shows."""
    judged = sorted(json.dumps([row["id"], _finite(_measured(row))]) for row in rows)
    return hashlib.sha256("\n".join(judged).encode()).hexdigest()


def kept(content: Mapping[str, Any], before: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The comparisons of the page before that are not made again, and hold for the same verdicts."""
    if (content["scale"], content["judged"]) != (before.get("scale"), before.get("judged")):
        return []
    made = {other["label"] for other in content["others"]}
    return [other for other in before["others"] if other["label"] not in made]


def standing(content: Mapping[str, Any], rows: Rows) -> dict[str, Any]:
    """The measured numbers without the claims that ``rows``, of the same scale, have another verdict or number of by
    now, or no more: what is said of them is of another claim. They are named under ``left_out``."""
    now = {row["id"]: _finite(_measured(row)) for row in rows}
    verdicts = {name: found["verdict"] for name, found in now.items()}
    told = [row for part in (content["rounding"], *content["others"]) for row in part["moved"]]
    gone = {row["id"] for row in told if now.get(row["id"]) != _finite(row["then"])}
    gone |= {row["id"] for row in content["alarms"] if verdicts.get(row["id"]) != row["verdict"]}

    def without(part: Mapping[str, Any], key: str) -> dict[str, Any]:
        return {**part, key: [row for row in part[key] if row["id"] not in gone]}

    return {
        **without(content, "alarms"),
        "rounding": without(content["rounding"], "moved"),
        "others": [without(other, "moved") for other in content["others"]],
        "left_out": sorted(gone | set(content.get("left_out", ()))),
    }


def undecided(content: Mapping[str, Any]) -> dict[str, str]:
    """The claims that are not decided, with what moved them."""
    found = {row["id"]: "rounding" for row in content["rounding"]["moved"]}
    for other in content["others"]:
        found |= {row["id"]: other["label"] for row in other["moved"] if row["id"] not in found}
    return found


def _link(claim_id: str) -> str:
    return f"[`{claim_id}`](verdicts.md#{address({'id': claim_id})})"


def _said(found: Mapping[str, Any]) -> str:
    numbers = "" if found["estimate"] is None else f" {number(found['estimate'])} {interval(found)}"
    return f"{VERDICT_MARKS[found['verdict']]} {found['verdict']}{numbers}"


def _moved(rows: Rows) -> list[str]:
    if not rows:
        return ["No verdict moved.", ""]
    lines = ["| claim | verdict here | there |", "|---|---|---|"]
    return [*lines, *(f"| {_link(row['id'])} | {_said(row['then'])} | {_said(row['now'])} |" for row in rows), ""]


def _left_out(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    said = ", ".join(f"`{name}`" for name in names)
    return [f"Left out, since their verdict or number has changed since this was measured: {said}.", ""]


def _joint(rates: Sequence[float]) -> str:
    return f"{sum(rates):.2f} | {1 - float(np.prod([1 - rate for rate in rates])):.2g}"


def page(content: Mapping[str, Any]) -> str:
    """``docs/robustness.md`` from ``docs/robustness.json``."""
    rounding, rates = content["rounding"], content["alarms"]
    lines = [
        "<!-- Generated by `learnability robustness`. Edit nothing here. -->",
        "# Robustness of the verdicts",
        "",
        f"Scale `{content['scale']}`, {content['claims']} claims that are measured. A claim whose verdict moves under",
        "rounding, another root seed or another tolerance is not decided, whatever its verdict says.",
        f"Not decided: {len(undecided(content))}.",
        "",
        *_left_out(content.get("left_out", ())),
        "## Rounding",
        "",
        f"Every floating-point number that a claim reads, off by a relative error of {rounding['size']:g}: "
        f"{rounding['draws']} draws. Whole numbers (counts, and shares of all or none) are the same on every machine.",
        "",
        *_moved(rounding["moved"]),
        "## Other runs",
        "",
        *([] if content["others"] else ["None was compared: see `learnability robustness --help`.", ""]),
    ]
    for other in content["others"]:
        lines += [
            f"### {other['label']}",
            "",
            f"{other['claims']} claims compared, those that are not measured among them.",
            "",
            *_moved(other["moved"]),
        ]
    lines += [
        "## False alarms",
        "",
        f"{len(rates)} claims rest on random numbers and an interval. Each is judged on simulated estimates: binomial,",
        "where the interval is that of a share, and else normal with the reported width. A verdict is wrong when it is",
        "`supported` with the truth outside the accepted values, or `contradicted` with the truth inside. The *edge*",
        "is the worst case: the truth at the edge of the accepted values. The last column of this table treats the",
        "claims as independent.",
        "",
        "| where the truth lies | wrong verdicts to be expected | chance of at least one |",
        "|---|---:|---:|",
        f"| at the worst edge of every claim | {_joint([row['edge'] for row in rates])} |",
        f"| at the estimate | {_joint([row['at_estimate'] for row in rates])} |",
        f"| in the middle of the accepted values | {_joint([row['centre'] for row in rates])} |",
        "",
        "| claim | model | wrong, truth at the edge | at the estimate | in the middle | inconclusive, in the middle |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for row in rates:
        shares = " | ".join(f"{row[key]:.2%}" for key in ("edge", "at_estimate", "centre", "undecided"))
        lines.append(f"| {_link(row['id'])} | {row['model']} | {shares} |")
    return "\n".join(lines).rstrip() + "\n"


def files(content: Mapping[str, Any]) -> dict[str, bytes]:
    """Both files of the numbers, by name."""
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    return {RESULTS_FILE.as_posix(): text.encode(), PAGE.as_posix(): page(content).encode()}


def in_step(root: Path = Path()) -> bool:
    """Whether the page follows from the numbers."""
    content = json.loads((root / RESULTS_FILE).read_text(encoding="utf-8"))
    return page(content) == (root / PAGE).read_text(encoding="utf-8")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}") if np.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list | tuple) else value


def write(table: JobTable, others: Sequence[tuple[str, Path]], draws: int) -> str:
    """Measure, replace both files together, and say what was found in a line or two.

    Comparisons with other runs that stand on the page stay as long as the verdicts do.
    """
    content = _finite(measure(table, others, draws))
    before = json.loads(RESULTS_FILE.read_text(encoding="utf-8")) if RESULTS_FILE.exists() else {"others": []}
    content["others"] = kept(content, before) + content["others"]
    replace_together(files(content))
    moved = undecided(content)
    lines = [f"{PAGE}: {content['claims']} claims, {len(moved)} not decided"]
    dropped = {other["label"] for other in before["others"]} - {other["label"] for other in content["others"]}
    if dropped:
        gone = ", ".join(sorted(dropped))
        lines.append(f"The verdicts have changed since, so these comparisons were removed: {gone}")
    return "\n".join([*lines, *(f"  {name} (moved by {why})" for name, why in moved.items())])


def run_with_root_seed(table: JobTable, root_seed: int, cores: str) -> Path:
    """Run the chosen studies with another root seed in a folder of their own; the folder of its results.

    The folder is ``.cache/robustness/root-seed-<n>``; a run that was stopped goes on there. It costs what the scale
    costs, less its figures. Raises UserError, and replaces nothing, while another command is at work there.
    """
    folder = Path(".cache/robustness") / f"root-seed-{root_seed}"
    with alone_in(folder):
        copy_project(folder, (*CODE, "config"))
        main = folder / "config/config.yaml"
        text, count = re.subn(r"(?m)^root_seed:.*$", f"root_seed: {root_seed}", main.read_text(encoding="utf-8"))
        main.write_text(text if count else f"{text}\nroot_seed: {root_seed}\n", encoding="utf-8")
        run_in(folder, table.main.scale, list(table.configs), cores, figures=False)
    return folder / "results" / table.main.scale

"""``make figures``: checks, runs the workflow in one call or two, and says where the results are.

Two calls once there are figures, because the engine has no early cut-off inside one: the analyses are made first, and
when their bytes are what they were, the figures of the second call are left alone.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from learnability.pipeline.job_table import JobTable
from learnability.pipeline.lock import only_one_run
from learnability.pipeline.progress import clock
from learnability.report import snakemake_report as report
from learnability.results.errors import UserError
from learnability.results.integrity import set_damaged_aside

_NOISE = re.compile(
    r"^(Using workflow specific profile|Assuming unrestricted|Building DAG|Using shell|Provided |Rules claiming|"
    r"Select jobs|Execute \d+ jobs|\[[A-Z][a-z]{2} [A-Z][a-z]{2} |Finished jobid|Complete log|Elapsed time|"
    r"Nothing to be done|Unlocked working|singularity args|Config file )"
)
_STEPS = re.compile(r"^(\d+ of \d+) steps \((\d+)%\) done")


def _clear_leftovers(results: Path) -> None:
    """What a killed run leaves behind: half-written files and the engine's lock."""
    for leftover in results.rglob(".*.tmp"):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink(missing_ok=True)
    shutil.rmtree(".snakemake/locks", ignore_errors=True)


def _follow(command: list[str], lock: int) -> int:
    """Run the engine, pass on what a person wants to read, and give its exit status."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=(lock,))
    assert process.stdout is not None
    blank = True
    shown = -1
    for line in process.stdout:
        line = line.rstrip()
        steps = _STEPS.match(line)
        if steps and int(steps[2]) < max(shown + 10, 1) and int(steps[2]) < 100:
            continue
        if steps:
            shown = int(steps[2])
            line = f"--- {steps[1]} jobs done ({steps[2]}%)"
        if _NOISE.match(line) or (blank and not line):
            continue
        blank = not line
        print(line, flush=True)
    return process.wait()


def _snakemake(arguments: argparse.Namespace, target: str, lock: int) -> int:
    config = [f"{key}={value}" for key in ("scale", "studies", "device") if (value := getattr(arguments, key))]
    command = [sys.executable, "-m", "snakemake", target, "--cores", arguments.cores]
    return _follow([*command, *(["--config", *config] if config else [])], lock)


def _calls(table: JobTable) -> tuple[str, ...]:
    """The targets of the calls of the engine, in order; one call while there is no figure that could be left alone."""
    scale = table.main.scale
    drawn = any(Path(path).exists() for study in table.configs for path in table.figure_paths(study, scale))
    return ("analyses", "all") if drawn else ("all",)


def changed_verdicts(rows: Sequence[Mapping[str, Any]], committed: Mapping[str, Any], scale: str) -> list[str]:
    """What differs from the committed verdicts of the same scale, a line for each claim, with both numbers."""
    from learnability.report.claims_page import interval, number

    if committed["scale"] != scale:
        return []

    def said(row: Mapping[str, Any]) -> str:
        numbers = "" if row["estimate"] is None else f" {number(row['estimate'])} {interval(row)}"
        return f"{row['verdict']}{numbers}"

    known = {row["id"]: row for row in committed["claims"]}
    moved = [row for row in rows if row["id"] in known and row["verdict"] != known[row["id"]]["verdict"]]
    lines = [f"  {row['id']}: {said(known[row['id']])} -> {said(row)}" for row in moved]
    studies = {row["study"] for row in rows}
    lines += [f"  {row['id']}: new, {said(row)}" for row in rows if row["id"] not in known]
    now = {row["id"] for row in rows}
    lines += [f"  {name}: gone" for name, row in known.items() if row["study"] in studies and name not in now]
    if not lines:
        return ["verdicts as in docs/verdicts.json"]
    return [f"verdicts that differ from docs/verdicts.json ({len(lines)}):", *lines]


def summary(table: JobTable) -> str:
    """Where the results are, what the verdicts are, and which differ from the committed ones."""
    from learnability.results.verdicts import counted

    results = Path("results") / table.main.scale
    lines = [f"figures  {results / study / 'figures'}/" for study in table.configs]
    claims = results / "claims.json"
    lines += [f"claims   {claims}", f"report   {report.path_of(table.main.scale)}"]
    rows = json.loads(claims.read_text(encoding="utf-8"))
    lines.append(counted(rows))
    committed = Path("docs/verdicts.json")
    if committed.is_file():
        lines += changed_verdicts(rows, json.loads(committed.read_text(encoding="utf-8")), table.main.scale)
    return "\n".join(lines)


def run(arguments: argparse.Namespace) -> int:
    """The whole of ``make figures``; the exit status of the first call that fails."""
    overrides = {key: getattr(arguments, key) for key in ("scale", "studies", "device") if getattr(arguments, key)}
    table = JobTable(Path("config"), overrides)
    results = Path("results") / table.main.scale
    start = time.monotonic()
    with only_one_run(Path(".cache/run.lock")) as lock:
        _clear_leftovers(results)
        for damage in set_damaged_aside(results):
            print(damage.render(), file=sys.stderr)
        for target in _calls(table):
            status = _snakemake(arguments, target, lock)
            if status:
                print(
                    f"\nlearnability: some jobs failed (named above; logs in {results}/logs). Results so far are kept;"
                )
                print("the same command goes on from here.")
                return status
        report.refresh(table, (lock,))
    print(f"\n{summary(table)}\nfinished in {clock(time.monotonic() - start)}")
    return 0


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and run; 2 for a mistake of the user's."""
    parser = argparse.ArgumentParser(prog="python -m learnability.launch", description=__doc__)
    parser.add_argument("--scale", default="", help="smoke, laptop or paper")
    parser.add_argument("--studies", default="", help="comma-separated; default: those of config.yaml")
    parser.add_argument("--device", default="", help="auto, cpu or cuda")
    parser.add_argument("--cores", default="all")
    arguments = parser.parse_args(argv)
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    try:
        return run(arguments)
    except UserError as error:
        print(error.render(), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "\nlearnability: interrupted. Results so far are kept; the same command goes on from here.",
            file=sys.stderr,
        )
        return 130


if __name__ == "__main__":
    sys.exit(main())

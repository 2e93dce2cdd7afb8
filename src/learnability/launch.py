"""``make figures``: checks, runs the workflow in one call or two, and says where the results are.

Two calls once there are figures, because the engine has no early cut-off inside one: the analyses are made first, and
when their bytes are what they were, the figures of the second call are left alone.
"""

import argparse
import os
import re
import shutil
import sys
import time
import zipfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any, Self

from rich.console import Console

from learnability.archive.restore import finish_interrupted
from learnability.display import Display, display_for, failures_text, wait_for
from learnability.pipeline import costs, devices, engine, lifeline, probe, settled, status, surroundings
from learnability.pipeline.checkpoint import FOLDER, drop_unneeded
from learnability.pipeline.events import VARIABLE, read_event
from learnability.pipeline.job_table import FIGURE_FORMATS, JobTable
from learnability.pipeline.jobs import jobs
from learnability.pipeline.lock import LEASE, clear_leftovers, new_lease, only_one_run, writing
from learnability.pipeline.progress import clock
from learnability.report import latex, site
from learnability.report.summary import describe_figures, summarise
from learnability.results.errors import UserError, comma_separated, make_figures, nearest
from learnability.results.integrity import SystemTrouble
from learnability.results.rows import read_rows
from learnability.run_state import RunState, planned_outputs
from learnability.time_left import Record

_CACHE = Path(".cache/run")
_CHANGES = {
    "a restore": finish_interrupted,
    "the writing of pages": site.finish_interrupted,
    "an export": latex.finish_interrupted,
}
"""What changes many files together, and who ends it after a kill."""
_DRAWN = re.compile(r"/(figures|report)/")
_SHOWN = 12  # lines that one kind of message may take


class _Events:
    """Reads the file of events as it grows, within its ``with`` block."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        self._stream = path.open("rb")
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def read(self) -> list[dict[str, Any]]:
        """The events of the complete lines since the last call."""
        *lines, self._rest = (self._rest + self._stream.read()).split(b"\n")
        return [event for line in lines if (event := read_event(line)) is not None]


def _follow(
    command: list[str],
    locks: Sequence[int],
    lease: str,
    state: RunState,
    display: Display,
    record: Record,
    elsewhere: bool,
) -> int:
    """Run the engine, show the run, and give the engine's exit status. Whatever happens, no job outlives the call."""
    events = _CACHE / "events.jsonl"
    for old in _CACHE.glob("alive*"):  # a late job of a killed run finds its line gone, and not that of this run
        old.unlink(missing_ok=True)
    with (
        _Events(events) as reader,
        lifeline.held(_CACHE / f"alive-{lease}") as alive,
        (_CACHE / "engine.log").open("wb") as engine_log,
    ):
        environment = surroundings.clean() | {
            VARIABLE: str(events.resolve()),
            lifeline.VARIABLE: str(alive.resolve()),
            LEASE: lease,
            **({lifeline.ALONE: "1"} if elsewhere else {}),
        }
        with engine.started(command, environment, stdout=engine_log, pass_fds=tuple(locks)) as process:
            running, publish = (lambda: process.poll() is None), (lambda: _pages_meanwhile(state.table))
            wait_for(running, reader.read, state, display, publish, record.note)
    return int(process.returncode)


def _command(arguments: argparse.Namespace, targets: Sequence[str], forced: Sequence[str]) -> list[str]:
    """The engine's command line. A profile says itself how many jobs there may be."""
    again = ["--forcerun", *forced] if forced else []
    config = [f"{key}={value}" for key in ("scale", "studies", "device") if (value := getattr(arguments, key))]
    where = ["--workflow-profile", f"profiles/{arguments.profile}"] if arguments.profile else []
    cores = [] if arguments.profile else ["--cores", arguments.cores]
    named = ["--config", *config] if config else []
    ceilings = [] if arguments.profile else ["--resources", *_ceilings()]
    logger = ["--logger", "learnability"]
    return [sys.executable, "-m", "snakemake", *targets, *cores, *where, *ceilings, *again, *logger, *named]


def _ceilings() -> list[str]:
    """What the jobs of this machine may take together: its memory, and one job for each of its GPUs, if it has any."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    gpus = len(list(Path("/dev").glob("nvidia[0-9]*")))
    return [f"mem_mb={memory}", *([f"gpu={gpus}"] if gpus else [])]


def _check_profile(name: str) -> None:
    known = sorted(path.parent.name for path in Path("profiles").glob("*/config*.yaml"))
    if name and name not in known:
        remedy = nearest(name, known, "choose one of those allowed")
        raise UserError("--profile (PROFILE in make)", f"there is no profile {name!r}", ", ".join(known), remedy)


def _figures_named(table: JobTable, names: str) -> list[str]:
    """The files of the figures in a comma-separated list of ``name`` or ``study/name``. Raises UserError."""
    known = {f"{study}/{name}" for study, config in table.configs.items() for name in config.figures}
    files = []
    for name in comma_separated(names):
        found = sorted(full for full in known if name in (full, full.partition("/")[2]))
        if not found:
            allowed = sorted(known) if "/" in name else sorted({full.partition("/")[2] for full in known})
            remedy = nearest(name, allowed, "choose one of those allowed")
            problem = f"there is no figure {name!r} in the chosen studies"
            raise UserError("--figure (FIGURE in make)", problem, ", ".join(allowed), remedy)
        files += [
            f"results/{table.main.scale}/{'/figures/'.join(full.split('/'))}.{form}"
            for full in found
            for form in FIGURE_FORMATS
        ]
    return files


def _calls(
    table: JobTable, figures: Sequence[str], outputs: Sequence[status.Output], no_figures: bool
) -> tuple[Sequence[str], ...]:
    """The targets of the calls of the engine, in order.

    One call while there is no figure that could be left alone, and where every analysis is current already.
    """
    scale = table.main.scale
    if no_figures:
        return ([f"results/{scale}/claims.json"],)
    if figures:
        return (figures,)
    drawn = any(Path(path).exists() for study in table.configs for path in table.figure_paths(study, scale))
    analysed = all(output.state in status.GOOD for output in outputs if output.path.endswith(status.ARTIFACT))
    return (["analyses"], ["all"]) if drawn and not analysed else (["all"],)


def _pages(table: JobTable) -> Path:
    """Write the report from whatever results there are."""
    described = {name: site.describe(name, figures) for name, figures in table.described().items()}
    return site.write(Path("results") / table.main.scale, described)


def _pages_meanwhile(table: JobTable) -> bool:
    """The pages while jobs are at work; False where they could not be written now.

    The engine takes the outputs of a job away before the job makes them anew: what was listed may be gone when it is
    read. A full disk may have room again. What is wrong for good is told by the pages at the end of the run.
    """
    try:
        _pages(table)
    except (OSError, UserError, ValueError, KeyError, zipfile.BadZipFile):
        return False
    return True


def write_report(scale: str, studies: str) -> str:
    """``make report``: write the pages of a scale and say where they are. Raises UserError where it has no figures."""
    overrides = {key: value for key, value in (("scale", scale), ("studies", studies)) if value}
    table = JobTable(Path("config"), overrides)
    results = Path("results") / table.main.scale
    if not any(results.glob("*/figures/*.svg")):
        raise UserError(str(results), "there are no figures yet", remedy=f"run {make_figures(results)} first")
    return _pages(table).as_posix()


def export_for_papers(scale: str) -> str:
    """``make paper-exports``: write the figures and macros of a finished scale and say where they are.

    A study of which nothing was drawn or judged is left out. Raises UserError where a figure or a verdict of any other
    one is not current.
    """
    chosen = {"scale": scale} if scale else {}
    every = JobTable(Path("config"), chosen)
    results = Path("results") / every.main.scale
    claims = results / "claims.json"
    read_rows(claims)  # says what to do where there is none
    with only_one_run(results / ".lock"):  # a run would change figures and verdicts meanwhile
        clear_leftovers(results / "exports")
        begun = [study for study in every.configs if _is_begun(results / study)]
        table = JobTable(Path("config"), {**chosen, "studies": ",".join(begun)}) if begun else every
        outputs = [one for one in status.examine(table) if one.path.endswith((".pdf", "claims.json"))]
        _demand_current(outputs, results)
        figures = [Path(one.path) for one in outputs if one.path.endswith(".pdf")]
        return f"{latex.export(results, read_rows(claims), figures).as_posix()}/"


def _is_begun(study: Path) -> bool:
    return (study / "claims.json").is_file() or any(study.glob("figures/*.pdf"))


def _demand_current(outputs: Sequence[status.Output], results: Path) -> None:
    """Raise UserError that names which of these outputs are not current."""
    bad = [one for one in outputs if one.state not in status.GOOD]
    if not bad:
        return
    lines = [f"    {one.path}: {one.state}{f': {one.why}' if one.why else ''}" for one in bad[:_SHOWN]]
    if len(bad) > _SHOWN:
        lines.append(f"    and {len(bad) - _SHOWN} more")
    count = f"{len(bad)} figures and lists of verdicts are" if len(bad) > 1 else "one figure or list of verdicts is"
    problem = "\n".join([f"{count} not what this code and this config make", *lines])
    raise UserError(str(results), problem, remedy=f"run {make_figures(results)}, then make paper-exports")


def _explain_failure(state: RunState, results: Path, console: Console) -> None:
    """Say what failed, where its log is and how to go on; the engine's own words where no job explains it."""
    console.print(failures_text(state.failures), soft_wrap=True)
    if not state.failures:
        words = (_CACHE / "engine.log").read_text(encoding="utf-8", errors="replace").splitlines()
        console.print("\n".join([*state.notes, *words][-30:]), soft_wrap=True, markup=False, highlight=False)
    count = len(state.failures)
    some = f"{count} job{'s' if count > 1 else ''} failed (above; logs in {results}/logs)"
    if not count:
        some = f"the workflow engine stopped (its words are above, all of them in {_CACHE}/engine.log)"
    console.print(
        f"\nlearnability: {some}. Results so far are kept; the same command goes on from here.",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )


def _probe_all(table: JobTable, seconds: float) -> None:
    """Probe one of each kind of training that was never measured; the table is written after each."""
    known, scale = costs.Costs.read(), table.main.scale
    unknown = [
        (job.outputs[0], job.parameters)
        for job in jobs(table)
        if job.rule == "train" and known.of(job.outputs[0]) is None
    ]
    probes = probe.one_of_each(unknown)
    for place, (folder, (job, paths)) in enumerate(probes.items(), 1):
        found = probe.probe_apart(job, seconds)
        if found is not None:
            costs.add_probes(dict.fromkeys(paths, found))
        said = f"{clock(found.cpu)} each" if found else "reported nothing in time"
        print(f"[{place} of {len(probes)}] {folder.removeprefix(f'results/{scale}/')}: {len(paths)} jobs, {said}")


def cost(scale: str, studies: str, cores: str, refresh: bool, seconds: float = 0.0) -> str:
    """What a scale costs by the reference costs: CPU time by study, the longest job, memory, time on so many cores."""
    overrides = {key: value for key, value in (("scale", scale), ("studies", studies)) if value}
    table = JobTable(Path("config"), overrides)
    count = engine.count_of_cores(cores)
    if refresh:
        planned = [path for rule in planned_outputs(table).values() for path in rule]
        costs.refresh(Path("results") / table.main.scale, planned)
    if seconds:
        _probe_all(table, seconds)
    known = costs.Costs.read()
    lines = [f"{'study':<22} {'jobs':>5} {'CPU time':>9}  {'longest job':>11}  {'memory':>8}  measured + probed"]
    total = longest = 0.0
    guessed = 0
    for study in table.configs:
        paths = [path for rule in planned_outputs(table, [study]).values() for path in rule]
        spent = [known.seconds(path) for path in paths]
        found = [cost for path in paths if (cost := known.of(path)) is not None]
        measured = sum(costs.name_of(path) in known.known for path in paths)
        memory = f"{max(one.memory for one in found):.0f} MB" if found else "unknown"
        lines.append(
            f"{study:<22} {len(paths):>5} {clock(sum(spent)):>9}  {clock(max(spent)):>11}  {memory:>8}"
            f"  {measured} + {len(found) - measured} of {len(paths)} jobs"
        )
        total, longest, guessed = total + sum(spent), max(longest, *spent), guessed + len(paths) - len(found)
    lines.append(
        f"{clock(total)} of CPU time in all: at least {clock(max(total / count, longest))} on {count} "
        f"core{'s' if count > 1 else ''}."
    )
    if guessed:
        lines.append(
            f"{guessed} jobs were never measured or probed: each counts as the mean of its experiment or stage at "
            f"other scales, which may be far too little. learnability cost --scale {table.main.scale} --probe 10 "
            "estimates trainings from their first ten seconds."
        )
    lines.append(f"{devices.described(table.main.scale)}.")
    return "\n".join(lines)


def _see_to_untrusted(table: JobTable, results: Path) -> list[status.Output]:
    """Set aside what is not what it was made as, and say so; targets and trainings without a record are recorded.

    Of studies that are not chosen, that is what the pages show. The states of the chosen ones after that.
    """
    if count := status.take_over(table):
        print(f"targets and trainings in {results} without a record: {count}, taken as they are", file=sys.stderr)
    outputs = status.examine(table)
    beside, unknown = status.shown_beside(table)
    said = status.set_untrusted_aside(outputs)
    lines = [
        *said,
        *status.set_untrusted_aside(beside, _made_by_its_study),
        *(f"not examined, because of {problem}" for problem in unknown),
    ]
    for line in lines[:_SHOWN]:
        print(f"learnability: {line}", file=sys.stderr)
    if len(lines) > _SHOWN:
        print(f"learnability: and {len(lines) - _SHOWN} more (learnability status lists them)", file=sys.stderr)
    return status.examine(table) if len(lines) > len(unknown) else outputs


def _made_by_its_study(output: status.Output) -> str:
    study = output.job.study if output.job else ""
    return f"left out until {make_figures(Path(output.path))} STUDY={study} makes it again"


def _remember(arguments: argparse.Namespace, table: JobTable, figures: list[str], before: str) -> None:
    """Remember that there is nothing to do, if that is so and the code is still that of the beginning of the run."""
    seen = settled.look(Path("results") / table.main.scale)  # first: whatever changes from here on looks different
    if seen is not None and seen.code == before and status.nothing_to_do(status.examine(table), figures):
        settled.keep(vars(arguments), seen, table.main.scale, figures)


def _store(address: str, results: Path, lease: str) -> AbstractContextManager[None]:
    """Around a run whose results live in a store; nothing where they live here."""
    if not address:
        return nullcontext()
    from learnability.archive.mirror import mirrored

    return mirrored(address, results, lease, print)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """The whole of ``make figures``; the exit status of the first call that fails.

    Raises UserError for a config that cannot be planned, an unknown profile or figure, and where another run is at
    work.
    """
    overrides = {key: getattr(arguments, key) for key in ("scale", "studies", "device") if getattr(arguments, key)}
    surroundings.demand_own_source()
    before = settled.code()
    cores = engine.count_of_cores(arguments.cores)
    _check_profile(arguments.profile)
    table = JobTable(Path("config"), overrides)
    if table.main.device == "cuda" and not arguments.profile:  # elsewhere the jobs see for themselves
        devices.demand_cuda()
    figures = _figures_named(table, arguments.figure)
    results = Path("results") / table.main.scale
    start = time.monotonic()
    lease = new_lease()
    with only_one_run(Path(".cache/run.lock"), lease) as own, writing(results, lease) as shared, ExitStack() as stack:
        for what, finish in _CHANGES.items():
            if finish(results):
                print(f"learnability: ended {what} in {results} that had been interrupted", file=sys.stderr)
        clear_leftovers(results)
        shutil.rmtree(".snakemake/locks", ignore_errors=True)  # nobody else is at work here
        stack.enter_context(_store(arguments.store, results, lease))
        outputs = _see_to_untrusted(table, results)
        state, record = RunState(table, cores), Record(_CACHE / "time_left.tsv")
        calls, display = _calls(table, figures, outputs, arguments.no_figures), display_for(console)
        for number, targets in enumerate(calls):
            outputs = status.examine(table) if number else outputs
            if arguments.no_figures:  # the engine would make what it is forced to make
                outputs = [one for one in outputs if not _DRAWN.search(one.path)]
            missing = (one.path for one in outputs if one.state != "current")
            state.expect(missing, more_calls=number + 1 < len(calls))
            command = _command(arguments, targets, status.to_force(outputs))
            with display:
                ended = _follow(command, (own, shared), lease, state, display, record, bool(arguments.profile))
            if ended:
                _explain_failure(state, results, console)
                return 1
        if figures:
            _pages(table)
        for folder in (results, FOLDER):
            clear_leftovers(folder)  # of jobs of a killed run that were still alive when this one began
        _remember(arguments, table, figures, before)
    if figures:
        describe_figures(figures, results, console)
        return 0
    drop_unneeded()
    if arguments.no_figures:
        console.print(f"verdicts {results / 'claims.json'}", highlight=False)
        return 0
    summarise(results, console)
    console.print(f"finished in {clock(time.monotonic() - start)}", highlight=False)
    return 0


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and run; 2 for a mistake of the user's."""
    parser = argparse.ArgumentParser(prog="python -m learnability.launch", description=__doc__)
    parser.add_argument("--scale", default="", help="smoke, laptop or paper")
    parser.add_argument("--studies", default="", help="comma-separated; default: those of config.yaml")
    parser.add_argument("--device", default="", help="auto, cpu or cuda")
    parser.add_argument("--cores", default="all")
    parser.add_argument("--figure", default="", help="comma-separated: only these figures, with what they need")
    parser.add_argument("--no-figures", action="store_true", help="the verdicts alone: neither figures nor report")
    parser.add_argument("--profile", default="", help="a folder of profiles/: where jobs run")
    parser.add_argument("--store", default="", help="an address such as s3://bucket/folder: where the results live")
    arguments = parser.parse_args(argv)
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    try:
        with engine.stopped_by_signals():
            lifeline.watch()
            lifeline.watch_make()
            return run(arguments, Console())
    except UserError as error:
        print(error.render(), file=sys.stderr)
        return 2
    except OSError as error:
        print(SystemTrouble(error).render(), file=sys.stderr)
        return 2
    except engine.Stopped as stopped:
        return stopped.told()


if __name__ == "__main__":
    sys.exit(main())

"""What the results of a scale are worth now: which outputs this code and this config make, and why not.

========== ==================================================================================================
state      of an output
========== ==================================================================================================
current    its bytes are those recorded, and setting, seeds, code and inputs are those of now
stale      it is what was recorded, but its setting, its code or something that it was made from changed
edited     its bytes are not those recorded, and nothing is damaged: somebody or something replaced it
damaged    its own digest does not fit: the disk, a transfer or a crash changed it
foreign    an artifact that belongs to another place, or a file that no job makes
missing    it is not there
unrecorded it is there, and nothing says how it was made
unreadable the system cannot read it
left out   a restored archive came without it, and nothing needs it
========== ==================================================================================================
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from learnability.pipeline.job_table import JobTable
from learnability.pipeline.jobs import Job, jobs, question_jobs
from learnability.pipeline.lock import demand_whole
from learnability.pipeline.questions import SCALE as QUESTIONS
from learnability.pipeline.restored import left_out
from learnability.results import manifest
from learnability.results.attributes import attributes, sha256
from learnability.results.errors import UserError, nearest
from learnability.results.identity import misplaced
from learnability.results.integrity import DamagedArtifact, SystemTrouble, check, set_aside

STATES = ("current", "stale", "edited", "damaged", "foreign", "missing", "unrecorded", "unreadable", "left out")
_UNTRUSTED = ("edited", "damaged", "foreign", "unrecorded")
_TAKEN_OVER = ("targets", "train")  # their paths hold the setting and the seeds
_SHOWN_RULES, _SHOWN_FILES = ("analyse", "figures", "claims"), (".zarr.zip", ".svg", "claims.json")
_OF_MANY = ("verdicts", "report")  # made from the studies of several runs
ARTIFACT = ".zarr.zip"
GOOD = ("current", "left out")
_SHOWN = 15
_ALONE = 3  # outputs of one state and reason that have a line each
_NOUNS = {
    "targets": ("target", "targets"),
    "train": ("training", "trainings"),
    "analyse": ("analysis", "analyses"),
    "figures": ("figure", "figures"),
    "claims": ("study to judge", "studies to judge"),
    "verdicts": ("list of verdicts", "lists of verdicts"),
    "report": ("report", "reports"),
}
"""What a job of each rule makes, one and several."""


@dataclass(frozen=True)
class Output:
    """One output: its state, why it has it, and the job that makes it (None for a file that no job makes).

    ``own`` says that it is stale by itself, not by what it was made from.
    """

    path: str
    state: str
    why: str = ""
    job: Job | None = None
    own: bool = False


class _Digests:
    """Digests of files, each computed once."""

    def __init__(self) -> None:
        self._known: dict[str, str | OSError | None] = {}

    def of(self, path: str) -> str | None:
        """The digest; None where there is no file. Raises OSError for one that cannot be read."""
        if path not in self._known:
            try:
                self._known[path] = sha256(Path(path))
            except FileNotFoundError:
                self._known[path] = None
            except OSError as error:
                self._known[path] = error
        found = self._known[path]
        if isinstance(found, OSError):
            raise found
        return found


def _differences(then: Mapping[str, Any], now: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """The parameters that differ, by their dotted names."""
    for key in sorted({*then, *now}):
        old, new = then.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(old, new, f"{before}{key}.")
        elif old != new:
            yield f"{before}{key} was {_short(old)}, is {_short(new)}"


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _own_change(job: Job, record: manifest.Record) -> str:
    """Why a job would make its output anew whatever its inputs are."""
    if record.taken_over and job.rule not in _TAKEN_OVER:
        return "nothing was recorded when it was made"
    changed = [] if not job.parameters else list(_differences(dict(record.job), json.loads(job.parameters)))
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return f"{changed[0]}{more}"
    if job.code and record.code != job.code:
        return f"its code changed ({record.code or 'unknown'}, now {job.code})"
    return ""


def _input_change(job: Job, record: manifest.Record, digests: _Digests, absent: Mapping[str, Any]) -> str:
    """Which of the inputs is not what the output was made from."""
    for path in job.inputs:
        if path not in record.inputs and path not in absent:
            return f"{path} was not among its inputs"
    for path, digest in record.inputs.items():
        if job.rule not in _OF_MANY and path not in job.inputs:
            return f"{path} is no longer among its inputs"
        try:
            now = digests.of(path)
        except OSError:
            return f"{path} cannot be read"
        if now is None and path not in absent:
            return f"{path} is gone"
        if now is not None and now != digest:
            return f"made from another {path}"
    return ""


def _replaced(path: str, job: Job) -> Output:
    """An output whose bytes are not those recorded."""
    if not path.endswith(ARTIFACT):
        return Output(path, "edited", "its bytes are not those recorded when it was made", job)
    try:
        check(Path(path))
        problem = misplaced(Path(path), attributes(Path(path)))
    except DamagedArtifact as damage:
        return Output(path, "damaged", damage.problem.removeprefix(f"{damage.what}: "), job)
    except (UserError, OSError, ValueError, KeyError) as error:
        return Output(path, "damaged", str(error).splitlines()[0], job)
    if problem:
        return Output(path, "foreign", problem, job)
    return Output(path, "edited", "sound, but not what was recorded when it was made", job)


def _state(path: str, job: Job, digests: _Digests, absent: Mapping[str, Any]) -> Output:
    """The state of an output by itself; that of its inputs is not looked at."""
    try:
        digest = digests.of(path)
    except OSError as error:
        return Output(path, "unreadable", SystemTrouble(error).problem, job)
    if digest is None:
        return Output(path, "left out" if path in absent else "missing", "", job)
    record = manifest.read(Path(path))
    if record is None:
        return Output(path, "unrecorded", "the manifest does not say how it was made", job)
    if record.sha256 != digest:
        return _replaced(path, job)
    if own := _own_change(job, record):
        return Output(path, "stale", own, job, own=True)
    if changed := _input_change(job, record, digests, absent):
        return Output(path, "stale", changed, job, own=True)
    return Output(path, "current", "", job)


def examine(table: JobTable, made: Sequence[Job] | None = None) -> list[Output]:
    """Every output of the chosen studies (or of these jobs) with its state, in the order of dependence."""
    digests, absent = _Digests(), left_out(table.main.scale)
    found: dict[str, Output] = {}
    for job in jobs(table) if made is None else made:
        bad = next((p for p in job.inputs if p in found and found[p].state not in GOOD), None)
        for path in job.outputs:
            output = _state(path, job, digests, absent)
            if output.state == "current" and bad:
                output = replace(output, state="stale", why=f"{bad} is {found[bad].state}")
            found[path] = output
    return list(found.values())


def shown_beside(table: JobTable) -> tuple[list[Output], list[str]]:
    """What the pages show of studies that are not chosen, by its own state alone, and what cannot be told.

    Only what cannot be trusted is to be found, which inputs do not decide: they are not read, and what is sound in
    itself may count as stale.
    """
    outputs: list[Output] = []
    problems = []
    for study in table.other_studies(table.main.scale):
        try:
            made = jobs(JobTable(table.folder, {"scale": table.main.scale, "studies": study}))
        except UserError as error:
            problems.append(f"{error.where}: {error.problem.splitlines()[0]}")
            continue
        own = [replace(job, inputs=()) for job in made if job.rule in _SHOWN_RULES]
        outputs += [output for output in examine(table, own) if output.path.endswith(_SHOWN_FILES)]
    return outputs, problems


_OURS = ("logs", "benchmarks", manifest.FOLDER, "exports")


def foreign(table: JobTable, outputs: Iterable[Output]) -> list[Output]:
    """Files below ``results/<scale>`` that no job of the config makes."""
    if {*table.configs} != {*table.every_study}:
        return []
    return _foreign(Path("results") / table.main.scale, outputs)


def _foreign(results: Path, outputs: Iterable[Output]) -> list[Output]:
    planned = {output.path for output in outputs}
    found = []
    for path in sorted(results.rglob("*")):
        inside = path.relative_to(results).parts
        if inside[0] in _OURS or inside[-1] == "restored.json" or any(part.startswith(".") for part in inside):
            continue
        if path.is_file() and path.as_posix() not in planned:
            aside = next((why for why in _UNTRUSTED if path.name.endswith(f".{why}")), "")
            said = f"set aside because it was {aside}" if aside else "no job of the config makes it"
            found.append(Output(path.as_posix(), "foreign", said))
    return found


def _said_of_itself(job: Job, path: str) -> tuple[dict[str, Any], str] | None:
    """The parameters and the code behind a sound artifact in its place, as it says itself; None for any other one."""
    wanted = json.loads(job.parameters)
    try:
        check(Path(path))
        known = attributes(Path(path))
    except (UserError, OSError, ValueError, KeyError):
        return None
    if misplaced(Path(path), known, study=wanted["study"]):
        return None
    return {**wanted, "root_seed": known.get("root_seed")}, str(known.get("code"))


def take_over(table: JobTable) -> int:
    """Record targets and trainings that were there before there was a manifest; how many.

    One is recorded when it is sound and in its place, with the code that it names. An analysis does not say of which
    settings and seeds it is, and figures, verdicts and pages say nothing of their origin: they are made again.
    """
    count = 0
    for job in jobs(table):
        for path in job.outputs if job.rule in _TAKEN_OVER else ():
            if not Path(path).is_file() or manifest.read(Path(path)) is not None:
                continue
            said = _said_of_itself(job, path)
            if said is None:
                continue
            parameters, code = said
            inputs = manifest.digests(Path(p) for p in job.inputs if Path(p).is_file())
            manifest.record([Path(path)], job.rule, parameters, code, inputs, taken_over=True)
            count += 1
    return count


def set_untrusted_aside(outputs: Iterable[Output], then: Callable[[Output], str] = lambda _: "made again") -> list[str]:
    """Rename every output that cannot be trusted, so that it is made again; what was done, a line each.

    ``then`` says what becomes of it.
    Raises SystemTrouble where the system refuses.
    """
    said = []
    for output in outputs:
        if output.state in _UNTRUSTED:
            try:
                aside = set_aside(Path(output.path), output.state)
            except OSError as error:
                raise SystemTrouble(error, "setting a file aside", Path(output.path)) from None
            said.append(f"{output.path}: {output.state}: {output.why}; set aside as {aside.name}, and {then(output)}")
    return said


def to_force(outputs: Iterable[Output]) -> list[str]:
    """Outputs that must be made again even where the engine's own records do not say so."""
    return [output.path for output in outputs if output.state == "stale" and output.own]


def examine_questions(table: JobTable) -> tuple[list[Output], list[str]]:
    """The outputs of every question that was answered here, foreign files included, and what cannot be told."""
    outputs: list[Output] = []
    problems = []
    for name in table.questions:
        try:
            found = examine(table, question_jobs(table, name))
        except UserError as error:
            problems.append(f"{error.where}: {error.problem.splitlines()[0]}")
            continue
        if any(output.state != "missing" for output in found):
            outputs += found
    if not problems:
        outputs += _foreign(Path("results") / QUESTIONS, outputs)
    return outputs, problems


def nothing_to_do(outputs: Sequence[Output], wanted: Iterable[str] = ()) -> bool:
    """Whether a run that asks for these files (for everything, where none is named) has nothing to do.

    What cannot be trusted is set aside by every run, and what is stale by itself is made again by every run.
    """
    by_path = {output.path: output for output in outputs}
    needed, waiting = set(), list(wanted) or list(by_path)
    while waiting:
        path = waiting.pop()
        if path not in needed and path in by_path:
            needed.add(path)
            job = by_path[path].job
            waiting += job.inputs if job else ()
    return all(output.state in GOOD or not (output.path in needed or output.own or output.state in _UNTRUSTED)
               for output in outputs)  # fmt: skip


def screen(
    table: JobTable, everything: bool = False, without_records: Callable[[Sequence[str]], int] = lambda _: 0
) -> tuple[str, bool]:
    """``learnability status``: the state of a scale on one screen (or all of it), and whether all is current.

    ``without_records`` counts the files that the workflow engine has no record of.
    """
    results = Path("results") / table.main.scale
    demand_whole(results)
    demand_whole(results / "report", "the writing of pages")
    outputs = examine(table)
    outputs += foreign(table, outputs)
    counts = Counter(output.state for output in outputs)
    lines = [f"results/{table.main.scale}: {_counted(outputs)}"]
    troubled = [output for output in outputs if output.state not in GOOD]
    to_do = [output for output in troubled if output.job is not None]
    if counts["missing"] == len(outputs):
        lines.append(f"  nothing has been made yet; learnability figures --scale {table.main.scale} makes it")
    else:
        lines += _listed(troubled, everything)
        if to_do:
            lines.append(f"make figures SCALE={table.main.scale} makes again: {_made_by(to_do)}")
            lines.append("learnability why FILE says how one was made")
    if count := without_records([output.path for output in outputs if output.state == "current"]):
        lines += [
            f"the workflow engine has no record of {count} file{'s' * (count > 1)}, copied from elsewhere:",
            "by their times it may make some again; push, pull and archives carry the records along",
        ]
    asked, good = _questions_screen(table, everything)
    return "\n".join([*lines, *asked]), not to_do and good


def _made_by(outputs: Iterable[Output]) -> str:
    """The jobs that make these outputs, counted: ``3 trainings, 1 analysis``."""
    made = {output.job.outputs: output.job.rule for output in outputs if output.job}
    counts = Counter(made.values())
    return ", ".join(f"{count} {_NOUNS[rule][count > 1]}" for rule, count in counts.items())


def _listed(troubled: Sequence[Output], everything: bool) -> Iterator[str]:
    """A line for each of these outputs, or for each reason that many share, and no more than a screen holds.

    What is wrong by itself comes first; what only follows from it, as what is made from a missing file, last.
    """
    names = {output.path for output in troubled}

    def follows(output: Output) -> bool:
        return output.state == "stale" and (not output.own or any(word in names for word in output.why.split()))

    groups: dict[tuple[bool, bool, int, str], list[Output]] = {}
    for place, output in enumerate(troubled):
        shared = output.why or (output.job.rule if output.job else "")
        key = follows(output), output.state != "missing", STATES.index(output.state)
        groups.setdefault((*key, f"{place:09}" if everything else shared), []).append(output)
    entries = [entry for key in sorted(groups, key=lambda key: key[:3]) for entry in _entries(groups[key])]
    shown = len(entries) if everything else _SHOWN
    yield from (line for line, _ in entries[:shown])
    if left := sum(count for _, count in entries[shown:]):
        yield f"  and {left} more (learnability status --all lists them)"
    elif len(entries) < len(troubled):
        yield "  (learnability status --all lists every file)"


def _entries(group: Sequence[Output]) -> Iterator[tuple[str, int]]:
    """The lines of outputs of one state and one reason, and how many outputs each is about."""
    state, why = group[0].state, f": {group[0].why}" if group[0].why else ""
    if len(group) > _ALONE:
        yield f"  {state:<10} {len(group)} files, such as {group[0].path}{why}", len(group)
    else:
        yield from ((f"  {state:<10} {output.path}{why}", 1) for output in group)


def _counted(outputs: Sequence[Output]) -> str:
    counts = Counter(output.state for output in outputs)
    return ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state]) or "nothing"


def _questions_screen(table: JobTable, everything: bool) -> tuple[list[str], bool]:
    """The same of the questions that were answered here; no line where none was."""
    outputs, problems = examine_questions(table)
    if not outputs and not problems:
        return [], True
    troubled = [output for output in outputs if output.state not in GOOD]
    troubled.sort(key=lambda output: output.state == "stale" and not output.own)
    lines = [f"results/{QUESTIONS}: {_counted(outputs)}", *(f"  unreadable {problem}" for problem in problems)]
    lines += _listed(troubled, everything)
    again = list(dict.fromkeys(output.job.study for output in troubled if output.job))
    lines += [f"learnability ask {name} sees to its outputs" for name in again[: None if everything else _SHOWN]]
    return lines, not again and not problems


def _source_of(job: Job, record: manifest.Record | None, table: JobTable) -> Iterator[str]:
    """What of the config and the code a job is made from."""
    parameters = json.loads(job.parameters) if job.parameters else {}
    keys = {"figures": f"figures.{job.name}", "claims": "experiments"}
    key = keys.get(job.rule, f"experiments.{job.name}" if job.name else "")
    if job.study in table.questions:
        yield f"config   config/questions/{job.study}.yaml"
    elif job.study:
        yield f"config   config/studies/{job.study}.yaml, {key}"
    for name in ("setting", "target"):
        if name in parameters:
            yield f"{name:<8} {_long(parameters[name])}"
    if "seeds" in parameters:
        yield "seeds    {} to {}, root seed {}".format(*parameters["seeds"], parameters["root_seed"])
    if job.code:
        then = record.code if record else ""
        yield f"code     {job.code}" if then in ("", job.code) else f"code     {job.code} now, made by {then}"
    if record is not None and record.taken_over:
        yield "recorded when the manifest was introduced, not when it was made"


def _long(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= 160 else f"{text[:157]}..."


def why(table: JobTable, path: str) -> str:
    """``learnability why``: the chain from the config to a file, as an indented tree.

    Raises UserError for a file that neither exists nor is an output.
    """
    asked = path.split("/")[2] if path.startswith(f"results/{QUESTIONS}/") else ""
    made = question_jobs(table, asked) if asked in table.questions else None
    outputs = {output.path: output for output in examine(table, made)}
    if path not in outputs:
        if not Path(path).exists():
            remedy = nearest(path, outputs, "name a file below results/")
            raise UserError(path, "no job makes such a file", remedy=remedy)
        return f"{path}  foreign\n  no job of the config makes it"
    lines: list[str] = []

    def tell(name: str, depth: int) -> None:
        output = outputs[name]
        indent = "  " * depth
        lines.append(f"{indent}{name}  {output.state}{f': {output.why}' if output.why else ''}")
        job = output.job
        assert job is not None
        record = manifest.read(Path(name))
        lines.append(f"{indent}  made by  {job.title}")
        lines.extend(f"{indent}  {line}" for line in _source_of(job, record, table))
        groups: dict[str, list[str]] = {}
        for source in job.inputs:
            below = outputs.get(source)
            groups.setdefault(below.job.rule if below and below.job else "other", []).append(source)
        for rule, sources in groups.items():
            alone = len(sources) <= 3 and rule != "train"
            told = sources if alone else [s for s in sources if s in outputs and outputs[s].state != "current"][:3]
            if not alone:
                lines.append(f"{indent}  from     {len(sources)} outputs of {rule}, such as {sources[0]}")
            for source in told:
                if source in outputs and depth < 6:
                    tell(source, depth + 1)
            if not alone and not told and sources[0] in outputs and depth < 6:
                tell(sources[0], depth + 1)

    tell(path, 0)
    return "\n".join(lines)

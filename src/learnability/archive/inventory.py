"""Whether the results of a scale are complete and current: an archive of anything else would mislead."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from learnability.archive.snakemake_records import out_of_date
from learnability.pipeline.job_table import JobTable
from learnability.pipeline.jobs import Job
from learnability.results.attributes import attributes
from learnability.results.errors import UserError
from learnability.results.integrity import DamagedArtifact, check

_SHOWN = 20


def required(made: Iterable[Job], with_runs: bool) -> list[str]:
    """The results that an archive holds: all, or all but the training artifacts."""
    return [path for job in made if with_runs or job.rule != "train" for path in job.outputs]


def _artifact_problem(job: Job, path: str) -> str:
    """Why a dataset is not what its job would make now."""
    try:
        check(Path(path))
    except DamagedArtifact as damage:
        return damage.problem
    found, wanted = attributes(Path(path)), json.loads(job.parameters)
    if found["code"] != job.code:
        return "out of date: made by other code"
    if found["root_seed"] != wanted["root_seed"]:
        return "out of date: made from another root seed"
    return ""


def _dataset_problems(made: Iterable[Job], wanted: set[str]) -> Iterator[tuple[str, str]]:
    for job in made:
        for path in job.outputs:
            if path in wanted and path.endswith(".zarr.zip") and Path(path).exists():
                problem = _artifact_problem(job, path)
                if problem:
                    yield path, problem


def _claims_problems(table: JobTable) -> Iterator[tuple[str, str]]:
    """Claims are judged again: a list of verdicts that does not follow from the analyses is not archived."""
    from learnability.pipeline.stages import claims_of_study
    from learnability.results.verdicts import to_json

    scale = table.main.scale
    rows = []
    for study in table.configs:
        path = Path(f"results/{scale}/{study}/claims.json")
        of_study = claims_of_study(study, table.kinds(study), [Path(p) for p in table.analysis_paths(study, scale)])
        rows += of_study
        if path.read_bytes() != to_json(of_study):
            yield path.as_posix(), "does not follow from the analyses: remove it"
    whole = Path(f"results/{scale}/claims.json")
    if whole.read_bytes() != to_json(rows):
        yield whole.as_posix(), "is not the list of the studies' claims: remove it"


def problems(table: JobTable, made: Sequence[Job], with_runs: bool) -> dict[str, str]:
    """Every result that is missing, damaged or out of date, with the reason."""
    wanted = required(made, with_runs)
    found = {path: f"out of date: {why}" for path, why in out_of_date(table).items() if path in wanted}
    found |= {path: "missing" for path in wanted if not Path(path).exists()}
    found |= dict(_dataset_problems(made, set(wanted)))
    if not any(path.endswith(("analysis.zarr.zip", "claims.json")) for path in found):
        found |= dict(_claims_problems(table))
    return found


def demand_complete(table: JobTable, made: Sequence[Job], with_runs: bool) -> None:
    """Raise UserError that names what is missing or out of date, or other studies beside those that are chosen."""
    others = table.other_studies(table.main.scale)
    if others:
        problem = f"the list of verdicts and the report hold {', '.join(others)} beside {', '.join(table.configs)}"
        remedy = "archive without STUDY, or make the study in a clone of its own and archive it there"
        raise UserError(f"results/{table.main.scale}", problem, remedy=remedy)
    found = problems(table, made, with_runs)
    if not found:
        return
    lines = [f"    {path}: {why}" for path, why in list(found.items())[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"    and {len(found) - _SHOWN} more")
    count = f"{len(found)} result{'s are' if len(found) > 1 else ' is'} missing or out of date"
    command = f"make figures SCALE={table.main.scale}"
    raise UserError(f"results/{table.main.scale}", "\n".join([count, *lines]), remedy=f"run {command}, then archive")

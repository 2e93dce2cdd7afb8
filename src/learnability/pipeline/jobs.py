"""Every job behind the results of a scale, in the order in which they depend on one another."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from learnability.pipeline import kinds, pages
from learnability.pipeline.canonical import canonical_json
from learnability.pipeline.config import Place
from learnability.pipeline.job_table import FIGURE_FORMATS, JobTable
from learnability.pipeline.questions import SCALE


@dataclass(frozen=True)
class Job:
    """One job: what it reads, what it writes, its parameters (canonical JSON) and the fingerprint of its code."""

    rule: str
    study: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: str = ""
    code: str = ""

    @property
    def title(self) -> str:
        """The job in words, as ``figures multi_index/escape_times``."""
        return " ".join(part for part in (self.rule, "/".join(p for p in (self.study, self.name) if p)) if part)


def _experiment_jobs(table: JobTable, study: str, name: str, scale: Place) -> Iterator[Job]:
    runs = table.train_paths(study, name, scale)
    for path in table.target_paths(study, name, scale):
        target = Path(path).name.split(".")[0]
        parameters = table.target_job(study, name, scale, target)
        yield Job("targets", study, name, (), (path,), parameters, table.targets_code(study, name))
    for setting in table.parts(study, name, scale):
        read = tuple(table.target_of_training(study, name, scale, setting))
        for first, last in table.experiment(study, name, scale).batches():
            path = f"results/{scale}/{study}/{name}/train/{setting}/seeds{first}-{last}.zarr.zip"
            parameters = table.train_job(study, name, scale, setting, first, last)
            yield Job("train", study, name, read, (path,), parameters, table.train_code(study, name))
    output = f"results/{scale}/{study}/{name}/analysis.zarr.zip"
    parameters = table.analysis_job(study, name, scale)
    inputs = (*table.targets_of_analysis(study, name, scale), *runs)
    yield Job("analyse", study, name, inputs, (output,), parameters, table.analyse_code(study, name))


def _figure_jobs(table: JobTable, study: str, scale: Place) -> Iterator[Job]:
    folder = f"results/{scale}/{study}"
    for figure, block in table.config(study).figures.items():
        inputs = tuple(f"{folder}/{name}/analysis.zarr.zip" for name in block.experiments)
        outputs = tuple(f"{folder}/figures/{figure}.{form}" for form in FIGURE_FORMATS)
        parameters = table.figure_job(study, figure)
        yield Job("figures", study, figure, inputs, outputs, parameters, table.figure_code(study, figure))


def jobs(table: JobTable) -> list[Job]:
    """All jobs of the active studies at the scale of the table."""
    scale = table.main.scale
    made: list[Job] = []
    for study, config in table.configs.items():
        for name in config.experiments:
            made += _experiment_jobs(table, study, name, scale)
        made += _figure_jobs(table, study, scale)
        analyses = tuple(table.analysis_paths(study, scale))
        claims = f"results/{scale}/{study}/claims.json"
        made += [Job("claims", study, "", analyses, (claims,), table.claims_job(study), table.claims_code(study))]
    listed = tuple(f"results/{scale}/{study}/claims.json" for study in table.configs)
    whole = f"results/{scale}/claims.json"
    drawn = tuple(p for job in made if job.rule == "figures" for p in job.outputs if p.endswith(".svg"))
    analysed = tuple(p for study in table.configs for p in table.analysis_paths(study, scale))
    made += [Job("verdicts", "", "", listed, (whole,), code=kinds.verdicts_code())]
    shown = canonical_json(pages.report_parameters(table.described()))
    made += [Job("report", "", "", (whole, *analysed, *drawn), tuple(table.report_paths()), shown, pages.report_code())]
    return made


def question_jobs(table: JobTable, name: str) -> list[Job]:
    """All jobs behind the answer to a question. Raises UserError for a question that cannot be read."""
    made = [job for kind in table.question(name).experiments for job in _experiment_jobs(table, name, kind, SCALE)]
    made += _figure_jobs(table, name, SCALE)
    drawn = tuple(p for job in made if job.rule == "figures" for p in job.outputs if p.endswith(".svg"))
    shown, page = canonical_json(pages.question_parameters()), f"results/{SCALE}/{name}/index.html"
    analysed = table.analysis_paths(name, SCALE)
    made += [Job("question_page", name, "", (*analysed, *drawn), (page,), shown, pages.question_code())]
    return made

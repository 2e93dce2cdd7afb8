"""The table of jobs: which jobs an experiment has, what each is called, and what its parameters say."""

import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from learnability.pipeline import kinds, questions, restored
from learnability.pipeline.canonical import canonical, canonical_json, parts_of, setting_id, stream_id, target_id
from learnability.pipeline.config import (
    MAX_COMMAND,
    SCALES,
    MainConfig,
    Place,
    PlannedExperiment,
    Scale,
    StudyConfig,
    load_main,
    load_study,
    plan_experiment,
)
from learnability.pipeline.costs import Costs
from learnability.pipeline.devices import faster_on_gpu
from learnability.results.contract import Setting
from learnability.results.errors import UserError

FIGURE_FORMATS = ("svg", "pdf", "png")
_STAGES = {"train": 90, "targets": 91, "analyse": 92, "figures": 93}
"""What goes first within one experiment: the higher. Trainings count down from the longest, which has that of all."""


class JobTable:
    """Every job of the chosen studies. Paths are relative to the working directory and start with ``results/``.

    Parameters are the folder with ``config.yaml`` and overrides of its keys. Raises UserError for a config that is not
    valid; the whole config is read and planned here, so that nothing runs before all of it is known to be good.
    """

    def __init__(self, folder: Path, overrides: Mapping[str, Any] | None = None) -> None:
        self.folder = folder
        self.main: MainConfig = load_main(folder / "config.yaml", overrides)
        self.every_study: tuple[str, ...] = load_main(folder / "config.yaml").studies
        self.configs: dict[str, StudyConfig] = {s: load_study(folder / "studies", s) for s in self.main.studies}
        for study in self.configs:
            for name in self.experiments(study, self.main.scale):
                self._demand_short_command(study, name)
        self.questions: tuple[str, ...] = questions.question_names(folder / "questions")
        for name in set(self.questions) & set(self.every_study):
            remedy = "rename the question"
            raise UserError(str(folder / "questions" / f"{name}.yaml"), f"{name} is the name of a study", "", remedy)

    @functools.cache  # noqa: B019
    def question(self, name: str) -> StudyConfig:
        """A question as the study that answers it. Read when it is asked for: a faulty one stops no other run."""
        return questions.as_study(questions.read_question(self.folder / "questions", name))

    def config(self, study: str) -> StudyConfig:
        """The config of a study, or of a question."""
        return self.configs[study] if study in self.configs else self.question(study)

    def package(self, study: str) -> str:
        """The package with the kinds of a study; those of a question are the atlas's."""
        return study if study in self.configs else questions.STUDY

    @functools.cache  # noqa: B019  (one table lives as long as the process)
    def experiments(self, study: str, scale: Place) -> dict[str, PlannedExperiment]:
        """The planned experiments of a study, by name.

        Raises UserError for a config that cannot be planned, and for a study at the place of questions.
        """
        asked = study not in self.configs
        where = str(self.folder / (questions.SCALE if asked else "studies") / f"{study}.yaml")
        if scale == questions.SCALE and not asked:
            raise UserError(where, f"{study} is a study, and no question", ", ".join(SCALES), "name a scale")
        blocks, package = self.config(study).experiments, self.package(study)
        planned: Scale = "laptop" if asked or scale == questions.SCALE else scale
        return {name: plan_experiment(where, package, name, block, planned) for name, block in blocks.items()}

    def experiment(self, study: str, name: str, scale: Place) -> PlannedExperiment:
        """One planned experiment."""
        return self.experiments(study, scale)[name]

    @functools.cache  # noqa: B019
    def parts(self, study: str, name: str, scale: Place) -> dict[str, Setting]:
        """The settings of an experiment's training jobs by their ids: one for each entry of what a kind separates."""
        experiment = self.experiment(study, name, scale)
        parts = (part for setting in experiment.settings for part in parts_of(experiment.declared, setting))
        return {setting_id(experiment.kind, part): part for part in parts}

    def _demand_short_command(self, study: str, name: str) -> None:
        """Raise UserError for an analysis whose command, with all its inputs and settings, no system would take."""
        scale = self.main.scale
        paths = [*self.targets_of_analysis(study, name, scale), *self.train_paths(study, name, scale)]
        length = sum(len(path) + 1 for path in paths) + len(self.analysis_job(study, name, scale).encode())
        if length > MAX_COMMAND:
            where = str(self.folder / "studies" / f"{study}.yaml")
            settings = len(self.experiment(study, name, scale).settings)
            problem = (
                f"experiments.{name} ({scale}): the command of its analysis would have {length} bytes, for "
                f"{settings} settings and {len(paths)} files"
            )
            remedy = "raise seed_batch, sweep over fewer values, or split the experiment"
            raise UserError(where, problem, f"at most {MAX_COMMAND} bytes", remedy)

    # Paths -----------------------------------------------------------------------------------------------------------

    def target_paths(self, study: str, name: str, scale: Place) -> list[str]:
        """The targets of an experiment, each once; none where its kind has no target."""
        experiment = self.experiment(study, name, scale)
        if not experiment.declared.has_target:
            return []
        ids = dict.fromkeys(target_id(s.target) for s in experiment.settings)
        return [f"results/{scale}/{study}/{name}/targets/{i}.zarr.zip" for i in ids]

    def target_of_training(self, study: str, name: str, scale: Place, setting: str) -> list[str]:
        """The target that a training job reads, if it reads one."""
        if "train" not in self.experiment(study, name, scale).declared.target_for:
            return []
        target = self.parts(study, name, scale)[setting].target
        return [f"results/{scale}/{study}/{name}/targets/{target_id(target)}.zarr.zip"]

    def targets_of_analysis(self, study: str, name: str, scale: Place) -> list[str]:
        """The targets that an analysis reads."""
        reads = "analyse" in self.experiment(study, name, scale).declared.target_for
        return self.target_paths(study, name, scale) if reads else []

    def train_paths(self, study: str, name: str, scale: Place) -> list[str]:
        """The training artifacts of an experiment: settings (or their separated parts) times seed batches."""
        batches = list(self.experiment(study, name, scale).batches())
        return [
            f"results/{scale}/{study}/{name}/train/{setting}/seeds{a}-{b}.zarr.zip"
            for setting in self.parts(study, name, scale)
            for a, b in batches
        ]

    def analysis_paths(self, study: str, scale: Place) -> list[str]:
        """The analyses of a study."""
        return [f"results/{scale}/{study}/{name}/analysis.zarr.zip" for name in self.config(study).experiments]

    def figure_paths(self, study: str, scale: Place) -> list[str]:
        """The figures of a study in every format."""
        names = self.config(study).figures
        return [f"results/{scale}/{study}/figures/{name}.{form}" for name in names for form in FIGURE_FORMATS]

    def artifact_paths(self, study: str, scale: Place) -> list[str]:
        """All datasets of a study, from target to analysis, without what a restored archive left out."""
        names = self.config(study).experiments
        made = [p for n in names for p in (*self.target_paths(study, n, scale), *self.train_paths(study, n, scale))]
        return restored.wanted(made, scale) + self.analysis_paths(study, scale)

    def study_paths(self, study: str, scale: Place) -> list[str]:
        """Everything that belongs to a study: artifacts, figures and its claims."""
        claims = f"results/{scale}/{study}/claims.json"
        return [*self.artifact_paths(study, scale), *self.figure_paths(study, scale), claims]

    def other_studies(self, scale: Scale) -> list[str]:
        """The studies that are not chosen now and have verdicts at this scale: they stay in the tables and pages."""
        found = (study for study in self.every_study if Path(f"results/{scale}/{study}/claims.json").is_file())
        return [study for study in found if study not in self.configs]

    def other_results(self, scale: Scale, pattern: str) -> list[str]:
        """The results of those other studies that match a pattern below the folder of a study."""
        folders = [Path(f"results/{scale}/{study}") for study in self.other_studies(scale)]
        return [path.as_posix() for folder in folders for path in sorted(folder.glob(pattern))]

    # Jobs ------------------------------------------------------------------------------------------------------------

    def target_job(self, study: str, name: str, scale: Place, target: str) -> str:
        """The job of a target: its content and its stream, nothing of how it is trained."""
        experiment = self.experiment(study, name, scale)
        found = next(s for s in experiment.settings if target_id(s.target) == target)
        return self._job(study, name, kind=experiment.kind, target=canonical(found.target), id=target)

    def train_job(self, study: str, name: str, scale: Place, setting: str, first: int, last: int) -> str:
        """The job of one seed batch of one setting."""
        experiment = self.experiment(study, name, scale)
        part = self.parts(study, name, scale)[setting]
        return self._job(
            study,
            name,
            kind=experiment.kind,
            setting=canonical(part),
            id=setting,
            stream=stream_id(experiment.kind, experiment.declared, part),
            seeds=[first, last],
            threads=experiment.threads,
            gpu=experiment.gpu,
        )

    def analysis_job(self, study: str, name: str, scale: Place) -> str:
        """The job of an analysis: the settings in their order, with the parts that were trained and the targets."""
        experiment = self.experiment(study, name, scale)
        settings = [
            {
                "parts": [setting_id(experiment.kind, part) for part in parts_of(experiment.declared, setting)],
                "target": target_id(setting.target),
                "setting": canonical(setting),
            }
            for setting in experiment.settings
        ]
        return self._job(study, name, kind=experiment.kind, settings=settings)

    def figure_job(self, study: str, figure: str) -> str:
        """The job of a figure."""
        block = self.config(study).figures[figure]
        return canonical_json({"study": self.package(study), "figure": figure, "experiments": list(block.experiments)})

    def claims_job(self, study: str) -> str:
        """The job of a study's verdicts."""
        return canonical_json({"study": study, "kinds": self.kinds(study)})

    def _job(self, study: str, name: str, **content: Any) -> str:
        content = {"study": self.package(study), "experiment": name, **content}
        return canonical_json({"root_seed": self.main.root_seed, **content})

    # Code ------------------------------------------------------------------------------------------------------------

    def kinds(self, study: str) -> tuple[str, ...]:
        """The kinds that the config of a study uses, in the order of their first experiment."""
        return tuple(dict.fromkeys(block.kind for block in self.config(study).experiments.values()))

    def kind(self, study: str, name: str) -> str:
        """The kind of an experiment."""
        return self.config(study).experiments[name].kind

    def targets_code(self, study: str, name: str) -> str:
        """The fingerprint of the code behind the targets of an experiment."""
        return kinds.targets_code(self.package(study), self.kind(study, name))

    def train_code(self, study: str, name: str) -> str:
        """The fingerprint of the code behind the training of an experiment."""
        return kinds.train_code(self.package(study), self.kind(study, name))

    def analyse_code(self, study: str, name: str) -> str:
        """The fingerprint of the code behind the analysis of an experiment."""
        return kinds.analyse_code(self.package(study), self.kind(study, name))

    def figure_code(self, study: str, figure: str) -> str:
        """The fingerprint of the code behind a figure."""
        return kinds.figure_code(self.package(study), figure)

    def claims_code(self, study: str) -> str:
        """The fingerprint of the code behind the verdicts of a study."""
        return kinds.claims_code(study, self.kinds(study))

    # Order -----------------------------------------------------------------------------------------------------------

    @functools.cache  # noqa: B019
    def _ranks(self, scale: Place) -> dict[tuple[str, str], int]:
        """The order of experiments: the cheapest figure of each study first, then the longest.

        So the first pictures come early, and no long job is left for the end, where it would keep one core busy alone.
        """
        costs = Costs.read()

        def cost(study: str, name: str) -> float:
            paths = [*self.target_paths(study, name, scale), *self.train_paths(study, name, scale)]
            return sum(map(costs.seconds, paths))

        figures: list[tuple[float, str, tuple[str, ...]]] = []
        first: list[tuple[float, str, tuple[str, ...]]] = []
        for study, config in self.configs.items():
            groups = [block.experiments for block in config.figures.values()]
            groups += [(name,) for name in config.experiments if not any(name in group for group in groups)]
            of_study = sorted((sum(cost(study, name) for name in group), study, group) for group in groups)
            first.append(of_study[0])
            figures += of_study[1:]
        ranks: dict[tuple[str, str], int] = {}
        for _, study, group in [*sorted(first), *sorted(figures, reverse=True)]:
            for name in group:
                ranks.setdefault((study, name), len(ranks))
        return ranks

    def wants_gpu(self, study: str, experiment: str, scale: Place) -> bool:
        """Whether a training job asks for a GPU: the experiment can use one, and the device is or will be one."""
        if not self.experiment(study, experiment, scale).gpu or self.main.device == "cpu":
            return False
        return self.main.device == "cuda" or faster_on_gpu(self.package(study), experiment, scale)

    def priority(self, study: str, names: Iterable[str], scale: Place, stage: str) -> int:
        """The priority of a job of a stage that belongs to these experiments; within one a later stage goes first."""
        if study not in self.configs:
            return _STAGES[stage]  # a question, which is asked alone
        ranks = self._ranks(scale)
        return 100 * (len(ranks) - max(ranks[study, name] for name in names)) + _STAGES[stage]

    def train_priority(self, study: str, name: str, scale: Place, setting: str, first: int, last: int) -> int:
        """The priority of a training: the longest of an experiment goes first, so that none is left for the end."""
        path = f"results/{scale}/{study}/{name}/train/{setting}/seeds{first}-{last}.zarr.zip"
        place = self._longest_first(study, name, scale).get(path, 0)
        return self.priority(study, [name], scale, "train") - min(place, _STAGES["train"])

    @functools.cache  # noqa: B019
    def _longest_first(self, study: str, name: str, scale: Place) -> dict[str, int]:
        """The place of every training of an experiment, by its reference cost."""
        costs = Costs.read()
        paths = sorted(self.train_paths(study, name, scale), key=costs.seconds, reverse=True)
        return {path: place for place, path in enumerate(paths)}

    # Report ----------------------------------------------------------------------------------------------------------

    def reported(self) -> tuple[str, ...]:
        """The studies that the report shows: those of this run, and others that have verdicts at this scale."""
        shown = {*self.configs, *self.other_studies(self.main.scale)}
        return tuple(study for study in self.every_study if study in shown)

    def report_paths(self, scale: str = "") -> list[str]:
        """The pages of the report on the chosen (or another) scale, the start page first."""
        shared = ("index.html", "verdicts.html", "search.html", "search.js", "style.css", "site.js")
        folder = f"results/{scale or self.main.scale}/report"
        return [f"{folder}/{name}" for name in (*shared, *(f"{study}.html" for study in self.reported()))]

    def described(self) -> dict[str, dict[str, Any]]:
        """What the report says of figures, by study and figure: the caption, and the experiments behind it."""
        known = {s: self.configs.get(s) or load_study(self.folder / "studies", s) for s in self.reported()}
        return {
            s: {f: {"caption": b.caption, "experiments": list(b.experiments)} for f, b in config.figures.items()}
            for s, config in known.items()
        }

    def described_json(self) -> str:
        """The same as canonical JSON; figures keep their order."""
        return json.dumps(self.described(), ensure_ascii=False, separators=(",", ":"))

    # Counting --------------------------------------------------------------------------------------------------------

    def question_paths(self, name: str) -> list[str]:
        """Everything that belongs to a question: artifacts, its figure and its page."""
        scale = questions.SCALE
        figures = self.figure_paths(name, scale)
        return [*self.artifact_paths(name, scale), *figures, f"results/{questions.SCALE}/{name}/index.html"]

    @functools.cache  # noqa: B019
    def _order(self, scale: Place, studies: tuple[str, ...]) -> dict[str, int]:
        paths: Iterable[str] = (
            path
            for study in studies
            for name in self.config(study).experiments
            for path in self.train_paths(study, name, scale)
        )
        return {path: number for number, path in enumerate(paths, start=1)}

    def run_number(self, study: str, name: str, scale: Place, setting: str, first: int, last: int) -> str:
        """Which training run of how many this is, as ``3/25``; ``0/25`` for one outside the table."""
        order = self._order(scale, tuple(self.configs) if study in self.configs else (study,))
        path = f"results/{scale}/{study}/{name}/train/{setting}/seeds{first}-{last}.zarr.zip"
        return f"{order.get(path, 0)}/{len(order)}"

"""What each stage does between its inputs and its outputs; the science is in the studies."""

import argparse
import hashlib
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from learnability import __version__
from learnability.pipeline.canonical import canonical_json
from learnability.pipeline.checkpoint import FOLDER, FileCheckpoint, drop_unneeded
from learnability.pipeline.config import validate
from learnability.pipeline.devices import demand_cuda, faster_on_gpu
from learnability.pipeline.kinds import figure_module, has_module, kind_of, stage_module
from learnability.pipeline.progress import Progress
from learnability.pipeline.streams import batch_names, stream
from learnability.results.atomic import replacing
from learnability.results.claim import Claim
from learnability.results.contract import Kind, Run
from learnability.results.identity import misplaced
from learnability.results.integrity import ForeignArtifact
from learnability.results.store import concatenate, read, write
from learnability.results.verdicts import rows_of_study, to_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FIGURE_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}
_TITLE_PLACES: tuple[Literal["left", "center", "right"], ...] = ("left", "center", "right")


def _kind(job: dict[str, Any]) -> Kind:
    return kind_of(job["study"], job["kind"])


def _versions() -> dict[str, str]:
    """The versions of what computed a result: only what was imported for it."""
    names = ("numpy", "scipy", "torch", "numba", "mpmath", "sklearn", "xarray", "zarr")
    found = {name: str(sys.modules[name].__version__) for name in names if name in sys.modules}
    return {"learnability": __version__, "python": sys.version.split()[0], **found}


def _stamp(dataset: xr.Dataset, arguments: argparse.Namespace, **more: Any) -> xr.Dataset:
    """The dataset with its provenance; nothing that differs between two runs of the same thing."""
    job = arguments.job
    attributes = {
        "stage": arguments.stage,
        "study": job["study"],
        "experiment": job["experiment"],
        "kind": job["kind"],
        "scale": arguments.scale,
        "root_seed": job["root_seed"],
        "code": arguments.code,
        "versions": canonical_json(_versions()),
        **more,
    }
    return dataset.assign_attrs({**dataset.attrs, **attributes})


def pick_device(allowed: bool, study: str, experiment: str, scale: str) -> str:
    """``cuda`` or ``cpu``, by ``LEARNABILITY_DEVICE`` (auto, cpu, cuda) and by what the experiment allows.

    ``auto`` takes what was measured to be faster. Raises UserError when CUDA is asked for and there is none.
    """
    wanted = os.environ.get("LEARNABILITY_DEVICE", "auto")
    if wanted == "cpu" or not allowed or (wanted == "auto" and not faster_on_gpu(study, experiment, scale)):
        return "cpu"
    import torch

    if wanted == "cuda":
        demand_cuda()
    return "cuda" if torch.cuda.is_available() else "cpu"


def build_target(arguments: argparse.Namespace, progress: Progress) -> None:
    """Build one target."""
    job = arguments.job
    target = validate(_kind(job).target_model, job["target"], "the job", "target")
    rng = stream(job["root_seed"], job["study"], job["experiment"], job["id"], "target")
    module = stage_module(job["study"], job["kind"], "targets")
    progress.watch.listen_to_compiler()
    progress.watch.begin("computing")
    dataset = module.build(target, rng)
    progress.watch.begin("writing")
    write(
        _stamp(dataset, arguments, target=job["id"], setting=canonical_json(job["target"])),
        arguments.output[0],
    )


@dataclass
class JobContext:
    """The :class:`~learnability.results.contract.RunContext` of a training job."""

    seeds: range
    device: str
    checkpoint: FileCheckpoint
    progress: Progress
    root_seed: int
    names: tuple[str, ...]

    def stream(self, name: str) -> np.random.Generator:
        """The stream ``name`` of this study, experiment, setting and seed batch."""
        return stream(self.root_seed, *self.names, name)


def _checkpoint(arguments: argparse.Namespace, device: str) -> FileCheckpoint:
    # The code of a target is not that of the training: another target is known by its digest alone.
    made_from = sorted(arguments.made_from.values())
    key = canonical_json([arguments.job, arguments.code, made_from, device, _versions()])
    return FileCheckpoint(FOLDER / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npz")


def train(arguments: argparse.Namespace, progress: Progress) -> Callable[[], None]:
    """Train one seed batch of one setting; what is to be done once the result is in place.

    Raises ForeignArtifact for an input that belongs to another place, and ValueError where the training does not give
    one entry for each seed.
    """
    job, kind = arguments.job, _kind(arguments.job)
    setting = validate(kind.setting, job["setting"], "the job", job["experiment"])
    device = pick_device(job["gpu"], job["study"], job["experiment"], arguments.scale)
    module = stage_module(job["study"], job["kind"], "train")
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(job["threads"])
    first, last = job["seeds"]
    seeds = range(first, last)
    names = batch_names(job["study"], job["experiment"], job["stream"], seeds)
    checkpoint = _checkpoint(arguments, device)
    drop_unneeded(older_than=24 * 3600.0)
    context = JobContext(seeds, device, checkpoint, progress, job["root_seed"], names)
    progress.watch.listen_to_compiler()
    progress.watch.begin("reading")
    targets = [_read_own(path, job) for path in arguments.input]
    progress.watch.begin("computing")
    result = module.train(setting, *targets, context)
    progress.watch.begin("writing")
    if "seed" not in result.dims or result.sizes["seed"] != last - first:
        raise ValueError(
            f"training gave dimensions {dict(result.sizes)}, and not one entry for each of {last - first} seeds"
        )
    result = result.assign_coords(seed=("seed", np.arange(first, last), {"units": "1", "long_name": "seed"}))
    more = {
        "setting_id": job["id"],
        "setting": canonical_json(job["setting"]),
        "seeds": [first, last],
        "device": device,
    }
    write(_stamp(result, arguments, **more), arguments.output[0])
    return checkpoint.finish


def _read_own(path: Path, job: dict[str, Any]) -> xr.Dataset:
    """An artifact of the job's own experiment. Raises ForeignArtifact for one that belongs to another place."""
    dataset = read(path)
    problem = misplaced(path, dataset.attrs, study=job["study"], root_seed=job["root_seed"])
    if problem:
        raise ForeignArtifact(path, problem)
    return dataset


def _demand_every_seed(setting: str, parts: list[xr.Dataset]) -> None:
    """Raise ValueError when a seed of a setting is missing or there twice."""
    seeds = sorted(int(seed) for part in parts for seed in part["seed"].values)
    if seeds != list(range(len(seeds))):
        raise ValueError(
            f"the batches of the setting {setting} hold the seeds {seeds[:20]}, not each of 0, 1, ... once"
        )


def _load_runs(job: dict[str, Any], inputs: list[Path]) -> list[Run]:
    """Targets and training artifacts, by what their attributes say they are, in the order of the settings."""
    kind = _kind(job)
    targets: dict[str, xr.Dataset] = {}
    batches: dict[str, list[xr.Dataset]] = {}
    for path in inputs:
        dataset = _read_own(path, job)
        if dataset.attrs["stage"] == "targets":
            targets[dataset.attrs["target"]] = dataset
        else:
            batches.setdefault(dataset.attrs["setting_id"], []).append(dataset)
    for setting_id, found in batches.items():
        _demand_every_seed(setting_id, found)
    runs = []
    for entry in job["settings"]:
        parts = [concatenate(batches[part], "seed") for part in entry["parts"]]
        result = concatenate(parts, kind.separated.axis) if kind.separated else parts[0]
        setting = validate(kind.setting, entry["setting"], "the job", job["experiment"])
        runs.append(Run(setting, result, targets.get(entry["target"])))
    return runs


def analyse(arguments: argparse.Namespace, progress: Progress) -> None:
    """Analyse all runs of one experiment.

    Raises ForeignArtifact for an input that belongs to another place, and ValueError where a seed of a setting is
    missing or there twice.
    """
    job = arguments.job
    module = stage_module(job["study"], job["kind"], "analyse")
    progress.watch.listen_to_compiler()
    progress.watch.begin("reading")
    runs = _load_runs(job, arguments.input)
    rng = stream(job["root_seed"], job["study"], job["experiment"], "analysis")
    progress.watch.begin("computing")
    dataset = module.analyse(runs, rng)
    progress.watch.begin("writing")
    devices = sorted({run.result.attrs["device"] for run in runs})
    seeds = sum(run.result.sizes["seed"] for run in runs)
    write(_stamp(dataset, arguments, devices=devices, total_seeds=seeds), arguments.output[0])


def read_analyses(inputs: Sequence[Path]) -> dict[str, xr.Dataset]:
    """Analyses by the name of their experiment.

    Raises DamagedArtifact for one that is not what was written, ForeignArtifact for one that belongs to another place.
    """
    found = {}
    for path in inputs:
        dataset = read(path)
        if problem := misplaced(path, dataset.attrs):
            raise ForeignArtifact(path, problem)
        found[dataset.attrs["experiment"]] = dataset
    return found


def finding_of(figure: "Figure") -> str:
    """What a figure says it found: its own title, or those of its panels."""
    titles = [figure.get_suptitle(), *(axes.get_title(place) for axes in figure.axes for place in _TITLE_PLACES)]
    return "; ".join(" ".join(title.split()) for title in dict.fromkeys(titles) if title.strip())


def import_code(stage: str, job: dict[str, Any]) -> None:
    """Import all code that a stage runs, so that an edit of the source after that does not reach this process."""
    if stage == "claims":
        claims_of_kinds(job["study"], job["kinds"])
    elif stage == "figures":
        import matplotlib

        matplotlib.use("agg")
        for module in ("formulas", "legible", "style"):
            importlib.import_module(f"learnability.results.{module}")
        figure_module(job["study"], job["figure"])
    else:
        stage_module(job["study"], job["kind"], stage)


def draw_figure(arguments: argparse.Namespace, progress: Progress) -> None:
    """Draw one figure in every format. Equal analyses give equal bytes."""
    import matplotlib

    matplotlib.use("agg")
    from learnability.results.formulas import parsed_once
    from learnability.results.legible import make_room
    from learnability.results.style import house_style

    matplotlib.rcdefaults()  # a matplotlibrc of the user's, or one in the folder, has no say
    job = arguments.job
    module = figure_module(job["study"], job["figure"])
    progress.watch.begin("reading")
    analyses = read_analyses(arguments.input)
    progress.watch.begin("computing")
    with house_style(), parsed_once():
        figure = module.draw(analyses)
        finding = finding_of(figure)
        progress.watch.begin("writing")
        make_room(figure, "reduced size: scale smoke" if arguments.scale == "smoke" else "")
        for path in arguments.output:
            form = path.suffix[1:]
            with replacing(path) as out:
                figure.savefig(out, format=form, metadata={**_FIGURE_METADATA[form], "Title": finding})


def judge_claims(arguments: argparse.Namespace, progress: Progress) -> None:
    """Judge the claims of one study."""
    progress.watch.begin("computing")
    rows = claims_of_study(arguments.job["study"], arguments.job["kinds"], arguments.input)
    progress.watch.begin("writing")
    with replacing(arguments.output[0]) as out:
        out.write(to_json(rows))


def claims_of_study(study: str, kinds: Sequence[str], analyses: list[Path]) -> list[dict[str, Any]]:
    """The rows of ``claims.json`` of one study, judged from its analyses."""
    artifacts = {path.parent.name: _below_results(path) for path in analyses}
    return rows_of_study(study, claims_of_kinds(study, kinds), read_analyses(analyses), artifacts)


def _below_results(path: Path) -> str:
    """A path from its last ``results`` on: the same wherever a storage plugin keeps its copies."""
    parts = path.parts
    places = [i for i, part in enumerate(parts) if part == "results"]
    return Path(*parts[places[-1] :]).as_posix() if places else path.as_posix()


def claims_of_kinds(study: str, kinds: Sequence[str]) -> list[Claim]:
    """The claims of a study, in the order of its kinds."""
    modules = [stage_module(study, kind, "claims") for kind in kinds if has_module(study, kind, "claims")]
    return [claim for module in modules for claim in module.CLAIMS]


STAGES: dict[str, Callable[[argparse.Namespace, Progress], Callable[[], None] | None]] = {
    "targets": build_target,
    "train": train,
    "analyse": analyse,
    "figures": draw_figure,
    "claims": judge_claims,
}
"""What each stage does, by its name in the workflow."""

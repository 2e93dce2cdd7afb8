"""What each stage does between its inputs and its outputs; the science is in the studies."""

import argparse
import hashlib
import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from learnability import __version__
from learnability.results.atomic import replacing
from learnability.pipeline.checkpoint import FileCheckpoint
from learnability.pipeline.config import validate
from learnability.results.errors import UserError
from learnability.pipeline.progress import Progress
from learnability.pipeline.canonical import canonical_json
from learnability.results.store import concatenate_seeds, read, write
from learnability.pipeline.streams import stream
from learnability.results.verdicts import rows_of_study, to_json
from learnability.results.contract import Experiment, Run, Setting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FIGURE_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}
_TITLE_PLACES: tuple[Literal["left", "center", "right"], ...] = ("left", "center", "right")


def _module(job: dict[str, Any], stage: str) -> ModuleType:
    return importlib.import_module(f"learnability.studies.{job['study']}.{stage}")


def _setting(job: dict[str, Any], content: dict[str, Any]) -> Setting:
    model = _module(job, "settings").KINDS[job["kind"]]
    return validate(model, content, "the job", job["experiment"])


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


def pick_device(allowed: bool) -> str:
    """``cuda`` or ``cpu``, by ``LEARNABILITY_DEVICE`` (auto, cpu, cuda) and by what the experiment allows.

    Raises UserError when CUDA is asked for and there is none.
    """
    wanted = os.environ.get("LEARNABILITY_DEVICE", "auto")
    if wanted == "cpu" or not allowed:
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise UserError(
            "DEVICE", "cuda was asked for, and torch sees no CUDA device", "auto, cpu, cuda", "use DEVICE=cpu"
        )
    return "cpu"


def run_targets(arguments: argparse.Namespace, progress: Progress) -> None:
    """Build one target."""
    job = arguments.job
    model = _module(job, "settings").KINDS[job["kind"]].model_fields["target"].annotation
    target = validate(model, job["target"], "the job", "target")
    rng = stream(job["root_seed"], job["study"], job["experiment"], job["id"], "target")
    dataset = _module(job, "targets").build(target, rng)
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
    key = canonical_json([arguments.job, arguments.code, device, _versions()])
    return FileCheckpoint(Path(".cache/checkpoints") / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npz")


def run_train(arguments: argparse.Namespace, progress: Progress) -> None:
    """Train one seed batch of one setting."""
    job = arguments.job
    setting = _setting(job, job["setting"])
    target = read(arguments.input[0])
    device = pick_device(job["gpu"])
    train = _module(job, "train").train
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(job["threads"])
    first, last = job["seeds"]
    names = (job["study"], job["experiment"], job["id"], f"seeds {first}-{last}")
    checkpoint = _checkpoint(arguments, device)
    context = JobContext(range(first, last), device, checkpoint, progress, job["root_seed"], names)
    result = train(setting, target, context)
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
    checkpoint.remove()


def _load_runs(job: dict[str, Any], inputs: list[Path]) -> list[Run]:
    """Targets and training artifacts, by what their attributes say they are, in the order of the settings."""
    targets: dict[str, xr.Dataset] = {}
    parts: dict[str, list[xr.Dataset]] = {}
    for path in inputs:
        dataset = read(path)
        if dataset.attrs["stage"] == "targets":
            targets[dataset.attrs["target"]] = dataset
        else:
            parts.setdefault(dataset.attrs["setting_id"], []).append(dataset)
    return [
        Run(_setting(job, entry["setting"]), targets[entry["target"]], concatenate_seeds(parts[entry["id"]]))
        for entry in job["settings"]
    ]


def run_analyse(arguments: argparse.Namespace, progress: Progress) -> None:
    """Analyse all runs of one experiment."""
    job = arguments.job
    runs = _load_runs(job, arguments.input)
    rng = stream(job["root_seed"], job["study"], job["experiment"], "analysis")
    dataset = _module(job, "analyse").analyse(Experiment(job["experiment"], job["kind"]), runs, rng)
    devices = sorted({run.result.attrs["device"] for run in runs})
    seeds = sum(run.result.sizes["seed"] for run in runs)
    write(_stamp(dataset, arguments, devices=devices, total_seeds=seeds), arguments.output[0])


def _analyses(inputs: list[Path]) -> dict[str, xr.Dataset]:
    datasets = [read(path) for path in inputs]
    return {dataset.attrs["experiment"]: dataset for dataset in datasets}


def _finding(figure: "Figure") -> str:
    """What a figure says it found: its own title, or those of its panels."""
    titles = [figure.get_suptitle(), *(axes.get_title(place) for axes in figure.axes for place in _TITLE_PLACES)]
    return "; ".join(" ".join(title.split()) for title in dict.fromkeys(titles) if title.strip())


def run_figures(arguments: argparse.Namespace, progress: Progress) -> None:
    """Draw one figure in every format. Equal analyses give equal bytes."""
    import matplotlib

    matplotlib.use("agg")
    from learnability.results.style import house_style

    job = arguments.job
    with house_style():
        figure = _module(job, "figures").FIGURES[job["figure"]](_analyses(arguments.input))
        finding = _finding(figure)
        for path in arguments.output:
            form = path.suffix[1:]
            with replacing(path) as out:
                figure.savefig(out, format=form, metadata={**_FIGURE_METADATA[form], "Title": finding})
            figure.set_layout_engine("none")  # laid out with the first format, and the same in the others


def run_claims(arguments: argparse.Namespace, progress: Progress) -> None:
    """Judge the claims of one study."""
    rows = claims_of_study(arguments.job["study"], arguments.input)
    with replacing(arguments.output[0]) as out:
        out.write(to_json(rows))


def claims_of_study(study: str, analyses: list[Path]) -> list[dict[str, Any]]:
    """The rows of ``claims.json`` of one study, judged from its analyses."""
    artifacts = {path.parent.name: path.as_posix() for path in analyses}
    return rows_of_study(study, _module({"study": study}, "claims").CLAIMS, _analyses(analyses), artifacts)

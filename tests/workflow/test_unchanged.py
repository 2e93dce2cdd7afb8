"""The short way of ``make figures`` never says that there is nothing to do where the full way would do something."""

import fcntl
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import Project

pytestmark = pytest.mark.workflow

DEMO = "results/laptop/demo"
CODE = "src/learnability/studies/demo"

# Whether the short way says that nothing is to do, and whether every output is current.
ASKED = """
from pathlib import Path
from learnability.pipeline import settled, status
from learnability.pipeline.job_table import JobTable
kept = settled.remembered({name: "" for name in ("scale", "studies", "device", "figure", "profile")})
print(kept is not None and settled.unchanged(kept))
try:
    print(status.screen(JobTable(Path("config")))[1])
except Exception as error:
    print(False)
"""


def _asked(project: Project, **more: str) -> tuple[bool, bool]:
    done = project.call(sys.executable, "-c", ASKED, **more)
    assert done.returncode == 0, done.stderr
    short, current = done.stdout.split()
    return short == "True", current == "True"


def _full_way_does_something(project: Project, current: bool) -> bool:
    done = project.snakemake("-n")
    return not current or done.returncode != 0 or "Nothing to be done" not in done.stdout + done.stderr


@contextmanager
def _put_back(project: Project, path: str) -> Iterator[Path]:
    """A file that is afterwards what it was, its time included."""
    file = project.folder / path
    before = (file.read_bytes(), file.stat()) if file.is_file() else None
    try:
        yield file
    finally:
        if before is None:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(before[0])
            os.utime(file, ns=(before[1].st_atime_ns, before[1].st_mtime_ns))


def _replaced(old: str, new: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    return change


def _flipped(file: Path) -> None:
    """One bit, with the size and the time as they were."""
    content, state = bytearray(file.read_bytes()), file.stat()
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))


def _of_other_code(file: Path) -> None:
    record = json.loads(file.read_text())
    file.write_text(json.dumps({**record, "code": "0" * 16}))


def _written(text: str) -> Callable[[Path], None]:
    return lambda file: file.write_text(text) and None  # type: ignore[func-returns-value]


TRAINED = "results/laptop/demo/first/train/*/seeds0-2.zarr.zip"
EDITS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "training code": (f"{CODE}/walk/train.py", _replaced("np.cos", "np.sin")),
    "figure code": (f"{CODE}/figures/means.py", _replaced("0].plot(", "0].step(")),
    "code of the list of verdicts": ("src/learnability/results/verdicts.py", _replaced("else -1", "else -2")),
    "a config value": ("config/studies/demo.yaml", _replaced("slope: 2.0", "slope: 3.0")),
    "the number of seeds": ("config/studies/demo.yaml", _replaced("laptop: {seeds: 4", "laptop: {seeds: 6")),
    "the root seed": ("config/config.yaml", _replaced("root_seed: 1", "root_seed: 2")),
    "a config that is not valid": ("config/config.yaml", _replaced("scale:", "scala:")),
    "a rule": ("workflow/rules/analyse.smk", _replaced("--scale {wildcards.scale}", "--scale  {wildcards.scale}")),
    "a template": ("src/learnability/report/templates/site/index.html", _replaced("<h1", "<h1 title='x'")),
    "a flipped bit": (TRAINED, _flipped),
    "a missing page": ("results/laptop/report/demo.html", Path.unlink),
    "a missing figure": (f"{DEMO}/figures/means.png", Path.unlink),
    "a missing artifact": (TRAINED, Path.unlink),
    "an edited figure": (f"{DEMO}/figures/means.svg", _written("<svg/>")),
    "a record of other code": ("results/laptop/manifest/demo/second/analysis.zarr.zip.json", _of_other_code),
    "no record": ("results/laptop/manifest/demo/claims.json.json", Path.unlink),
    "the engine's record": (".snakemake/metadata/*", _replaced('"params": [', '"params": ["x", ')),
    "an interrupted restore": ("results/laptop/.journal", _written("{}")),
}


@pytest.fixture(scope="module")
def settled_project(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose last run found nothing to do."""
    folder = tmp_path_factory.mktemp("settled") / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    project = Project(folder)
    done = project.launch("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _asked(project) == (True, True)
    return project


def test_a_run_that_made_everything_is_remembered_and_has_left_nothing_to_do(finished: Project) -> None:
    assert _asked(finished) == (True, True)
    assert not _full_way_does_something(finished, current=True)


@pytest.mark.parametrize("name", EDITS)
def test_the_short_way_sees_whatever_the_full_way_acts_on(settled_project: Project, name: str) -> None:
    pattern, change = EDITS[name]
    found = sorted(settled_project.folder.glob(pattern)) or [settled_project.folder / pattern]
    with _put_back(settled_project, found[0].relative_to(settled_project.folder).as_posix()) as file:
        change(file)
        short, current = _asked(settled_project)
        acts = _full_way_does_something(settled_project, current)
        assert acts, "this edit shows nothing: the full way does nothing either"
        assert not short
    assert _asked(settled_project) == (True, True)


@pytest.mark.parametrize("name", ["CUDA_VISIBLE_DEVICES", "SNAKEMAKE_SLURM_ACCOUNT", "TMPDIR", "PIP_INDEX_URL"])
def test_a_variable_that_is_honoured_is_a_doubt(settled_project: Project, name: str, tmp_path: Path) -> None:
    assert _asked(settled_project, **{name: str(tmp_path)})[0] is False


def test_both_ways_say_the_same(settled_project: Project) -> None:
    """Also where the committed verdicts differ, which no run acts on."""
    rows = settled_project.claims()
    committed = {"scale": "laptop", "claims": [{**row, "verdict": "not tested"} for row in rows]}
    (settled_project.folder / "docs").mkdir(exist_ok=True)
    (settled_project.folder / "docs/verdicts.json").write_text(json.dumps(committed))
    short = settled_project.call(sys.executable, "-m", "learnability.cli", "figures", "--cores", "1")
    full = settled_project.launch("--cores", "2")
    (settled_project.folder / "docs/verdicts.json").unlink()
    assert short.returncode == full.returncode == 0, short.stderr + full.stderr
    *said, last = short.stdout.rstrip().splitlines()
    assert last.startswith("nothing to do: every file is what it was")
    assert said == full.stdout.rstrip().splitlines()[:-1]
    assert re.search(r"verdicts that differ from docs/verdicts.json \([1-9]", short.stdout)


def test_the_short_way_waits_for_nobody(settled_project: Project) -> None:
    """A run at work is named, as the full way names it."""
    with (settled_project.folder / "results/laptop/.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        done = settled_project.call(sys.executable, "-m", "learnability.cli", "figures")
    assert done.returncode == 2
    assert "another run is at work here" in done.stderr

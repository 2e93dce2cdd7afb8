"""What a dry run of all studies plans at laptop scale after each kind of change.

The results are empty files that the engine holds for complete: what is tested is which jobs depend on which code and
which setting, and that needs no number.
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import ROOT, Project, copy_of_the_project

pytestmark = pytest.mark.workflow

STUDIES = "src/learnability/studies"
_PRETEND = """
from pathlib import Path
from learnability.pipeline.jobs import jobs
from learnability.pipeline.job_table import JobTable
for job in jobs(JobTable(Path("config"))):
    for output in map(Path, job.outputs):
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(str(output))
"""


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with all its studies, and results that pass for complete."""
    project = copy_of_the_project(tmp_path_factory.mktemp("complete") / "project")
    done = project.call(sys.executable, "-c", _PRETEND)
    assert done.returncode == 0, done.stderr
    done = project.snakemake("all", "--touch", "--forceall", "--cores", "2", "--quiet", "all")
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def studies(complete: Project, tmp_path: Path) -> Project:
    shutil.copytree(complete.folder, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")


def _line_in(function: str) -> Callable[[str], str]:
    """One more statement at the start of a function."""

    def change(text: str) -> str:
        lines = text.split("\n")
        start = next(i for i, line in enumerate(lines) if line.startswith(f"def {function}("))
        end = next(i for i in range(start, len(lines)) if lines[i].endswith(":") and not lines[i].endswith("(:"))
        return "\n".join([*lines[: end + 1], "    __debug__", *lines[end + 1 :]])

    return change


def test_nothing_changed_plans_nothing(studies: Project) -> None:
    assert studies.planned() == {}


def test_training_code_of_one_kind_plans_its_experiments_alone(studies: Project) -> None:
    """One line of the training of multi_index samples: its two experiments, their figure and the claims alone."""
    studies.edit(f"{STUDIES}/multi_index/samples/train.py", _line_in("train"))
    planned = studies.planned()
    assert planned == {"train": 6, "analyse": 2, "figures": 1, "claims": 1, "verdicts": 1}


def test_the_code_of_one_figure_plans_that_figure(studies: Project) -> None:
    studies.edit(f"{STUDIES}/multi_index/figures/staircase.py", _line_in("draw"))
    assert studies.planned() == {"figures": 1}


def test_the_analysis_of_one_kind_plans_its_own(studies: Project) -> None:
    studies.edit(f"{STUDIES}/multi_index/precision/analyse.py", _line_in("analyse"))
    assert studies.planned() == {"analyse": 1, "figures": 1, "claims": 1, "verdicts": 1}


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("src/learnability/results/errors.py", "remedy", "cure"),
        ("src/learnability/results/integrity.py", "damaged artifact", "broken artifact"),
        ("src/learnability/pipeline/progress.py", " left", " to go"),
    ],
)
def test_an_error_text_or_a_log_line_plans_nothing(studies: Project, module: str, old: str, new: str) -> None:
    studies.edit(module, lambda text: text.replace(old, new))
    assert studies.planned() == {}


def test_a_new_optional_field_of_a_setting_plans_nothing(studies: Project) -> None:
    studies.edit(
        f"{STUDIES}/multi_index/samples/setting.py",
        lambda text: text.replace("    ridge: float", "    momentum: float = 0.0\n    ridge: float"),
    )
    assert studies.planned() == {}


def test_one_more_dimension_of_escape_trains_that_dimension_alone(studies: Project) -> None:
    text = "dimensions: [100, 10000, 1000000, 10000000, 100000000]\n      target:"
    studies.edit(
        "config/studies/multi_index.yaml",
        lambda yaml: yaml.replace(text, text.replace("100000000]", "100000000, 1000000000]")),
    )
    assert studies.planned() == {"train": 1, "analyse": 1, "figures": 1, "claims": 1, "verdicts": 1}


def test_twice_the_seeds_train_the_new_batches_alone(studies: Project) -> None:
    """64 -> 128 seeds of the planted escape: one batch more for each dimension, since every experiment has batches."""

    def twice(text: str) -> str:
        head, key, tail = text.partition("  escape_planted:")
        return head + key + tail.replace("seeds: 64, seed_batch: 64", "seeds: 128, seed_batch: 64", 1)

    studies.edit("config/studies/multi_index.yaml", twice)
    assert studies.planned() == {"train": 5, "analyse": 1, "figures": 1, "claims": 1, "verdicts": 1}


def test_a_study_run_alone_leaves_the_results_of_the_others(studies: Project) -> None:
    """The list of verdicts and the page are made from every study that has verdicts, whichever are chosen."""
    done = studies.snakemake(
        "-n", "-p", "--workflow-profile", "none", "--forcerun", "verdicts", "--config", "studies=multi_index"
    )
    assert done.returncode == 0, done.stderr
    command = next(line for line in (done.stdout + done.stderr).splitlines() if "results.verdicts" in line)
    for name in (path.stem for path in (ROOT / "config/studies").glob("*.yaml")):
        assert f"results/laptop/{name}/claims.json" in command

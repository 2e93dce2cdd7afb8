"""What a dry run plans after each kind of change: only what depends on the change."""

import os
import shutil
from pathlib import Path

import pytest

from .conftest import Project, make_project

pytestmark = pytest.mark.workflow

STUDY = "src/learnability/studies/demo"
CONFIG = "config/studies/demo.yaml"


def test_nothing_changed_plans_nothing(project: Project) -> None:
    assert project.planned() == {}


def test_code_of_the_figures_plans_only_figures(project: Project) -> None:
    project.edit(f"{STUDY}/figures.py", lambda text: text.replace(".plot(", ".semilogx("))
    assert project.planned() == {"figures": 1}


def test_shared_style_plans_only_figures(project: Project) -> None:
    project.edit("src/learnability/studies/style.py", lambda text: text.replace('"font.size": 8.5', '"font.size": 9'))
    assert project.planned() == {"figures": 1}


@pytest.mark.parametrize("module", ["train", "targets", "analyse", "claims", "figures", "settings"])
def test_comments_docstrings_and_formatting_plan_nothing(project: Project, module: str) -> None:
    project.edit(
        f"{STUDY}/{module}.py",
        lambda text: '"""Another docstring."""\n# a comment\n\n\n' + text.replace(" = ", "  =  "),
    )
    assert project.planned() == {}


def test_code_of_training_plans_training_and_what_follows(project: Project) -> None:
    project.edit(f"{STUDY}/train.py", lambda text: text.replace("np.cos", "np.sin"))
    assert project.planned() == {"train": 5, "analyse": 2, "claims": 1, "figures": 1, "verdicts": 1}


def test_code_that_training_imports_counts_as_its_own(project: Project) -> None:
    (project.folder / "src/learnability/numerics/halves.py").write_text("HALF = 0.5\n")
    project.edit(f"{STUDY}/train.py", lambda text: text.replace("import xarray as xr", _IMPORT))
    assert project.planned()["train"] == 5
    assert project.launch().returncode == 0
    assert project.planned() == {}
    (project.folder / "src/learnability/numerics/halves.py").write_text("HALF = 0.25\n")
    assert project.planned()["train"] == 5


_IMPORT = "import xarray as xr\nfrom learnability.numerics.halves import HALF"


def test_code_of_the_analysis_does_not_retrain(project: Project) -> None:
    project.edit(f"{STUDY}/analyse.py", lambda text: text.replace(".mean())", ".median())"))
    assert project.planned() == {"analyse": 2, "claims": 1, "figures": 1, "verdicts": 1}


def test_a_value_of_one_experiment_plans_that_experiment_alone(project: Project) -> None:
    project.edit(CONFIG, lambda text: text.replace("dimension: 5", "dimension: 6"))
    assert project.planned() == {"train": 1, "analyse": 1, "claims": 1, "verdicts": 1}


def test_a_new_value_of_a_sweep_plans_only_the_new_setting(project: Project) -> None:
    project.edit(CONFIG, lambda text: text.replace("[2, 3]", "[2, 3, 4]"))
    assert project.planned() == {"train": 2, "analyse": 1, "claims": 1, "figures": 1, "verdicts": 1}


def test_more_seeds_plan_only_the_new_batches(project: Project) -> None:
    project.edit(CONFIG, lambda text: text.replace("laptop: {seeds: 4,", "laptop: {seeds: 8,"))
    assert project.planned() == {"train": 4, "analyse": 1, "claims": 1, "figures": 1, "verdicts": 1}


def test_a_new_field_with_a_default_keeps_the_ids(project: Project) -> None:
    """The fingerprint asks for new runs (the settings are code), the names of the files stay."""
    before = set(project.contents())
    project.edit(f"{STUDY}/settings.py", lambda text: text.replace("steps: int", "pace: float = 1.0\n    steps: int"))
    assert project.launch().returncode == 0
    assert set(project.contents()) == before


def test_comments_in_the_config_plan_nothing(project: Project) -> None:
    project.edit(CONFIG, lambda text: "# a comment\n" + text.replace("{dimension: [2, 3]}", "{ dimension: [ 2, 3 ] }"))
    assert project.planned() == {}


def test_touching_everything_plans_nothing(project: Project) -> None:
    for path in sorted(project.folder.rglob("*")):
        if path.is_file() and ".snakemake" not in path.parts:
            os.utime(path)
    assert project.planned() == {}


def test_a_fresh_clone_over_existing_results_plans_nothing(project: Project, tmp_path: Path) -> None:
    clone = make_project(tmp_path / "clone")
    shutil.move(str(project.folder / "results"), clone.folder / "results")
    shutil.move(str(project.folder / ".snakemake"), clone.folder / ".snakemake")
    assert clone.planned() == {}


def test_equal_analyses_leave_the_figures_alone(project: Project) -> None:
    """Training code that changes without changing a number: the figure is not drawn again."""
    project.edit(f"{STUDY}/train.py", lambda text: text.replace("step += 1", "step = step + 1"))
    figure = project.folder / "results/laptop/demo/figures/means.svg"
    drawn = figure.stat().st_mtime_ns
    done = project.launch()
    assert done.returncode == 0, done.stdout
    assert figure.stat().st_mtime_ns == drawn


def test_the_first_run_is_one_call_of_the_engine(fresh: Project) -> None:
    done = fresh.launch()
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Job stats") == 1

"""What a dry run plans after each kind of change: only what depends on the change."""

import os
import shutil
from pathlib import Path

import pytest
import xarray as xr

from learnability.results.store import read

from .conftest import Project, make_project

pytestmark = pytest.mark.workflow

STUDY = "src/learnability/studies/demo"
CONFIG = "config/studies/demo.yaml"


def test_nothing_changed_plans_nothing(project: Project) -> None:
    assert project.planned() == {}


def test_code_of_one_figure_plans_that_figure(project: Project) -> None:
    project.edit(f"{STUDY}/figures/means.py", lambda text: text.replace(".plot(", ".semilogx("))
    assert project.planned() == {"figures": 1}


def test_shared_style_plans_only_figures(project: Project) -> None:
    style = "src/learnability/results/style.py"
    project.edit(style, lambda text: text.replace('"grid.linewidth": 0.5', '"grid.linewidth": 0.6'))
    assert project.planned() == {"figures": 2}


@pytest.mark.parametrize(
    "module", ["walk/train", "walk/targets", "walk/analyse", "walk/claims", "figures/means", "walk/setting"]
)
def test_comments_docstrings_and_formatting_plan_nothing(project: Project, module: str) -> None:
    project.edit(
        f"{STUDY}/{module}.py",
        lambda text: '"""Another docstring."""\n# a comment\n\n\n' + text.replace(" = ", "  =  "),
    )
    assert project.planned() == {}


def test_code_of_training_plans_training_and_what_follows(project: Project) -> None:
    project.edit(f"{STUDY}/walk/train.py", lambda text: text.replace("np.cos", "np.sin"))
    assert project.planned() == {"train": 5, "analyse": 2, "claims": 1, "figures": 1, "verdicts": 1}


def test_code_that_training_imports_counts_as_its_own(project: Project) -> None:
    (project.folder / "src/learnability/statistics/halves.py").write_text("HALF = 0.5\n")
    project.edit(f"{STUDY}/walk/train.py", lambda text: text.replace("import xarray as xr", _IMPORT))
    assert project.planned() == {}  # what is imported and not used changes nothing
    project.edit(f"{STUDY}/walk/train.py", lambda text: text.replace("drift = float", "drift = HALF * float"))
    assert project.planned()["train"] == 5
    assert project.launch().returncode == 0
    assert project.planned() == {}
    (project.folder / "src/learnability/statistics/halves.py").write_text("HALF = 0.25\n")
    assert project.planned()["train"] == 5


_IMPORT = "import xarray as xr\nfrom learnability.statistics.halves import HALF"


def test_code_of_the_analysis_does_not_retrain(project: Project) -> None:
    project.edit(f"{STUDY}/walk/analyse.py", lambda text: text.replace(".mean())", ".median())"))
    assert project.planned() == {"analyse": 2, "claims": 1, "figures": 1, "verdicts": 1}


def test_a_value_of_one_experiment_plans_that_experiment_alone(project: Project) -> None:
    project.edit(CONFIG, lambda text: text.replace("dimension: 5", "dimension: 6"))
    assert project.planned() == {"train": 1, "analyse": 1, "claims": 1, "verdicts": 1}


def test_a_new_value_of_a_sweep_plans_only_the_new_setting(project: Project) -> None:
    project.edit(CONFIG, lambda text: text.replace("{dimension: [2, 3]}", "{dimension: [2, 3, 4]}"))
    assert project.planned() == {"train": 2, "analyse": 1, "claims": 1, "figures": 1, "verdicts": 1}


def test_more_seeds_plan_only_the_new_batches(project: Project) -> None:
    project.edit(CONFIG, lambda text: text.replace("laptop: {seeds: 4,", "laptop: {seeds: 8,"))
    assert project.planned() == {"train": 6, "analyse": 2, "claims": 1, "figures": 2, "verdicts": 1}


def test_one_more_entry_of_what_a_kind_separates_trains_that_entry_alone(project: Project) -> None:
    before = project.contents()
    project.edit(CONFIG, lambda text: text.replace("dimensions: [2, 3]", "dimensions: [2, 3, 9]"))
    assert project.planned() == {"train": 1, "analyse": 1, "claims": 1, "figures": 1, "verdicts": 1}
    assert project.launch().returncode == 0
    after = project.contents()
    trained = [path for path in before if "/laptop/demo/third/train/" in path]
    assert len(trained) == 2
    assert all(after[path] == before[path] for path in trained)
    verdicts = {claim["id"]: claim["verdict"] for claim in project.claims()}
    assert verdicts["demo/positive.nine"] == "supported"


def test_separated_entries_share_their_random_numbers(project: Project) -> None:
    (two, _), (three, _) = (
        (dataset["norm"].values[0], path)
        for path, dataset in sorted(_trained(project, "third"), key=lambda pair: float(pair[1]["dimension"][0]))
    )
    assert (three > two).all()  # one more square of the same numbers


def _trained(project: Project, experiment: str) -> list[tuple[Path, xr.Dataset]]:
    paths = sorted(project.folder.glob(f"results/laptop/demo/{experiment}/train/*/*.zarr.zip"))
    return [(path, read(path)) for path in paths]


def test_a_kind_without_a_target_has_no_target_job(project: Project) -> None:
    assert not list(project.folder.glob("results/laptop/demo/third/targets/*"))
    assert list(project.folder.glob("results/laptop/demo/first/targets/*"))


@pytest.mark.parametrize("kind", ["walk", "scan"])
def test_a_new_optional_field_plans_nothing(project: Project, kind: str) -> None:
    line = {"walk": "    steps: int", "scan": "    power: float"}[kind]
    project.edit(f"{STUDY}/{kind}/setting.py", lambda text: text.replace(line, f"    pace: float = 1.0\n{line}"))
    assert project.planned() == {}


def test_a_changed_default_that_training_reads_retrains(project: Project) -> None:
    project.edit(f"{STUDY}/scan/setting.py", lambda text: text.replace("power: float = 2.0", "power: float = 3.0"))
    assert project.planned() == {"train": 2, "analyse": 1, "claims": 1, "figures": 1, "verdicts": 1}


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("src/learnability/results/errors.py", "remedy", "cure"),
        ("src/learnability/results/integrity.py", "damaged artifact", "broken artifact"),
        ("src/learnability/pipeline/progress.py", " left", " to go"),
        ("src/learnability/pipeline/progress.py", "done in", "finished in"),
        ("src/learnability/pipeline/checkpoint.py", '"20"', '"30"'),
        ("src/learnability/results/store.py", "holds {variable.dtype}", "has the type {variable.dtype}"),
    ],
)
def test_words_of_errors_and_logs_plan_nothing(project: Project, module: str, old: str, new: str) -> None:
    project.edit(module, lambda text: text.replace(old, new))
    assert project.planned() == {}


def test_words_that_verdicts_repeat_plan_verdicts(project: Project) -> None:
    measuring = "src/learnability/results/measuring.py"
    project.edit(measuring, lambda text: text.replace("(what or str(label))", '(what or f"{label}")'))
    assert project.planned() == {"claims": 1, "verdicts": 1}


def test_code_of_the_list_of_verdicts_plans_that_list(project: Project) -> None:
    verdicts = "src/learnability/results/verdicts.py"
    project.edit(verdicts, lambda text: text.replace("if study in order else -1", "if study in order else -2"))
    assert project.planned() == {"verdicts": 1}
    assert project.launch().returncode == 0
    assert project.planned() == {}


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
    project.edit(f"{STUDY}/walk/train.py", lambda text: text.replace("step += 1", "step = step + 1"))
    figure = project.folder / "results/laptop/demo/figures/means.svg"
    drawn = figure.stat().st_mtime_ns
    done = project.launch()
    assert done.returncode == 0, done.stdout
    assert figure.stat().st_mtime_ns == drawn


def test_the_first_run_is_one_call_of_the_engine(fresh: Project) -> None:
    done = fresh.launch()
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("to do") == 1

"""The tutorial, followed: its YAML and its figure in a project of their own, its commands, its answers."""

import re
import shutil
from pathlib import Path

import pytest

from .conftest import ROOT, Project

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

TEXT = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
STUDY = "src/learnability/studies/multi_index"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with the experiment and the figure of the tutorial, and multi_index as its only study."""
    folder = tmp_path_factory.mktemp("tutorial") / "project"
    folder.mkdir()
    shutil.copy2(ROOT / "Snakefile", folder)
    for part in ("config", "workflow", "src/learnability", "profiles"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    experiment, figure = _blocks("yaml")
    made = Project(folder)
    made.edit("config/config.yaml", lambda _: "root_seed: 1\nscale: laptop\ndevice: cpu\nstudies: [multi_index]\n")
    config = "config/studies/multi_index.yaml"
    made.edit(config, lambda text: text.replace("experiments:\n", f"experiments:\n{experiment}\n", 1))
    made.edit(config, lambda text: re.sub(r"(?m)^figures:\n", f"figures:\n{figure}", text, count=1))
    (drawing,) = (block for block in _blocks("python") if "def draw" in block)
    (folder / STUDY / "figures/my_target.py").write_text(drawing)
    return made


def test_its_commands_make_the_analysis_and_then_the_figure_alone(project: Project) -> None:
    commands = re.findall(r"^snakemake .*$", TEXT, flags=re.MULTILINE)
    assert len(commands) == 2
    analysed, drawn = (project.snakemake(*command.split()[1:]) for command in commands)
    assert analysed.returncode == 0, analysed.stdout + analysed.stderr
    assert "[analyse] multi_index/my_target" in analysed.stdout + analysed.stderr
    assert drawn.returncode == 0, drawn.stdout + drawn.stderr
    assert "[figures] multi_index/my_target" in drawn.stdout + drawn.stderr
    assert "[analyse]" not in drawn.stdout + drawn.stderr
    assert (project.folder / "results/smoke/multi_index/figures/my_target.png").stat().st_size > 10_000


def test_its_python_says_that_the_target_is_learned(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (reading,) = (block for block in _blocks("python") if "open_results" in block)
    monkeypatch.chdir(project.folder)
    names: dict[str, object] = {}
    exec(reading, names)
    assert float(names["median"].sel(dimension=1000).isel(time=-1)) < 1e-3  # type: ignore[attr-defined]


def test_the_folder_that_it_names_is_there() -> None:
    assert (ROOT / STUDY / "trajectory/setting.py").is_file()
    assert Path(ROOT / "docs/api.md").is_file()

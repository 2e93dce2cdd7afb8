"""The demo study on a real Slurm: the same bytes as a local run, and what goes wrong is said.

Skipped, with the reason, where no Slurm can be started.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import slurm
from tests.workflow.conftest import Project, make_project

pytestmark = slurm.MARKS


def _asking_for_gpus(folder: Path) -> Project:
    """The demo, whose walks ask for a GPU where there is one: a record tells what a job asked for."""
    project = make_project(folder)
    project.edit("config/studies/demo.yaml", lambda text: text.replace("kind: walk\n", "kind: walk\n    gpu: true\n"))
    return project


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = _asking_for_gpus(tmp_path_factory.mktemp("local") / "project")
    done = project.launch("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "project")


def _under_slurm(project: Project, root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    slurm.prepare(root)
    around = ["unshare", "--mount", sys.executable, slurm.__file__, str(root)]
    return project.call(*around, *command)


def test_a_run_on_slurm_gives_the_bytes_of_a_local_run(local: Project, tmp_path: Path) -> None:
    """No node has a GPU: with ``device: cpu`` the scheduler is asked for none."""
    project = _asking_for_gpus(tmp_path / "project")
    launch = [sys.executable, "-m", "learnability.launch", "--profile", "slurm"]
    done = _under_slurm(project, tmp_path / "slurm", *launch)
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.contents() == local.contents()
    submitted = (tmp_path / "slurm/slurmctld.log").read_text().count("_slurm_rpc_submit_batch_job: JobId=")
    assert submitted == len(list(project.folder.glob("results/laptop/demo/*/train/*/*.zarr.zip"))), "training alone"


def test_a_refused_submission_is_said(project: Project, tmp_path: Path) -> None:
    """A job that no node can take: the scheduler's own words come through."""
    study = project.folder / "config/studies/demo.yaml"
    study.write_text(re.sub(r"kind: walk\n", "kind: walk\n    memory_mb: 900000\n", study.read_text()))
    launch = [sys.executable, "-m", "learnability.launch", "--profile", "slurm"]
    done = _under_slurm(project, tmp_path / "slurm", *launch)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Requested node configuration is not available" in said

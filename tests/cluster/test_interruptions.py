"""A training on a real Slurm that is interrupted: it goes on from its checkpoint, to the bytes of a run in peace.

Skipped, with the reason, where no Slurm can be started.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster import slurm
from tests.workflow.conftest import Project, make_project

pytestmark = slurm.MARKS

RESULT = "results/laptop/demo/first/train"
STEPS = 60


def _one_training(folder: Path) -> Project:
    """The project with one training of many steps, and what is made of it."""
    project = make_project(folder)
    study = project.folder / "config/studies/demo.yaml"
    text = re.sub(r"(?s)  second:.*", "", study.read_text()).replace("seed_batch: 2", "seed_batch: 4")
    study.write_text(text.replace("sweep: {dimension: [2, 3]}", f"settings: {{dimension: 2, steps: {STEPS}}}"))
    return project


@pytest.fixture(scope="module")
def peaceful(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    project = _one_training(tmp_path_factory.mktemp("local") / "project")
    done = project.launch("--cores", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    return project.contents()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurm.Cluster]:
    with slurm.up(tmp_path_factory.mktemp("slurm") / "root") as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return _one_training(tmp_path / "project")


def _until(what: Callable[[], object], run: subprocess.Popen[str], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        if run.poll() is not None or time.monotonic() > deadline:
            run.kill()
            raise AssertionError(f"it did not come to this:\n{run.communicate()[0]}")
        time.sleep(0.1)


class Run:
    """A run of the launcher on the cluster, with one training whose first attempt takes a minute."""

    def __init__(self, cluster: slurm.Cluster, project: Project, **more: str) -> None:
        self.cluster, self.project = cluster, project
        self.attempts = project.folder / "attempts"
        environment = {
            **project.environment,
            "DEMO_STEP_SECONDS": "1",
            "LEARNABILITY_CHECKPOINT_SECONDS": "0.5",
            "DEMO_ATTEMPTS": str(self.attempts),
            **more,
        }
        command = [sys.executable, "-m", "learnability.launch", "--profile", "slurm"]
        self.process = cluster.start(project.folder, command, environment)

    def until_checkpoint(self) -> tuple[str, str]:
        """Wait until a checkpoint was written; number and node of the job that wrote it."""
        _until(lambda: list(self.project.folder.glob(".cache/checkpoints/*.npz")), self.process)
        time.sleep(1)
        return self.cluster.running()[-1]

    def end(self) -> str:
        said = self.process.communicate(timeout=300)[0]
        assert self.process.returncode == 0, said
        return said

    def begun_at(self) -> list[int]:
        """The step at which each attempt began."""
        return [int(line) for line in self.attempts.read_text().split()]


# Slurm refuses an end that has passed, and "now" has when a second ends between the command and the controller
_AT_ONCE = "EndTime=now+2seconds"


def _went_on(run: Run, peaceful: dict[str, bytes]) -> None:
    run.end()
    assert run.project.contents() == peaceful
    first, *others = run.begun_at()
    assert first == 0
    assert others, "it was not interrupted"
    assert min(others) > 0, f"an attempt began again from nothing: {run.begun_at()}"


def test_a_time_limit(cluster: slurm.Cluster, project: Project, peaceful: dict[str, bytes]) -> None:
    run = Run(cluster, project)
    job, _ = run.until_checkpoint()
    cluster.control("scontrol", "update", f"JobId={job}", _AT_ONCE)
    # the controller looks at limits every 30 seconds
    _until(lambda: "TIMEOUT" in cluster.control("squeue", "-h", "-t", "all", "-j", job, "-o", "%T"), run.process)
    _went_on(run, peaceful)


def test_a_limit_that_passes_as_the_job_ends(
    cluster: slurm.Cluster, project: Project, peaceful: dict[str, bytes]
) -> None:
    """The result is in place, and yet the attempt counts as failed: the engine takes the result away."""
    run = Run(cluster, project, DEMO_LINGER_SECONDS="90", DEMO_STEP_SECONDS="0.05")
    _until(lambda: list(project.folder.glob(f"{RESULT}/*/*.zarr.zip")), run.process)
    job, _ = cluster.running()[-1]
    cluster.control("scontrol", "update", f"JobId={job}", _AT_ONCE)
    _went_on(run, peaceful)


def test_a_node_set_down(cluster: slurm.Cluster, project: Project, peaceful: dict[str, bytes]) -> None:
    run = Run(cluster, project)
    _, node = run.until_checkpoint()
    cluster.control("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")
    try:
        _went_on(run, peaceful)
    finally:
        cluster.control(
            "scontrol", "update", f"NodeName={node}", "State=RESUME", refused=True
        )  # it may be back already


def test_scancel(cluster: slurm.Cluster, project: Project, peaceful: dict[str, bytes]) -> None:
    run = Run(cluster, project)
    job, _ = run.until_checkpoint()
    cluster.control("scancel", job)
    _went_on(run, peaceful)


def test_requeue(cluster: slurm.Cluster, project: Project, peaceful: dict[str, bytes]) -> None:
    run = Run(cluster, project)
    job, _ = run.until_checkpoint()
    cluster.control("scontrol", "requeue", job)
    _went_on(run, peaceful)


def test_the_head_killed(cluster: slurm.Cluster, project: Project, peaceful: dict[str, bytes]) -> None:
    """Launcher and engine are gone, the job lives on; the next run goes on from its checkpoint."""
    killed = Run(cluster, project)
    killed.until_checkpoint()
    launcher = killed.process.pid
    engine = Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
    for process in (launcher, *map(int, engine)):
        os.kill(process, signal.SIGKILL)
    killed.process.communicate()
    time.sleep(8)  # a job that watched the head would have ended by now
    assert killed.cluster.running()
    _went_on(Run(cluster, project), peaceful)

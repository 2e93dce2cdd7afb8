"""A project in a folder of its own with one tiny study, run once for all tests; each test works on a copy."""

import atexit
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PARTS = ("Snakefile", "Makefile", "config", "workflow", "src", "profiles", "pyproject.toml", "requirements.lock")


class Project:
    """A folder with the project's code and a config, and the commands that a user types in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def environment(self) -> dict[str, str]:
        """Nothing was activated: the interpreter's folder is not on the path."""
        own = str(Path(sys.executable).parent)
        path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if part != own)
        # torch sets a variable in the process of the tests, which no user's shell has.
        rest = {name: value for name, value in os.environ.items() if not name.startswith("TORCHINDUCTOR_")}
        return {**rest, "PATH": path, "PYTHONPATH": str(self.folder / "src")}

    def call(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **more}
        return subprocess.run(command, cwd=self.folder, env=environment, text=True, capture_output=True, timeout=600)

    def launch(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.call(sys.executable, "-m", "learnability.launch", *arguments, **more)

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.call(sys.executable, "-m", "snakemake", *arguments)

    def planned(self, *arguments: str) -> dict[str, int]:
        """The job counts of a dry run, without the rules that only collect."""
        done = self.snakemake("-n", "--quiet", "rules", *arguments)
        assert done.returncode == 0, done.stderr
        rows = re.findall(r"^([a-z_]+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE)
        collecting = {"all", "analyses", "total", "demo", "report"}
        return {name: int(count) for name, count in rows if name not in collecting}

    def edit(self, path: str, change: Callable[[str], str]) -> None:
        """Replace the text of a file; a change that changes nothing is a mistake in the test."""
        file = self.folder / path
        before = file.read_text()
        after = change(before)
        assert after != before
        file.write_text(after)

    def contents(self) -> dict[str, bytes]:
        """Every result file by its path, without logs, benchmarks and what says who holds the lock."""
        files = (p for p in sorted(self.folder.glob("results/**/*")) if p.is_file() and not p.name.startswith(".l"))
        named = {p.relative_to(self.folder).as_posix(): p for p in files}
        return {n: p.read_bytes() for n, p in named.items() if not re.search(r"/(logs|benchmarks)/|README|report", n)}

    def claims(self) -> list[dict[str, object]]:
        return json.loads((self.folder / "results/laptop/claims.json").read_text())


@functools.cache
def _source() -> Path:
    """The project as it stood when the first test asked: an edit meanwhile would part what tests compare."""
    folder = Path(tempfile.mkdtemp(prefix="learnability.source."))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for part in _PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy2(source, folder / part)
    return folder


def copy_of_the_project(folder: Path) -> Project:
    """The project with its own studies."""
    shutil.copytree(_source(), folder)
    return Project(folder)


def make_project(folder: Path) -> Project:
    """The project with the demo study as its only one."""
    copy_of_the_project(folder)
    demo = folder / "src/learnability/studies/demo"
    shutil.copytree(Path(__file__).parent / "demo", demo, ignore=shutil.ignore_patterns("__pycache__"))
    for old in (folder / "config/studies").glob("*.yaml"):
        old.unlink()
    (demo / "demo.yaml").rename(folder / "config/studies/demo.yaml")
    main = folder / "config/config.yaml"
    main.write_text("root_seed: 1\nscale: laptop\ndevice: cpu\nstudies: [demo]\n")
    return Project(folder)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose results are complete."""
    project = make_project(tmp_path_factory.mktemp("finished") / "project")
    done = project.launch("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project, times kept."""
    shutil.copytree(finished.folder, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """A project without results."""
    return make_project(tmp_path / "fresh")

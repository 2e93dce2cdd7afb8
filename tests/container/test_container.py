"""The image of the Containerfile, built here, gives the bytes of the host at the scale smoke.

The base is made on the spot: a small Debian and the interpreter that runs this test, so that the versions that
artifacts record are the same. Skipped, with the reason, where nothing can be built.
"""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workflow.conftest import ROOT, Project, copy_of_the_project

STUDY = "two_parameter"
PACKAGES = "ca-certificates,git,openssh-client,libbz2-1.0,libffi8,liblzma5,libreadline8,libsqlite3-0,libssl3,zlib1g"


def missing() -> str:
    """Why no image can be built here; empty where one can."""
    if "LEARNABILITY_CONTAINER" not in os.environ:
        return "building takes minutes and gigabytes: LEARNABILITY_CONTAINER=1 asks for it"
    if os.geteuid():
        return "building needs root here"
    absent = [name for name in ("buildah", "mmdebstrap") if shutil.which(name) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    release = Path("/etc/os-release").read_text()
    return "" if "ID=debian" in release else "the base is made from the Debian of the host, and this is none"


pytestmark = [
    pytest.mark.workflow,
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=f"no container: {missing()}"),
]


def _run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def _release() -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    return next(line.partition("=")[2].strip('"') for line in lines if line.startswith("VERSION_CODENAME="))


def _base(folder: Path) -> str:
    """A base image: the host's Debian, and this interpreter in its place."""
    _run("mmdebstrap", "--variant=apt", f"--include={PACKAGES}", _release(), folder / "base.tar")
    made = _run("buildah", "from", "scratch").strip()
    try:
        _run("buildah", "add", made, folder / "base.tar", "/")
        prefix = Path(sys.base_prefix)
        _run("buildah", "copy", made, prefix, prefix)
        python = prefix / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
        _run("buildah", "run", "--isolation", "chroot", made, "--", "ln", "-sf", python, "/usr/local/bin/python3")
        return _run("buildah", "commit", "--rm", made, "learnability-test-base").strip()
    except BaseException:
        subprocess.run(["buildah", "rm", made], check=False, capture_output=True)
        raise


def _as_on_the_host() -> tuple[list[str], str]:
    """Mounts and options with which pip in the image finds what pip on the host finds."""
    listed = _run(sys.executable, "-m", "pip", "config", "list").splitlines()
    options, mounts = set(), set()
    for name, _, value in (line.partition("=") for line in listed):
        key = name.rpartition(".")[2]
        if key in ("cert", "constraint", "extra-index-url", "find-links", "index-url", "trusted-host"):
            for word in ast.literal_eval(value).split():
                options.add(f"--{key}={word}")
                path = Path(word.removeprefix("file://"))
                above = path.is_file() or word.startswith("file://")  # an index names files beside it
                mounts |= {path.parent if above else path} if path.is_absolute() and path.exists() else set()
    return [f"--volume={path}:{path}:ro" for path in sorted(mounts)], " ".join(sorted(options))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The image of the Containerfile on that base, under chroot isolation: no daemon and no registry."""
    base = _base(tmp_path_factory.mktemp("base"))
    mounts, options = _as_on_the_host()
    build = ["buildah", "bud", "--isolation", "chroot", "--layers=false", "--pull-never", *mounts]
    build += ["--build-arg", f"BASE={base}", "--build-arg", f"PIP_OPTIONS={options}", "-t", "learnability-test"]
    try:
        _run(*build, "-f", "Containerfile", "--ignorefile", ".containerignore", ".")
        yield "learnability-test"
    finally:
        for name in ("learnability-test", base):
            subprocess.run(["buildah", "rmi", "--force", name], check=False, capture_output=True)


@pytest.fixture
def container(image: str) -> Iterator[str]:
    name = _run("buildah", "from", "--pull-never", image).strip()
    yield name
    subprocess.run(["buildah", "rm", name], check=False, capture_output=True)


def _smoke(project: Project, *command: str) -> dict[str, bytes]:
    done = project.call(*command, "figures", "--scale", "smoke", "--study", STUDY, "--cores", "2", "--device", "cpu")
    assert done.returncode == 0, done.stdout + done.stderr
    return project.contents()


def test_the_image_gives_the_bytes_of_the_host(container: str, tmp_path: Path) -> None:
    here = _smoke(copy_of_the_project(tmp_path / "here"), sys.executable, "-m", "learnability.cli")
    there = copy_of_the_project(tmp_path / "there")
    inside = ["buildah", "run", "--isolation", "chroot", f"--volume={there.folder}:/project", "--workingdir=/project"]
    found = _smoke(there, *inside, container, "--", "/usr/local/bin/learnability")
    assert found.keys() == here.keys()
    assert not [name for name in here if found[name] != here[name]]


def test_without_a_clone_it_runs_the_copy_that_it_carries(container: str) -> None:
    command = ["buildah", "run", "--isolation", "chroot", "--workingdir=/tmp", container, "--"]
    assert "learnability" in _run(*command, "/usr/local/bin/learnability", "--version")
    said = _run(*command, "/usr/local/bin/learnability", "ask", "--quick", "h2(z1)")
    assert "information exponent" in said.lower()

"""Whatever decides what a run does is part of what is compared; what decides nothing is not."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from learnability.pipeline import settled

ARGUMENTS = {"scale": "", "studies": "", "device": "", "figure": "", "profile": ""}
RESULTS = Path("results/laptop")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one file of each sort, and libraries of its own."""
    for name in ("src/a.py", "config/c.yaml", "workflow/rules/r.smk", "profiles/default/config.yaml", "Snakefile"):
        _write(tmp_path / name, "old")
    for name in ("s/e/analysis.zarr.zip", "manifest/s/e/analysis.zarr.zip.json", "claims.json", "logs/x.log"):
        _write(tmp_path / RESULTS / name, "old")
    _write(tmp_path / ".snakemake/metadata/x", "old")
    _write(tmp_path / "lib/site-packages/numpy-2.0.dist-info/METADATA", "old")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["lib/site-packages"])
    return tmp_path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _keep() -> None:
    seen = settled.look(RESULTS)
    assert seen is not None
    assert seen.code == settled.code() != ""
    settled.keep(ARGUMENTS, seen, "laptop", [])


def _unchanged(**arguments: str) -> bool:
    kept = settled.remembered({**ARGUMENTS, **arguments})
    return kept is not None and settled.unchanged(kept)


def _upgrade(folder: Path) -> None:
    (folder / "lib/site-packages/numpy-2.0.dist-info").rename(folder / "lib/site-packages/numpy-2.1.dist-info")


def _later(folder: Path) -> None:
    path = folder / RESULTS / "s/e/analysis.zarr.zip"
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


def _linked(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "src/link").symlink_to(folder / "elsewhere")


CHANGES: dict[str, Callable[[Path], object]] = {
    "source": lambda f: (f / "src/a.py").write_text("new"),
    "a new file of source": lambda f: (f / "src/b.py").write_text(""),
    "a file that shadows a library": lambda f: (f / "numpy.py").write_text(""),
    "config": lambda f: (f / "config/c.yaml").write_text("new"),
    "a question": lambda f: _write(f / "config/questions/q.yaml", "new"),
    "rules": lambda f: (f / "workflow/rules/r.smk").write_text("new"),
    "a profile": lambda f: (f / "profiles/default/config.yaml").write_text("new"),
    "Snakefile": lambda f: (f / "Snakefile").write_text("new"),
    "an artifact": lambda f: (f / RESULTS / "s/e/analysis.zarr.zip").write_text("new"),
    "the time of an artifact": _later,
    "a missing file": lambda f: (f / RESULTS / "claims.json").unlink(),
    "another file": lambda f: _write(f / RESULTS / "s/e/x", ""),
    "an experiment called exports": lambda f: _write(f / RESULTS / "s/exports/x", ""),
    "a record": lambda f: (f / RESULTS / "manifest/s/e/analysis.zarr.zip.json").write_text("new"),
    "a half-written file": lambda f: _write(f / RESULTS / ".staged-host-1.tmp/x", ""),
    "a journal": lambda f: _write(f / RESULTS / ".journal", "{}"),
    "a record of the engine": lambda f: (f / ".snakemake/metadata/x").write_text("new"),
    "an unfinished job": lambda f: _write(f / ".snakemake/incomplete/x", ""),
    "another version of a library": _upgrade,
    "a link to a folder": _linked,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_seen(project: Path, change: Callable[[Path], object]) -> None:
    _keep()
    assert _unchanged()
    change(project)
    assert not _unchanged()


def test_what_decides_nothing_is_left_out(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _keep()
    for name in (".lock", ".lock.owner", ".lease", "exports/claims.tex"):
        _write(project / RESULTS / name, "new")
    _write(project / ".snakemake/log/x", "new")
    _write(project / "src/__pycache__/a.pyc", "new")
    _write(project / "results/smoke/claims.json", "new")
    monkeypatch.setenv("TERM", "vt52")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")  # dropped, as in every run
    assert _unchanged()
    assert _unchanged(cores="3", store="")


def test_other_arguments_and_variables_are_remembered_apart(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _keep()
    assert not _unchanged(scale="smoke")
    assert not _unchanged(figure="means")
    assert not _unchanged(store="s3://bucket")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert not _unchanged()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert _unchanged()


def test_what_is_remembered_is_sealed_and_does_not_pile_up(project: Path) -> None:
    _keep()
    file = settled.place(ARGUMENTS)
    file.write_bytes(file.read_bytes().replace(b"laptop", b"lapdog"))
    assert settled.remembered(ARGUMENTS) is None
    for number in range(40):
        settled.keep({**ARGUMENTS, "figure": str(number)}, settled.Seen("", ""), "laptop", [])
    assert len(list(settled.FOLDER.iterdir())) <= 32

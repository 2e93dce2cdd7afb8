"""What surrounds a stage: inputs are compared, caches heal, and what cannot be written is named."""

import argparse
import errno
import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from learnability.pipeline import run_job, stages
from learnability.pipeline.checkpoint import FileCheckpoint
from learnability.results import manifest, store
from learnability.results.attributes import sha256
from learnability.results.integrity import DamagedArtifact, ForeignArtifact

INPUT = Path("results/laptop/demo/first/analysis.zarr.zip")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _write(value: float) -> None:
    attributes = {"stage": "analyse", "scale": "laptop", "study": "demo", "experiment": "first"}
    store.write(xr.Dataset({"x": ((), value)}, attrs=attributes), INPUT)


def test_an_input_that_is_not_the_recorded_one_is_refused() -> None:
    _write(1.0)
    assert manifest.demand_recorded(INPUT) == sha256(INPUT)
    manifest.record([INPUT], "analyse")
    manifest.demand_recorded(INPUT)
    _write(2.0)
    with pytest.raises(ForeignArtifact, match="not those that the manifest records"):
        manifest.demand_recorded(INPUT)
    INPUT.write_bytes(INPUT.read_bytes()[:-9])
    with pytest.raises(DamagedArtifact) as damage:
        manifest.demand_recorded(INPUT)
    assert not isinstance(damage.value, ForeignArtifact)


def test_reading_through_the_api_compares_with_the_manifest() -> None:
    from learnability.api import open_results

    _write(1.0)
    manifest.record([INPUT], "analyse")
    assert float(open_results(INPUT)["x"]) == 1
    _write(2.0)
    with pytest.raises(ForeignArtifact):
        open_results(INPUT)
    assert float(open_results(INPUT, check_seal=False)["x"]) == 2


def test_a_checkpoint_is_that_of_one_target() -> None:
    def place(made_from: dict[str, str]) -> Path:
        arguments = argparse.Namespace(job={"study": "demo"}, code="abc", made_from=made_from)
        return stages._checkpoint(arguments, "cpu")._path

    assert place({"a.zarr.zip": "12"}) == place({"a.zarr.zip": "12"}) == place({"copy/a.zarr.zip": "12"})
    assert place({"a.zarr.zip": "12"}) != place({"a.zarr.zip": "34"})
    assert place({}) != place({"a.zarr.zip": "12"})


def _error_in(file: str) -> Exception:
    try:
        exec(compile("raise EOFError('Ran out of input')", file, "exec"))
    except EOFError as error:
        return error
    raise AssertionError


def test_a_half_written_cache_of_machine_code_is_removed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda path, arguments: started.append(arguments))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "cache")
    monkeypatch.setenv(run_job._HEALED, "")
    Path("cache").mkdir()
    run_job._heal_cache(_error_in("/site-packages/somewhere/else.py"), ["train"])
    assert Path("cache").is_dir()
    assert not started
    for _ in range(2):
        run_job._heal_cache(_error_in("/site-packages/numba/core/caching.py"), ["train"])
    assert not Path("cache").exists()
    assert len(started) == 1
    assert started[0][-1] == "train"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_checkpoint_that_cannot_be_written_stops_no_job(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    checkpoint = FileCheckpoint(Path("cache/x.npz"), 0)
    monkeypatch.setattr("tempfile.mkstemp", fail)
    for _ in range(2):
        checkpoint.save({"a": np.zeros(3)})
    monkeypatch.setattr(Path, "replace", fail)
    checkpoint.finish()
    assert capsys.readouterr().err.count("the job goes on without") == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [(OSError(errno.ENOSPC, "full", "a/file"), "the disk is full"), (OSError("full"), "OSError: full"),
     (OSError(errno.EIO, "broken", "a/file"), "(EIO)"), (ValueError("wrong"), "ValueError: wrong")],
)  # fmt: skip
def test_what_the_system_refuses_is_named_and_a_mistake_of_the_code_is_shown(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(run_job, "_run", fail)
    monkeypatch.setattr(run_job.surroundings, "settle", lambda environment: environment)
    monkeypatch.setattr(run_job, "_fix_threads", lambda count: None)
    monkeypatch.setattr(run_job, "_fix_machine_code", lambda: monkeypatch.setenv("NUMBA_CACHE_DIR", "cache"))
    assert run_job.main(["train", "--job", '{"study": "demo"}', "--output", "results/x"]) == 1
    assert said in capsys.readouterr().err

"""Records of outputs; outputs put in place together."""

import os
import socket
from pathlib import Path

import pytest

from learnability.results import manifest
from learnability.results.atomic import Staged

ANALYSIS = Path("results/laptop/demo/first/analysis.zarr.zip")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_record_is_read_as_it_was_written() -> None:
    record = manifest.Record("ab", "analyse", {"study": "demo"}, "code", {"x": "cd"})
    manifest.write(ANALYSIS, record)
    assert manifest.read(ANALYSIS) == record
    assert manifest.place(ANALYSIS) == Path("results/laptop/manifest/demo/first/analysis.zarr.zip.json")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"other": 1}', "null"])
def test_a_record_that_cannot_be_read_is_none(content: str) -> None:
    where = manifest.place(ANALYSIS)
    assert where is not None
    where.parent.mkdir(parents=True)
    where.write_text(content)
    assert manifest.read(ANALYSIS) is None


def test_a_path_outside_the_results_has_no_record() -> None:
    assert manifest.place(Path("elsewhere/a.zarr.zip")) is None
    manifest.write(Path("elsewhere/a.zarr.zip"), manifest.Record("ab", "analyse"))
    assert manifest.read(Path("elsewhere/a.zarr.zip")) is None


def test_outputs_appear_together_or_not_at_all() -> None:
    outputs = [Path("results/laptop/demo/figures/a") / name for name in ("x.svg", "x.pdf")]
    staged = Staged(outputs)
    staged.files[0].write_text("one")
    assert str(os.getpid()) in staged.files[0].parent.name
    assert socket.gethostname() in staged.files[0].parent.name
    staged.discard()
    assert not list(outputs[0].parent.iterdir())
    staged = Staged(outputs)
    for file in staged.files:
        file.write_text("both")
    staged.publish()
    assert sorted(path.name for path in outputs[0].parent.iterdir()) == ["x.pdf", "x.svg"]

"""Results at an address: what is not known to be that of the manifest is refused. The store is one in memory."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import xarray as xr
from fsspec.implementations.memory import MemoryFileSystem

from learnability.results import manifest
from learnability.results.errors import UserError
from learnability.results.remote import file_system, open_remote
from learnability.results.store import write

NAME = "results/laptop/demo/first/analysis.zarr.zip"
ADDRESS = f"memory://bucket/{NAME}"


@pytest.fixture
def record(tmp_path: Path) -> Iterator[str]:
    """The place of the manifest's record in a store that has the artifact and no record."""
    attributes = {"stage": "analyse", "study": "demo", "experiment": "first", "scale": "laptop"}
    write(xr.Dataset({"loss": ("time", [1.0, 0.5])}, attrs=attributes), tmp_path / "a.zarr.zip")
    system = MemoryFileSystem()
    system.pipe_file(f"/bucket/{NAME}", (tmp_path / "a.zarr.zip").read_bytes())
    place = manifest.place(Path("bucket") / NAME)
    assert place is not None
    yield f"/{place.as_posix()}"
    system.rm("/bucket", recursive=True)


@pytest.mark.parametrize("name", ["foo", "bucket/folder", "s3:/bucket", "."])
def test_what_is_no_address_makes_no_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="it is no address"):
        file_system(name)
    assert not list(tmp_path.iterdir())
    assert file_system(str(tmp_path))[1] == str(tmp_path)


def test_a_file_without_a_record_is_taken_as_it_is(record: str) -> None:
    assert float(open_remote(ADDRESS)["loss"][-1]) == 0.5


@pytest.mark.parametrize("content", [b"", b"[1]", b"{}", json.dumps({"sha256": "0" * 64}).encode(), b'{"sha256": "00'])
def test_a_file_is_refused_with_a_record_that_is_another_or_cut_off(record: str, content: bytes) -> None:
    MemoryFileSystem().pipe_file(record, content)
    with pytest.raises(UserError, match="the manifest"):
        open_remote(ADDRESS)


@pytest.mark.parametrize("error", [PermissionError("403"), TimeoutError("timed out")])
def test_a_record_that_cannot_be_read_is_not_one_that_is_not_there(
    record: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = MemoryFileSystem.cat_file

    def fails(self: MemoryFileSystem, path: str, *more: object, **named: object) -> bytes:
        if path.endswith(".json"):
            raise error
        return bytes(reading(self, path, *more, **named))

    monkeypatch.setattr(MemoryFileSystem, "cat_file", fails)
    with pytest.raises(UserError, match="reading failed"):
        open_remote(ADDRESS)

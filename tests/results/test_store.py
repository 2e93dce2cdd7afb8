"""Artifacts: same content, same bytes; damage is never silent; nothing half-written."""

import errno
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from learnability.results import store
from learnability.results.atomic import replacing
from learnability.results.integrity import DamagedArtifact, SystemTrouble, check


def _dataset(rng: np.random.Generator, seeds: int = 4) -> xr.Dataset:
    return xr.Dataset(
        {
            "loss": (("seed", "time"), rng.standard_normal((seeds, 7)), {"units": "1", "long_name": "loss"}),
            "norm": ((), 2.5, {"units": "1", "long_name": "norm of the target"}),
            "status": ("seed", np.arange(seeds, dtype=np.int8), {"units": "1", "long_name": "status"}),
        },
        {"time": ("time", np.geomspace(1, 100, 7)), "seed": ("seed", np.arange(seeds))},
        {"target": "h2(z1)", "versions": '{"numpy":"2"}', "links": ["a", "b"]},
    )


def test_round_trip_keeps_everything(tmp_path: Path) -> None:
    dataset = _dataset(np.random.default_rng(0))
    store.write(dataset, tmp_path / "a.zarr.zip")
    assert store.read(tmp_path / "a.zarr.zip").identical(dataset)


def test_variables_come_by_name_whatever_the_hash_seed(tmp_path: Path) -> None:
    store.write(_dataset(np.random.default_rng(0)), tmp_path / "a.zarr.zip")
    names = ["loss", "norm", "seed", "status", "time"]
    assert list(store.read(tmp_path / "a.zarr.zip").variables) == names
    assert list(store.open_bytes((tmp_path / "a.zarr.zip").read_bytes(), "a").variables) == names


def test_joining_nothing_says_that_there_are_no_files() -> None:
    with pytest.raises(ValueError, match="no datasets to join along 'seed': is the folder"):
        store.concatenate([], "seed")


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    for name in "ab":
        store.write(_dataset(np.random.default_rng(0)), tmp_path / f"{name}.zarr.zip")
    assert (tmp_path / "a.zarr.zip").read_bytes() == (tmp_path / "b.zarr.zip").read_bytes()


def test_reading_and_writing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    store.write(_dataset(np.random.default_rng(0)), tmp_path / "a.zarr.zip")
    store.write(store.read(tmp_path / "a.zarr.zip"), tmp_path / "b.zarr.zip")
    assert (tmp_path / "a.zarr.zip").read_bytes() == (tmp_path / "b.zarr.zip").read_bytes()


def test_every_single_flipped_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr.zip"
    store.write(xr.Dataset({"x": ("i", np.arange(3.0))}), path)
    good = path.read_bytes()
    for place in range(0, len(good), 1):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(DamagedArtifact, match=r"a\.zarr\.zip"):
            check(path)


@pytest.mark.parametrize("kept", [0, 10, 500, -1])
def test_truncated_files_are_noticed(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "a.zarr.zip"
    store.write(_dataset(np.random.default_rng(0)), path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DamagedArtifact):
        store.read(path)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE, errno.EMFILE])
def test_what_cannot_be_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = tmp_path / "a.zarr.zip"
    store.write(_dataset(np.random.default_rng(0)), path)

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, "", str(path))

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(SystemTrouble, match=errno.errorcode[number]):
        check(path)


def test_text_variables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="write text with"):
        store.write(xr.Dataset({"name": ("i", np.array(["a", "b"]))}), tmp_path / "a.zarr.zip")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def fail() -> None:
        with replacing(path) as stream:
            stream.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_large_variables_are_split_into_slabs(tmp_path: Path) -> None:
    big = xr.Dataset({"x": (("seed", "time"), np.zeros((5, 2 * 2**20)))})
    assert store._encoding(big)["x"]["chunks"] == (2, 2 * 2**20)
    store.write(big, tmp_path / "a.zarr.zip")
    assert store.read(tmp_path / "a.zarr.zip").identical(big)


def test_seed_batches_are_joined_in_order() -> None:
    whole = _dataset(np.random.default_rng(0), seeds=6)
    parts = [whole.isel(seed=slice(4, 6)), whole.isel(seed=slice(0, 4))]
    joined = store.concatenate(parts, "seed")
    xr.testing.assert_equal(joined, whole)
    assert joined["norm"].dims == ()


def test_batches_that_disagree_on_shared_variables_are_refused() -> None:
    whole = _dataset(np.random.default_rng(0))
    other = whole.assign(norm=3.0).assign_coords(seed=whole["seed"] + 4)
    with pytest.raises(ValueError, match="norm"):
        store.concatenate([whole, other], "seed")

"""Artifacts: one dataset in one ``.zarr.zip`` file; the same content gives the same bytes.

Written to memory, packed with sorted entries and fixed times, put in place atomically: a reader never sees half a file,
and a damaged one fails with a checksum error instead of silent NaN.
"""

import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from zarr.core.buffer import Buffer
from zarr.core.buffer.cpu import Buffer as CpuBuffer
from zarr.errors import ZarrUserWarning
from zarr.storage import MemoryStore, ZipStore

from learnability.results.atomic import replacing
from learnability.results.integrity import UNSEALED, DamagedArtifact, check, seal
from learnability.results.labelled import with_bounds

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK_BYTES = 32 * 2**20


def _encoding(dataset: xr.Dataset) -> dict[str, dict[str, Any]]:
    """One chunk a variable, or slabs along the first axis where it would be larger than 32 MiB."""
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in dataset.variables.items():
        if not variable.ndim:
            continue
        rows = max(1, variable.shape[0])
        row_bytes = max(1, variable.nbytes // rows)
        slab = min(rows, max(1, _CHUNK_BYTES // row_bytes))
        encoding[str(name)] = {"chunks": (slab, *(max(1, size) for size in variable.shape[1:]))}
    return encoding


def _members(dataset: xr.Dataset) -> dict[str, bytes]:
    store = MemoryStore()
    bare = dataset.copy()
    for variable in bare.variables.values():
        variable.encoding = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrUserWarning)
        bare.to_zarr(store, mode="w", zarr_format=3, consolidated=False, encoding=_encoding(bare))
    return {key: buffer.to_bytes() for key, buffer in store._store_dict.items()}


def write(dataset: xr.Dataset, path: Path) -> None:
    """Write a dataset as one deterministic ``.zarr.zip``.

    Raises ValueError for a variable of objects or of strings of fixed length, which Zarr v3 has no type for.
    """
    for name, variable in dataset.variables.items():
        if variable.dtype.kind in "OUS":
            raise ValueError(f"variable {name!r} holds {variable.dtype}: write text with results.labelled.names")
    dataset = with_bounds(dataset)
    with replacing(path) as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for key, content in sorted(_members(dataset).items()):
                entry = zipfile.ZipInfo(key, _EPOCH)
                entry.create_system = 3
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, content)
            archive.comment = UNSEALED
        seal(stream)


_LARGE = 2**32
_STRETCH = 1000


def open_artifact(path: Path) -> xr.Dataset:
    """Open an artifact lazily; its bytes are read when a variable is. Check it first: nothing of it is checked here.

    Zarr's format 3 alone: codecs of format 2 may run code. Raises DamagedArtifact for a small file that declares data
    that no memory holds.
    """
    dataset = xr.open_zarr(ZipStore(str(path), mode="r"), consolidated=False, chunks=None, zarr_format=3)
    return _bounded(dataset, path, path.stat().st_size)


def open_bytes(raw: bytes, name: str) -> xr.Dataset:
    """:func:`open_artifact` for the bytes of an artifact that came from elsewhere, which ``name`` names.

    Raises DamagedArtifact as it does.
    """
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members: dict[str, Buffer] = {key: CpuBuffer.from_bytes(archive.read(key)) for key in archive.namelist()}
    store = MemoryStore(members, read_only=True)
    return _bounded(xr.open_zarr(store, consolidated=False, chunks=None, zarr_format=3), Path(name), len(raw))


def _bounded(dataset: xr.Dataset, path: Path, size: int) -> xr.Dataset:
    """The dataset with its variables by name: Zarr lists them in the order of a set, which the hash seed decides."""
    if dataset.nbytes > max(_LARGE, _STRETCH * size):
        raise DamagedArtifact(path, f"declares {dataset.nbytes} bytes of data in a file of {size}")
    ordered = dataset[sorted(map(str, dataset.variables))]
    ordered.set_close(dataset.close)
    return ordered


def read(path: Path) -> xr.Dataset:
    """A whole artifact in memory, checked first. Raises DamagedArtifact where it is not what was written."""
    check(path)
    with open_artifact(path) as dataset:
        return dataset.load()


def concatenate(parts: list[xr.Dataset], axis: str) -> xr.Dataset:
    """Datasets as one along ``axis``, in the order of its coordinate; other variables are those of the first.

    Raises ValueError when there are no parts, or a variable without that dimension differs between them.
    """
    if not parts:
        raise ValueError(f"there are no datasets to join along {axis!r}: is the folder of their files the right one?")
    if len(parts) == 1:
        return parts[0]
    parts = sorted(parts, key=lambda part: float(part[axis][0]))
    for name, variable in parts[0].variables.items():
        if axis in variable.dims:
            continue
        for part in parts[1:]:
            if not np.array_equal(variable.values, part[name].values, equal_nan=variable.dtype.kind == "f"):
                raise ValueError(f"variable {name!r} has no dimension {axis}, and yet differs along it")
    return xr.concat(
        parts,
        axis,
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="exact",
        combine_attrs="override",
    )

"""Results in an object store or on a web server, by their address: ``s3://bucket/results/...``, ``https://...``.

What an address begins with chooses the file system (fsspec); an object store takes its credentials and its endpoint
from the environment or from its own configuration, as its other clients do. A file is fetched whole and compared with
its own digest, its place and the manifest beside it, as a local one is.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from learnability.results import manifest
from learnability.results.errors import UserError
from learnability.results.identity import misplaced
from learnability.results.integrity import sealed

if TYPE_CHECKING:
    import xarray as xr

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://")
_ENDING = ".zarr.zip"
_EXTRA = 'pip install "learnability[s3]", which reads s3:// and https://'


class Missing(UserError):
    """There is nothing at an address."""

    def __init__(self, address: str) -> None:
        super().__init__(address, "there is nothing at this address", remedy="check the address")


def is_address(name: object) -> bool:
    """Whether a name is the address of something elsewhere, and not a path."""
    return isinstance(name, str) and _ADDRESS.match(name) is not None


@contextmanager
def explained(address: str, doing: str) -> Iterator[None]:
    """Within the block, what a store refuses is a UserError that names the address and says what to do.

    Clients of object stores have a class of errors for each service; they share no ancestor but Exception.
    """
    try:
        yield
    except UserError:
        raise
    except FileNotFoundError:
        raise Missing(address) from None
    except ImportError as error:
        raise UserError(address, f"{doing} failed: {error}", remedy=_EXTRA) from None
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        remedy = "check the address, the network, and the credentials and endpoint (AWS_PROFILE, AWS_ENDPOINT_URL, ...)"
        raise UserError(address, f"{doing} failed: {said}", remedy=remedy) from None


def demand_address(name: str) -> None:
    """Raise UserError for what is neither an address nor an absolute path: a forgotten ``s3://`` makes no folder."""
    if not is_address(name) and not Path(name).is_absolute():
        allowed = "an address such as s3://bucket/folder, or the absolute path of a folder"
        raise UserError(f"the store {name}", "it is no address", allowed, f"did you mean s3://{name}?")


def file_system(address: str) -> tuple[Any, str]:
    """The file system of an address, which sees no older state of its own, and the path within it.

    Raises UserError for an address that cannot be opened, for what is no address, and where what opens it is not
    installed.
    """
    demand_address(address)
    with explained(address, "opening the store"):
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise UserError(address, f"{error.name} is not installed", remedy=_EXTRA) from None
        found = url_to_fs(address, use_listings_cache=False, skip_instance_cache=True)
        return found[0], str(found[1])


def fetch(address: str) -> bytes:
    """The content of a file. Raises UserError where there is none, or where it cannot be read."""
    system, path = file_system(address)
    with explained(address, "reading"):
        return bytes(system.cat_file(path))


def _place(address: str) -> Path:
    """The path within an address, without what follows a question mark: it says which result is there."""
    parts = urlsplit(address)
    return Path(f"{parts.netloc}{parts.path}")


def _demand_own(address: str, raw: bytes) -> None:
    """Raise UserError for bytes that are not what was written, or not what the manifest beside them records."""
    remedy = "send it again from where it is sound (learnability push)"
    if not sealed(raw):
        raise UserError(address, "damaged artifact: its bytes are not what was written", remedy=remedy)
    record, parts = manifest.place(_place(address)), urlsplit(address)
    if record is None or parts.query:
        return
    try:
        told = json.loads(fetch(f"{parts.scheme}://{record.as_posix()}"))["sha256"]
    except Missing:
        return  # a single file that was laid on a server, without its manifest
    except (ValueError, KeyError, TypeError):
        raise UserError(address, "the manifest's record of it is damaged", remedy=remedy) from None
    if told != hashlib.sha256(raw).hexdigest():
        raise UserError(address, "its bytes are not those that the manifest records", remedy=remedy)


def open_remote(address: str, check_seal: bool = True) -> "xr.Dataset":
    """The artifact at an address, or the analysis of the experiment whose folder it is.

    With ``check_seal`` the file is fetched whole and checked; without, only what is used is fetched.
    Raises UserError where there is none, where it cannot be read, and where it is not what was written.
    """
    import xarray as xr

    from learnability.results.store import open_bytes

    if not _place(address).name.endswith(_ENDING):
        address = f"{address.rstrip('/')}/analysis{_ENDING}"
    if not check_seal:
        file_system(address)
        with explained(address, "opening"):
            return xr.open_zarr(f"zip::{address}", consolidated=False, chunks=None, zarr_format=3)
    raw = fetch(address)
    _demand_own(address, raw)
    with explained(address, "opening"):
        dataset = open_bytes(raw, address)
    if problem := misplaced(_place(address), dataset.attrs):
        raise UserError(address, f"not the artifact that belongs here: {problem}", remedy="name another")
    return dataset


def local_copy(name: str, folder: Path = Path(".cache/archives")) -> Path:
    """The path of a file; one that an address names is fetched into ``folder``, with its signature if it has one."""
    if not is_address(name):
        return Path(name).expanduser()  # the shell leaves ARCHIVE=~/file, in quotes, as it is
    system, place = file_system(name)
    path = folder / _place(name).name
    signature = path.with_name(f"{path.name}.sig")
    folder.mkdir(parents=True, exist_ok=True)
    signature.unlink(missing_ok=True)
    with TemporaryDirectory(dir=folder) as part:
        with explained(name, "fetching"):
            system.get_file(place, f"{part}/archive")
        with suppress(Exception):  # most have none, and each store says so in its own way
            system.get_file(f"{place}.sig", f"{part}/signature")
            os.replace(f"{part}/signature", signature)
        os.replace(f"{part}/archive", path)
    return path

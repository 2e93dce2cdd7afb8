"""What an artifact says of itself, read without the numerical libraries: the attributes in its ``zarr.json``."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

_BLOCK = 2**20


def attributes(path: Path) -> dict[str, Any]:
    """The attributes of a ``.zarr.zip``: stage, study, experiment, setting, seeds, code, versions."""
    with zipfile.ZipFile(path) as archive:
        found: dict[str, Any] = json.loads(archive.read("zarr.json"))["attributes"]
    return found


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()

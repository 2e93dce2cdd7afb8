"""Small facts that are kept in ``.cache`` because they take long to find: lost or damaged, they are found again.

A file begins with the SHA-256 of the rest, so that a flipped byte is noticed and never read as another fact.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from learnability.results.atomic import replacing

_DIGITS = 64


def read(path: Path) -> Any:
    """What is kept at ``path``; None where nothing is, or nothing that can be relied on."""
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    digest, content = raw[:_DIGITS], raw[_DIGITS:]
    if digest != hashlib.sha256(content).hexdigest().encode():
        return None
    return json.loads(content)


def write(path: Path, content: Any) -> None:
    """Keep plain data at ``path``, if it can be written there."""
    text = json.dumps(content, separators=(",", ":")).encode()
    try:
        with replacing(path) as out:
            out.write(hashlib.sha256(text).hexdigest().encode() + text)
    except OSError:
        pass  # a cache that cannot be written costs time and nothing else


def prune(folder: Path, most: int) -> None:
    """Remove all but the newest ``most`` files of a folder of such facts."""
    try:
        found = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in found[most:]:
            path.unlink(missing_ok=True)
    except OSError:
        pass

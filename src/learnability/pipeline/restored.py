"""What a restored archive left out: training artifacts that its analyses were made from, and that need not be here.

The list stands in ``results/{scale}/restored.json``. A path on it is asked for again only when something needs it, an
analysis whose code changed, say; a path that exists counts as any other.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from learnability.results.atomic import replacing_among_others


def marker(scale: str) -> Path:
    """Where the list of a scale stands."""
    return Path("results") / scale / "restored.json"


def left_out(scale: str) -> dict[str, dict[str, Any]]:
    """The training artifacts that were left out, each with its job as the archive tells of it.

    Empty where nothing was restored, or the list cannot be read.
    """
    try:
        return dict(json.loads(marker(scale).read_text(encoding="utf-8"))["left_out"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}


def wanted(paths: Iterable[str], scale: str) -> list[str]:
    """The paths without those that were left out and are still absent."""
    absent = left_out(scale)
    return [path for path in paths if path not in absent or Path(path).exists()]


def write_marker(scale: str, content: dict[str, Any]) -> None:
    """Replace the list of a scale."""
    with replacing_among_others(marker(scale)) as out:
        out.write((json.dumps(content, indent=1, sort_keys=True) + "\n").encode())

"""Whether an artifact is the one that belongs to its path. The digest inside an artifact says nothing of its place."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PLACE = re.compile(
    r"(?:^|/)results/(?P<scale>[^/]+)/(?P<study>[^/]+)/(?P<experiment>[^/]+)/"
    r"(?:targets/(?P<target>[0-9a-f]{10})|train/(?P<setting_id>[0-9a-f]{10})/seeds(?P<first>\d+)-(?P<last>\d+)"
    r"|(?P<analysis>analysis))\.zarr\.zip$"
)
_QUESTIONS = "questions"


def expected(path: Path) -> dict[str, Any]:
    """What the attributes of the artifact at this path must say, as far as the path tells it; empty for other paths."""
    match = _PLACE.search(path.as_posix())
    if match is None:
        return {}
    found: dict[str, Any] = {"scale": match["scale"], "experiment": match["experiment"]}
    if match["scale"] != _QUESTIONS:  # a question is answered by the kinds of a study, whose name its artifacts carry
        found["study"] = match["study"]
    if match["target"]:
        return {"stage": "targets", "target": match["target"], **found}
    if match["setting_id"]:
        seeds = [int(match["first"]), int(match["last"])]
        return {"stage": "train", "setting_id": match["setting_id"], "seeds": seeds, **found}
    return {"stage": "analyse", **found}


def misplaced(path: Path, attributes: Mapping[str, Any], **more: Any) -> str:
    """What the attributes of an artifact say that does not fit its path (and ``more``, such as ``root_seed=1``)."""
    for name, wanted in {**expected(path), **more}.items():
        found = attributes.get(name)
        if (list(found) if isinstance(wanted, list) and found is not None else found) != wanted:
            return f"its {name.replace('_', ' ')} is {str(found)[:60]}, not {wanted}"
    return ""

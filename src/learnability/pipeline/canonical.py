"""Canonical settings and their ids."""

import hashlib
import json
from typing import Any

from learnability.results.contract import Model


def canonical(model: Model) -> dict[str, Any]:
    """A model as plain data without its defaults: a field that is added later leaves old settings as they were."""
    return model.model_dump(mode="json", exclude_defaults=True)


def canonical_json(content: Any) -> str:
    """Plain data as JSON with sorted keys and no spaces: equal content, equal text."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def identifier(content: Any) -> str:
    """The short id of plain data: ten hexadecimal digits of the SHA-256 of its canonical text."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:10]


def setting_id(kind: str, setting: Model) -> str:
    """The id of a setting of this kind."""
    return identifier([kind, canonical(setting)])


def target_id(target: Model) -> str:
    """The id of a target: settings that differ only in their training share it."""
    return identifier([type(target).__name__, canonical(target)])

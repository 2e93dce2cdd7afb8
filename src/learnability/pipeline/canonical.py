"""Canonical settings and their ids."""

import hashlib
import json
from typing import Any

from learnability.results.contract import Kind, Model, Setting


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


def parts_of(kind: Kind, setting: Setting) -> list[Setting]:
    """The settings of the jobs that train a setting: itself, or one for each entry of what its kind separates."""
    if kind.separated is None:
        return [setting]
    field = kind.separated.field
    return [setting.model_copy(update={field: (entry,)}) for entry in getattr(setting, field)]


def stream_id(name: str, kind: Kind, setting: Setting) -> str:
    """What names the random streams of a setting: its id, without the entries that are trained in jobs of their own."""
    if kind.separated is None:
        return setting_id(name, setting)
    content = canonical(setting)
    content.pop(kind.separated.field, None)
    return identifier([name, content])


def target_id(target: Model) -> str:
    """The id of a target: settings that differ only in their training share it."""
    return identifier([type(target).__name__, canonical(target)])

"""What pages are made from besides results: templates, the READMEs of the studies, captions.

Here, and not with the pages, so that a page that is out of date can be told from one that is current without making it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from learnability.pipeline.fingerprint import fingerprint

_TEMPLATES = ("learnability.report", "templates")


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def templates_digest() -> str:
    """A digest of the templates of the report."""
    folder = files(_TEMPLATES[0]) / _TEMPLATES[1] / "site"
    found = sorted(folder.iterdir(), key=lambda path: path.name)
    return _digest(path.read_text(encoding="utf-8") for path in found)


def question_templates_digest() -> str:
    """A digest of the templates of the page that answers a question."""
    folder = files(_TEMPLATES[0]) / _TEMPLATES[1]
    return _digest((folder / name).read_text(encoding="utf-8") for name in ("question.html", "question.css"))


def readme(study: str) -> str:
    """The README of a study."""
    path = files("learnability.studies") / study / "README.md"
    return path.read_text(encoding="utf-8") if path.is_file() else f"# {study}\n"


def readmes_digest(studies: Iterable[str]) -> str:
    """A digest of what the pages take from the READMEs of the studies."""
    texts = json.dumps([introduction(readme(study)) for study in studies])
    return hashlib.sha256(texts.encode()).hexdigest()[:16]


def report_parameters(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What decides the pages of a report besides its inputs and its code; ``figures`` is what they say of figures."""
    captions = json.dumps(figures, ensure_ascii=False)
    return {"captions": _digest([captions]), "readmes": readmes_digest(figures), "templates": templates_digest()}


def report_code() -> str:
    """The fingerprint of the code behind the report."""
    return fingerprint(("learnability.report.site", "main"))


def question_parameters() -> dict[str, str]:
    """What decides the page of a question besides its inputs and its code."""
    return {"templates": question_templates_digest()}


def question_code() -> str:
    """The fingerprint of the code behind the page of a question."""
    return fingerprint(("learnability.report.question_page", "main"))


def _without_marks(text: str) -> str:
    """Text without Markdown's marks of code and emphasis; a star inside a formula stays."""
    return re.sub(r"(?<![\w*])\*{1,2}(?=\S)([^*]+?)(?<=\S)\*{1,2}(?![\w*])", r"\1", text.replace("`", ""))


def introduction(readme: str) -> tuple[str, list[str]]:
    """The title of a study's README, and its paragraphs before the first list, table or section, as plain text."""
    blocks = re.split(r"\n\s*\n", readme.strip())
    title = blocks[0].lstrip("# ").strip() if blocks[0].startswith("#") else ""
    paragraphs: list[str] = []
    for block in blocks[1 if title else 0 :]:
        if block.startswith(("#", "|", "-", "```", ">")):
            break
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(block.split()))
        paragraphs.append(_without_marks(text))
    return _without_marks(title), paragraphs

"""Sentences that a user reads: documents, captions and messages, without the constructions listed in ``docs/style``."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from learnability.pipeline.config import read_yaml

ROOT = Path(__file__).parents[2]
STYLE = ROOT / "docs/style/constructions.txt"
RULES = [
    tuple(part.strip() for part in line.split(" ;; "))
    for line in STYLE.read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "results/README.md",
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name not in ("verdicts.md", "changelog.md")),
    *sorted((ROOT / "docs/guides").glob("*.md")),
    *sorted((ROOT / "src/learnability/studies").glob("*/README.md")),
]
ERRORS = {"UserError", "ValueError", "TargetError", "LookupError", "NotAtThisScale", "TypeError", "DamagedArtifact"}


def _paragraphs(text: str) -> Iterator[str]:
    """Prose of a Markdown text: no code, no tables' rules; lines of a paragraph joined."""
    text = re.sub(r"```.*?```", "\n\n", text, flags=re.DOTALL)
    text = re.sub(r"`[^`\n]*`", "X", text)
    for block in re.split(r"\n\s*\n|\n(?=[-|#])", text):
        yield from re.split(r"(?<=[.!?])\s+", " ".join(block.split()).lstrip("-#| "))


def _newest_entry(changelog: str) -> str:
    """The changelog down to its second heading: older entries stay as they were written."""
    parts = re.split(r"(?m)^(?=##)", changelog)
    return "".join(parts[:3])


def _messages(path: Path) -> Iterator[str]:
    """The texts of errors that a module raises, with placeholders."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        named = isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in ERRORS
        for part in ast.walk(node) if named else ():
            if isinstance(part, ast.JoinedStr):
                yield "".join(str(v.value) if isinstance(v, ast.Constant) else "X" for v in part.values)
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


def _sentences() -> Iterator[tuple[str, str]]:
    for path in DOCUMENTS:
        yield from ((path.relative_to(ROOT).as_posix(), s) for s in _paragraphs(path.read_text(encoding="utf-8")))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    yield from (("CHANGELOG.md", sentence) for sentence in _paragraphs(_newest_entry(changelog)))
    for path in sorted((ROOT / "config/studies").glob("*.yaml")):
        for name, block in read_yaml(path).get("figures", {}).items():
            yield f"{path.name}, caption of {name}", block["caption"]
    for path in sorted((ROOT / "src/learnability").rglob("*.py")):
        yield from ((path.relative_to(ROOT).as_posix(), message) for message in _messages(path))


def _found(sentence: str) -> list[str]:
    return [
        f"{match[0]!r}: write {instead}" for rule, instead, _ in RULES if (match := re.search(rule, sentence, re.I))
    ]


def test_no_sentence_has_a_refused_construction() -> None:
    faults = [f"{place}: {fault}\n    {sentence}" for place, sentence in _sentences() for fault in _found(sentence)]
    assert not faults, "\n".join(faults)


def test_something_is_read_of_each_kind() -> None:
    places = {place.partition(",")[0] for place, _ in _sentences()}
    assert {"README.md", "CHANGELOG.md", "multi_index.yaml", "src/learnability/pipeline/config.py"} <= places


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule[0])
def test_every_rule_refuses_its_example(rule: tuple[str, ...]) -> None:
    assert len(rule) == 3, "regular expression ;; instead ;; example"
    assert re.search(rule[0], rule[2], re.I), rule[0]


@pytest.mark.parametrize("path", [ROOT / "README.md"], ids=["README.md"])
def test_the_readme_stays_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 150

"""Imports go down the tree: pipeline -> studies -> dynamics -> numerics; studies never import one another."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "learnability"
ORDER = ("numerics", "dynamics", "studies", "pipeline")
MODULES = sorted(path for path in SOURCE.rglob("*.py") if len(path.relative_to(SOURCE).parts) > 1)


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import hides its layer"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("learnability.") for name in found if name.startswith("learnability.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_imports_go_down(path: Path) -> None:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    for name in _imported(path):
        target = name.split(".")
        if target[0] in ORDER:
            assert ORDER.index(target[0]) <= ORDER.index(parts[0]), f"{path} imports upwards: {name}"
        own_study = parts[0] == "studies" and len(parts) > 2
        if target[0] == "studies" and parts[0] in ("studies", "numerics", "dynamics") and len(target) > 1:
            is_package = (SOURCE / "studies" / target[1]).is_dir()
            assert not is_package or (own_study and target[1] == parts[1]), f"{path} imports another study: {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_files_stay_readable(path: Path) -> None:
    """At most 400 lines a file and 80 code lines a function."""
    text = path.read_text()
    assert text.count("\n") <= 400, f"{path} has {text.count(chr(10))} lines: split it by mathematical object"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno <= 100, f"{path}: {node.name} is too long"

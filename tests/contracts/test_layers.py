"""Imports go down: report -> pipeline -> studies -> sgd, flows, estimators -> results, diagnosis -> mathematics."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "learnability"
LAYERS = (
    {"hermite", "statistics", "compiled"},
    {"diagnosis"},
    {"results"},
    {"sgd", "flows", "estimators"},
    {"studies"},
    {"pipeline"},
    {"report", "archive", "api", "usage"},
    {"time_left"},
    {"run_state"},
    {"display"},
    {"launch", "asking", "unchanged"},
    {"cli"},
)
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


_LAYER_OF = {name: level for level, names in enumerate(LAYERS) for name in names}


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
        if target[0] in _LAYER_OF:
            assert _LAYER_OF[target[0]] <= _LAYER_OF[parts[0]], f"{path} imports upwards: {name}"
        if target[0] == "studies" and parts[0] == "studies" and len(target) > 1 and len(parts) > 1:
            assert target[1] == parts[1], f"{path} imports another study: {name}"

"""A fingerprint of the code behind a stage: its module and everything that it imports inside the package.

The workflow engine does not see a change in an imported module. The fingerprint does, and comes from the syntax tree
without docstrings, so that comments, docstrings and formatting leave it alone.
"""

import ast
import functools
import hashlib
from pathlib import Path

PACKAGE = "learnability"
SOURCE = Path(__file__).resolve().parents[2]


def _file_of(module: str) -> Path | None:
    base = SOURCE.joinpath(*module.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _strip_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _imports(tree: ast.Module, module: str, is_package: bool) -> set[str]:
    found: set[str] = set()
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            anchor = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (anchor, node.module or "") if part)
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.split(".")[0] == PACKAGE}


@functools.cache
def _parsed(module: str) -> tuple[str, frozenset[str]] | None:
    """Normalised source text of a module and the package modules that it imports; None if it is no module."""
    path = _file_of(module)
    if path is None:
        return None
    tree = _strip_docstrings(ast.parse(path.read_text(encoding="utf-8")))
    return ast.unparse(tree), frozenset(_imports(tree, module, path.name == "__init__.py"))


def closure(*modules: str) -> set[str]:
    """The modules and everything that they import inside the package, parents (``__init__``) included."""
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        parsed = _parsed(name)
        if name in seen or parsed is None:
            continue
        seen.add(name)
        waiting += parsed[1]
        waiting += [parent for parent in (name.rpartition(".")[0],) if parent]
    return seen


@functools.cache
def fingerprint(*modules: str) -> str:
    """Sixteen hexadecimal digits over the normalised source of the closure of ``modules``."""
    digest = hashlib.sha256()
    for name in sorted(closure(*modules)):
        parsed = _parsed(name)
        assert parsed is not None
        digest.update(f"{name}\n{parsed[0]}\n".encode())
    return digest.hexdigest()[:16]


# What a stage needs of the pipeline for the content of its result; progress, logs and errors do not count.
_SHARED = {
    "targets": ("learnability.pipeline.streams", "learnability.results.store"),
    "train": ("learnability.pipeline.streams", "learnability.results.store"),
    "analyse": ("learnability.pipeline.streams", "learnability.results.store"),
    "figures": ("learnability.results.style",),
    "claims": ("learnability.results.verdicts",),
}


def stage_fingerprint(study: str, stage: str) -> str:
    """The fingerprint of one stage of one study."""
    return fingerprint(f"{PACKAGE}.studies.{study}.{stage}", *_SHARED[stage])

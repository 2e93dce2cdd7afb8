"""A fingerprint of the code behind a result: the definitions that a stage reaches, wherever in the package they stand.

The workflow engine does not see a change in an imported module. The fingerprint does, and no more than that: it starts
at the function of one stage of one kind (or of one figure) and follows names from definition to definition, so that
another function in the same file, another kind or another figure does not count. It comes from the syntax tree, without
what cannot change a number:

- comments, docstrings, formatting and annotations of functions,
- the words of an error (``raise Error(...)``) and of a progress report (``context.progress(...)``),
- an optional field of a model that no definition reached reads: a new field with a default leaves results valid, and a
  changed default counts only where it is read.

Names are followed statically. A definition that is found by a name built at run time is not seen; the package has none
below :mod:`learnability.pipeline`.
"""

import ast
import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = "learnability"
SOURCE = Path(__file__).resolve().parents[2]

Reference = tuple[str, str]
"""A module and the name of a definition in it; the empty name stands for all of them."""


@dataclass
class _Module:
    """The top level of a module: what each name is defined by or imported from, and what runs on import."""

    name: str
    is_package: bool
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, Reference] = field(default_factory=dict)
    always: list[ast.stmt] = field(default_factory=list)


def _file_of(module: str) -> Path | None:
    base = SOURCE.joinpath(*module.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@functools.cache
def _module(name: str) -> _Module | None:
    path = _file_of(name)
    if path is None:
        return None
    module = _Module(name, path.name == "__init__.py")
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        _enter(module, statement)
    return module


def _enter(module: _Module, statement: ast.stmt) -> None:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        module.imports |= _imported(module, statement)
    elif isinstance(statement, ast.If) and _is_type_checking(statement.test):
        for inner in statement.body:
            _enter(module, inner)
    elif not _is_text(statement):
        names = list(_defined(statement))
        for name in names:
            module.definitions.setdefault(name, []).append(statement)
        if not names:
            module.always.append(statement)


def _is_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _is_text(statement: ast.stmt) -> bool:
    """A docstring, or a string that documents the line above it."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _defined(statement: ast.stmt) -> Iterator[str]:
    """The names that a top-level statement defines; those of a registered implementation are the registry's."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for decorator in statement.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(called, ast.Attribute) and called.attr == "register" and isinstance(called.value, ast.Name):
                yield called.value.id
        yield statement.name
    elif isinstance(statement, ast.Assign):
        yield from (n.id for target in statement.targets for n in ast.walk(target) if isinstance(n, ast.Name))
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id


def _imported(module: _Module, statement: ast.Import | ast.ImportFrom) -> dict[str, Reference]:
    """The local names that an import of this package binds, and what they stand for."""
    if isinstance(statement, ast.Import):
        names = {alias.asname or alias.name: alias.name for alias in statement.names}
        return {local: (name, "") for local, name in names.items() if name.split(".")[0] == PACKAGE}
    base = statement.module or ""
    if statement.level:
        package = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
        base = ".".join([*package[: len(package) - statement.level + 1], *filter(None, [base])])
    if base.split(".")[0] != PACKAGE:
        return {}
    found: dict[str, Reference] = {}
    for alias in statement.names:
        inner = f"{base}.{alias.name}"
        found[alias.asname or alias.name] = (inner, "") if _file_of(inner) else (base, alias.name)
    return found


class _Bare(ast.NodeTransformer):
    """A definition without what cannot change a number."""

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        arguments = node.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        for argument in named:
            if argument is not None:
                argument.annotation = None
        node.returns = None
        return self._block(node)

    visit_FunctionDef = visit_AsyncFunctionDef = _function

    def _block(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        node.body = [statement for statement in node.body if not _is_text(statement)] or [ast.Pass()]
        return self.generic_visit(node)

    visit_ClassDef = _block

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        node.cause = None
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "progress":
            node.args, node.keywords = [], []
        return self.generic_visit(node)


def _bare(statement: ast.stmt) -> tuple[ast.stmt, dict[str, ast.AnnAssign]]:
    """A definition bared in place, and the optional fields taken out of it where it is a class."""
    fields: dict[str, ast.AnnAssign] = {}
    _Bare().visit(statement)
    if isinstance(statement, ast.ClassDef):
        fields = {
            inner.target.id: inner
            for inner in statement.body
            if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name) and inner.value is not None
        }
        statement.body = [inner for inner in statement.body if inner not in fields.values()] or [ast.Pass()]
    return statement, fields


@functools.cache
def _bared(module: str, name: str, place: int) -> tuple[ast.stmt, dict[str, ast.AnnAssign], str]:
    """A definition of a module as it counts: bared, its optional fields apart, and its text."""
    found = _module(module)
    assert found is not None
    statement, fields = _bare((found.definitions[name] if name else found.always)[place])
    return statement, fields, ast.unparse(ast.fix_missing_locations(statement))


class _Closure:
    """Everything that a set of references reaches, as text by module and name."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str, int], str] = {}
        self._names: set[str] = set()
        self._optional: dict[str, list[tuple[str, str, int, ast.AnnAssign]]] = {}
        self._seen: set[Reference] = set()
        self._waiting: list[Reference] = []

    def reach(self, *references: Reference) -> None:
        """Follow the references to their end."""
        self._waiting += references
        while self._waiting:
            self._open(self._waiting.pop())

    def _open(self, reference: Reference) -> None:
        if reference in self._seen:
            return
        self._seen.add(reference)
        module = _module(reference[0])
        if module is None:
            return
        if (parent := module.name.rpartition(".")[0]) and reference[1] != "__always__":
            self._waiting.append((parent, "__always__"))
        if reference[1] == "__always__":
            for place, _ in enumerate(module.always):
                self._take(module, "", place)
            return
        self._waiting.append((module.name, "__always__"))
        for name in [reference[1]] if reference[1] else [*module.definitions, *module.imports]:
            if name in module.imports:
                self._waiting.append(module.imports[name])
            for place, _ in enumerate(module.definitions.get(name, [])):
                self._take(module, name, place)
        if reference[1] and _file_of(f"{module.name}.{reference[1]}"):
            self._waiting.append((f"{module.name}.{reference[1]}", ""))

    def _take(self, module: _Module, name: str, place: int) -> None:
        statement, fields, self.texts[module.name, name, place] = _bared(module.name, name, place)
        for field_name, inner in fields.items():
            self._optional.setdefault(field_name, []).append((module.name, name, place, inner))
        self._follow(module, statement)
        for field_name in set(fields) & self._names:
            self._use(field_name)

    def _follow(self, module: _Module, node: ast.AST) -> None:
        """Follow the names in a piece of code of ``module``."""
        inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
        imports = module.imports | {local: ref for n in inner for local, ref in _imported(module, n).items()}
        qualified = {
            id(n.value): n.attr
            for n in ast.walk(node)
            if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id in imports
        }
        used: set[str] = set()
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                used.add(part.id)
                if part.id in imports:
                    target, symbol = imports[part.id]
                    self._waiting.append((target, symbol or qualified.get(id(part), "")))
                elif part.id in module.definitions:
                    self._waiting.append((module.name, part.id))
            elif isinstance(part, ast.Attribute):
                used.add(part.attr)
            elif isinstance(part, ast.keyword) and part.arg:
                used.add(part.arg)
            elif isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.isidentifier():
                used.add(part.value)
        for name in used - self._names:
            self._names.add(name)
            self._use(name)

    def _use(self, name: str) -> None:
        """Take in the optional fields of this name that classes taken so far declare."""
        for module_name, definition, place, inner in self._optional.pop(name, []):
            module = _module(module_name)
            assert module is not None
            self.texts[module_name, f"{definition}.{name}", place] = ast.unparse(inner)
            self._follow(module, inner)


@functools.cache
def closure(*references: Reference) -> dict[tuple[str, str, int], str]:
    """The bared text of every definition that the references reach, by module, name and place."""
    found = _Closure()
    found.reach(*references)
    return found.texts


@functools.cache
def fingerprint(*references: Reference) -> str:
    """Sixteen hexadecimal digits over every definition that the references reach."""
    digest = hashlib.sha256()
    for (module, name, place), text in sorted(closure(*references).items()):
        digest.update(f"{module} {name} {place}\n{text}\n".encode())
    return digest.hexdigest()[:16]


def machine_code_fingerprint() -> str:
    """A digest of every file that defines or uses compiled loops: it names the cache of their machine code.

    The cache of a compiled function does not notice a change in another file. One cache serves all jobs.
    """
    digest = hashlib.sha256()
    for path in sorted((SOURCE / PACKAGE).rglob("*.py")):
        text = path.read_bytes()
        if path.parent.name == "compiled" or b"learnability.compiled" in text:
            digest.update(f"{path.relative_to(SOURCE)} {len(text)}\n".encode() + text)
    return digest.hexdigest()[:16]

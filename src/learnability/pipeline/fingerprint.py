"""A fingerprint of the code behind a result: the definitions that a stage reaches, wherever in the package they stand.

The workflow engine does not see a change in an imported module. The fingerprint does, and no more than that: it starts
at the function of one stage of one kind (or of one figure) and follows names from definition to definition, so that
another function in the same file, another kind or another figure does not count. It comes from the syntax tree, without
what cannot change a number:

- comments, docstrings, formatting and annotations of functions,
- what runs only where a module is a command (``if __name__ == "__main__"``),
- the words of an error (``raise Error(...)``) and of a progress report (``context.progress(...)``); behind verdicts,
  the words of the errors that give a claim its verdict do count: they are its reason in ``claims.json``,
- an optional field of a model that no definition reached reads: a new field with a default leaves results valid, and a
  changed default counts only where it is read.

Names are followed statically. A definition that is found by a name built at run time is not seen. Below
:mod:`learnability.pipeline` there is one such look-up: the training of the kind ``drift`` reads the fields
``f"{name}s"`` of its target. Three of the four it reads by their own names, too. Of ``lifted_dimensions`` only the
bounds are not seen: it has no default, and so every setting holds its values.
"""

import ast
import atexit
import functools
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from learnability.pipeline.faulty_code import fault
from learnability.results import kept

PACKAGE = "learnability"
SOURCE = Path(__file__).resolve().parents[2]

Reference = tuple[str, str]
"""A module and the name of a definition in it; the empty name stands for all of them."""

_ON_IMPORT = "<on import>"


@dataclass
class _Module:
    """The top level of a module: what each name is defined by or imported from, and what runs on import."""

    name: str
    is_package: bool
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, Reference] = field(default_factory=dict)
    always: list[ast.stmt] = field(default_factory=list)


@functools.cache
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
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except (SyntaxError, ValueError) as error:  # no text, too
        raise fault(error, path) from error
    for statement in tree.body:
        _enter(module, statement)
    return module


def _enter(module: _Module, statement: ast.stmt) -> None:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        module.imports |= _imported(module, statement)
    elif isinstance(statement, ast.If) and _is_type_checking(statement.test):
        for inner in statement.body:
            _enter(module, inner)
    elif not _is_text(statement) and not _is_command(statement):
        names = list(_defined(statement))
        for name in names:
            module.definitions.setdefault(name, []).append(statement)
        if not names:
            module.always.append(statement)


def _is_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _is_command(statement: ast.stmt) -> bool:
    """``if __name__ == "__main__"``: it runs when the module is a command, never on import."""
    test = statement.test if isinstance(statement, ast.If) else None
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


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


@dataclass
class _Facts:
    """What counts of a piece of code: its text, the names that it uses, and those of them that may lead further.

    ``reasons`` says whether the words of the errors of a verdict count, too.
    """

    reasons: bool = False
    parts: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)
    qualified: set[tuple[str, str]] = field(default_factory=set)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
    optional: "dict[str, _Facts]" = field(default_factory=dict)

    @functools.cached_property
    def text(self) -> str:
        """The code in one canonical form: equal code, equal text."""
        return " ".join(self.parts)


_ANNOTATIONS = {"annotation", "returns", "type_comment", "ctx"}
_REASONS = {"NotAtThisScale", "OutOfSteps"}  # errors of learnability.results.claim whose words a verdict repeats
_WITH_BODY = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _is_optional(statement: ast.AST) -> bool:
    """A field of a class that is assigned a default, or a ``Field`` that may have none."""
    named = isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    return named and statement.value is not None  # type: ignore[attr-defined]


def _is_reason(error: ast.expr | None) -> bool:
    """Whether what is raised is an error whose words a verdict repeats."""
    raised = error.func if isinstance(error, ast.Call) else error
    name = raised.attr if isinstance(raised, ast.Attribute) else getattr(raised, "id", "")
    return name in _REASONS


def _fields(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """The fields of a node, in the form that every version of Python gives them.

    From 3.12 on definitions have parameters of types, and a format inside an f-string may have empty text beside its
    values.
    """
    for name in node._fields:
        value = getattr(node, name, None)
        if name == "type_params" and not value:
            continue
        if isinstance(node, ast.JoinedStr):
            value = [part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")]
        yield name, value


def _read(node: object, facts: _Facts) -> None:
    """Read a node and everything below it that can change a number."""
    if isinstance(node, list):
        facts.parts.append("[")
        for inner in node:
            _read(inner, facts)
        facts.parts.append("]")
        return
    if not isinstance(node, ast.AST):
        facts.parts.append(repr(node))
        return
    if isinstance(node, ast.Name):
        facts.bare.add(node.id)
        facts.names.add(node.id)
    elif isinstance(node, ast.Attribute):
        facts.names.add(node.attr)
        if isinstance(node.value, ast.Name):
            facts.qualified.add((node.value.id, node.attr))
            facts.names.add(node.value.id)
            facts.parts += ["Attribute", node.value.id, node.attr]
            return
    elif isinstance(node, ast.keyword) and node.arg:
        facts.names.add(node.arg)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str) and node.value.isidentifier():
            facts.names.add(node.value)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        facts.imports.append(node)
    elif isinstance(node, ast.Raise) and not (facts.reasons and _is_reason(node.exc)):
        facts.parts.append("Raise")
        _read(node.exc.func if isinstance(node.exc, ast.Call) else node.exc, facts)
        return
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "progress":
        facts.parts.append("progress")
        return
    facts.parts += [type(node).__name__, "("]
    skipped = _ANNOTATIONS - {"annotation"} if isinstance(node, ast.AnnAssign) else _ANNOTATIONS
    for name, value in _fields(node):
        if name in skipped:
            continue
        if name == "body" and isinstance(node, _WITH_BODY):
            value = [statement for statement in node.body if not _is_text(statement)]
            if isinstance(node, ast.ClassDef):
                for optional in filter(_is_optional, value):
                    own = facts.optional.setdefault(optional.target.id, _Facts(facts.reasons))
                    _read(optional, own)
                value = [statement for statement in value if not _is_optional(statement)]
        _read(value, facts)
    facts.parts.append(")")


@functools.cache
def _facts(module: str, name: str, place: int, reasons: bool) -> _Facts:
    """What counts of a definition of a module; the empty name stands for what runs on import."""
    found = _module(module)
    assert found is not None
    facts = _Facts(reasons)
    _read((found.definitions[name] if name else found.always)[place], facts)
    return facts


class _Closure:
    """Everything that a set of references reaches, as text by module and name."""

    def __init__(self, reasons: bool) -> None:
        self._reasons = reasons
        self.texts: dict[tuple[str, str, int], str] = {}
        self._names: set[str] = set()
        self._optional: dict[str, list[tuple[_Module, str, int, _Facts]]] = {}
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
        if parent := module.name.rpartition(".")[0]:
            self._waiting.append((parent, _ON_IMPORT))
        if reference[1] == _ON_IMPORT:
            for place, _ in enumerate(module.always):
                self._take(module, "", place)
            return
        self._waiting.append((module.name, _ON_IMPORT))
        for name in [reference[1]] if reference[1] else [*module.definitions, *module.imports]:
            if name in module.imports:
                self._waiting.append(module.imports[name])
            for place, _ in enumerate(module.definitions.get(name, [])):
                self._take(module, name, place)
        if reference[1] and _file_of(f"{module.name}.{reference[1]}"):
            self._waiting.append((f"{module.name}.{reference[1]}", ""))

    def _take(self, module: _Module, name: str, place: int) -> None:
        facts = _facts(module.name, name, place, self._reasons)
        self.texts[module.name, name, place] = facts.text
        for optional, own in facts.optional.items():
            self._optional.setdefault(optional, []).append((module, name, place, own))
        self._follow(module, facts)
        for optional in set(facts.optional) & self._names:
            self._use(optional)

    def _follow(self, module: _Module, facts: _Facts) -> None:
        """Follow the names in a piece of code of ``module``."""
        imports = module.imports
        if facts.imports:
            imports = imports | {n: ref for inner in facts.imports for n, ref in _imported(module, inner).items()}
        for name in facts.bare:
            if name in imports:
                self._waiting.append(imports[name])
            elif name in module.definitions:
                self._waiting.append((module.name, name))
        for name, attribute in facts.qualified:
            if name in imports:
                target, symbol = imports[name]
                self._waiting.append((target, symbol or attribute))
            elif name in module.definitions:
                self._waiting.append((module.name, name))
        new = facts.names - self._names
        self._names |= new
        for name in new & set(self._optional):
            self._use(name)

    def _use(self, name: str) -> None:
        """Take in the optional fields of this name that classes taken so far declare."""
        for module, definition, place, own in self._optional.pop(name, []):
            self.texts[module.name, f"{definition}.{name}", place] = own.text
            self._follow(module, own)


@functools.cache
def closure(*references: Reference, reasons: bool = False) -> dict[tuple[str, str, int], str]:
    """The bared text of every definition that the references reach, by module, name and place.

    With ``reasons``, the words of the errors that give a claim its verdict are part of it.
    """
    found = _Closure(reasons)
    found.reach(*references)
    return found.texts


def _source_digest() -> str:
    """A digest of every line of the package's code, and of the version of Python that takes it apart."""
    digest = hashlib.sha256(repr(sys.version_info[:3]).encode())
    for path in sorted((SOURCE / PACKAGE).rglob("*.py")):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(SOURCE)} {len(text)}\n".encode() + text)
    return digest.hexdigest()


def state_of_source() -> frozenset[tuple[str, int, int, int]]:
    """Path, number, size and time of every file of the package's code: while this stays, no line changed."""
    found: list[tuple[str, int, int, int]] = []
    folders = [str(SOURCE / PACKAGE)]
    while folders:
        for entry in os.scandir(folders.pop()):
            if entry.name.endswith(".py"):
                with suppress(FileNotFoundError):  # removed meanwhile
                    state = entry.stat()
                    found.append((entry.path, state.st_ino, state.st_size, state.st_mtime_ns))
            elif entry.name != "__pycache__" and entry.is_dir():
                folders.append(entry.path)
    return frozenset(found)


class _Kept:
    """Fingerprints that another process found from the same bytes of source; the launcher and the engine share them.

    They are kept in the folder of a project that runs its own source, and nowhere else.
    """

    place = Path(".cache/fingerprints.json")

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._new = False
        if not (Path("Snakefile").is_file() and Path("src").resolve() == SOURCE):
            return
        self._source = _source_digest()
        content = kept.read(self.place)
        if content is not None and content["source"] == self._source:
            self.found = content["found"]
        self._folder = Path.cwd()
        atexit.register(self.keep)

    def add(self, name: str, fingerprint: str) -> None:
        """Keep a fingerprint, too."""
        self.found[name] = fingerprint
        self._new = True

    def keep(self) -> None:
        """Write down what was found."""
        # A file that was edited while this process ran would give its fingerprint to the source as it was before.
        if self._new and _source_digest() == self._source:
            kept.write(self._folder / self.place, {"source": self._source, "found": self.found})
            self._new = False


@functools.cache
def _kept() -> _Kept:
    return _Kept()


@functools.cache
def fingerprint(*references: Reference, reasons: bool = False) -> str:
    """Sixteen hexadecimal digits over every definition that the references reach.

    With ``reasons``, the words of the errors that give a claim its verdict count.
    """
    known, asked = _kept(), " ".join(f"{module}:{name}" for module, name in references)
    if reasons:
        asked += " with reasons"
    if asked not in known.found:
        known.add(asked, _computed(*references, reasons=reasons))
    return known.found[asked]


def keep() -> None:
    """Keep for the jobs of a run what was found so far: each would have to find it again."""
    _kept().keep()


def forget() -> None:
    """Forget what was read of the source: the next fingerprint is that of the source as it is then."""
    for cached in (_file_of, _module, _facts, closure, fingerprint, _kept):
        cached.cache_clear()


def _computed(*references: Reference, reasons: bool = False) -> str:
    digest = hashlib.sha256()
    for (module, name, place), text in sorted(closure(*references, reasons=reasons).items()):
        digest.update(f"{module} {name} {place}\n{text}\n".encode())
    return digest.hexdigest()[:16]


def machine_code_fingerprint() -> str:
    """The fingerprint of every module that defines or uses compiled loops: it names the cache of their machine code.

    The cache of a compiled function does not notice a change in another file, and a compiled loop freezes the constants
    that it reads, wherever they stand: what these modules reach counts, too. One cache serves all jobs.
    """
    names = []
    for path in sorted((SOURCE / PACKAGE).rglob("*.py")):
        if path.parent.name == "compiled" or b"learnability.compiled" in path.read_bytes():
            parts = path.relative_to(SOURCE).with_suffix("").parts
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return fingerprint(*((name, "") for name in names))

"""The fingerprint follows definitions, and only those that a stage reaches."""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from learnability.pipeline import fingerprint as fp

A = """from learnability.sub import b
from learnability.models import Setting

def f(setting):
    return b.g(setting.width)

def other():
    return 1
"""
B = """from .c import h
import json

def g(x):
    return h(x)
"""
C = """\"\"\"Docs.\"\"\"

SCALE = 2

def h(x):
    \"\"\"More docs.\"\"\"
    if x < 0:
        raise ValueError(f"{x} is negative")
    return SCALE * x

def unused(x):
    return x
"""
MODELS = """class Setting:
    width: int
    pace: float = 1.0

    def both(self):
        return self.width
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package ``learnability`` where a.f reaches sub.b.g and sub.c.h, beside what it does not reach."""
    root = tmp_path / "learnability"
    (root / "sub").mkdir(parents=True)
    (root / "__init__.py").write_text("")
    (root / "sub/__init__.py").write_text("")
    for name, text in {"a.py": A, "sub/b.py": B, "sub/c.py": C, "models.py": MODELS}.items():
        (root / name).write_text(text)
    monkeypatch.setattr(fp, "SOURCE", tmp_path)
    _forget()
    yield root
    _forget()


def _forget() -> None:
    fp.forget()


START = (("learnability.a", "f"), ("learnability.models", "Setting"))


def _after(package: Path, name: str, old: str, new: str) -> str:
    text = (package / name).read_text()
    assert old in text
    (package / name).write_text(text.replace(old, new))
    _forget()
    return fp.fingerprint(*START)


def test_definitions_are_followed_through_absolute_relative_and_qualified_imports(package: Path) -> None:
    reached = {(module.removeprefix("learnability."), name) for module, name, _ in fp.closure(*START)}
    assert reached == {("a", "f"), ("sub.b", "g"), ("sub.c", "h"), ("sub.c", "SCALE"), ("models", "Setting")}


def test_imports_inside_functions_are_followed(package: Path) -> None:
    (package / "late.py").write_text("def f():\n    from learnability.sub.c import unused\n    return unused(1)\n")
    reached = {name for _, name, _ in fp.closure(("learnability.late", "f"))}
    assert reached == {"f", "unused"}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sub/c.py", "    return SCALE * x", "    # comment\n    return (SCALE   *  x)"),
        ("sub/c.py", "More docs.", "Other docs."),
        ("sub/c.py", "def h(x):", "def h(x: float) -> float:"),
        ("sub/c.py", "is negative", "must not be negative"),
        ("sub/c.py", "return x\n", "return x + 1\n"),
        ("a.py", "return 1", "return 2"),
        ("models.py", "pace: float = 1.0", "pace: float = 1.0\n    depth: int = 3"),
        ("models.py", "pace: float = 1.0", "pace: float = 2.0"),
        ("sub/c.py", "SCALE = 2", "SCALE = 2\n\nif __name__ == '__main__':\n    print(unused(3))"),
    ],
    ids=[
        "comment",
        "docstring",
        "annotation",
        "error",
        "bystander below",
        "bystander",
        "new field",
        "unread default",
        "command",
    ],
)
def test_what_cannot_change_a_number_does_not_count(package: Path, name: str, old: str, new: str) -> None:
    before = fp.fingerprint(*START)
    assert _after(package, name, old, new) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sub/c.py", "SCALE = 2", "SCALE = 3"),
        ("sub/c.py", "x < 0", "x < 1"),
        ("sub/b.py", "h(x)", "h(x + 1)"),
        ("sub/c.py", "SCALE = 2", "SCALE = 2\nprint(SCALE)"),
        ("models.py", "return self.width", "return self.width + 1"),
    ],
    ids=["constant", "condition", "call", "statement on import", "method"],
)
def test_code_that_is_reached_counts(package: Path, name: str, old: str, new: str) -> None:
    before = fp.fingerprint(*START)
    assert _after(package, name, old, new) != before


def test_a_default_that_is_read_counts(package: Path) -> None:
    _after(package, "a.py", "setting.width", "setting.width * setting.pace")
    before = fp.fingerprint(*START)
    assert _after(package, "models.py", "pace: float = 1.0", "pace: float = 2.0") != before


def test_a_progress_report_does_not_count_and_what_it_reports_on_does(package: Path) -> None:
    _after(package, "a.py", "    return b.g", "    setting.context.progress(1, 2, 'words')\n    return b.g")
    before = fp.fingerprint(*START)
    assert _after(package, "a.py", "'words'", "'other words'") == before


def test_implementations_registered_on_a_function_belong_to_it(package: Path) -> None:
    text = "from functools import singledispatch\n\n@singledispatch\ndef f(x): ...\n\n"
    text += "@f.register\ndef _(x: int):\n    return 1\n"
    (package / "registry.py").write_text(text)
    before = fp.fingerprint(("learnability.registry", "f"))
    (package / "registry.py").write_text(text.replace("return 1", "return 2"))
    _forget()
    assert fp.fingerprint(("learnability.registry", "f")) != before


REASON = """from learnability.results import claim

def measure(found):
    if not found:
        raise NotAtThisScale("a third frequency")
    if found < 0:
        raise claim.OutOfSteps(f"{found} runs")
    raise ValueError("never seen")
"""


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [("third", "fourth", True), ("} runs", "} seeds", True), ("never", "seldom", False)],
    ids=["not at this scale", "out of steps", "an error"],
)
def test_words_that_a_verdict_repeats_count_behind_verdicts_alone(
    package: Path, old: str, new: str, counts: bool
) -> None:
    measure = ("learnability.claims", "measure")

    def both(text: str) -> tuple[str, str]:
        (package / "claims.py").write_text(text)
        fp.forget()
        return fp.fingerprint(measure), fp.fingerprint(measure, reasons=True)

    before, after = both(REASON), both(REASON.replace(old, new))
    assert after[0] == before[0]
    assert (after[1] != before[1]) == counts


SYNTAX = """from dataclasses import dataclass

@dataclass
class Number:
    value: float
    digits: int = 3

    def shown(self, width):
        return f"{self.value:{width}.{self.digits}f} of {width!r:>}" + f"{self.value:{width}}" + f""

async def late(*numbers, **more):
    return [number.shown(more["width"]) for number in numbers if (found := number.value) > 1e-3 or not found]
"""


def _of_syntax(package: Path) -> str:
    (package / "syntax.py").write_text(SYNTAX)
    fp.forget()
    return fp.fingerprint(("learnability.syntax", ""))


def test_every_version_of_python_gives_the_same_fingerprint(package: Path) -> None:
    assert _of_syntax(package) == "8330147bf854959c"


def test_what_newer_versions_add_to_the_syntax_tree_does_not_count(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From 3.12 on: parameters of types, and empty text inside formats."""
    before, parse = _of_syntax(package), ast.parse

    def newer(*arguments: str) -> ast.Module:
        tree = parse(*arguments)
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                node.values.append(ast.Constant(""))
        return tree

    for kind in (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        if "type_params" not in kind._fields:
            monkeypatch.setattr(kind, "_fields", (*kind._fields, "type_params"))
            monkeypatch.setattr(kind, "type_params", [], raising=False)
    monkeypatch.setattr(ast, "parse", newer)
    assert _of_syntax(package) == before


def _as_project(package: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project that runs this package."""
    folder = package.parent / "project"
    (folder / "src").mkdir(parents=True)
    shutil.move(package, folder / "src/learnability")
    (folder / "Snakefile").write_text("")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(fp, "SOURCE", folder / "src")
    _forget()
    return folder


def test_fingerprints_are_kept_for_the_same_source_alone(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _as_project(package, monkeypatch)
    first = fp.fingerprint(*START)
    fp.keep()
    _forget()
    monkeypatch.setattr(fp, "_computed", lambda *_, **__: "computed again")
    assert fp.fingerprint(*START) == first
    (folder / "src/learnability/unused.py").write_text("x = 1\n")
    _forget()
    assert fp.fingerprint(*START) == "computed again"


def test_nothing_is_kept_when_the_source_changed_meanwhile(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _as_project(package, monkeypatch)
    fp.fingerprint(*START)
    (folder / "src/learnability/a.py").write_text(A + "\nx = 1\n")
    fp.keep()
    assert not fp._Kept.place.exists()


def test_machine_code_is_named_by_the_constants_that_it_freezes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compiled loop keeps the constants of other modules; a cache of before would give the numbers of before."""
    copy = tmp_path / "learnability"
    shutil.copytree(fp.SOURCE / "learnability", copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fp, "SOURCE", tmp_path)

    def after(name: str, old: str, new: str) -> str:
        text = (copy / name).read_text()
        assert old in text
        (copy / name).write_text(text.replace(old, new, 1))
        _forget()
        return fp.machine_code_fingerprint()

    _forget()
    before = fp.machine_code_fingerprint()
    assert after("studies/two_parameter/figures/splitting.py", "\nimport ", "\nx = 1\nimport ") == before
    constants = after("studies/two_parameter/hierarchy/outcome.py", "CHATTER: Final = 0.3", "CHATTER: Final = 0.1")
    assert constants != before
    assert after("compiled/blas.py", "\nimport ", "\nx = 1\nimport ") != constants
    _forget()

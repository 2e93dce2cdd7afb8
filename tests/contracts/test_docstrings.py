"""A public function names in its docstring the errors that it raises itself."""

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "learnability"
NOT_FOR_CALLERS = {"AssertionError", "NotImplementedError"}
"""What says that the code is wrong, or that a method is abstract."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _own(function: Function) -> Iterator[ast.expr]:
    """What a function raises itself, and not one inside it; what it caught and raises again is not its own."""
    handled = {node.name for node in ast.walk(function) if isinstance(node, ast.ExceptHandler)}
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Raise) and node.exc and not (isinstance(node.exc, ast.Name) and node.exc.id in handled):
            yield node.exc
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def _class_of(raised: ast.expr, tree: ast.Module) -> str:
    """The class of what is raised; of a call of a function of the module, the class that its annotation names."""
    called = raised.func if isinstance(raised, ast.Call) else raised
    name = called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)
    for node in tree.body:
        if isinstance(node, _FUNCTIONS) and node.name == name:
            assert node.returns is not None
            return ast.unparse(node.returns)
    return name


def _is_command(function: Function) -> bool:
    """Whether the docstring is the help of a command, whose user sees no exception."""
    called = (decorator.func for decorator in function.decorator_list if isinstance(decorator, ast.Call))
    return any(isinstance(one, ast.Attribute) and one.attr in ("command", "callback") for one in called)


def _public(body: list[ast.stmt], parents: tuple[ast.ClassDef, ...] = ()) -> Iterator[tuple[str, str, Function]]:
    """Name, documentation and definition of each public function and method; that of a class speaks for ``__init__``
    and other special methods, too."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public(node.body, (*parents, node))
        elif isinstance(node, _FUNCTIONS) and not _is_command(node):
            special = bool(parents) and re.fullmatch(r"__\w+__", node.name) is not None
            if special or not node.name.startswith("_"):
                texts = [ast.get_docstring(one) or "" for one in (node, *(parents[-1:] if special else ()))]
                yield ".".join(one.name for one in (*parents, node)), " ".join(texts), node


def _ancestors(modules: list[ast.Module]) -> dict[str, set[str]]:
    """The names that stand for each class of errors: its own and those of its ancestors below Exception."""
    found = {
        name: {ancestor.__name__ for ancestor in value.__mro__} - {"object", "BaseException", "Exception"}
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, BaseException)
    }
    bases = {
        node.name: [ast.unparse(base) for base in node.bases]
        for tree in modules
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }

    def above(name: str) -> set[str]:
        return found.get(name) or {name}.union(*map(above, bases.get(name, ()))) - {"Exception"}

    return {name: above(name) for name in (*found, *bases)}


def _silent(tree: ast.Module, ancestors: dict[str, set[str]]) -> list[str]:
    """The public functions of a module that do not name an error of their own."""
    faults = []
    for name, text, function in _public(tree.body):
        for raised in {_class_of(one, tree) for one in _own(function)}:
            names = ancestors.get(raised, {raised})
            if raised not in NOT_FOR_CALLERS and not any(re.search(rf"\b{one}\b", text) for one in names):
                faults.append(f"line {function.lineno}: {name} raises {raised}")
    return sorted(faults)


def test_public_functions_name_the_errors_that_they_raise() -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}
    ancestors = _ancestors(list(trees.values()))
    faults = [f"{path.relative_to(SOURCE)}, {fault}" for path in trees for fault in _silent(trees[path], ancestors)]
    assert not faults, "docstrings that do not say what is raised:\n" + "\n".join(faults)


RAISING = """
class Trouble(ValueError): ...

def _trouble() -> Trouble: ...

{head}
    {text}
    try:
        {body}
    except OSError as error:
        raise error
    except KeyError:
        raise
"""


@pytest.mark.parametrize(
    ("head", "text", "body", "faults"),
    [
        ("def f():", '"""One."""', "raise ValueError('no')", ["f raises ValueError"]),
        ("def f():", "pass", "raise ValueError", ["f raises ValueError"]),
        ("def f():", '"""One. Raises ValueError for two."""', "raise ValueError('no')", []),
        ("def f():", '"""One. Raises ValueError for two."""', "raise Trouble('no')", []),
        ("def f():", '"""One. Raises Trouble for two."""', "raise ValueError('no')", ["f raises ValueError"]),
        ("def f():", '"""One. Raises OSError for two."""', "raise FileNotFoundError", []),
        ("def f():", '"""One. Raises Exception for two."""', "raise Trouble('no')", ["f raises Trouble"]),
        ("def f():", '"""One."""', "raise _trouble()", ["f raises Trouble"]),
        ("def f():", '"""One."""', "raise errors.Lost('no')", ["f raises Lost"]),
        ("def f():", '"""One."""', "raise NotImplementedError", []),
        ("def f():", '"""One."""', "return [one for one in two]", []),
        ("def _f():", '"""One."""', "raise ValueError('no')", []),
        ("@app.command()\ndef f():", '"""One."""', "raise ValueError('no')", []),
    ],
)  # fmt: skip
def test_what_a_docstring_has_to_name(head: str, text: str, body: str, faults: list[str]) -> None:
    tree = ast.parse(RAISING.format(head=head, text=text, body=body))
    assert [fault.partition(": ")[2] for fault in _silent(tree, _ancestors([tree]))] == faults


METHOD = '''
class {name}:
    """One.{of_class}"""

    def __post_init__(self):
        """Two."""
        raise ValueError("no")

    def three(self):
        """Three.{of_method}"""
        def inner():
            raise OSError
        raise KeyError
'''


@pytest.mark.parametrize(
    ("name", "of_class", "of_method", "faults"),
    [
        ("One", "", "", ["One.__post_init__ raises ValueError", "One.three raises KeyError"]),
        ("One", " Raises ValueError.", "", ["One.three raises KeyError"]),
        ("One", " Raises ValueError and KeyError.", "", ["One.three raises KeyError"]),
        ("One", " Raises ValueError.", " Raises KeyError.", []),
        ("_One", "", "", []),
    ],
)
def test_a_class_speaks_for_its_special_methods(name: str, of_class: str, of_method: str, faults: list[str]) -> None:
    tree = ast.parse(METHOD.format(name=name, of_class=of_class, of_method=of_method))
    found = [fault.partition(": ")[2] for fault in _silent(tree, _ancestors([tree]))]
    assert sorted(found) == faults

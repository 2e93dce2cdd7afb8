"""The fingerprint follows code, and only code, through the imports of the package."""

from pathlib import Path

import pytest

from learnability.pipeline import fingerprint as fp


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package ``learnability`` with a chain of imports a -> b -> c and a bystander d."""
    root = tmp_path / "learnability"
    (root / "sub").mkdir(parents=True)
    (root / "__init__.py").write_text("")
    (root / "sub/__init__.py").write_text("")
    (root / "a.py").write_text("from learnability.sub import b\n\ndef f(x):\n    return b.g(x)\n")
    (root / "sub/b.py").write_text("from .c import h\nimport json\n\ndef g(x):\n    return h(x)\n")
    (root / "sub/c.py").write_text('"""Docs."""\n\ndef h(x):\n    """More docs."""\n    return x + 1\n')
    (root / "d.py").write_text("y = 1\n")
    monkeypatch.setattr(fp, "SOURCE", tmp_path)
    fp._parsed.cache_clear()
    fp.fingerprint.cache_clear()
    yield root
    fp._parsed.cache_clear()
    fp.fingerprint.cache_clear()


def _after(package: Path, name: str, text: str) -> str:
    (package / name).write_text(text)
    fp._parsed.cache_clear()
    fp.fingerprint.cache_clear()
    return fp.fingerprint("learnability.a")


def test_closure_follows_absolute_relative_and_late_imports(package: Path) -> None:
    assert fp.closure("learnability.a") == {
        "learnability",
        "learnability.a",
        "learnability.sub",
        "learnability.sub.b",
        "learnability.sub.c",
    }
    late = _after(package, "d.py", "def f():\n    from learnability.sub.c import h\n    return h\n")
    assert "learnability.sub.c" in fp.closure("learnability.d")
    assert late


def test_comments_docstrings_and_formatting_do_not_count(package: Path) -> None:
    before = fp.fingerprint("learnability.a")
    text = '"""Other docs."""\n# comment\n\n\ndef h( x ):\n    return (x   +  1)  # same\n'
    assert _after(package, "sub/c.py", text) == before


@pytest.mark.parametrize(
    ("name", "text"),
    [("sub/c.py", "def h(x):\n    return x + 2\n"), ("sub/__init__.py", "z = 1\n"), ("a.py", "from .sub.b import g\n")],
)
def test_code_anywhere_in_the_closure_counts(package: Path, name: str, text: str) -> None:
    before = fp.fingerprint("learnability.a")
    assert _after(package, name, text) != before


def test_a_bystander_does_not_count(package: Path) -> None:
    before = fp.fingerprint("learnability.a")
    assert _after(package, "d.py", "y = 2\n") == before


def test_a_docstring_that_is_used_as_a_value_counts(package: Path) -> None:
    before = fp.fingerprint("learnability.a")
    assert _after(package, "sub/c.py", "def h(x):\n    s = 'text'\n    return x + 1\n") != before

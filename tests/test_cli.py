"""The console command: help that names everything, mistakes that end with status 2 and no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _call(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "learnability.cli", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_help_names_every_command() -> None:
    done = _call("--help")
    assert done.returncode == 0
    for name in ("figures", "report", "verdicts", "new-study", "archive", "--install-completion", "--version"):
        assert name in done.stdout
    text = _call("archive", "--help").stdout
    assert all(name in text for name in ("pack", "verify", "restore", "reproduce"))


@pytest.mark.parametrize(
    "command",
    [
        ("figures",),
        ("report",),
        ("verdicts",),
        ("new-study", "x"),
        ("archive", "pack"),
        ("archive", "restore", "x.zip"),
    ],
    ids=" ".join,
)
def test_commands_say_that_they_need_a_clone_of_the_project(command: tuple[str, ...], tmp_path: Path) -> None:
    done = _call(*command, cwd=tmp_path)
    assert done.returncode == 2
    assert "is not a clone of the project" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("figures", "--scale", "smok"), ("--scale (SCALE in make)", "smoke, laptop, paper", "did you mean smoke?")),
        (("figures", "--device", "tpu"), ("--device", "cuda")),
        (("figures", "--study", "nothing"), ("nothing", "multi_index")),
        (("figure",), ("no command 'figure'", "did you mean figures?")),
        (("ask", "z1*z2*z3*z4*z5", "--dimension", "3"), ("3 is too small", "5 directions", "at least 20")),
        (("ask", "x1*x2", "--inputs", "cube", "--check"), ("--inputs cube", "leave --check")),
        (("ask", "x1*y2", "--inputs", "cube"), ("the target", "y2")),
        (("archive", "verify", "none.zip"), ("none.zip", "there is no such file")),
        (("verdicts", "none.json"), ("none.json", "run make figures first")),
        (
            ("verdicts", "results/latop/claims.json"),
            ("no scale 'latop'", "smoke, laptop, paper", "did you mean laptop?"),
        ),
    ],
    ids=lambda value: " ".join(value),
)
def test_mistakes_end_with_status_2_and_say_what_is_allowed(arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    done = _call(*arguments)
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert all(word in said for word in words), said
    assert "Traceback" not in said


def test_a_function_of_bits_is_diagnosed() -> None:
    done = _call("ask", "x1 + x1*x2*x3", "--inputs", "cube")
    assert done.returncode == 0
    assert "Walsh spectrum" in done.stdout
    assert "not computed for functions of bits" in done.stdout


def test_studies_are_completed_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    from learnability.cli import _studies

    monkeypatch.chdir(ROOT)
    assert _studies("multi") == ["multi_index"]
    assert "two_parameter,multi_index" in _studies("two_parameter,")
    assert "two_parameter,two_parameter" not in _studies("two_parameter,")

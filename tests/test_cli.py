"""The console command: help that names everything, mistakes that end with status 2 and no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer.testing

ROOT = Path(__file__).parents[1]


def _call(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "learnability.cli", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_a_tilde_in_the_name_of_a_file_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``make archive SIGN=~/key``: dash leaves the ``~`` as it is, and so do the quotes of the Makefile."""
    from learnability import cli
    from learnability.archive import pack, verify

    given: list[object] = []
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(pack, "pack", lambda *all_of_them: given.append(all_of_them[4]) or "packed")
    monkeypatch.setattr(verify, "verify", lambda path, *others: given.extend((path, others[2])) or 0)
    runner = typer.testing.CliRunner()
    assert runner.invoke(cli.app, ["archive", "pack", "--sign", "~/key"]).exit_code == 0
    assert runner.invoke(cli.app, ["archive", "verify", "~/a.zip", "--signers", "~/known"]).exit_code == 0
    assert given == [tmp_path / "key", tmp_path / "a.zip", tmp_path / "known"]
    given.clear()
    assert runner.invoke(cli.app, ["archive", "pack"]).exit_code == 0
    assert given == [None]


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
        (("ask", "z1", "--inputs", "cube"), ("x1 to x14", "write x1, x2, ... for bits, or leave out --inputs cube")),
        (
            ("archive", "verify", "none.zip"),
            ("none.zip", "there is no such file", "name an archive, such as results/archive/learnability-"),
        ),
        (("archive", "restore", "none.zip"), ("none.zip", "there is no such file", "name an archive, such as")),
        (
            ("why", "results/laptop/multi_index/figures/escape_time.svg"),
            ("no job makes such a file", "did you mean results/laptop/multi_index/figures/escape_times.svg?"),
        ),
        (("figures", "--store", "foo"), ("error in the store foo", "it is no address", "did you mean s3://foo?")),
        (("push", "foo"), ("error in the store foo", "did you mean s3://foo?")),
        (("figures", "--cores", "0"), ("--cores (CORES in make)", "1 to 4096, or all", "remedy:  leave it out")),
        (("figures", "--profile", "slrum"), ("--profile (PROFILE in make)", "did you mean slurm?")),
        (("figures", "--figure", "escape_time"), ("--figure (FIGURE in make)", "did you mean escape_times?")),
        (("new-study", "class"), ("cannot be called 'class'", "Python needs that word", "remedy:  rename it")),
        (("new-study", "logs"), ("cannot be called 'logs'", "remedy:  rename it")),
        (("new-study", "My-Study"), ("cannot be called 'My-Study'", "lower-case letters", "remedy:  rename it")),
        (("verdicts", "results/paper/none.json"), ("run make figures SCALE=paper first",)),
        (("verdicts", "none.json"), ("none.json", "run make figures first")),
        (("why", "/etc/passwd"), ("/etc/passwd", "is not an output of the workflow", "results/<scale>/...")),
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

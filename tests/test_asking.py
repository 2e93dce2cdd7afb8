"""``learnability ask`` and ``learnability.ask``."""

import inspect
from pathlib import Path

import pytest

import learnability
from learnability import asking
from learnability.asking import ROOT_SEED
from learnability.pipeline import questions
from learnability.pipeline.job_table import JobTable
from learnability.results.errors import UserError

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def asked() -> learnability.Asked:
    return learnability.ask("h1(z1) + c*h1(z1)*h1(z2)", dimension=60, seeds=16, sweep={"c": [0.5, 1]})


def test_several_targets_give_an_answer_each(asked: learnability.Asked) -> None:
    assert [answer.target for answer in asked.answers] == ["h1(z1) + 0.5*h1(z1)*h1(z2)", "h1(z1) + 1*h1(z1)*h1(z2)"]


def test_an_answer_reads_as_text_and_in_a_notebook(asked: learnability.Asked) -> None:
    assert "Verdict" in str(asked)
    assert "<table>" in asked._repr_html_()


def test_the_same_question_gives_the_same_numbers(asked: learnability.Asked) -> None:
    again = learnability.ask("h1(z1) + 0.5*h1(z1)*h1(z2)", dimension=60, seeds=16)
    assert again.answers[0].times == asked.answers[0].times


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("foo(z1)", "unknown"),
        ("*".join(f"z{i}" for i in range(1, 41)), "40 variables"),
        ("3", "constant"),
        ("h2(z1) +", "column"),
        ("exp(z1^2)", "second moment is infinite"),
    ],
)
def test_a_target_that_cannot_be_answered_gives_one_clear_message(target: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        asking.question_of([target])


def test_a_dimension_too_small_for_the_subspace_is_refused() -> None:
    with pytest.raises(UserError, match="dimension"):
        asking.question_of(["z1*z2*z3*z4*z5"], dimension=3)


def test_a_sweep_is_read_from_the_command_line() -> None:
    assert asking.parse_sweep(["c=0,.1,1"]) == {"c": [0.0, 0.1, 1.0]}
    with pytest.raises(UserError, match="no sweep"):
        asking.parse_sweep(["c"])


def test_the_function_and_the_command_share_their_root_seed_and_streams() -> None:
    """The jobs that the command runs name the root seed, the study, the experiment, the setting and the seeds."""
    table = JobTable(ROOT / "config", {})
    assert table.main.root_seed == ROOT_SEED
    assert inspect.signature(learnability.ask).parameters["root_seed"].default == ROOT_SEED
    assert table.package("a_question") == questions.STUDY

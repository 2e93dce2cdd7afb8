"""``learnability ask`` and ``learnability.ask``."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
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


def test_a_callable_is_answered_with_its_noise() -> None:
    """The third Hermite polynomial by its values has the exponents and the laws of the polynomial."""
    asked = learnability.ask(lambda z: (z**3 - 3 * z) / 6**0.5, dimension=30, seeds=16, label_noise=0.2)
    found = {name: float(asked.analyses["diagnosis"][name][0]) for name in ("information_exponent", "label_noise")}
    assert found == {"information_exponent": 3, "label_noise": 0.2}
    assert asked.analyses["times"]["predicted"].sel(flow="joint").values.tolist() == [[2.0]]
    said = dict(row[:2] for row in asked.answers[0].diagnosis)
    assert said["link"].startswith("g: 321 points")
    assert any("Label noise" in sentence for sentence in asked.answers[0].verdict)


def test_an_expansion_and_a_table_are_put_in_words(tmp_path: Path) -> None:
    expansion = learnability.parse("re(z1, z2, 4) + 1e-3*h1(z3)")
    text, links = asking._in_words(expansion)
    assert text is not None
    assert learnability.parse(text) == expansion
    assert not links
    z = np.linspace(-4, 4, 41)
    np.savetxt(tmp_path / "g.txt", np.column_stack([z, np.tanh(z)]))
    text, links = asking._in_words(learnability.FunctionTarget.from_table(tmp_path / "g.txt"))
    assert text == "g(z1)"
    assert links == {"g": learnability.Link.from_table(tmp_path / "g.txt")}


@pytest.mark.parametrize(
    ("target", "links", "said"),
    [
        ("foo(z1)", {}, "--link foo=values.csv"),
        ("g(z1)", {"g": "no/such/file.csv"}, "No such file"),
        ("g(z1)", {"g": lambda z: 0 * z + 1}, "constant"),
        ("g(z1)", {"g": lambda _: 1.0}, "same shape"),
    ],
)
def test_a_link_that_cannot_be_used_gives_one_clear_message(target: str, links: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        learnability.ask(target, dimension=30, links=links)


def test_links_of_the_command_line_are_files() -> None:
    with pytest.raises(UserError, match="names no file"):
        asking.parse_links(["g"])
    with pytest.raises(UserError, match="No such file"):
        asking.parse_links(["g=no/such/file.csv"])


def test_the_function_and_the_command_share_their_root_seed_and_streams() -> None:
    """The jobs that the command runs name the root seed, the study, the experiment, the setting and the seeds."""
    table = JobTable(ROOT / "config", {})
    assert table.main.root_seed == ROOT_SEED
    assert inspect.signature(learnability.ask).parameters["root_seed"].default == ROOT_SEED
    assert table.package("a_question") == questions.STUDY

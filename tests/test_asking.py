"""``learnability ask`` and ``learnability.ask``."""

import inspect
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import learnability
from learnability import asking
from learnability.asking import ROOT_SEED
from learnability.pipeline import questions
from learnability.pipeline.config import validate
from learnability.pipeline.job_table import JobTable
from learnability.results.errors import UserError

ROOT = Path(__file__).parents[1]
LETTER = "a swept coefficient is one small letter, not e (as in 1e3) and not z"


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


@pytest.mark.parametrize(
    ("field", "value", "problem", "allowed"),
    [
        ("label_noise", -1, "label_noise = -1 is too small", "at least 0"),
        ("label_noise", 1e9, "label_noise = 1000000000.0 is too large", "at most 1000000"),
        ("label_noise", "much", 'label_noise = "much" is no number', "a number"),
        ("label_noise", float("nan"), "label_noise is not a finite number", ""),
        ("seeds", 3, "seeds = 3 is too small", "at least 16"),
        ("seeds", 16.5, "seeds = 16.5 is no whole number", "a whole number"),
        ("dimension", 10**10, "dimension = 10000000000 is too large", "at most 1000000000"),
        ("dimension", "many", 'dimension = "many" is no whole number', "a whole number"),
        ("check", "maybe", 'check = "maybe" is neither true nor false', "true, false"),
        ("sweep", {"c": 1}, "sweep.c = 1 is no list", "a list, [a, b, ...]"),
        (
            "sweep",
            {"e": [1]},
            'sweep.e = "e": a swept coefficient is one small letter, not e (as in 1e3) and not z',
            "",
        ),
    ],
)
def test_a_field_out_of_range_is_refused_in_our_words(field: str, value: Any, problem: str, allowed: str) -> None:
    """In Python, and where a file holds it: the key, its value, what is allowed and what to do."""
    with pytest.raises(UserError) as refused:
        learnability.ask("h2(z1) + z2", **{field: value})
    assert (refused.value.problem, refused.value.allowed) == (problem, allowed)
    assert refused.value.remedy
    if "nan" not in repr(value):
        with pytest.raises(UserError) as in_file:
            validate(questions.Question, {"targets": ["h2(z1) + z2"], field: value}, "config/questions/q.yaml")
        assert (in_file.value.where, in_file.value.problem) == ("config/questions/q.yaml", problem)


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"label_noise": -1.0}, "--label-noise"),
        ({"label_noise": -1.0, "inputs": "cube"}, "--label-noise"),
        ({"dimension": -5}, "--dimension"),
        ({"seeds": 3}, "--seeds"),
        ({"sweep": ["c=1"]}, "--sweep"),
        ({"name": "A/b"}, "--name"),
    ],
)
def test_an_option_out_of_range_is_named_as_it_is_written(options: dict[str, Any], where: str) -> None:
    given = {"dimension": 50, "check": False, "sweep": [], "seeds": 16, "name": "", "quick": True, "cores": "1"}
    with pytest.raises(UserError) as refused:
        asking.command(["x1*x2" if options.get("inputs") == "cube" else "h2(z1)"], **{**given, **options})
    assert refused.value.where == where


@pytest.mark.parametrize("cores", ["many", "0", "-1", "1.5"])
def test_a_number_of_cores_that_is_none_is_refused_before_anything_is_written(
    cores: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "FOLDER", tmp_path)
    monkeypatch.setattr(asking, "_answer", lambda *_: 1)
    with pytest.raises(UserError, match="is not a number of cores"):
        asking.command(["h2(z1)"], 50, False, [], 16, "", False, cores)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("label_noise", 0.5),
        ("sweep", ["c=0,1"]),
        ("dimension", 50),
        ("seeds", 16),
        ("check", True),
        ("links", ["g=values.csv"]),
        ("name", "other"),
    ],
)
@pytest.mark.parametrize("asked", ["mine", "config/questions/mine.yaml"])
def test_options_beside_the_name_of_a_question_are_refused(
    option: str, value: Any, asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "FOLDER", tmp_path)
    (tmp_path / "mine.yaml").write_text('targets: ["h2(z1)"]\n')
    given = {"dimension": asking.DIMENSION, "check": False, "sweep": [], "seeds": None, "name": "", "quick": True}
    assert asking.command([asked], **given, cores="1") == 0
    assert asking.command([asked], **{**given, "name": "mine"}, cores="1") == 0
    with pytest.raises(UserError, match=f"these stand in {tmp_path}/mine.yaml") as refused:
        asking.command([asked], **{**given, option: value}, cores="1")
    named = {"links": "--link"}.get(option, "--" + option.replace("_", "-"))
    assert refused.value.problem == f"{named} is given beside the name of a question that exists"


def test_inputs_and_links_of_another_kind_are_refused() -> None:
    with pytest.raises(UserError, match="'cub' is unknown"):
        learnability.ask("x1*x2", inputs="cub")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="3 is no link"):
        learnability.ask("g(z1)", links={"g": 3})  # type: ignore[dict-item]


def test_what_is_at_work_is_what_the_newest_log_says_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "RESULTS", tmp_path)
    assert asking._at_work("mine") == ""
    old, new = (tmp_path / "logs/mine" / name for name in ("diagnosis/train.log", "times/train.log"))
    for path, said in ((old, "[train] x  done in 3s\n"), (new, "[train] x\n[train] x   33%  planted flow, 8s gone\n")):
        path.parent.mkdir(parents=True)
        path.write_text(said)
    os.utime(old, (1, 1))
    assert asking._at_work("mine") == "planted flow, 8s gone"
    os.utime(new, (0, 0))
    assert asking._at_work("mine") == ""


@pytest.mark.parametrize(
    ("target", "problem", "remedy"),
    [
        ("h2(z1) + c*h3(z2)", "unknown variable 'c'", "--sweep c=0,1"),
        ("x1*x2", "unknown variable 'x1'", "--inputs cube"),
        ("nosuchquestion", "unknown variable", "no question config/questions/nosuchquestion.yaml"),
        ("log(z2)", "unknown function 'log'", "--link log=values.csv"),
        ("max(z1)", "unknown function 'max'", "--link max=values.csv"),
        ("c(z1)", "unknown function 'c'", "--link c=values.csv"),
        ("z9", "has 9 variables", "number the variables from z1 on"),
        ("z1*z2*z3*z4*z5*z6*z7", "has 7 variables", "--quick"),
        ("h13(z1)", "has degree 13", "--quick"),
        ("z1*z2*z3*z4*z5*z6^30", "has degree 35", "of degree at most 12"),
    ],
)
def test_the_remedy_fits_what_was_probably_meant(target: str, problem: str, remedy: str) -> None:
    with pytest.raises(UserError) as caught:
        asking.question_of([target])
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy
    if "--link" not in remedy:
        assert "--link" not in caught.value.remedy


def test_a_degree_that_the_diagnosis_cannot_hold_is_not_asked_for_with_quick() -> None:
    with pytest.raises(UserError) as caught:
        asking.question_of(["z1*z2*z3*z4*z5*z6^30"])
    assert "--quick" not in caught.value.remedy
    assert asking.question_of(["h13(z1)"], quick=True).texts == ("h13(z1)",)


@pytest.mark.parametrize(
    ("target", "remedy"),
    [
        ("z1", "write x1, x2, ... for bits, or leave out --inputs cube for Gaussian variables"),
        ("x1*", "correct the target"),
        ("1", "ask about another target"),
    ],
)
def test_the_remedy_of_a_question_about_bits(target: str, remedy: str) -> None:
    with pytest.raises(UserError) as caught:
        asking.diagnosed([target], "cube")
    assert caught.value.remedy == remedy


def test_a_link_whose_file_cannot_be_read_asks_for_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="cannot be read") as caught:
        asking.parse_links([f"g={tmp_path}/none.csv"])
    assert caught.value.remedy == "name a file that can be read: --link g=PATH"
    (tmp_path / "few.csv").write_text("0,1\n")
    monkeypatch.setenv("HOME", str(tmp_path))  # make and dash leave a ~ in LINK=g=~/few.csv as it is
    with pytest.raises(UserError) as caught:
        asking.parse_links(["g=~/few.csv"])
    assert caught.value.remedy == "correct the values of the link"


@pytest.mark.parametrize("root_seed", [-1, 1.5])
def test_a_root_seed_that_is_none_is_refused(root_seed: Any) -> None:
    with pytest.raises(UserError, match="root_seed"):
        learnability.ask("z1", root_seed=root_seed)


def test_a_quick_question_may_have_more_variables_than_the_times() -> None:
    assert asking.question_of(["z1*z2*z3*z4*z5*z6*z7"], quick=True).texts == ("z1*z2*z3*z4*z5*z6*z7",)
    with pytest.raises(UserError, match="unknown"):
        asking.question_of(["foo(z1)"], quick=True)


@pytest.mark.parametrize("width", [60, 100])
def test_an_answer_is_as_wide_as_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    said = str(asking.diagnosed(["x1*x2"], "cube"))
    assert max(map(len, said.splitlines())) == width


@pytest.mark.parametrize("target", ["cos(12*z1)", "sin(30*z1)", "cos(5*z1)"])
def test_times_of_another_function_are_not_computed(target: str) -> None:
    """The cut at degree 12 keeps nothing, nothing, and 0.4% of the variance."""
    asked = learnability.ask(target, dimension=50, seeds=16)
    (answer,) = asked.answers
    assert not answer.times
    assert not any("flow" in sentence for sentence in answer.verdict)
    assert any("were not computed" in sentence for sentence in answer.open_points)
    assert "loses 1 of" not in str(asked)


def test_no_verdict_rests_on_the_times_of_a_coarse_cut() -> None:
    """``sign`` has 15% of its variance above degree 12, ``relu`` 0.3%."""
    (coarse,) = learnability.ask("sign(z1)", dimension=50, seeds=16).answers
    assert all(row[1].endswith("(cut)") for row in coarse.times)
    assert not any("flow" in sentence or "two-layer" in sentence for sentence in coarse.verdict)
    assert any("no verdict rests on them" in sentence for sentence in coarse.open_points)
    (fine,) = learnability.ask("relu(z1)", dimension=50, seeds=16).answers
    assert not any(row[1].endswith("(cut)") for row in fine.times)
    assert any("population flow" in sentence for sentence in fine.verdict)


def test_the_answer_says_that_a_leap_is_out_of_reach() -> None:
    (answer,) = learnability.ask("cos(6.283*z1) + 0*z1", dimension=50, seeds=16).answers
    assert any("no realistic n sees it" in sentence for sentence in answer.open_points)


def test_a_check_of_what_lies_above_the_cut_runs_nothing() -> None:
    asked = learnability.ask("cos(12*z1)", dimension=50, seeds=16, check=True)
    (answer,) = asked.answers
    assert not answer.check
    assert not asked.analyses["check"]["learned"].notnull().any()
    assert any("samples and check were not computed" in sentence for sentence in answer.open_points)

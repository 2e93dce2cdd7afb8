"""Links: functions of one variable that are given by their values."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from learnability.diagnosis.diagnose import diagnose
from learnability.hermite.basis import hermite_basis
from learnability.hermite.function_expansion import expand
from learnability.hermite.function_target import MOST_POINTS, FunctionTarget, Link
from learnability.hermite.target_language import TargetError, link_problem, parse_target


def fourth(z: np.ndarray) -> np.ndarray:
    return np.asarray(hermite_basis(z, 4)[..., 4])


def test_a_link_goes_through_its_points_and_on_by_straight_lines() -> None:
    z = np.linspace(-2, 3, 21)
    link = Link(tuple(z), tuple(np.sin(z)))
    assert_allclose(link(z), np.sin(z), atol=1e-11)
    assert_allclose(link(np.array([0.07, 1.9])), np.sin([0.07, 1.9]), atol=2e-3)
    slope = (math.sin(3) - math.sin(2.75)) / 0.25
    assert_allclose(link(np.array([5.0])), math.sin(3) + 2 * slope, rtol=1e-9)
    assert_allclose(link(torch.tensor([0.5, 5.0], dtype=torch.float64)).numpy(), link(np.array([0.5, 5.0])))


def test_a_jump_is_not_overshot() -> None:
    assert np.abs(Link.from_callable(np.sign)(np.linspace(-9, 9, 4001))).max() <= 1


@pytest.mark.parametrize("between", [",", ";", " ", "\t", " , "])
def test_a_table_is_read_with_any_separator_in_any_order(tmp_path: Path, between: str) -> None:
    z = np.linspace(-3, 3, 31)
    rows = [f"{a!r}{between}{a * a!r}  # a square" for a in z[::-1].tolist()]
    (tmp_path / "g.csv").write_text("# z, g(z)\n\n" + "\n".join(rows) + "\n")
    link = Link.from_table(tmp_path / "g.csv")
    assert link.z == tuple(float(f"{a:.12g}") for a in z)
    assert_allclose(link.values, z**2, rtol=1e-11, atol=1e-11)
    assert FunctionTarget.from_table(tmp_path / "g.csv")(np.array([[2.0]])) == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("z,g\n" + "\n".join(f"{i},1" for i in range(20)), "line 1: 'z,g' is not two numbers"),
        ("\n".join(f"{i},1,2" for i in range(20)), "line 1: '0,1,2' is not two numbers"),
        ("1,2\n2,3\n", "15 to 400 points, not 2"),
        ("\n".join(f"{i},1" for i in range(MOST_POINTS + 1)), "15 to 400 points, not 401"),
        ("\n".join(f"{i // 2},1" for i in range(20)), "the point 0 of a link is given twice"),
        ("\n".join(f"{i},nan" for i in range(20)), "finite numbers"),
        ("1,2\n" * 30_000, "larger than 100000 bytes"),
    ],
)
def test_a_wrong_table_is_told_by_file_line_and_remedy(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "g.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match=said) as caught:
        Link.from_table(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_bytes(b"\xff\xfe\x00\x01" * 10)
    with pytest.raises(ValueError, match="it is no text"):
        Link.from_table(tmp_path / "g.csv")
    with pytest.raises(ValueError, match="No such file"):
        Link.from_table(tmp_path / "none.csv")


def test_a_callable_that_is_no_link_is_refused() -> None:
    with pytest.raises(ValueError, match="same shape"):
        Link.from_callable(lambda _: 1.0)
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match="finite"):
        Link.from_callable(np.sqrt)


def test_links_stand_in_texts_like_functions() -> None:
    links = {"g": Link.from_callable(np.tanh), "step": Link.from_callable(fourth)}
    target = parse_target("2*g(z1 - z2) + z3*step(z1)^2", links=links)
    assert isinstance(target, FunctionTarget)
    assert target.links == links
    z = np.random.default_rng(0).standard_normal((50, 3)) / 2
    expected = 2 * np.tanh(z[:, 0] - z[:, 1]) + z[:, 2] * fourth(z[:, 0]) ** 2
    assert_allclose(target(z), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("z1 + step(z1", 10, "never closed"),
        ("step(z1) + foo(z2)", 12, "unknown function 'foo'"),
        ("step(z1) * step", 12, "unknown variable 'step'"),
        ("step(z1 > 2)", 6, "indicator"),
        ("1(z1 > 0)*step(z1)^z2", 20, "whole number"),
    ],
)
def test_mistakes_beside_links_have_their_columns(text: str, column: int, said: str) -> None:
    with pytest.raises(TargetError, match=said) as caught:
        parse_target(text, links={"step": Link.from_callable(np.tanh)})
    assert caught.value.column == column
    assert "step" in str(caught.value)


@pytest.mark.parametrize("name", ["sin", "h3", "He2", "re", "z1", "z", "x", "1g", "g-h", "g" * 17, ""])
def test_names_with_a_meaning_cannot_be_those_of_links(name: str) -> None:
    assert link_problem(name)
    assert link_problem("g") is None
    assert link_problem("my_link2") is None


@pytest.mark.parametrize(("function", "degree"), [(fourth, 4), (lambda z: hermite_basis(z, 3)[..., 3], 3)])
def test_coefficients_of_a_table_are_within_their_error(function: object, degree: int) -> None:
    link = Link.from_callable(function)  # type: ignore[arg-type]
    found = expand(parse_target("g(z1)", links={"g": link}))  # type: ignore[arg-type]
    exact = {(degree,): 1.0}
    worst = max(abs(found.expansion.coefficients.get((k,), 0.0) - exact.get((k,), 0.0)) for k in range(12))
    assert worst <= found.error < 1e-3


@pytest.mark.parametrize(
    ("function", "correlational", "generative"),
    [
        (fourth, 4, 2),
        (lambda z: z**3 - 3 * z, 3, 1),
        (lambda z: z**2 * np.exp(-(z**2)), 4, 4),
        (np.tanh, 1, 1),
        (np.abs, 2, 2),
    ],
)
def test_exponents_of_tables_are_those_of_their_functions(
    function: object, correlational: int, generative: int
) -> None:
    """What is zero for the function is not for its table, by less than the table can tell: it is left undecided."""
    link = Link.from_callable(function)  # type: ignore[arg-type]
    found = diagnose(parse_target("g(z1)", links={"g": link}))
    assert (found.information_exponent, found.generative_exponent) == (correlational, generative)
    if correlational > 2:
        assert found.correlational.exactness == "undecided"


def test_a_link_of_a_product_keeps_its_symmetries() -> None:
    found = diagnose(parse_target("g(z1*z2)", links={"g": Link.from_callable(np.tanh)}))
    assert found.correlational.pairs == ((2, 2),)
    assert found.generative.pairs == ((2, 2),)


def test_what_lies_beyond_the_points_is_counted() -> None:
    z = np.linspace(-1, 1, 21)
    target = parse_target("g(z1)", links={"g": Link(tuple(z), tuple(z**3))})
    assert isinstance(target, FunctionTarget)
    assert target.beyond_links() == pytest.approx(math.erfc(1 / math.sqrt(2)), abs=0.015)

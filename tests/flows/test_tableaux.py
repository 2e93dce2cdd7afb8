"""The tables: order conditions and no more, stability, refusal of wrong coefficients."""

import dataclasses

import numpy as np
import pytest

from learnability.flows.tableaux import DORMAND_PRINCE, RODAS4, ROS23, Row, Tableau, rooted_trees

TABLES = [DORMAND_PRINCE, RODAS4, ROS23]
every_table = pytest.mark.parametrize("tableau", TABLES, ids=lambda t: t.name)


def test_number_of_rooted_trees() -> None:
    assert [len(rooted_trees(n)) for n in range(1, 7)] == [1, 1, 2, 4, 9, 20]


@every_table
def test_tables_have_their_order_and_no_more(tableau: Tableau) -> None:
    def worst(weights: Row | np.ndarray, order: int, theta: float = 1.0) -> float:
        return max(abs(defect) for _, defect in tableau.order_defects(weights, order, theta))

    embedded = np.subtract(tableau.weights, tableau.error)
    for weights, order in ((tableau.weights, tableau.order), (embedded, tableau.embedded_order)):
        assert worst(weights, order) < 1e-13
        assert worst(weights, order + 1) > 1e-6
    assert worst(tableau.weights_at(0.37), tableau.dense_order, 0.37) < 1e-13


@pytest.mark.parametrize("tableau", [RODAS4, ROS23], ids=lambda t: t.name)
def test_rosenbrock_methods_are_l_stable(tableau: Tableau) -> None:
    assert abs(tableau.stability_at_infinity()) < 1e-13


def test_the_conditions_of_order_four_are_those_of_hairer_and_wanner() -> None:
    """The trees against the eight conditions written out in section IV.7."""
    alphas, betas, gammas = RODAS4.standard_form()
    b, alpha, beta = np.arange(1.0, 7.0) @ gammas, alphas.sum(axis=1), betas.sum(axis=1)
    expected = [
        b.sum() - 1,
        b @ beta - 1 / 2,
        b @ alpha**2 - 1 / 3,
        b @ betas @ beta - 1 / 6,
        b @ alpha**3 - 1 / 4,
        b @ (alpha * (alphas @ beta)) - 1 / 8,
        b @ betas @ alpha**2 - 1 / 12,
        b @ betas @ betas @ beta - 1 / 24,
    ]
    found = [defect for _, defect in RODAS4.order_defects(tuple(range(1, 7)), 4)]
    np.testing.assert_allclose(sorted(found), sorted(expected), rtol=1e-12)


COEFFICIENTS = [
    (tableau, what)
    for tableau in TABLES
    for what in ("weights", "error", "argument", "dense", *(("coupling", "gamma") if tableau.gamma else ()))
    if (tableau, what) != (ROS23, "dense")  # a chord of order one stays so with any curvature
]


@pytest.mark.parametrize(("tableau", "what"), COEFFICIENTS, ids=lambda x: getattr(x, "name", x))
def test_a_wrong_coefficient_is_refused(tableau: Tableau, what: str) -> None:
    value = getattr(tableau, what)
    if what == "gamma":
        wrong: object = value * (1 + 1e-8)
    elif what in ("weights", "error"):
        wrong = (value[0] + 1e-8, *value[1:])
    elif what == "dense":
        wrong = ((value[0][0] + 1e-8, *value[0][1:]), *value[1:])
    else:
        wrong = (value[0], (value[1][0] + 1e-8,), *value[2:])
    with pytest.raises(ValueError, match=r"of order|not the result of the step|does not end"):
        dataclasses.replace(tableau, **{what: wrong})


@every_table
def test_a_wrong_shape_is_refused(tableau: Tableau) -> None:
    with pytest.raises(ValueError, match="stages"):
        dataclasses.replace(tableau, error=tableau.error[1:])

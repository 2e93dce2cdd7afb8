"""The kind ``width``: equal shares of equally strong tasks, exponents of the exact share of a weak one."""

import math

import numpy as np
import pytest

from learnability.results.claim import judge
from learnability.results.labelled import with_bounds
from learnability.studies.ridge_combinations.width.claims import CLAIMS
from tests.doubles import Context
from tests.studies.ridge_combinations.cases import analysed, setting_of, trained


@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.0])
def test_the_interval_of_the_limit_holds_minus_the_strength_exponent(exponent: float) -> None:
    """The share is sqrt(4 pi) (2 log n)^(1/2) / n^2 at C_p = 2, n = M / 2, and M^(-C_p) up to logarithms in general;
    the rule for C_p = 2 fails with the others."""
    setting = setting_of("width", target={"strength_ratio": math.sqrt(exponent)})
    analysis = with_bounds(analysed("width", (setting, trained("width", setting))))
    np.testing.assert_allclose(analysis["strength_exponent"].values, [exponent])
    claim = next(claim for claim in CLAIMS if claim.id == "width.limit")
    assert claim.measure is not None
    assert claim.rule is not None
    found = claim.measure({"width": analysis})
    assert found.low < -exponent < found.high
    assert found.seeds is None
    assert judge(claim.rule, found)[0] == ("supported" if exponent == 2 else "contradicted")


def test_tasks_of_equal_strength_get_equal_shares():
    """4 seeds of 2000 neurons each: the share of one of the tasks counted is 1/M within five standard errors (false
    alarm 6e-7 each). With leading coefficients in the ratio sqrt 2 it is not."""

    def shares(ratio):
        setting = setting_of("width", target={"strength_ratio": ratio}, tasks=[4, 8], neurons=2000)
        return trained("width", setting, Context(4))["share"].values.mean(0)

    tasks = np.array([4, 8])
    error = np.sqrt((1 / 4) / (4 * 2000)) / (tasks / 2)  # half of the neurons are on the M/2 tasks that are counted
    assert (np.abs(shares(1.0) - 1 / tasks) < 5 * error).all()
    assert (shares(math.sqrt(2)) < 1 / tasks - 10 * error).all()

"""One target in many rotated frames at once."""

import numpy as np
import pytest
import torch

from learnability.flows.multi_index import haar_correlations
from learnability.flows.solver import solve
from learnability.hermite.tensors import rotated
from learnability.studies.multi_index.closed_flows import flow_piece
from learnability.studies.multi_index.links import build, build_expansions, expansions
from learnability.studies.multi_index.precision.turned import turned
from learnability.studies.multi_index.settings import FlowSetting, Form, Target

_LINK = "h1(z1) + h1(z1)*h3(z2)"


@pytest.mark.parametrize("form", ["correlation", "spectral"])
def test_each_seed_is_solved_as_a_target_of_its_own(form: Form) -> None:
    """Field, Jacobian, observables and escape times of every seed against those of its rotated target alone."""
    rng = np.random.default_rng(0)
    setting = FlowSetting(target=Target(links=(_LINK,)), dimensions=(100, 1000), form=form)
    target = build(setting.target, rng)
    starts = haar_correlations(setting.dimensions, 2, 3, rng)
    turns = np.linalg.qr(rng.standard_normal((3, 2, 2)))[0]
    axes = flow_piece(setting, target, 0, "joint", starts, "cpu")
    problem, state, chart = turned(axes.problem, axes.chart, expansions(target)[0], starts, turns)
    found = solve(problem, state, chart, axes.options)
    settled = problem.settle(state, chart)
    for seed in range(3):
        places = [seed, 3 + seed]  # samples run over dimensions, then seeds
        alone = build_expansions([rotated(expansions(target)[0], turns[seed])])
        own = turns[seed].T @ starts[:, seed : seed + 1]
        one = flow_piece(setting, alone, 0, "joint", own, "cpu")
        here = one.problem.settle(one.state, one.chart)
        for name in ("field", "observe"):
            mine, theirs = getattr(problem, name)(*settled)[:, places], getattr(one.problem, name)(*here)
            torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-14)
        torch.testing.assert_close(
            problem.linearise(*settled)[1][..., places], one.problem.linearise(*here)[1], rtol=1e-10, atol=1e-13
        )
        expected = solve(one.problem, one.state, one.chart, one.options)
        torch.testing.assert_close(
            found.crossing_time[:2, places], expected.crossing_time[:2], rtol=1e-6, atol=0, equal_nan=True
        )


def test_other_problems_are_refused() -> None:
    with pytest.raises(TypeError, match="no joint flow: object"):
        turned(object(), torch.zeros(1, 1), None, np.zeros((1, 1, 1, 1)), np.zeros((1, 1, 1)))  # type: ignore[arg-type]

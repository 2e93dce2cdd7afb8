"""Escape times of one direction, without seeds."""

import json
import math
from functools import partial
from typing import Literal

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import quad, solve_ivp

from learnability.flows.multi_index_spectral import SpectralFlow, trap_rate
from learnability.flows.solver import SolverOptions, solve
from learnability.hermite.basis import gauss_hermite, hermite_basis
from learnability.hermite.target_language import parse
from learnability.hermite.tensors import symmetric_tensors
from learnability.results.claim import judge
from learnability.results.contract import Run
from learnability.results.labelled import with_bounds
from learnability.studies.multi_index.one_direction.analyse import analyse
from learnability.studies.multi_index.one_direction.claims import CLAIMS
from learnability.studies.multi_index.one_direction.setting import OneDirectionSetting
from learnability.studies.multi_index.one_direction.train import train
from learnability.studies.multi_index.one_variable import (
    DEGREE,
    FUNCTIONS,
    escape_time,
    features_rate,
    finite_rate_time,
    joint_rate,
    one_variable,
    planted_rate,
    projection,
    relu_biases,
    relu_gram,
)
from tests.doubles import Context

_KERNELS = {
    "sin(z1)": lambda mu: math.sinh(mu) / math.e,
    "cos(z1)": lambda mu: math.cosh(mu) / math.e,
    "exp(z1)": lambda mu: math.exp(1 + mu),
    "erf(z1)": lambda mu: 2 / math.pi * math.asin(2 * mu / 3),
    "relu(z1)": lambda mu: (math.sqrt(1 - mu**2) + mu * (math.pi - math.acos(mu))) / (2 * math.pi),
    "abs(z1)": lambda mu: 2 * (math.sqrt(1 - mu**2) + mu * math.asin(mu)) / math.pi,
}


@pytest.mark.parametrize("text", list(FUNCTIONS))
def test_squares_of_the_coefficients_against_the_kernel_in_closed_form(text: str) -> None:
    squares, total = FUNCTIONS[text][0](), FUNCTIONS[text][1]
    for mu in (0.1, 0.5):
        assert squares @ mu ** np.arange(DEGREE + 1) == pytest.approx(_KERNELS[text](mu), rel=1e-13)
    assert total == pytest.approx(_KERNELS[text](1.0), rel=1e-12)


@pytest.mark.parametrize("s", [1, 2, 3, 5])
def test_escape_times_against_scipy(s: int) -> None:
    link = one_variable(f"h{s}(z1)")
    joint = quad(lambda m: 1 / (2 * s * m**s * (1 - m)), 0.01, 0.5, epsabs=0, epsrel=1e-11)[0]
    assert escape_time(partial(joint_rate, link), 0.01) == pytest.approx(joint, rel=1e-10)
    planted = quad(lambda x: 1 / (s * x ** (s - 1) * (1 - x**2)), 0.1, math.sqrt(0.5), epsabs=0, epsrel=1e-11)[0]
    assert escape_time(partial(planted_rate, link), 0.01) == pytest.approx(planted, rel=1e-10)


def test_escape_time_of_a_mixed_link_against_the_solver() -> None:
    text = "h1(z1) + 0.4*h2(z1) - 0.7*h4(z1)"
    flow = SpectralFlow.build(symmetric_tensors(parse(text)))
    start = flow.start(np.full((1, 1, 1), 1e-3), trap_rate(np.array([10**6]), 1))
    options = SolverOptions(relative_tolerance=1e-9, levels=(math.sqrt(0.5), math.nan))
    found = float(solve(flow, *start, options).crossing_time[0, 0])
    assert escape_time(partial(joint_rate, one_variable(text)), 1e-6) == pytest.approx(found, rel=1e-7)


def test_a_finite_rate_against_the_equations_in_their_plain_form() -> None:
    s, energy, rate = 2, 1e-3, 0.3

    def velocity(_: float, y: np.ndarray) -> list[float]:
        return [s * y[1] * y[0] ** (s - 1) * (1 - y[0] ** 2), rate * (y[0] ** s - y[1])]

    def escaped(_: float, y: np.ndarray) -> float:
        return float(y[0] - math.sqrt(0.5))

    plain = solve_ivp(velocity, (0, 1e4), [math.sqrt(energy), 0.0], rtol=1e-10, atol=1e-13, events=escaped)
    assert finite_rate_time(s, energy, rate) == pytest.approx(plain.t_events[0][0], rel=1e-4)
    instant = escape_time(partial(joint_rate, one_variable("h2(z1)")), energy)
    assert finite_rate_time(s, energy, 1e8) == pytest.approx(instant, rel=1e-5)


def test_relu_features_slow_a_pure_link_by_its_projection() -> None:
    biases = relu_biases(6)
    draws = np.maximum(np.random.default_rng(0).standard_normal((400_000, 1)) - biases, 0)
    # Six standard errors of a covariance of 4e5 draws.
    np.testing.assert_allclose(relu_gram(biases), np.cov(draws.T), atol=6 * 4 / math.sqrt(4e5))
    instant = escape_time(partial(joint_rate, one_variable("h3(z1)")), 1e-4)
    slow = escape_time(features_rate(one_variable("h3(z1)"), biases), 1e-4)
    assert slow == pytest.approx(instant / projection(3, biases), rel=1e-6)
    nodes, weights = gauss_hermite(30)  # the projection of a function of the span is the function
    assert projection(1, np.array([-30.0])) == pytest.approx(1, rel=1e-6)
    assert weights @ hermite_basis(nodes, 3)[:, 3] ** 2 == pytest.approx(1)


def _analysis(*cases: dict[str, object]) -> xr.Dataset:
    data = {"target": {"cases": cases}, "dimensions": [10**6, 10**7, 10**8]}
    setting = OneDirectionSetting.model_validate_json(json.dumps(data))
    return with_bounds(analyse([Run(setting, with_bounds(train(setting, Context(1))))], np.random.default_rng(0)))


def test_claims_are_decided_and_a_wrong_law_is_contradicted() -> None:
    analysis = _analysis({"name": "escape-joint.s3", "link": "h3(z1)"}, {"name": "escape-joint.s2", "link": "h3(z1)"})
    verdicts = []
    for name in ("escape-joint.s3", "escape-joint.s2"):
        claim = next(claim for claim in CLAIMS if claim.id == name)
        assert claim.measure is not None
        assert claim.rule is not None
        verdicts.append(judge(claim.rule, claim.measure({"one_direction": analysis}))[0])
    assert verdicts == ["supported", "contradicted"]


def test_what_theory_predicts_of_a_slow_link() -> None:
    analysis = _analysis(
        {"name": "slow", "link": "h2(z1)", "link_rate": 1.0, "link_rate_power": -2.0},
        {"name": "same", "link": "h2(z1)", "link_rate": 1.0, "link_rate_power": -0.25},
    )
    assert analysis["expected"].values.tolist() == [1.5, 1]
    np.testing.assert_allclose(analysis["exponent_limit"][:, 0], [1.5, 1], atol=1e-3)


def test_the_theorem_on_radial_links_is_cited_for_even_links_alone() -> None:
    sources = {claim.id: claim.source for claim in CLAIMS if claim.id.startswith("escape-planted")}
    ours = {name for name, source in sources.items() if source.startswith("this study")}
    assert ours == {"escape-planted.s3", "escape-planted.s5", "escape-planted.sin-3"}
    assert {"escape-planted.s2", "escape-planted.s4"} == set(sources) - ours


@pytest.mark.parametrize("side", [1, -1])
def test_features_on_either_side_of_the_equator(side: Literal[1, -1]) -> None:
    """The speed against a difference quotient of the energy that a fit by quadrature explains, labels h2 + h3."""
    biases, cosine, h = relu_biases(5), 0.6, 1e-5
    z = np.linspace(-9, 9, 20_001)
    weight = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    features = np.maximum(z[:, None] - biases, 0)
    features = features - weight @ features
    degrees = hermite_basis(z, 3)
    gram = (features * weight[:, None]).T @ features

    def explained(c: float) -> float:
        moments = (features * weight[:, None]).T @ (c**2 * degrees[:, 2] + c**3 * degrees[:, 3])
        return float(moments @ np.linalg.solve(gram, moments)) / 2

    at = side * cosine
    slope = (explained(at + h) - explained(at - h)) / (2 * h)
    expected = 2 * (1 - cosine**2) * slope / at  # d log(lambda^2)/dt
    found = features_rate(one_variable("h2(z1) + h3(z1)"), biases, side=side)(np.array([cosine**2]))[0]
    assert found == pytest.approx(expected, rel=1e-3)

"""ReLU networks with directions of their own as targets."""

import json
import math

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad

from learnability.flows.multi_index import JointFlow, haar_correlations
from learnability.hermite.activations import relu_expansion
from learnability.results.claim import OutOfSteps, judge
from learnability.results.contract import Run
from learnability.results.labelled import with_bounds
from learnability.studies.multi_index.relu_network.analyse import analyse
from learnability.studies.multi_index.relu_network.claims import CLAIMS
from learnability.studies.multi_index.relu_network.network import NetworkFlow, ReluNetwork
from learnability.studies.multi_index.relu_network.setting import Network, ReluNetworkSetting
from learnability.studies.multi_index.relu_network.train import train
from tests.doubles import Context

TWINS = ReluNetwork.of((1.0, 1.0), (30.0, -30.0))
UNEQUAL = ReluNetwork.of((3.0, 2.0, 1.0), (0.0, 120.0, 240.0))
_NO_CHART = torch.zeros(1, 1, dtype=torch.float64)


def _tensors(network: ReluNetwork, degree: int) -> dict[int, np.ndarray]:
    """The symmetric tensors ``c_k sum_j a_j u_j^{(x)k}`` of the network to a degree."""
    coefficients = relu_expansion(np.array(0.0), degree)
    found = {}
    for k in range(1, degree + 1):
        tensor = np.zeros((2,) * k)
        for a, u in zip(network.weights, network.directions, strict=True):
            power = np.ones(())
            for _ in range(k):
                power = np.multiply.outer(power, u)
            tensor += a * power
        if coefficients[k]:
            found[k] = coefficients[k] * tensor
    return found


@pytest.mark.parametrize("network", [TWINS, UNEQUAL])
def test_field_against_the_flow_of_the_expanded_network(network: ReluNetwork) -> None:
    """Degrees to 12 of the Hermite expansion, in the form of all other experiments; what is beyond enters at cosines
    of 0.3 below 0.3^24."""
    (starts,) = haar_correlations([40], 2, 30, np.random.default_rng(0))
    starts *= 0.3 / np.linalg.svd(starts, compute_uv=False)[:, :1, None].max()
    state = torch.from_numpy(np.ascontiguousarray(starts.reshape(-1, 4).T))
    expanded = JointFlow.build(_tensors(network, 12)).field(state, _NO_CHART)
    torch.testing.assert_close(NetworkFlow.build(network).field(state, _NO_CHART), expanded, rtol=1e-10, atol=1e-13)


def test_pull_is_the_slope_of_the_explained_energy() -> None:
    """S(G) against differences of Q(G), with the kernel of two ReLUs by a double integral."""

    def kernel(rho: float) -> float:
        def product(t: float, z: float) -> float:
            density = math.exp(-(z * z + t * t) / 2) / (2 * math.pi)
            return z * (rho * z + math.sqrt(1 - rho * rho) * t) * density

        # The second factor is positive for t above -rho z / sqrt(1 - rho^2).
        edge = -rho / math.sqrt(1 - rho * rho)
        return float(dblquad(product, 0, 9, lambda z: edge * z, 9, epsabs=1e-11)[0])

    def explained(gram: np.ndarray) -> float:
        u, a = UNEQUAL.directions, UNEQUAL.weights
        return sum(a[i] * a[j] * kernel(u[i] @ gram @ u[j]) for i in range(3) for j in range(3))

    gram, step = np.array([[0.4, 0.1], [0.1, 0.2]]), 1e-3
    change = np.array([[0.3, -0.2], [-0.2, 0.5]])
    slope = (explained(gram + step * change) - explained(gram - step * change)) / (2 * step)
    assert (UNEQUAL.pull(gram) * change).sum() == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("network", [TWINS, UNEQUAL])
def test_jacobian_against_automatic_differentiation(network: ReluNetwork) -> None:
    flow = NetworkFlow.build(network)
    state = torch.tensor([[0.5], [-0.2], [0.3], [0.6]], dtype=torch.float64)
    value, jacobian = flow.linearise(state, _NO_CHART)
    expected = torch.autograd.functional.jacobian(lambda y: flow.field(y[:, None], _NO_CHART)[:, 0], state[:, 0])
    torch.testing.assert_close(value, flow.field(state, _NO_CHART))
    torch.testing.assert_close(jacobian[:, :, 0], expected, rtol=1e-10, atol=1e-12)


def test_theory_of_the_networks() -> None:
    """Twins by hand: the linear part is 2 cos(30)/2 along the first axis; the second direction is even."""
    assert TWINS.predicted()[0] == pytest.approx((0.0, 2 / 3))
    assert TWINS.predicted()[1][0] == 1.0
    balanced = ReluNetwork.of((1.0, 1.0, 1.0), (0.0, 120.0, 240.0))
    assert [exponent for exponent, _ in balanced.predicted()] == [1.0, 1.0]
    v = UNEQUAL.learned_first()
    across = np.array([-v[1], v[0]])
    assert across @ UNEQUAL.pull(np.outer(v, v)) @ v == pytest.approx(0.0, abs=1e-12)
    assert UNEQUAL.predicted()[1] == pytest.approx((0.0, 3.1005), abs=1e-4)


def test_a_target_of_one_relu_in_effect_is_refused_and_hidden_directions_too() -> None:
    with pytest.raises(ValueError, match="span two dimensions"):
        Network(name="line", weights=(1.0, 1.0), angles=(20.0, 200.0))
    with pytest.raises(ValueError, match="2 weights for 1 angles"):
        Network(name="short", weights=(1.0, 1.0), angles=(20.0,))


def _setting(**changes: object) -> ReluNetworkSetting:
    networks = [{"name": "twins", "weights": [1.0, 1.0], "angles": [30.0, -30.0]}]
    given = {"target": {"networks": networks}, "dimensions": [1000, 10**4, 10**5], **changes}
    return ReluNetworkSetting.model_validate_json(json.dumps(given))


def test_claims_hold_and_fail() -> None:
    setting = _setting()
    result = train(setting, Context(32))
    analysis = with_bounds(analyse([Run(setting, result)], np.random.default_rng(0)))
    assert (result["escape_time"].isel(angle=1) >= result["escape_time"].isel(angle=0)).all()
    claim = next(claim for claim in CLAIMS if claim.id == "relu-network.twins.last")
    assert claim.measure is not None
    assert claim.rule is not None
    found = claim.measure({"relu_network": analysis})
    assert found.estimate == pytest.approx(1.0, abs=0.02)
    steeper = analysis.assign(exponent_limit=analysis["exponent_limit"] * 2)
    assert judge(claim.rule, claim.measure({"relu_network": steeper}), claim.seeds_needed)[0] == "contradicted"
    with pytest.raises(OutOfSteps):
        claim.measure({"relu_network": analysis.assign(missing=analysis["missing"] + 1)})


def test_dimensions_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="must rise"):
        _setting(dimensions=[1000, 1000, 100])

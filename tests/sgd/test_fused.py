"""Pure steps as a GPU runs them: compiled whole, with every field, and kernel by kernel where that fails.

Here torch.compile traces the steps and runs what it traced in Python; ``make gpu-check`` runs the compiled kernels.
"""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

from learnability.hermite.activations import RELU, sine
from learnability.sgd import fused as module
from learnability.sgd.chain import ChainState, chain_step, matched_step
from learnability.sgd.compiled.chain import Matching
from learnability.sgd.full import full_step, network_state
from learnability.sgd.fused import fused
from learnability.sgd.hinge import HingeState, hinge_step
from learnability.sgd.problem import TwoLayerProblem

R, J, B, M, D = 2, 8, 16, 4, 20
ETA = torch.tensor(0.1)


def _normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def _label(t: torch.Tensor) -> torch.Tensor:
    return t[..., 0]


CHAIN = ChainState(_normal(R, J, M), _normal(R, J).abs(), _normal(R, J), _normal(R, J))
DRAWN = _normal(R, M, B).mT, _normal(R, J, B).mT, _normal(R, B), 10 * _normal(R, J).abs()
NETWORK = network_state(_normal(R, J, D), _normal(R, J), _normal(R, J))
BATCH = _normal(R, B, D), _normal(R, B), ETA
CORRELATION, SQUARED = TwoLayerProblem(_label, RELU), TwoLayerProblem(_label, RELU, "squared")
FREE = TwoLayerProblem(_label, sine(0.5), "squared", spherical=False, second_layer_rate=1.0, bias_rate=0.5)
MATCHING = Matching(_normal(J, 4), _normal(M, 4), torch.eye(M), 0.25)
HINGE = HingeState(_normal(1, J, D + 1), _normal(1, J), _normal(1, 1))

STEPS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "chain": (chain_step, (CORRELATION, CHAIN, *DRAWN, ETA)),
    "matched": (matched_step, (CORRELATION, CHAIN, *DRAWN, ETA, MATCHING)),
    "matched, own axes": (matched_step, (CORRELATION, CHAIN, *DRAWN, ETA, MATCHING._replace(factor=torch.empty(0, M)))),
    "full, correlation": (full_step, (CORRELATION, NETWORK, *BATCH)),
    "full, squared": (full_step, (SQUARED, NETWORK, *BATCH)),
    "full, all moving": (full_step, (FREE, NETWORK, *BATCH)),
    "hinge": (hinge_step, (HINGE, _normal(B, D + 1), _normal(B).sign(), torch.ones(B), 0.01)),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_traced_whole_and_keeps_all_fields(name: str) -> None:
    step, arguments = STEPS[name]
    traced = torch.compile(step, backend="eager", dynamic=False, fullgraph=True)
    state = arguments[0] if name == "hinge" else arguments[1]
    expected, found = step(*arguments), traced(*arguments)
    assert type(found) is type(state)
    assert len(found) == len(state)
    for a, b, before in zip(found, expected, state, strict=True):
        assert torch.allclose(a, b, atol=1e-6)
        assert a.shape == before.shape
    again = found, *arguments[1:]
    traced(*(again if name == "hinge" else (arguments[0], found, *arguments[2:])))  # its result is a state as before


def test_a_step_of_the_cpu_is_the_step_itself() -> None:
    assert fused(full_step, torch.zeros(1)) is full_step


def test_a_step_that_cannot_be_compiled_runs_as_it_is_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_compiler(step: Callable[..., Any], **_: object) -> Callable[..., Any]:
        def fail(*_: object) -> None:
            raise torch._dynamo.exc.TorchDynamoException("no C compiler\nand more")

        return fail

    monkeypatch.setattr(torch, "compile", no_compiler)
    step = module._Fused(torch.add)
    with pytest.warns(UserWarning, match="kernel by kernel, since it cannot be compiled: no C compiler$"):
        assert step(torch.tensor(1), torch.tensor(2)) == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert step(torch.tensor(2), torch.tensor(2)) == 4

"""The kernel of single-sample steps beside the same steps in torch: on a GPU, or with Triton's interpreter.

Skipped where there is neither (``TRITON_INTERPRET=1`` asks for the interpreter, where Triton is installed).
"""

import importlib.util
import os

import pytest
import torch

from learnability.hermite.activations import RELU
from learnability.sgd.full import network_state, random_directions
from learnability.sgd.problem import TwoLayerProblem
from learnability.sgd.single_sample import block_step

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("triton") is None or (DEVICE == "cpu" and os.environ.get("TRITON_INTERPRET") != "1"),
    reason="needs a CUDA device, or Triton and TRITON_INTERPRET=1",
)


@pytest.mark.parametrize("spherical", [True, False])
@pytest.mark.parametrize("dimension", [5, 64])
def test_the_kernel_takes_the_steps_of_the_blocks(spherical: bool, dimension: int) -> None:
    """Two replicas of 70 neurons (a program of its own for the last six), 48 samples in one call and in three."""
    from learnability.sgd.cuda_single_sample import sample_steps

    generator = torch.Generator(DEVICE).manual_seed(0)
    weights = random_directions((2, 70, dimension), generator)
    second = torch.linspace(-1, 1, 70, device=DEVICE).expand(2, 70)
    bias = torch.linspace(-0.5, 0.7, 70, device=DEVICE).expand(2, 70)
    x = torch.randn(2, 48, dimension, generator=generator, device=DEVICE)
    label = torch.randn(2, 48, generator=generator, device=DEVICE)
    sizes = torch.linspace(0.02, 0.05, 48, device=DEVICE)
    problem = TwoLayerProblem(lambda t: t[..., 0], RELU, spherical=spherical)
    expected = block_step(problem, network_state(weights, second, bias), x, label, sizes)
    wanted = expected.weights * expected.scale[..., None]
    for parts in (1, 3):
        found = weights.clone()
        for drawn in zip(x.chunk(parts, 1), (label * sizes).chunk(parts, 1), strict=True):
            sample_steps(spherical, found, second, bias, *drawn)
        assert (found - wanted).abs().max() < 2e-6, parts
        assert (found - weights).abs().max() > 1e-2

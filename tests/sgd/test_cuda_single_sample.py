"""The kernel of single-sample steps beside the same steps in torch: on a GPU, else through Triton's interpreter.

Skipped where Triton is not installed; ``make gpu-check`` compares the laws on a GPU.
"""

import importlib.util
import os

import pytest
import torch

from learnability.hermite.activations import RELU
from learnability.sgd.full import network_state, random_directions
from learnability.sgd.problem import TwoLayerProblem
from learnability.sgd.single_sample import block_step

pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="Triton is not installed")
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@pytest.mark.parametrize("spherical", [True, False])
@pytest.mark.parametrize("dimension", [5, 64])
def test_the_kernel_takes_the_steps_of_the_blocks(spherical: bool, dimension: int, monkeypatch) -> None:
    """Two replicas of 70 neurons (a program of its own for the last six), 48 samples in one call and in three."""
    if DEVICE == "cpu":
        monkeypatch.setitem(os.environ, "TRITON_INTERPRET", "1")
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

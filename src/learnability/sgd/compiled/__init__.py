"""Compiled steps of ReLU networks on the CPU, many in one call, and of a sine; the files mirror the names of the
engines beside them.

They do what the torch steps of the engines do, which stay for other activations and other devices and which the tests
hold them against. Arrays are C-contiguous. Projections are kept as (neuron, batch): both products of a step run faster
in that order than in the other one, and the samples of a neuron, over which everything is summed, stand side by side.
"""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from learnability.hermite.activations import RELU
from learnability.sgd.problem import TwoLayerProblem


def compiles(problem: TwoLayerProblem, like: Tensor) -> bool:
    """Whether the compiled steps serve: ReLU, on the CPU, in float32 or float64."""
    return problem.activation is RELU and like.device.type == "cpu" and like.dtype in (torch.float32, torch.float64)


def array(tensor: Tensor) -> NDArray[Any]:
    """The tensor as a C-contiguous array: itself where it is one."""
    return tensor.contiguous().numpy()

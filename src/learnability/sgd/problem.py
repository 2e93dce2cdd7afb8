"""A two-layer network and its loss, as a function of projections alone.

    f(x) = s * sum_j a_j sigma(<w_j, x> + b_j),    y = label(<v_1, x>, ..., <v_M, x>) + nu * xi,    x ~ N(0, I_d)

Every stochastic gradient with respect to w_j is a combination of samples, (1/B) sum_b C_bj x_b, whose coefficients
depend on the projections H = X W^T and T = X V^T only. All engines share this module, so that they differ in nothing
but how they draw (H, T) and how they apply C.

Step sizes are *per neuron*: the output scale s is divided out of the gradient, and step_size x steps is the mean-
field time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from learnability.hermite.activations import RELU, Activation

Loss = Literal["correlation", "squared"]


@dataclass(frozen=True)
class TwoLayerProblem:
    """What is learned, by which network, and which of its parameters move.

    ``label`` maps task projections (..., task) to labels (...). ``output_scale`` is s; None stands for 1/width.
    ``second_layer_rate`` and ``bias_rate`` multiply the step size of a_j and b_j; zero keeps them fixed.
    Correlation loss is -y f (neurons do not interact), squared loss (y - f)^2 / 2. With ``spherical`` weights the
    gradient is projected on the tangent space of the unit sphere and the weights are normalised after every step.

    Raises ValueError for an unknown loss and for negative label noise.
    """

    label: Callable[[Tensor], Tensor]
    activation: Activation
    loss: Loss = "correlation"
    spherical: bool = True
    label_noise: float = 0.0
    output_scale: float | None = None
    second_layer_rate: float = 0.0
    bias_rate: float = 0.0

    def __post_init__(self) -> None:
        if self.loss not in ("correlation", "squared"):
            raise ValueError(f"loss is {self.loss!r}, where 'correlation' or 'squared' is known")
        if self.label_noise < 0:
            raise ValueError(f"label_noise is {self.label_noise}, and must not be negative")

    def scale_of(self, width: int) -> float:
        """s of a network of so many neurons."""
        return 1 / width if self.output_scale is None else self.output_scale


class Signal(NamedTuple):
    """Descent directions of one batch: per sample for the weights, batch means for the rest.

    ``slopes`` (..., batch, neuron) is e_b sigma'(h_bj + b_j), so that C_bj = a_j slopes_bj: the second layer is left
    to the caller, which multiplies by other factors of the neuron anyway. ``second_layer`` and ``bias`` (...,
    neuron), None when fixed.
    """

    slopes: Tensor
    second_layer: Tensor | None
    bias: Tensor | None


def labels(problem: TwoLayerProblem, task_projections: Tensor, generator: torch.Generator) -> Tensor:
    """Labels (..., batch) of the projections (..., batch, task), with fresh label noise where there is any."""
    clean = problem.label(task_projections)
    if not problem.label_noise:
        return clean
    noise = torch.empty_like(clean).normal_(generator=generator)
    return clean + problem.label_noise * noise


def output(problem: TwoLayerProblem, hidden: Tensor, second_layer: Tensor) -> Tensor:
    """f (..., batch) from sigma(h_bj + b_j) (..., batch, neuron)."""
    scale = problem.scale_of(second_layer.shape[-1])
    if hidden.is_cuda:
        return scale * (hidden * second_layer[..., None, :]).sum(-1)  # part of the pass that makes `hidden`
    return scale * torch.matmul(hidden, second_layer[..., :, None])[..., 0]


def learning_signal(
    problem: TwoLayerProblem, preactivations: Tensor, label: Tensor, second_layer: Tensor, out: Tensor | None = None
) -> Signal:
    """The signal with e = y (correlation loss) or y - f (squared loss).

    Shapes: preactivations h_bj + b_j (..., batch, neuron), label (..., batch), second_layer (..., neuron). The
    slopes are written to ``out`` where it is given.
    """
    error, hidden = label, None
    if problem.loss == "squared" or problem.second_layer_rate:
        hidden = problem.activation.value(preactivations)
    if hidden is not None and problem.loss == "squared":
        error = label - output(problem, hidden, second_layer)
    if problem.activation is RELU and preactivations.device.type == "cpu":
        # torch.heaviside is a scalar loop there, twenty times as slow as a comparison.
        slopes = torch.mul(preactivations > 0, error[..., None], out=out)
    else:
        slopes = torch.mul(problem.activation.derivative(preactivations), error[..., None], out=out)
    to_second_layer = to_bias = None
    if hidden is not None and problem.second_layer_rate:
        to_second_layer = torch.matmul(error[..., None, :], hidden)[..., 0, :] / error.shape[-1]
    if problem.bias_rate:
        to_bias = slopes.mean(dim=-2) * second_layer
    return Signal(slopes, to_second_layer, to_bias)


def moved(parameter: Tensor, direction: Tensor | None, step_size: Tensor, rate: float) -> Tensor:
    """A parameter of the output side after one step; unchanged where it is fixed."""
    return parameter if direction is None else parameter + (rate * step_size) * direction

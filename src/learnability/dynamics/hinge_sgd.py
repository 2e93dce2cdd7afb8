"""SGD of a two-layer ReLU network with the hinge loss, on rows that carry weights.

The network is ``f(x) = c + sum_j a_j relu(W_j . (x, 1))`` and the risk ``sum_b p_b max(0, 1 - y_b f(x_b))``
over the rows b of a batch. With ``g_b = -y_b p_b`` where ``y_b f(x_b) < 1`` and 0 elsewhere, and ``S_j =
sum_b g_b 1(W_j.x_b > 0) (x_b, 1)``,

    grad W_j = a_j S_j,    grad a_j = S_j . W_j,    grad c = sum_b g_b:

two matrix products for each step, since the gradient of the readout comes from that of the weights. Rows go
through tiles that stay in cache with one buffer of activations: the activation, then in the same place its
mask. FLOPs of a step of B rows and m neurons in d dimensions: ``4 B m (d+1) + 7 B m``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

# Rows of one tile on a CPU: 256 x 2000 floats are 2 MB. Measured: 128 to 500 alike, 32 and 2000 a fifth to a
# quarter slower.
CPU_TILE = 256


@dataclass(frozen=True)
class Network:
    """``weights`` (m, d+1) with the bias in the last column, ``readout`` (m,), ``offset`` (1,); updated in
    place."""

    weights: torch.Tensor
    readout: torch.Tensor
    offset: torch.Tensor

    def tensors(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The three parameters, in the order of the fields."""
        return self.weights, self.readout, self.offset


@dataclass(frozen=True)
class Batch:
    """``inputs`` (n, d+1) with a column of ones, ``labels`` (n,) of -1 and 1, ``mass`` (n,) that sums to
    one."""

    inputs: torch.Tensor
    labels: torch.Tensor
    mass: torch.Tensor


@dataclass(frozen=True)
class Workspace:
    """Buffers of a step: ``hidden`` (tile, m) and ``sums`` (m, d+1), the S of the module's text."""

    hidden: torch.Tensor
    sums: torch.Tensor


def make_workspace(network: Network, rows: int) -> Workspace:
    """Buffers for batches of at most ``rows`` rows: in tiles on a CPU, whole on an accelerator."""
    weights = network.weights
    tile = rows if weights.is_cuda else min(rows, CPU_TILE)
    return Workspace(weights.new_empty(tile, weights.shape[0]), torch.empty_like(weights))


def sgd_step_(network: Network, batch: Batch, step_size: float, workspace: Workspace) -> None:
    """One step of SGD on the hinge risk of the batch, in place; all gradients are taken at the old
    parameters."""
    weights, readout, offset = network.tensors()
    sums, offset_gradient = workspace.sums.zero_(), torch.zeros_like(offset)
    tile = workspace.hidden.shape[0]
    for start in range(0, batch.inputs.shape[0], tile):
        inputs, labels = batch.inputs[start : start + tile], batch.labels[start : start + tile]
        hidden = workspace.hidden[: inputs.shape[0]]
        torch.mm(inputs, weights.T, out=hidden).clamp_(min=0)
        output = torch.mv(hidden, readout) + offset
        residual = torch.where(labels * output < 1, -labels * batch.mass[start : start + tile], 0.0)
        active = hidden.gt_(0)
        sums.addmm_(active.T, residual[:, None] * inputs)
        offset_gradient += residual.sum()
    readout_gradient = (sums * weights).sum(1)
    weights.addcmul_(sums, readout[:, None], value=-step_size)
    readout.sub_(readout_gradient, alpha=step_size)
    offset.sub_(offset_gradient, alpha=step_size)


def network_output(network: Network, inputs: torch.Tensor, workspace: Workspace) -> torch.Tensor:
    """f at the rows of ``inputs`` (n, d+1), shape (n,)."""
    parts = []
    for rows in inputs.split(workspace.hidden.shape[0]):
        hidden = torch.mm(rows, network.weights.T, out=workspace.hidden[: rows.shape[0]]).clamp_(min=0)
        parts.append(torch.mv(hidden, network.readout))
    return torch.cat(parts) + network.offset


def step_flops(rows: int, width: int, dimension: int) -> int:
    """Floating-point operations of one step, as counted in the module's text."""
    return 4 * rows * width * (dimension + 1) + 7 * rows * width


def captured_in_place(step: Callable[[], None], network: Network, generator: torch.Generator) -> Callable[[], None]:
    """``step`` itself on a CPU; on CUDA its replay from a graph, which costs one launch for its dozen of
    small kernels.

    ``step`` draws from ``generator`` and updates ``network``, and nothing else lives on after it. The warm-up
    steps that a capture needs are undone, so the first replay is the first step.
    """
    if not network.weights.is_cuda:
        return step
    before, random_state = [tensor.clone() for tensor in network.tensors()], generator.get_state()
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(generator)
    with torch.cuda.graph(graph):
        step()
    for tensor, value in zip(network.tensors(), before, strict=True):
        tensor.copy_(value)
    generator.set_state(random_state)
    return graph.replay

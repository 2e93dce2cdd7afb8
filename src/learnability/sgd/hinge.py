"""SGD of a two-layer ReLU network with the hinge loss, on rows that carry counts.

The network is ``f(x) = c + sum_j a_j relu(W_j . (x, 1))`` and the risk ``sum_b p_b max(0, 1 - y_b f(x_b))``
over the rows b of a batch. With ``g_b = -y_b p_b`` where ``y_b f(x_b) < 1`` and 0 elsewhere, and
``S_j = sum_b g_b 1(W_j.x_b > 0) (x_b, 1)``,

    grad W_j = a_j S_j,    grad a_j = S_j . W_j,    grad c = sum_b g_b:

two matrix products for each step, since the gradient of the readout comes from that of the weights. Rows go
through tiles that stay in cache with one buffer of activations: the activation, then in the same place its
mask. FLOPs of a step of B rows and m neurons in d dimensions: ``4 B m (d+1) + 7 B m``.

On signs or bits the second product is one of integers (p_b is a count over B), so its sums are exact in
float32 and its result depends on no order of summation. Where every count is one, tiles of 256 rows are
exact in half precision too (bfloat16 holds all integers up to 256), which halves the time on a CPU that has
the instructions. An accelerator takes the whole batch in one pure function of the state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from learnability.sgd.loop import Engine, own

# Rows of one tile on a CPU: 256 x 2000 floats are 2 MB. Measured: 64 to 500 alike, 2000 a quarter slower.
# The half precision product is exact up to 256 rows.
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


class HingeState(NamedTuple):
    """A :class:`Network` as the state of an engine: its parameters with a first axis of length one, the replica."""

    weights: Tensor
    readout: Tensor
    offset: Tensor

    def network(self) -> Network:
        """The network, on the memory of the state."""
        return Network(*(tensor[0] for tensor in self))


def hinge_state(network: Network) -> HingeState:
    """The state of a network."""
    return HingeState(*(tensor[None] for tensor in network.tensors()))


@dataclass(frozen=True)
class Batch:
    """``inputs`` (n, d+1) with a column of ones, ``labels`` (n,) of -1 and 1, ``counts`` (n,); ``counts *
    scale`` sums to one.

    ``plain`` says that every count is one and every input -1, 0 or 1.
    """

    inputs: torch.Tensor
    labels: torch.Tensor
    counts: torch.Tensor
    scale: float
    plain: bool = False


@dataclass(frozen=True)
class Workspace:
    """Buffers of a step: ``hidden`` (tile, m), ``sums`` (d+1, m), the S of the module's text times B, and
    ``mask`` (tile, m) in half precision where the hardware multiplies it faster, else None."""

    hidden: torch.Tensor
    sums: torch.Tensor
    mask: torch.Tensor | None


def make_workspace(network: Network, rows: int) -> Workspace:
    """Buffers for batches of at most ``rows`` rows: in tiles on a CPU, whole on an accelerator."""
    weights = network.weights
    tile = rows if weights.is_cuda else min(rows, CPU_TILE)
    hidden = weights.new_empty(tile, weights.shape[0])
    halves = weights.dtype == torch.float32 and not weights.is_cuda and _multiplies_halves()
    mask = torch.empty_like(hidden, dtype=torch.bfloat16) if halves else None
    return Workspace(hidden, weights.new_empty(weights.shape[1], weights.shape[0]), mask)


def _multiplies_halves() -> bool:
    """Whether the CPU has products of bfloat16; without them they are emulated, with the same result."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported and supported())


def sgd_step_(network: Network, batch: Batch, step_size: float, workspace: Workspace) -> None:
    """One step of SGD on the hinge risk of the batch, in place; all gradients are taken at the old
    parameters."""
    weights, readout, offset = network.tensors()
    sums, offset_sum = workspace.sums.zero_(), torch.zeros_like(offset)
    tile, mask = workspace.hidden.shape[0], workspace.mask if batch.plain else None
    for start in range(0, batch.inputs.shape[0], tile):
        inputs, labels = batch.inputs[start : start + tile], batch.labels[start : start + tile]
        hidden = workspace.hidden[: inputs.shape[0]]
        torch.mm(inputs, weights.T, out=hidden).clamp_(min=0)
        output = torch.mv(hidden, readout) + offset
        residual = torch.where(labels * output < 1, -labels * batch.counts[start : start + tile], 0.0)
        _add_active_sums(sums, residual[:, None] * inputs, hidden, mask)
        offset_sum += residual.sum()
    gradient, rate = sums.T, step_size * batch.scale
    readout_gradient = (gradient * weights).sum(1)
    weights.addcmul_(gradient, readout[:, None], value=-rate)
    readout.sub_(readout_gradient, alpha=rate)
    offset.sub_(offset_sum, alpha=rate)


def _add_active_sums(sums: torch.Tensor, signal: torch.Tensor, hidden: torch.Tensor, mask: torch.Tensor | None) -> None:
    """``sums += signal^T 1(hidden > 0)``; overwrites ``hidden`` or ``mask``."""
    # With the few columns of the signal first the product is nearly twice as fast as with the mask first.
    if mask is None:
        sums.addmm_(signal.T, hidden.gt_(0))
    else:
        active = torch.gt(hidden, 0, out=mask[: hidden.shape[0]])
        sums += torch.mm(signal.bfloat16().T, active)


def network_output(network: Network, inputs: torch.Tensor, workspace: Workspace) -> torch.Tensor:
    """f at the rows of ``inputs`` (n, d+1), shape (n,)."""
    parts = []
    for rows in inputs.split(workspace.hidden.shape[0]):
        hidden = torch.mm(rows, network.weights.T, out=workspace.hidden[: rows.shape[0]]).clamp_(min=0)
        parts.append(torch.mv(hidden, network.readout))
    return torch.cat(parts) + network.offset


def hinge_step(state: HingeState, inputs: Tensor, labels: Tensor, counts: Tensor, rate: float) -> HingeState:
    """The step of :func:`sgd_step_` as a pure function: inputs (n, d+1), labels and counts (n,), ``rate`` the step size
    times the scale of the batch."""
    weights, readout, offset = (tensor[0] for tensor in state)
    hidden = torch.relu(torch.mm(inputs, weights.T))
    output = (hidden * readout).sum(1) + offset
    residual = torch.where(labels * output < 1, -labels * counts, 0.0)
    gradient = torch.mm((residual[:, None] * inputs).T, (hidden > 0).to(inputs.dtype)).T
    moved = (
        weights - rate * readout[:, None] * gradient,
        readout - rate * (gradient * weights).sum(1),
        offset - rate * residual.sum(),
    )
    return HingeState(*(tensor[None] for tensor in moved))


def hinge_engine(
    name: str, step: Callable[[Network, torch.Generator], None], measure: Callable[[Network], tuple[float, float]]
) -> Engine:
    """The engine whose ``step`` draws a fresh batch from the generator and updates the network in place.

    ``measure`` gives what is observed, ``accuracy`` and ``loss`` on the points of the evaluation. ``step`` has a step
    size of its own: of the loop's step sizes only their number counts.
    """

    def advance(state: HingeState, step_sizes: Tensor, generator: torch.Generator) -> HingeState:
        state = own(state)
        network = state.network()
        for _ in range(len(step_sizes)):
            step(network, generator)
        return state

    return measured_engine(name, advance, measure)


def measured_engine(
    name: str,
    advance: Callable[[HingeState, Tensor, torch.Generator], HingeState],
    measure: Callable[[Network], tuple[float, float]],
) -> Engine:
    """The engine of these steps, observed through ``accuracy`` and ``loss``."""

    def observe(state: HingeState) -> dict[str, Tensor]:
        accuracy, loss = torch.tensor(measure(state.network()), dtype=torch.float64)[:, None]
        return {"accuracy": accuracy, "loss": loss}

    return Engine(name, advance, lambda state: state, observe)


def step_flops(rows: int, width: int, dimension: int) -> int:
    """Floating-point operations of one step, as counted in the module's text."""
    return 4 * rows * width * (dimension + 1) + 7 * rows * width

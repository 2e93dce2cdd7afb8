"""The hand-written step against automatic differentiation."""

import pytest
import torch

from learnability.sgd.hinge import (
    Batch,
    Network,
    Workspace,
    captured_in_place,
    make_workspace,
    network_output,
    sgd_step_,
    step_flops,
)


def example(rows: int = 70, width: int = 9, dimension: int = 5) -> tuple[Network, Batch]:
    generator = torch.Generator().manual_seed(5)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    network = Network(normal(width, dimension + 1), normal(width), normal(1))
    inputs = torch.cat((normal(rows, dimension), torch.ones(rows, 1, dtype=torch.float64)), 1)
    counts = torch.randint(1, 5, (rows,), generator=generator).double()
    return network, Batch(inputs, normal(rows).sign(), counts, 1 / float(counts.sum()))


def by_autograd(network: Network, batch: Batch, step_size: float) -> list[torch.Tensor]:
    parameters = [tensor.clone().requires_grad_() for tensor in network.tensors()]
    weights, readout, offset = parameters
    output = torch.relu(batch.inputs @ weights.T) @ readout + offset
    risk = batch.scale * (batch.counts * torch.relu(1 - batch.labels * output)).sum()
    gradients = torch.autograd.grad(risk, parameters)
    return [(p - step_size * g).detach() for p, g in zip(parameters, gradients, strict=True)]


@pytest.mark.parametrize("tile", [16, 70, 128])
def test_a_step_is_the_gradient_step_of_the_hinge_risk(tile: int) -> None:
    network, batch = example()
    expected = by_autograd(network, batch, 0.3)
    workspace = make_workspace(network, tile)
    sgd_step_(network, batch, 0.3, workspace)
    for found, wanted in zip(network.tensors(), expected, strict=True):
        assert torch.allclose(found, wanted, rtol=0, atol=1e-13)


def test_output_is_the_network() -> None:
    network, batch = example()
    wanted = torch.relu(batch.inputs @ network.weights.T) @ network.readout + network.offset
    found = network_output(network, batch.inputs, make_workspace(network, 16))
    assert torch.allclose(found, wanted, rtol=0, atol=1e-13)


def test_equal_rows_may_be_merged_into_one_of_their_mass() -> None:
    network, batch = example(rows=4)
    repeated = torch.tensor([0, 0, 1, 2, 2, 2, 3, 3])
    counts = torch.bincount(repeated).double()
    rows = Batch(batch.inputs[repeated], batch.labels[repeated], torch.ones(8, dtype=torch.float64), 1 / 8)
    merged = Batch(batch.inputs, batch.labels, counts, 1 / 8)
    other = Network(*(tensor.clone() for tensor in network.tensors()))
    sgd_step_(network, rows, 0.1, make_workspace(network, 8))
    sgd_step_(other, merged, 0.1, make_workspace(other, 8))
    for one, two in zip(network.tensors(), other.tensors(), strict=True):
        assert torch.allclose(one, two, rtol=0, atol=1e-14)


def test_rows_beyond_the_margin_change_nothing() -> None:
    network, batch = example()
    output = network_output(network, batch.inputs, make_workspace(network, 70))
    settled = Network(network.weights, network.readout * 1e6, network.offset * 1e6)
    kept = [tensor.clone() for tensor in settled.tensors()]
    sgd_step_(settled, Batch(batch.inputs, output.sign(), batch.counts, batch.scale), 0.1, make_workspace(settled, 70))
    assert all(torch.equal(a, b) for a, b in zip(settled.tensors(), kept, strict=True))


@pytest.mark.parametrize("coding", [-1.0, 0.0])
def test_half_precision_and_tiles_of_any_size_give_the_same_bytes(coding: float) -> None:
    """Inputs of signs or bits: the sums of the second product are integers, exact in float32 and in tiles
    of bfloat16."""
    generator = torch.Generator().manual_seed(2)
    inputs = torch.cat(
        (torch.randint(0, 2, (700, 11), generator=generator) * (1 - coding) + coding, torch.ones(700, 1)), 1
    )
    labels = torch.randn(700, generator=generator).sign()
    start = [torch.randn(shape, generator=generator) / 30 for shape in ((90, 12), (90,), (1,))]
    results = []
    for tile, halves, plain in ((256, True, True), (256, False, True), (256, True, False), (100, False, False)):
        network = Network(*(tensor.clone() for tensor in start))
        mask = torch.empty(tile, 90, dtype=torch.bfloat16) if halves else None
        workspace = Workspace(torch.empty(tile, 90), torch.empty(12, 90), mask)
        sgd_step_(network, Batch(inputs, labels, torch.ones(700), 1 / 700, plain), 0.1, workspace)
        results.append(network.tensors())
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_a_cpu_step_is_not_captured() -> None:
    network, _ = example()

    def step() -> None:
        raise AssertionError

    assert captured_in_place(step, network, torch.Generator()) is step


def test_flops_of_the_lectures_step() -> None:
    assert step_flops(2000, 2000, 20) == pytest.approx(0.364e9)

"""The step by tables against the dense step and against automatic differentiation."""

import numpy as np
import pytest
import torch

from learnability.sgd.cube import (
    LARGEST_DIMENSION,
    CubeBatch,
    active_sums,
    cube_output,
    cube_step_,
    make_tables,
)
from learnability.sgd.hinge import Batch, Network, make_workspace, network_output, sgd_step_

SIGNS, BITS = (1.0, -1.0), (0.0, 1.0)


def example(
    dimension: int, width: int = 37, rows: int = 60, dtype: torch.dtype = torch.float64, seed: int = 4
) -> tuple[Network, CubeBatch]:
    generator = torch.Generator().manual_seed(100 * seed + dimension)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=dtype)

    network = Network(normal(width, dimension + 1), normal(width) / width**0.5, normal(1))
    return network, points_of(dimension, rows, generator, dtype)


def points_of(dimension: int, rows: int, generator: torch.Generator, dtype: torch.dtype) -> CubeBatch:
    drawn = torch.randint(1 << dimension, (rows,), generator=generator).numpy()
    points, counts = np.unique(drawn, return_counts=True)
    labels = torch.randn(points.size, generator=generator).sign().to(dtype).numpy()
    return CubeBatch(points, labels, counts.astype(labels.dtype), 1 / rows)


def dense(batch: CubeBatch, dimension: int, values: tuple[float, float], dtype: torch.dtype = torch.float64) -> Batch:
    bits = (batch.points[:, None] >> np.arange(dimension)) & 1
    inputs = np.concatenate((np.where(bits == 1, values[1], values[0]), np.ones((batch.points.size, 1))), 1)
    tensors = (torch.from_numpy(array).to(dtype) for array in (inputs, batch.labels, batch.counts))
    return Batch(*tensors, batch.scale)


def copy_of(network: Network, dtype: torch.dtype = torch.float64) -> Network:
    return Network(*(tensor.clone().to(dtype) for tensor in network.tensors()))


@pytest.mark.parametrize("values", [SIGNS, BITS, (0.3, 1.7)])
@pytest.mark.parametrize("dimension", range(1, LARGEST_DIMENSION + 1))
def test_a_step_is_the_dense_step_in_every_dimension(dimension: int, values: tuple[float, float]) -> None:
    network, batch = example(dimension)
    other = copy_of(network)
    sgd_step_(other, dense(batch, dimension, values), 0.3, make_workspace(other, 60))
    cube_step_(network, batch, 0.3, make_tables(network, values))
    for found, wanted in zip(network.tensors(), other.tensors(), strict=True):
        assert torch.allclose(found, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("dimension", "values"), [(5, SIGNS), (11, BITS)])
def test_a_step_is_the_gradient_step_of_the_hinge_risk(dimension: int, values: tuple[float, float]) -> None:
    network, batch = example(dimension)
    rows = dense(batch, dimension, values)
    parameters = [tensor.clone().requires_grad_() for tensor in network.tensors()]
    output = torch.relu(rows.inputs @ parameters[0].T) @ parameters[1] + parameters[2]
    risk = batch.scale * (rows.counts * torch.relu(1 - rows.labels * output)).sum()
    gradients = torch.autograd.grad(risk, parameters)
    expected = [(p - 0.1 * g).detach() for p, g in zip(parameters, gradients, strict=True)]
    cube_step_(network, batch, 0.1, make_tables(network, values))
    for found, wanted in zip(network.tensors(), expected, strict=True):
        assert torch.allclose(found, wanted, rtol=0, atol=1e-12)


def test_many_steps_in_single_precision_stay_as_close_to_double_as_the_dense_step_does() -> None:
    """300 steps on the parity of 7 bits, in two blocks of neurons, the second in part. A row whose pre-activation or
    margin rounds to the other side of its kink moves the weights by a step, by tables as by products: root mean
    square distances are compared, and both must be small."""
    dimension, width, size, rate = 7, 700, 300, 0.01
    generator = torch.Generator().manual_seed(8)
    signs = torch.randn(width, dimension, generator=generator).sign() / dimension**0.5
    start = Network(
        torch.cat((signs, 2 * torch.rand(width, 1, generator=generator) - 1), 1),
        torch.randn(width, generator=generator).sign() / width**0.5,
        torch.zeros(1),
    )
    networks = [copy_of(start, dtype) for dtype in (torch.float32, torch.float32, torch.float64)]
    tables, workspaces = make_tables(networks[0], SIGNS), [make_workspace(network, size) for network in networks[1:]]
    for _ in range(300):
        points, counts = np.unique(torch.randint(1 << dimension, (size,), generator=generator), return_counts=True)
        labels = 1 - 2 * (np.bitwise_count(points) & 1).astype(np.float32)
        batch = CubeBatch(points, labels, counts.astype(np.float32), 1 / size)
        cube_step_(networks[0], batch, rate, tables)
        for network, workspace in zip(networks[1:], workspaces, strict=True):
            sgd_step_(network, dense(batch, dimension, SIGNS, network.weights.dtype), rate, workspace)
    tabled, single, double = (network.weights.double() for network in networks)
    moved, distance, peer = (float((x - double).square().mean().sqrt()) for x in (start.weights, tabled, single))
    assert distance < 2 * peer + 1e-7
    assert distance < 0.01 * moved


def test_the_sums_are_exact_and_a_neuron_at_its_kink_is_off() -> None:
    """Weights of small integers: many pre-activations vanish, and both sums are integers."""
    generator = torch.Generator().manual_seed(3)
    dimension = 10
    weights = torch.randint(-1, 2, (50, dimension + 1), generator=generator).float()
    network = Network(weights, torch.ones(50), torch.zeros(1))
    points = np.arange(1 << dimension)
    signal = torch.randint(-3, 4, (points.size,), generator=generator).float()
    inputs = dense(CubeBatch(points, signal.numpy(), signal.numpy(), 1), dimension, SIGNS, torch.float32).inputs
    preactivation = inputs @ weights.T
    assert (preactivation == 0).float().mean() > 0.05
    expected = (preactivation > 0).float().T @ (signal[:, None] * inputs)
    found = active_sums(network, points, signal.numpy(), make_tables(network, SIGNS))
    assert np.array_equal(found, expected.numpy())


@pytest.mark.parametrize("values", [SIGNS, BITS])
@pytest.mark.parametrize("largest", [0, 1, 3, 2000])
def test_signals_of_any_size_are_added_up_exactly(largest: int, values: tuple[float, float]) -> None:
    """The sums are put together from the binary digits of the signal: none, one, and those of a whole batch."""
    network, batch = example(9, width=300, rows=100, dtype=torch.float32)
    signal = np.random.default_rng(7).integers(-largest, largest + 1, batch.points.size).astype(np.float32)
    inputs = dense(batch, 9, values, torch.float32).inputs
    active = (inputs.double() @ network.weights.double().T > 0).float()
    expected = active.T @ (torch.from_numpy(signal)[:, None] * inputs)
    assert np.array_equal(active_sums(network, batch.points, signal, make_tables(network, values)), expected.numpy())


@pytest.mark.parametrize("values", [SIGNS, BITS])
def test_output_is_the_network(values: tuple[float, float]) -> None:
    network, batch = example(13, width=700)
    expected = network_output(network, dense(batch, 13, values).inputs, make_workspace(network, 60))
    assert np.allclose(cube_output(network, batch.points, make_tables(network, values)), expected, rtol=0, atol=1e-12)


def test_the_order_of_the_points_moves_no_bit_of_the_weights() -> None:
    network, batch = example(9, dtype=torch.float32)
    order = np.random.default_rng(0).permutation(batch.points.size)
    other = copy_of(network, torch.float32)
    shuffled = CubeBatch(batch.points[order], batch.labels[order], batch.counts[order], batch.scale)
    cube_step_(network, batch, 0.1, make_tables(network, SIGNS))
    cube_step_(other, shuffled, 0.1, make_tables(other, SIGNS))
    assert all(torch.equal(a, b) for a, b in zip(network.tensors(), other.tensors(), strict=True))


def test_what_is_not_a_number_stays_so() -> None:
    network, batch = example(6)
    network.weights[3, 2] = np.nan
    tables = make_tables(network, SIGNS)
    assert np.isnan(cube_output(network, batch.points, tables)).all()


def test_refuses_what_needs_larger_tables() -> None:
    network = Network(torch.ones(3, LARGEST_DIMENSION + 2), torch.ones(3), torch.zeros(1))
    with pytest.raises(ValueError, match="24 dimensions"):
        make_tables(network, SIGNS)

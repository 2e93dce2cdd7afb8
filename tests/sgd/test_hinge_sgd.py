"""The hand-written step against automatic differentiation."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from learnability.results.status import Status
from learnability.sgd.cube import CubeBatch, cube_output, cube_step_, make_tables
from learnability.sgd.hinge import (
    Batch,
    Network,
    Workspace,
    hinge_engine,
    hinge_state,
    hinge_step,
    make_workspace,
    network_output,
    sgd_step_,
    step_flops,
)
from learnability.sgd.loop import run
from tests.doubles import Interrupted, MemoryCheckpoint


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


def test_the_pure_step_is_the_gradient_step_of_the_hinge_risk() -> None:
    network, batch = example()
    before = [tensor.clone() for tensor in network.tensors()]
    moved = hinge_step(hinge_state(network), batch.inputs, batch.labels, batch.counts, 0.3 * batch.scale).network()
    for found, wanted in zip(moved.tensors(), by_autograd(network, batch, 0.3), strict=True):
        assert torch.allclose(found, wanted, rtol=0, atol=1e-13)
    assert all(torch.equal(a, b) for a, b in zip(network.tensors(), before, strict=True))


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


def test_flops_of_the_lectures_step() -> None:
    assert step_flops(2000, 2000, 20) == pytest.approx(0.364e9)


DIMENSION, ROWS, RATE = 6, 40, 0.05
BITS = (torch.arange(1 << DIMENSION)[:, None] >> torch.arange(DIMENSION)) & 1
CUBE = torch.cat((1 - 2 * BITS.float(), torch.ones(1 << DIMENSION, 1)), 1)
PARITY = 1 - 2 * (BITS[:, :2].sum(1) % 2).float()


Step, Measure = Callable[[Network, torch.Generator], None], Callable[[Network], tuple[float, float]]


def start() -> Network:
    generator = torch.Generator().manual_seed(1)
    return Network(*(torch.randn(shape, generator=generator) / 3 for shape in ((50, DIMENSION + 1), (50,), (1,))))


def by_products() -> tuple[str, Step, Measure]:
    workspace = make_workspace(start(), 1 << DIMENSION)

    def step(network: Network, generator: torch.Generator) -> None:
        drawn = torch.randint(1 << DIMENSION, (ROWS,), generator=generator)
        sgd_step_(network, Batch(CUBE[drawn], PARITY[drawn], torch.ones(ROWS), 1 / ROWS, plain=True), RATE, workspace)

    def measure(network: Network) -> tuple[float, float]:
        margin = PARITY * network_output(network, CUBE, workspace)
        return float((margin > 0).float().mean()), float((1 - margin).clamp(min=0).mean())

    return "hinge", step, measure


def by_tables() -> tuple[str, Step, Measure]:
    tables = make_tables(start(), (1.0, -1.0))

    def step(network: Network, generator: torch.Generator) -> None:
        points, counts = np.unique(torch.randint(1 << DIMENSION, (ROWS,), generator=generator), return_counts=True)
        batch = CubeBatch(points, PARITY.numpy()[points], counts.astype(np.float32), 1 / ROWS)
        cube_step_(network, batch, RATE, tables)

    def measure(network: Network) -> tuple[float, float]:
        margin = PARITY.numpy() * cube_output(network, np.arange(1 << DIMENSION), tables)
        return float((margin > 0).mean()), float(np.maximum(1 - margin, 0).mean())

    return "cube", step, measure


def in_loop(make: Callable[[], tuple[str, Step, Measure]], steps: list[int], **options: object):
    sizes = {"step_size": lambda n: np.full(len(n), RATE), "generator": torch.Generator().manual_seed(2)}
    return run(hinge_engine(*make()), hinge_state(start()), steps, **sizes, bound=np.inf, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [by_products, by_tables])
def test_the_loop_of_all_engines_takes_the_steps_of_a_plain_loop(make) -> None:
    """To the bit, over more steps than a chunk; what was observed is the plain loop's at each saved step."""
    steps, network, generator = [0, 1, 40, 250], start(), torch.Generator().manual_seed(2)
    found, expected, (name, step, measure) = in_loop(make, steps), [], make()
    for taken in range(steps[-1] + 1):
        if taken in steps:
            expected.append(measure(network))
        step(network, generator)
        if taken == steps[-1] - 1:
            last = [tensor.clone() for tensor in network.tensors()]
    assert list(zip(found.observed["accuracy"][:, 0], found.observed["loss"][:, 0], strict=True)) == expected
    assert all(torch.equal(a, b) for a, b in zip(found.state.network().tensors(), last, strict=True))
    assert (found.engine, found.status.tolist()) == (name, [Status.REACHED_END])


@pytest.mark.parametrize("make", [by_products, by_tables])
def test_a_run_stops_at_its_goal_and_resumes_to_the_same_bytes(make) -> None:
    def reached(observed: dict[str, np.ndarray]) -> bool:
        return bool(observed["accuracy"][0] >= 0.9)

    steps, checkpoint = list(range(3000)), MemoryCheckpoint(stop_after=7)
    whole = in_loop(make, steps, stop=reached)
    assert 7 < len(whole.steps) < len(steps)
    assert whole.status.tolist() == [Status.CONVERGED]
    accuracy = whole.observed["accuracy"][:, 0]
    assert (accuracy[:-1] < 0.9).all()
    assert accuracy[-1] >= 0.9
    with pytest.raises(Interrupted):
        in_loop(make, steps, stop=reached, checkpoint=checkpoint)
    resumed = in_loop(make, steps, stop=reached, checkpoint=checkpoint)
    assert all(torch.equal(a, b) for a, b in zip(whole.state, resumed.state, strict=True))
    assert resumed.observed["loss"].tobytes() == whole.observed["loss"].tobytes()

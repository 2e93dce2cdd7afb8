"""The lecture's training step (width 2000, batch 2000, d = 20) and the Walsh-Hadamard transform beside
their peers.

One core, one thread, float32. Every candidate draws fresh inputs, evaluates the hinge loss and updates all
parameters. Targets: at least twice as fast as PyTorch eager and JAX, and at least half of the sgemm peak
that is measured between the candidates.

Rates are equivalent rates: the operations of the dense step over the time of the step. Our step by tables does
a sixth of these operations, none in a product of matrices, so its equivalent rate may exceed the sgemm peak and says
nothing of the use of the processor; that of our dense step, on the line of its own, does.

    python -m benchmarks.parity_training [--quick] [--part step|transform]
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import torch

from benchmarks.compare import Timing, print_environment, print_ratios, record, take_turns
from learnability.hermite.walsh import walsh_hadamard_
from learnability.sgd.cuda_graphs import captured
from learnability.sgd.hinge import Network, hinge_state, step_flops
from learnability.sgd.loop import Engine
from learnability.studies.gradient_hardness.initialization import draw_network
from learnability.studies.gradient_hardness.parity_training import (
    Problem,
    dense_engine,
    draw_batch,
    stacked_engine,
    table_engine,
)
from learnability.studies.gradient_hardness.settings import Parity
from learnability.studies.gradient_hardness.training.setting import TrainingSetting

STEP_SIZE = 0.002


@dataclass(frozen=True)
class Size:
    """Sizes of the step, steps in one call, and the side of the square product that measures the peak."""

    dimension: int = 20
    width: int = 2000
    batch: int = 2000
    steps: int = 20
    square: int = 2048

    @property
    def flops(self) -> int:
        return self.steps * step_flops(self.batch, self.width, self.dimension)


def _problem(size: Size, device: str) -> tuple[Problem, Network, torch.Generator]:
    target = Parity(dimensions=(size.dimension,))
    setting = TrainingSetting(target=target, width=size.width, batch_size=size.batch, step_size=STEP_SIZE)
    generator = torch.Generator(device=device).manual_seed(0)
    network = draw_network("default", size.dimension, size.width, generator)
    return Problem.of(setting, size.dimension, device), network, generator


def by_tables(size: Size) -> Callable[[], object]:
    """Our step on a CPU."""
    problem, network, generator = _problem(size, "cpu")
    return in_loop(size, table_engine(problem, network, torch.Generator()), network, generator)


def dense(size: Size) -> Callable[[], object]:
    """Our step by products on a CPU."""
    problem, network, generator = _problem(size, "cpu")
    return in_loop(size, dense_engine(problem, network, torch.Generator()), network, generator)


def stacked(size: Size) -> Callable[[], object]:
    """Our step on a GPU: the batches of all steps drawn at once, the step compiled, all of it in a CUDA graph."""
    problem, network, generator = _problem(size, "cuda")
    return in_loop(size, stacked_engine(problem, network, torch.Generator("cuda")), network, generator, capture=True)


def in_loop(
    size: Size, engine: Engine, network: Network, generator: torch.Generator, capture: bool = False
) -> Callable[[], object]:
    """The steps of a call as the loop of all engines asks for them."""
    holder, sizes = [hinge_state(network)], torch.full((size.steps,), STEP_SIZE, device=generator.device)
    graph = captured(engine.advance, holder[0], size.steps, generator) if capture else None

    def run() -> None:
        if graph is None:
            holder[0] = engine.advance(holder[0], sizes, generator)
        else:
            holder[0] = graph(holder[0], sizes)
        if generator.device.type == "cuda":
            torch.cuda.synchronize()

    return run


def torch_autograd(size: Size, device: str = "cpu", compiled: bool = False) -> Callable[[], object]:
    """The step as one writes it: autograd of the hinge loss and an in-place update; optionally through
    torch.compile."""
    problem, network, generator = _problem(size, device)
    parameters = [tensor.clone().requires_grad_() for tensor in network.tensors()]

    def loss(
        weights: torch.Tensor, readout: torch.Tensor, offset: torch.Tensor, x: torch.Tensor, y: torch.Tensor
    ) -> torch.Tensor:
        output = torch.relu(x @ weights.T) @ readout + offset
        return torch.relu(1 - y * output).mean()

    function = torch.compile(loss) if compiled else loss

    def run() -> None:
        for _ in range(size.steps):
            batch = draw_batch(problem, generator)
            gradients = torch.autograd.grad(function(*parameters, batch.inputs, batch.labels), parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter.sub_(gradient, alpha=STEP_SIZE)
        if device == "cuda":
            torch.cuda.synchronize()

    return run


def jax_scan(size: Size) -> Callable[[], object]:
    """jit of a scan over the steps, inputs drawn inside."""
    import jax
    import jax.numpy as jnp

    _, network, _ = _problem(size, "cpu")
    parameters = tuple(jnp.asarray(tensor.numpy()) for tensor in network.tensors())

    def loss(parameters: tuple, x: "jax.Array", y: "jax.Array") -> "jax.Array":
        weights, readout, offset = parameters
        return jax.nn.relu(1 - y * (jax.nn.relu(x @ weights.T) @ readout + offset)).mean()

    def step(carry: tuple, key: "jax.Array") -> tuple:
        bits = jax.random.bernoulli(key, shape=(size.batch, size.dimension))
        signs = 1 - 2 * bits.astype(jnp.float32)
        x = jnp.concatenate((signs, jnp.ones((size.batch, 1))), 1)
        gradients = jax.grad(loss)(carry, x, signs.prod(1))
        return tuple(p - STEP_SIZE * g for p, g in zip(carry, gradients, strict=True)), None

    scan = jax.jit(lambda carry, keys: jax.lax.scan(step, carry, keys)[0])
    keys = jax.random.split(jax.random.key(0), size.steps)
    return lambda: jax.block_until_ready(scan(parameters, keys))


def square_product(size: Size, device: str = "cpu") -> Callable[[], object]:
    """The sgemm whose rate counts as the peak."""
    left = torch.randn(size.square, size.square, device=device)
    result = torch.empty_like(left)

    def run() -> None:
        torch.mm(left, left, out=result)
        if device == "cuda":
            torch.cuda.synchronize()

    return run


def print_shares(timings: list[Timing], size: Size, peak: str) -> None:
    """Equivalent rates (dense operations over time), and their share of the peak of the same rounds."""
    base = next(timing for timing in timings if timing.name == peak)
    best = 2 * size.square**3 / np.array(base.seconds)
    print(f"  sgemm peak {np.median(best) / 1e9:.1f} GFLOP/s")
    for timing in timings:
        if timing.seconds and timing.name != peak:
            share = size.flops / np.array(timing.seconds) / best
            rate = size.flops / timing.median / 1e9
            print(f"  {timing.name:34s} {rate:9.1f} GFLOP/s equivalent, {100 * np.median(share):5.1f}% of the peak")


def step_benchmark(size: Size, device: str) -> None:
    name = "ours, by tables" if device == "cpu" else "ours"
    candidates = {name: by_tables(size) if device == "cpu" else stacked(size)}
    if device == "cpu":
        candidates["ours, dense"] = dense(size)
    candidates["PyTorch eager"] = torch_autograd(size, device)
    candidates["torch.compile"] = torch_autograd(size, device, compiled=True)
    try:
        candidates["JAX jit + scan"] = jax_scan(size)
    except ImportError:
        print("  JAX is not installed (the extra `bench`)")
    peak = f"sgemm {size.square}"
    timings = take_turns(candidates | {peak: square_product(size, device)}, rounds=7)
    title = f"{size.steps} steps, d = {size.dimension}, width {size.width}, batch {size.batch}, {device}"
    rivals = [timing for timing in timings if timing.name != peak]
    print_ratios(title, rivals, name)
    record("parity training", f"step on the cube, d = {size.dimension}, {device}", rivals)
    print_shares(timings, size, peak)


def transform_benchmark(dimension: int, rows: int, device: str) -> None:
    """Our transform, the product with a matrix that is at hand, and SciPy's matrix built and applied in
    numpy."""
    values = torch.randn(rows, 1 << dimension, device=device)
    scratch = torch.empty_like(values)

    def transform() -> None:
        walsh_hadamard_(scratch.copy_(values))
        if device == "cuda":
            torch.cuda.synchronize()

    candidates: dict[str, Callable[[], object]] = {"ours, in place (with a copy)": transform}
    if dimension <= 13:
        matrix = torch.from_numpy(scipy.linalg.hadamard(1 << dimension, dtype=np.float32)).to(device)

        def product() -> None:
            torch.mm(values, matrix, out=scratch)
            if device == "cuda":
                torch.cuda.synchronize()

        candidates["matrix product"] = product
        if device == "cpu":
            array = values.numpy()
            candidates["SciPy's hadamard, built and applied"] = lambda: (
                array @ scipy.linalg.hadamard(1 << dimension, dtype=np.float32)
            )
    timings = take_turns(candidates)
    print_ratios(f"transform of {rows} x 2^{dimension}, float32, {device}", timings, "ours, in place (with a copy)")
    record("Walsh-Hadamard", f"transform of {rows} x 2^{dimension}, {device}", timings)
    rate = rows * (1 << dimension) / timings[0].median / 1e6
    print(f"  {rate:.0f} million entries a second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="small sizes: does every peer run?")
    parser.add_argument("--part", choices=("all", "step", "transform"), default="all")
    options = parser.parse_args()
    quick = options.quick
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        # JAX has no thread count of its own to set: everyone gets one core.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print_environment("jax", "scipy")
    size = Size(width=200, batch=200, steps=2, square=256) if quick else Size()
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    for device in devices:
        steps = size if device == "cpu" or quick else Size(steps=200, square=8192)
        if options.part != "transform":
            step_benchmark(steps, device)
        if options.part == "step":
            continue
        shapes = ((6, 16), (8, 4)) if quick else ((8, 1024), (10, 256), (12, 64), (13, 64), (16, 18), (20, 4))
        for dimension, rows in shapes:
            transform_benchmark(dimension, rows, device)


if __name__ == "__main__":
    main()

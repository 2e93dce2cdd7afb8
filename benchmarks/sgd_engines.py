"""The SGD engines beside what the field writes: autograd, a hand-written loop, JAX jit + scan, NumPy einsum.

1. overlap engine, 64 neurons, 16 tasks, batch 256, squared loss: a step at d = 1e3 .. 1e6 (equal within 20%), and
   against all samples drawn at d = 1e5 (at least 50 times the best peer);
2. full engine, ReLU, at the shape of a study and others: share of the sgemm peak measured in the same rounds, drawing
   included (at least 80%), and against eager autograd and JAX (at least 1.5 times);
3. single-sample steps, J = 8192, d = 64 (the paper's Figure 1): against loops of rank-one updates (at least 10 times);
4. chain, J = 256, 16 tasks, batch 256, d = 1000: against all samples drawn (at least 10 times the best peer);
5. full engine as `subspace_polynomials` runs it: both layers free, sine, float64, at its laptop and paper shapes;
6. full engine as `ridge_combinations/engines` runs it: 4096 networks of four neurons (both at least 1.5 times).

One core, one thread, as in a job of the pipeline. float32, but float64 for the overlaps; TF32 stays off. On a GPU our
steps run from a captured graph.

    python -m benchmarks.sgd_engines [--quick]
"""

import argparse
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.compare import Timing, print_environment, print_ratios, ratio, record, take_turns
from learnability.hermite.activations import RELU, hermite_series
from learnability.sgd.chain import decoupled_engine, random_chain
from learnability.sgd.cuda_graphs import captured
from learnability.sgd.full import full_engine, network_state, random_directions
from learnability.sgd.loop import Engine
from learnability.sgd.overlap import overlap_engine, random_overlaps
from learnability.sgd.problem import TwoLayerProblem
from learnability.sgd.single_sample import single_sample_engine
from learnability.studies.subspace_polynomials.online_sgd.train import PHASE, SHIFTED_SINE

CUBIC = hermite_series([0, 0, 0, 1.0])
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
STEP = 1e-4
# Steps in one call of a candidate: a GPU step is far below the resolution of one call.
STEPS = 64 if DEVICE == "cuda" else 16


def label(t: Tensor) -> Tensor:
    return CUBIC.value(t).sum(-1) / math.sqrt(t.shape[-1])


def synchronised(call: Callable[[], object]) -> Callable[[], None]:
    """The call, and on a GPU its end."""

    def timed() -> None:
        call()
        if DEVICE == "cuda":
            torch.cuda.synchronize()

    return timed


def ours(engine: Engine, state: Any, blocks: int) -> Callable[[], None]:
    """``blocks`` blocks of an engine in one call, as ``run`` asks for them; from a captured graph on a GPU."""
    generator = torch.Generator(DEVICE).manual_seed(0)
    rates = torch.full((engine.block * blocks,), STEP, dtype=state[0].dtype, device=DEVICE)
    graph = captured(engine.advance, state, engine.block * blocks, generator)
    holder = [state]

    def call() -> None:
        if graph is not None:
            holder[0] = graph(holder[0], rates)
            return
        holder[0] = engine.advance(holder[0], rates, generator)

    return synchronised(call)


def autograd_loop(weights: Tensor, batch: int, tasks: int, loss: str, steps: int) -> Callable[[], None]:
    """What a notebook does: fresh batch, forward, backward, step, normalise."""
    w = weights.clone().requires_grad_()
    v = torch.eye(tasks, w.shape[1], dtype=w.dtype, device=DEVICE)
    a = torch.ones(len(w), dtype=w.dtype, device=DEVICE)
    generator = torch.Generator(DEVICE).manual_seed(0)

    def call() -> None:
        for _ in range(steps):
            x = torch.randn(batch, w.shape[1], generator=generator, dtype=w.dtype, device=DEVICE)
            y = label(x @ v.T)
            f = (torch.relu(x @ w.T) @ a) / len(w)
            value = len(w) * (((y - f) ** 2).mean() / 2 if loss == "squared" else -(y * f).mean())
            (gradient,) = torch.autograd.grad(value, w)
            with torch.no_grad():
                w.sub_(STEP * (gradient - w * (w * gradient).sum(1, keepdim=True)))
                w.div_(w.norm(dim=1, keepdim=True))

    return synchronised(call)


def hand_loop(weights: Tensor, batch: int, tasks: int, loss: str, steps: int) -> Callable[[], None]:
    """The same with the gradient by hand and updates in place: a careful PyTorch loop."""
    w = weights.clone()
    v = torch.eye(tasks, w.shape[1], dtype=w.dtype, device=DEVICE)
    generator = torch.Generator(DEVICE).manual_seed(0)

    def call() -> None:
        for _ in range(steps):
            x = torch.randn(batch, w.shape[1], generator=generator, dtype=w.dtype, device=DEVICE)
            h = x @ w.T
            error = label(x @ v.T)
            if loss == "squared":
                error = error - torch.relu(h).mean(1)
            c = (h > 0).to(h.dtype).mul_(error[:, None]).mul_(STEP / batch)
            w.mul_(1 - (c * h).sum(0)[:, None])
            w.addmm_(c.T, x)
            w.div_(torch.linalg.vector_norm(w, dim=1, keepdim=True))

    return synchronised(call)


def rank_one_loop(weights: Tensor, tasks: int, steps: int) -> Callable[[], None]:
    """Single-sample correlation steps with vector operations and updates in place."""
    w = weights.clone()
    bias = torch.linspace(-1, 1, len(w), device=DEVICE)
    generator = torch.Generator(DEVICE).manual_seed(0)

    def call() -> None:
        samples = torch.randn(steps, w.shape[1], generator=generator, device=DEVICE)
        targets = label(samples[:, :tasks]) * STEP
        for x, y in zip(samples, targets, strict=True):
            s = w @ x
            c = (s + bias > 0).to(w.dtype).mul_(y)
            w.mul_(1 - (c * s)[:, None]).addr_(c, x)
            w.div_(torch.linalg.vector_norm(w, dim=1, keepdim=True))

    return synchronised(call)


def numpy_einsum(weights: Tensor, batch: int, tasks: int, steps: int) -> Callable[[], None]:
    """The field's usual code: squared loss by einsum."""
    rng = np.random.default_rng(0)
    w = weights.cpu().numpy().copy()

    def call() -> None:
        nonlocal w
        for _ in range(steps):
            x = rng.standard_normal((batch, w.shape[1])).astype(w.dtype)
            h = np.einsum("bd,jd->bj", x, w)
            t = x[:, :tasks]
            error = ((t**3 - 3 * t) / math.sqrt(6)).sum(1) / math.sqrt(tasks) - np.maximum(h, 0).mean(1)
            w = w + STEP / batch * np.einsum("bj,bd->jd", error[:, None] * (h > 0), x)
            w /= np.linalg.norm(w, axis=1, keepdims=True)

    return call


def jax_loop(weights: Tensor, batch: int, tasks: int, loss: str, steps: int) -> Callable[[], object]:
    """jit of a scan over steps with the gradient by jax.grad."""
    import jax
    import jax.numpy as jnp

    w0 = jnp.asarray(weights.cpu().numpy())

    def value(w: Any, x: Any) -> Any:
        t = x[:, :tasks]
        y = ((t**3 - 3 * t) / math.sqrt(6)).sum(1) / math.sqrt(tasks)
        f = jax.nn.relu(x @ w.T).mean(1)
        return w.shape[0] * (((y - f) ** 2).mean() / 2 if loss == "squared" else -(y * f).mean())

    @jax.jit
    def loop(w: Any, key: Any) -> Any:
        def step(w: Any, key: Any) -> Any:
            gradient = jax.grad(value)(w, jax.random.normal(key, (batch, w.shape[1]), w.dtype))
            w = w - STEP * (gradient - w * (w * gradient).sum(1, keepdims=True))
            return w / jnp.linalg.norm(w, axis=1, keepdims=True), None

        return jax.lax.scan(step, w, jax.random.split(key, steps))[0]

    key = jax.random.key(0)
    return lambda: loop(w0, key).block_until_ready()


@contextmanager
def section(title: str) -> Iterator[None]:
    print(f"\n== {title}", flush=True)
    yield


def unit_weights(width: int, dimension: int) -> Tensor:
    return random_directions((width, dimension), torch.Generator(DEVICE).manual_seed(1))


def overlap_call(dimension: int, width: int, tasks: int, batch: int, steps: int) -> Callable[[], None]:
    generator = torch.Generator(DEVICE).manual_seed(1)
    ones = torch.ones(width, dtype=torch.float64, device=DEVICE)
    state = random_overlaps(1, ones, 0 * ones, tasks, dimension, generator)
    problem = TwoLayerProblem(label, RELU, "squared")
    directions = torch.eye(tasks, dtype=torch.float64, device=DEVICE)
    return ours(overlap_engine(problem, directions, batch, dimension), state, steps)


def overlap_section(quick: bool, rounds: int) -> None:
    width, tasks, batch, steps = 64, 16, 256, STEPS
    # A step that draws all samples takes as long as hundreds of ours: few of theirs a call, many of ours.
    few, many = (2, 64) if DEVICE == "cpu" else (STEPS, STEPS)
    dimensions = (1_000, 10_000) if quick else (1_000, 10_000, 100_000, 1_000_000)
    calls: dict[str, Callable[[], object]] = {
        f"overlap d = {d}": overlap_call(d, width, tasks, batch, steps) for d in dimensions
    }
    timings = take_turns(calls, rounds=rounds)
    print_ratios(f"Overlap engine, {steps} steps, float64", timings, f"overlap d = {dimensions[0]}")
    d = 2_000 if quick else 100_000
    weights = unit_weights(width, d)
    peers: dict[str, Callable[[], object]] = {
        "overlap engine": overlap_call(d, width, tasks, batch, many),
        "torch autograd": autograd_loop(weights, batch, tasks, "squared", few),
        "torch by hand": hand_loop(weights, batch, tasks, "squared", few),
        "jax jit + scan": jax_loop(weights, batch, tasks, "squared", few),
    }
    if DEVICE == "cpu":
        peers["numpy einsum"] = numpy_einsum(weights, batch, tasks, few)
    steps_a_call = {name: many if name == "overlap engine" else few for name in peers}
    timings = take_turns(peers, rounds=rounds, steps=steps_a_call)
    print_ratios(f"Against all samples drawn (float32), one step, d = {d}", timings, "overlap engine")
    record("sgd", f"overlap engine, d = {d}", timings, "overlap engine")


def peak(side: int) -> tuple[Callable[[], None], float]:
    """A square float32 product and its operations."""
    a = torch.randn(side, side, generator=torch.Generator(DEVICE).manual_seed(0), device=DEVICE)
    out = torch.empty_like(a)
    return synchronised(lambda: torch.mm(a, a, out=out)), 2.0 * side**3


def bare_products(weights: Tensor, batch: int, steps: int) -> Callable[[], None]:
    """The two products of a step and nothing else, in the order of axes that is fastest: the bound of any engine."""
    w, x = weights.clone(), torch.zeros(batch, weights.shape[1], device=DEVICE)
    out = torch.empty(len(w), batch, device=DEVICE)

    def call() -> None:
        for _ in range(steps):
            torch.mm(w, x.T, out=out)
            w.addmm_(out, x)

    return synchronised(call)


def share_of_peak(engine: Timing, product: Timing, flops: float, product_flops: float) -> tuple[float, float, float]:
    """Share of the peak: the median over rounds, and its quartiles."""
    middle, low, high = ratio(product, engine)
    scale = flops / product_flops
    return scale * middle, scale * low, scale * high


# The control of Figure 1, then shapes of no study.
USED = ((8192, 64, 64),)
WIDE = (400, 256, 64), (1024, 64, 256), (1024, 64, 1024), (1024, 256, 256), (1024, 256, 1024)


def full_section(quick: bool, rounds: int) -> None:
    tasks = 16
    product, product_flops = peak(1024 if quick else (8192 if DEVICE == "cuda" else 2048))
    for width, batch, d in ((1024, 64, 256),) if quick else (*USED, *WIDE):
        weights = unit_weights(width, d)
        directions = torch.eye(tasks, d, device=DEVICE)
        ones = torch.ones(1, width, device=DEVICE)
        problem = TwoLayerProblem(label, RELU, "squared")
        engine = full_engine(problem, directions, batch)
        steps = engine.chunk  # as many as a run takes at once
        calls: dict[str, Callable[[], object]] = {
            "sgemm": product,
            "bare products": bare_products(weights, batch, steps),
            "full engine": ours(engine, network_state(weights[None], ones, 0 * ones), steps),
            "torch autograd": autograd_loop(weights, batch, tasks, "squared", steps),
            "torch by hand": hand_loop(weights, batch, tasks, "squared", steps),
            "jax jit + scan": jax_loop(weights, batch, tasks, "squared", steps),
        }
        timings = take_turns(calls, rounds=rounds)
        print_ratios(f"Full engine, J = {width}, B = {batch}, d = {d}, {steps} steps", timings[1:], "full engine")
        peers = [timing for timing in timings[1:] if timing.name != "bare products"]
        record("sgd", f"full engine, J = {width}, B = {batch}, d = {d}", peers, "full engine")
        flops = 4.0 * batch * width * d * steps
        for timing in timings[1:]:
            if timing.name in ("bare products", "full engine"):
                share = share_of_peak(timing, timings[0], flops, product_flops)
                print(f"  {timing.name}: share of the sgemm peak {share[0]:.2f} [{share[1]:.2f}, {share[2]:.2f}]")


def sine_section(quick: bool, rounds: int) -> None:
    for width, batch, steps in ((100, 256, 16),) if quick else ((400, 256, 128), (2048, 1024, 16)):
        sine_row(width, batch, steps, rounds)


def sine_row(width: int, batch: int, steps: int, rounds: int) -> None:
    """Online SGD of `subspace_polynomials` as it runs there: both layers free, sin(x + pi/4), float64, squared loss."""
    d, p = 64, 2
    generator = torch.Generator(DEVICE).manual_seed(1)
    w0 = 0.1 * torch.randn(width, d, generator=generator, dtype=torch.float64, device=DEVICE)
    a0 = torch.randn(width, generator=generator, dtype=torch.float64, device=DEVICE)
    problem = TwoLayerProblem(
        lambda z: z[..., 0] + z[..., 0] * z[..., 1], SHIFTED_SINE, "squared", spherical=False, second_layer_rate=1.0
    )
    engine = full_engine(problem, torch.eye(p, d, dtype=torch.float64, device=DEVICE), batch)
    state = network_state(w0[None].clone(), a0[None], torch.zeros_like(a0)[None])

    def by_hand() -> Callable[[], None]:
        w, a, drawn = w0.clone(), a0.clone(), torch.Generator(DEVICE).manual_seed(0)

        def call() -> None:
            for _ in range(steps):
                x = torch.randn(batch, d, generator=drawn, dtype=w.dtype, device=DEVICE)
                h = (x @ w.T).add_(PHASE)
                hidden = torch.sin(h)
                error = x[:, 0] + x[:, 0] * x[:, 1] - (hidden @ a) / width
                slopes = torch.cos(h).mul_(error[:, None]).mul_(a).mul_(STEP / batch)
                a.add_(error @ hidden, alpha=STEP / batch)
                w.addmm_(slopes.T, x)

        return synchronised(call)

    def autograd() -> Callable[[], None]:
        w, a = w0.clone().requires_grad_(), a0.clone().requires_grad_()
        drawn = torch.Generator(DEVICE).manual_seed(0)

        def call() -> None:
            for _ in range(steps):
                x = torch.randn(batch, d, generator=drawn, dtype=w.dtype, device=DEVICE)
                error = x[:, 0] + x[:, 0] * x[:, 1] - (torch.sin(x @ w.T + PHASE) @ a) / width
                gradients = torch.autograd.grad(width * (error**2).mean() / 2, (w, a))
                with torch.no_grad():
                    w.sub_(STEP * gradients[0])
                    a.sub_(STEP * gradients[1])

        return synchronised(call)

    def by_jax() -> Callable[[], object]:
        import jax

        jax.config.update("jax_enable_x64", True)
        import jax.numpy as jnp

        start = jnp.asarray(w0.cpu().numpy()), jnp.asarray(a0.cpu().numpy())

        def value(parameters: Any, x: Any) -> Any:
            w, a = parameters
            error = x[:, 0] + x[:, 0] * x[:, 1] - jnp.sin(x @ w.T + PHASE) @ a / width
            return width * (error**2).mean() / 2

        @jax.jit
        def loop(parameters: Any, key: Any) -> Any:
            def step(parameters: Any, key: Any) -> Any:
                gradients = jax.grad(value)(parameters, jax.random.normal(key, (batch, d), start[0].dtype))
                return tuple(q - STEP * g for q, g in zip(parameters, gradients, strict=True)), None

            return jax.lax.scan(step, parameters, jax.random.split(key, steps))[0]

        key = jax.random.key(0)
        return lambda: jax.block_until_ready(loop(start, key))

    calls: dict[str, Callable[[], object]] = {
        "full engine": ours(engine, state, steps),
        "torch autograd": autograd(),
        "torch by hand": by_hand(),
        "jax jit + scan": by_jax(),
    }
    timings = take_turns(calls, rounds=rounds)
    row = f"full engine, sine, both layers, float64, J = {width}, B = {batch}, d = {d}"
    print_ratios(f"{row}, {steps} steps", timings, "full engine")
    record("sgd", row, timings, "full engine")


def replica_section(quick: bool, rounds: int) -> None:
    """`ridge_combinations/engines`: independent networks of four neurons, correlation loss, spherical, float32."""
    replicas, width, tasks, batch, d, steps = (64 if quick else 4096), 4, 4, 40, 16, 16
    generator = torch.Generator(DEVICE).manual_seed(1)
    weights = random_directions((replicas, width, d), generator)
    bias = torch.tensor([-1.0, -1.0, -0.6, 1.0], device=DEVICE)
    signs = torch.tensor([1.0, 1.0, 1.0, -1.0], device=DEVICE)
    engine = full_engine(TwoLayerProblem(label, RELU), torch.eye(tasks, d, device=DEVICE), batch)

    def by_hand() -> Callable[[], None]:
        w, drawn = weights.clone(), torch.Generator(DEVICE).manual_seed(0)

        def call() -> None:
            for _ in range(steps):
                x = torch.randn(replicas, batch, d, generator=drawn, device=DEVICE)
                h = x @ w.mT
                c = (h + bias > 0).to(h.dtype).mul_(label(x[..., :tasks])[..., None]).mul_(signs * (STEP / batch))
                w.mul_(1 - (c * h).sum(1)[..., None]).baddbmm_(c.mT, x)
                w.div_(torch.linalg.vector_norm(w, dim=-1, keepdim=True))

        return synchronised(call)

    def autograd() -> Callable[[], None]:
        w, drawn = weights.clone().requires_grad_(), torch.Generator(DEVICE).manual_seed(0)

        def call() -> None:
            for _ in range(steps):
                x = torch.randn(replicas, batch, d, generator=drawn, device=DEVICE)
                f = torch.relu(x @ w.mT + bias) @ signs
                (gradient,) = torch.autograd.grad(-(label(x[..., :tasks]) * f).mean(-1).sum(), w)
                with torch.no_grad():
                    w.sub_(STEP * (gradient - w * (w * gradient).sum(-1, keepdim=True)))
                    w.div_(w.norm(dim=-1, keepdim=True))

        return synchronised(call)

    def by_jax() -> Callable[[], object]:
        import jax
        import jax.numpy as jnp

        start, b, a = (jnp.asarray(v.cpu().numpy()) for v in (weights, bias, signs))

        def value(w: Any, x: Any) -> Any:
            t = x[:, :tasks]
            y = ((t**3 - 3 * t) / math.sqrt(6)).sum(1) / math.sqrt(tasks)
            return -(y * (jax.nn.relu(x @ w.T + b) @ a)).mean()

        @jax.jit
        def loop(w: Any, key: Any) -> Any:
            def step(w: Any, key: Any) -> Any:
                gradient = jax.vmap(jax.grad(value))(w, jax.random.normal(key, (replicas, batch, d), w.dtype))
                w = w - STEP * (gradient - w * (w * gradient).sum(-1, keepdims=True))
                return w / jnp.linalg.norm(w, axis=-1, keepdims=True), None

            return jax.lax.scan(step, w, jax.random.split(key, steps))[0]

        key = jax.random.key(0)
        return lambda: loop(start, key).block_until_ready()

    calls: dict[str, Callable[[], object]] = {
        "full engine": ours(engine, network_state(weights, signs, bias), steps),
        "torch autograd": autograd(),
        "torch by hand": by_hand(),
        "jax jit + scan + vmap": by_jax(),
    }
    timings = take_turns(calls, rounds=rounds)
    row = f"full engine, {replicas} networks, J = {width}, B = {batch}, d = {d}"
    print_ratios(f"{row}, {steps} steps", timings, "full engine")
    record("sgd", row, timings, "full engine")


def single_section(quick: bool, rounds: int) -> None:
    width, d, tasks, block = (1024 if quick else 8192), 64, 16, 64
    weights = unit_weights(width, d)
    signs = torch.ones(1, width, device=DEVICE)
    bias = torch.linspace(-1, 1, width, device=DEVICE)[None]
    engine = single_sample_engine(TwoLayerProblem(label, RELU), torch.eye(tasks, d, device=DEVICE), block)
    blocks = 8 if DEVICE == "cuda" else engine.chunk  # as many as a run takes at once: in a graph, or in a call
    many, few = block * blocks, 512
    calls: dict[str, Callable[[], object]] = {
        "blocks of samples": ours(engine, network_state(weights[None], signs, bias), blocks),
        "torch, rank one, in place": rank_one_loop(weights, tasks, few),
        "torch autograd": autograd_loop(weights, 1, tasks, "correlation", few),
        "jax jit + scan": jax_loop(weights, 1, tasks, "correlation", few),
    }
    steps = {name: many if name == "blocks of samples" else few for name in calls}
    timings = take_turns(calls, rounds=rounds, steps=steps)
    print_ratios(f"Single-sample steps, one step, J = {width}, d = {d}", timings, "blocks of samples")
    record("sgd", f"single samples, J = {width}, d = {d}", timings, "blocks of samples")
    print(f"  {1 / timings[0].median:.0f} samples a second")


def chain_section(quick: bool, rounds: int) -> None:
    width, tasks, batch, d = 256, 16, 256, (100 if quick else 1000)
    ones, directions = torch.ones(width, device=DEVICE), torch.eye(tasks, dtype=torch.float64, device=DEVICE)
    engine = decoupled_engine(TwoLayerProblem(label, RELU), directions, batch, d)
    state = random_chain(1, ones, 0 * ones, tasks, d, torch.Generator(DEVICE).manual_seed(1))
    weights, few = unit_weights(width, d), 16
    calls: dict[str, Callable[[], object]] = {
        "chain": ours(engine, state, engine.chunk),
        "torch autograd": autograd_loop(weights, batch, tasks, "correlation", few),
        "torch by hand": hand_loop(weights, batch, tasks, "correlation", few),
        "jax jit + scan": jax_loop(weights, batch, tasks, "correlation", few),
    }
    timings = take_turns(calls, rounds=rounds, steps={name: engine.chunk if name == "chain" else few for name in calls})
    print_ratios(f"Against all samples drawn, one step, d = {d}", timings, "chain")
    record("sgd", f"decoupled chain, J = {width}, B = {batch}, d = {d}", timings, "chain")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sgd_engines", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: does every peer run?")
    quick = parser.parse_args().quick
    rounds = 2 if quick else 5
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        # JAX has no thread count of its own to set: everyone gets one core.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print_environment("jax")
    print(f"device {DEVICE}" + (f" ({torch.cuda.get_device_name()})" if DEVICE == "cuda" else ""))
    for title, part in (
        ("1. overlap engine", overlap_section),
        ("2. full engine", full_section),
        ("3. single-sample steps", single_section),
        ("4. chain", chain_section),
        ("5. full engine, both layers", sine_section),
        ("6. full engine, many networks", replica_section),
    ):
        with section(title):
            part(quick, rounds)


if __name__ == "__main__":
    main()

"""The mean-field flow against online SGD and torchdiffeq; the closure against a search. Ratios, one run.

1. Time to a loss curve of given accuracy: the exact flow with N particles against online SGD of N neurons, both over
   a ladder of sizes, error = r.m.s. over seeds of sup_t |L - reference| / L(0). The reference is a flow with many
   particles.
2. The flow against torchdiffeq's dopri5 with a right-hand side as one would write it, pair by pair; and the solvers
   alone, both with our right-hand side, starts and saved times: ours has a step size for each sample, torchdiffeq's one
   for all. Those over a ladder of tolerances, error = largest over samples and times of the loss curve, so that times
   are compared at equal tolerance and at equal error. One batch whose samples want the same steps (z1 + z1 z2), one
   whose samples do not (He_3, stiff once it has escaped).
3. The largest reflective subspace by closure against the multi-start search over the Grassmannian, named targets.
"""

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from benchmarks.compare import keep, print_environment, print_ratios, record, take_turns
from learnability.flows.mean_field import MeanFieldFlow, MeanFieldProblem, Particles, radial_coefficients
from learnability.flows.solver import Controls, integrate
from learnability.hermite.reflective import diagnose
from learnability.hermite.reflective_search import grassmann_search
from learnability.hermite.target_language import parse
from learnability.sgd.full import full_engine, network_state
from learnability.sgd.loop import run as run_sgd
from learnability.sgd.problem import TwoLayerProblem
from learnability.studies.subspace_polynomials.online_sgd.train import SHIFTED_SINE, polynomial_label, population_loss
from learnability.studies.subspace_polynomials.particles import sampled_particles

TARGET = parse("z1 + z1*z2")
NAMED = (
    "z1 + z1*z2*z3",
    "z1 + z1*z2 + z1*z2*z3",
    "z1*z2",
    "z1 + He3(z2)",
    "z1 + z2 + z1*z3 + z2*z4",
    "z1 + He2(z1)*z2",
    "z1 + z1*z2 + He2(z3)",
)


@dataclass(frozen=True)
class Sizes:
    """Dimension, end time and repetitions of the comparison."""

    dimension: int
    end: float
    seeds: int
    reference: int
    ladder: tuple[int, ...]
    rounds: int


FULL = Sizes(64, 10.0, 8, 4096, (16, 32, 64, 128, 256, 512), 5)
QUICK = Sizes(32, 4.0, 2, 512, (16, 32, 64), 2)


def start(count: int, dimensions: np.ndarray, seeds: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """a (seed x dimension, n), w_V and |w_perp| of a batch."""
    rng = np.random.default_rng(seed)
    drawn = [sampled_particles(count, 2, dimensions, rng) for _ in range(seeds)]
    a = np.concatenate([np.broadcast_to(a, (len(dimensions), count)) for a, _, _ in drawn])
    w, r = (np.concatenate([d[i] for d in drawn]) for i in (1, 2))
    return torch.from_numpy(a.copy()), torch.from_numpy(w), torch.from_numpy(r)


def flow_curves(count: int, sizes: Sizes, times: Tensor, seeds: int, seed: int = 1) -> Tensor:
    """Loss curves (seed, time) of the exact flow with ``count`` particles."""
    dimension = np.array([float(sizes.dimension)])
    a, w, r = start(count, dimension, seeds, seed)
    mass = torch.full((count,), 1 / count, dtype=torch.float64)
    flow = MeanFieldFlow(MeanFieldProblem([TARGET] * seeds, np.repeat(dimension, seeds)), mass)
    start_state, controls = Particles(a, w, r, mass).packed(), Controls(relative=1e-4, absolute=1e-6)
    found = integrate(flow, start_state, times, lambda _, loss, index: loss[:, None], controls=controls)
    return found.observables[..., 0]


def sgd_curves(count: int, sizes: Sizes, times: Tensor, seeds: int) -> Tensor:
    """Loss curves (seed, time) of online SGD with ``count`` neurons; batch and steps grow with the width."""
    d, step_size, batch = sizes.dimension, 6.4 / count / 2, 2 * count
    a, w, r = start(count, np.array([float(d)]), seeds, 1)
    g = torch.Generator().manual_seed(0)
    outer = torch.randn(seeds, count // 2, d - 2, generator=g, dtype=torch.float64)
    outer = outer / outer.norm(dim=-1, keepdim=True)
    weights = torch.cat([w, torch.cat([outer, outer], dim=1) * r[..., None]], dim=-1)
    problem = TwoLayerProblem(
        label=lambda z: polynomial_label(TARGET, z),
        activation=SHIFTED_SINE,
        loss="squared",
        spherical=False,
        second_layer_rate=1.0,
    )
    engine = full_engine(problem, torch.eye(d, dtype=torch.float64)[:2], batch)
    losses: list[Tensor] = []
    state = network_state(weights, a, torch.zeros_like(a))
    done = 0
    for target in np.round(times.numpy() / step_size).astype(int):
        if target > done:
            steps = target - done
            found = run_sgd(engine, state, [int(steps)], lambda n: np.full(len(n), step_size), g)
            state, done = found.state, int(target)
        losses.append(population_loss(TARGET, state.weights, state.second_layer))
    return torch.stack(losses, dim=1)


def error(curves: Tensor, reference: Tensor) -> float:
    """R.m.s. over seeds of sup_t |L - reference| / L(0)."""
    gaps = ((curves - reference).abs() / reference[0]).amax(1)
    return float(gaps.square().mean().sqrt())


def ladder(
    name: str, curves: Callable[[int], Tensor], counts: tuple[int, ...], sizes: Sizes, reference: Tensor
) -> list[tuple[float, float]]:
    """(error, seconds a curve) for each size, printed."""
    rows = []
    for count in counts:
        begin = time.process_time()
        found = curves(count)
        seconds = (time.process_time() - begin) / sizes.seeds
        rows.append((error(found, reference), seconds))
        print(f"  {name:12s} N = {count:5d}   error {rows[-1][0]:.4f}   {1e3 * seconds:9.1f} ms a curve")
    return rows


def time_for(rows: list[tuple[float, float]], wanted: float) -> float:
    """The least time among sizes that reach an error; NaN if none does."""
    reached = [seconds for gap, seconds in rows if gap <= wanted]
    return min(reached, default=float("nan"))


def against_sgd(sizes: Sizes) -> None:
    """Time to a loss curve of given accuracy."""
    times = torch.linspace(0, sizes.end, 11, dtype=torch.float64)
    print(f"\nLoss curve of z1 + z1 z2, d = {sizes.dimension}, up to flow time {sizes.end:g}")
    reference = flow_curves(sizes.reference, sizes, times, 2, seed=99).mean(0)
    flow = ladder("flow", lambda n: flow_curves(n, sizes, times, sizes.seeds), sizes.ladder, sizes, reference)
    # Twice the neurons take eight times as long (more steps, larger batches): the last size is left out.
    reached = sizes.ladder[:-1]
    sgd = ladder("online SGD", lambda n: sgd_curves(n, sizes, times, sizes.seeds), reached, sizes, reference)
    for wanted in (0.1, 0.05, 0.03, 0.02, 0.01):
        ours, theirs = time_for(flow, wanted), time_for(sgd, wanted)
        listed = f"flow {1e3 * ours:9.1f} ms, SGD {1e3 * theirs:9.1f} ms, ratio {theirs / ours:8.1f}"
        print(f"  error {wanted:5.2f}: {listed}")
        if wanted == 0.03:
            keep("mean field", "loss curve within 3%", "exact flow", ours, "online SGD", (theirs / ours,) * 3)


@dataclass(frozen=True)
class Batch:
    """One right-hand side with its starts and saved times."""

    flow: MeanFieldFlow
    initial: Tensor
    times: Tensor


def batch_of(text: str, count: int, dimensions: np.ndarray, seeds: int, end: float) -> Batch:
    """Flows of one target over dimensions and seeds, 41 saved times."""
    target, rng = parse(text), np.random.default_rng(1)
    drawn = [sampled_particles(count, target.variables, dimensions, rng) for _ in range(seeds)]
    a = np.concatenate([np.broadcast_to(a, (len(dimensions), count)) for a, _, _ in drawn])
    w, r = (torch.from_numpy(np.concatenate([d[i] for d in drawn])) for i in (1, 2))
    mass = torch.full((count,), 1 / count, dtype=torch.float64)
    flow = MeanFieldFlow(MeanFieldProblem([target] * len(a), np.tile(dimensions, seeds)), mass)
    initial = Particles(torch.from_numpy(a.copy()), w, r, mass).packed()
    return Batch(flow, initial, torch.linspace(0, end, 41, dtype=torch.float64))


def our_curves(batch: Batch, tolerance: float) -> tuple[Tensor, str]:
    """Loss curves (sample, time), and how often a sample was evaluated."""
    controls = Controls(relative=tolerance, absolute=1e-3 * tolerance)
    found = integrate(batch.flow, batch.initial, batch.times, lambda _, loss, i: loss[:, None], controls=controls)
    stages = controls.tableau.stages - 1
    counts = stages * found.steps.double()
    return found.observables[
        ..., 0
    ], f"{counts.mean():6.0f} evaluations a sample ({counts.min():.0f} to {counts.max():.0f})"


Field = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Slopes and losses of packed states of all samples."""


def our_field(batch: Batch) -> Field:
    """Ours, as :func:`our_curves` has it."""
    index = torch.arange(len(batch.initial))
    return lambda state: batch.flow(state, index)


def pairwise_field(batch: Batch) -> Field:
    """The same pair by pair, as one would write it: kernel matrices of all samples, their radial series by Horner."""
    flow, index, rate = batch.flow, torch.arange(len(batch.initial)), batch.flow.problem
    mass = flow.weights

    def field(state: Tensor) -> tuple[Tensor, Tensor]:
        a, r, w = state[..., 0], state[..., 1], state[..., 2:]
        series = torch.from_numpy(radial_coefficients(flow.perpendicular, float(r.square().max())))[:, :, None, None]
        square = (r[:, :, None] * r[:, None]).square()
        radial, slope = torch.zeros_like(square), torch.zeros_like(square)
        for level in reversed(range(series.shape[1])):
            radial = radial * square + series[:, level]
            if level:
                slope = slope * square + level * series[:, level]
        decay = torch.exp(-0.5 * (w.square().sum(-1) + r.square()))
        kernel = torch.exp(torch.bmm(w, w.mT))
        weighted = (mass * a * decay)[:, None] * kernel
        value, along = (weighted * radial).sum(-1), torch.bmm(weighted * radial, w)
        stretch = 2 * (weighted * slope * r.square()[:, None]).sum(-1)
        target, gradient = flow.target(w, index)
        residual = decay * (target - 0.5 * value)
        pull = decay[..., None] * (gradient - 0.5 * along) - residual[..., None] * w
        shrink = -r * (residual + 0.5 * decay * stretch)
        parts = rate.rate_a * residual, rate.rate_w * a * shrink, *(rate.rate_w * a[..., None] * pull).unbind(-1)
        network = 0.5 * decay * value
        loss = flow.target.half_norm + (mass * a * (0.5 * network - decay * target)).sum(1)
        return torch.stack(parts, dim=-1), loss

    return field


def peer_curves(batch: Batch, field: Field, tolerance: float) -> tuple[Tensor, str]:
    """Loss curves by torchdiffeq, with the losses of its saved states."""
    from torchdiffeq import odeint

    calls = 0

    def slope(_: Tensor, state: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return field(state)[0]

    states = odeint(slope, batch.initial, batch.times, rtol=tolerance, atol=1e-3 * tolerance, method="dopri5")
    return torch.stack([field(state)[1] for state in states], dim=1), f"{calls:6d} evaluations of all samples"


def solver_ladder(
    name: str, solve: Callable[[float], tuple[Tensor, str]], reference: Tensor
) -> list[tuple[float, float]]:
    """(error, seconds) for each tolerance, printed."""
    rows = []
    for tolerance in (1e-3, 1e-4, 1e-5, 1e-6):
        begin = time.process_time()
        curves, note = solve(tolerance)
        rows.append((float((curves - reference).abs().max()), time.process_time() - begin))
        print(f"  {name:12s} rtol {tolerance:.0e}   error {rows[-1][0]:.1e}   {rows[-1][1]:7.2f} s   {note}")
    return rows


def time_at(rows: list[tuple[float, float]], error: float) -> float:
    """Seconds at an error by interpolation in logarithms between the ladder's rows; NaN outside of it."""
    gaps, seconds = np.log(np.array(sorted(rows))).T
    if not gaps[0] <= math.log(error) <= gaps[-1] or np.any(np.diff(gaps) <= 0):
        return math.nan
    return math.exp(float(np.interp(math.log(error), gaps, seconds)))


def against_torchdiffeq(sizes: Sizes) -> None:
    """One right-hand side, two solvers, over tolerances."""
    count, seeds = sizes.ladder[-1] // 2, max(2, sizes.seeds // 2)
    finite = np.array([32.0, 128.0, 512.0, 2048.0])
    for text, dimensions, end in (
        ("z1 + z1*z2", np.append(finite, np.inf), 2 * sizes.end),
        ("He3(z1)", finite, 2.5 * sizes.end),
    ):
        batch = batch_of(text, count, dimensions, seeds, end)
        print(f"\n{text}: {len(batch.initial)} flows of {count} particles, d = {dimensions.tolist()}, T = {end:g}")
        reference, _ = our_curves(batch, 1e-8)
        ours = solver_ladder("ours", partial(our_curves, batch), reference)
        theirs = solver_ladder("torchdiffeq", partial(peer_curves, batch, our_field(batch)), reference)
        for i, tolerance in enumerate((1e-3, 1e-4, 1e-5, 1e-6)):
            print(f"  rtol {tolerance:.0e}: torchdiffeq takes {theirs[i][1] / ours[i][1]:.2f} times ours")
        pairs = pairwise_field(batch)
        for ours_is, theirs_is in zip(our_field(batch)(batch.initial), pairs(batch.initial), strict=True):
            torch.testing.assert_close(theirs_is, ours_is, rtol=1e-10, atol=1e-12)
        calls: dict[str, Callable[[], object]] = {
            "ours": partial(our_curves, batch, 1e-4),
            "torchdiffeq, pair by pair": partial(peer_curves, batch, pairs, 1e-4),
            "torchdiffeq, our right-hand side": partial(peer_curves, batch, our_field(batch), 1e-4),
        }
        timings = take_turns(calls, sizes.rounds, warm_up=0)
        name = f"mean-field flow of {text}, {len(batch.initial)} flows, rtol 1e-4"
        print_ratios(name, timings, "ours")
        record("mean field", name, timings[:2], "ours")
        record("flow solver", f"steps of the {name}", [timings[0], timings[2]], "ours")
        for wanted in (1e-4, 1e-5, 1e-6):
            factor = time_at(theirs, wanted) / time_at(ours, wanted)
            print(f"  error {wanted:.0e}: torchdiffeq takes {factor:.2f} times ours")


def closure_against_search(sizes: Sizes) -> None:
    """All named targets: the closure, and a search with eight starts in every dimension above zero."""
    targets = [parse(text) for text in NAMED]

    def search() -> None:
        rng = np.random.default_rng(0)
        for h in targets:
            for dimension in range(1, h.variables + 1):
                grassmann_search(h, dimension, rng.standard_normal((8, h.variables, dimension)))

    candidates = {"closure": lambda: [diagnose(h) for h in targets], "Grassmann search, 8 starts": search}
    timings = take_turns(candidates, sizes.rounds)
    print_ratios(f"Largest reflective subspace of {len(targets)} targets", timings, "closure")
    record("reflective subspaces", f"{len(targets)} targets", timings, "closure")


PARTS = {"sgd": against_sgd, "torchdiffeq": against_torchdiffeq, "closure": closure_against_search}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: does every part run?")
    parser.add_argument("--part", choices=list(PARTS), help="one of the three comparisons alone")
    options = parser.parse_args()
    print_environment("torchdiffeq", "scipy")
    for name, part in PARTS.items():
        if options.part in (None, name):
            part(QUICK if options.quick else FULL)


if __name__ == "__main__":
    main()

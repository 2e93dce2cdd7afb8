"""The flow solver beside torchdiffeq, torchode, SciPy LSODA and diffrax: same starts, tolerances and end time.

Joint flow of h1(z1) + h1(z1) h2(z2) (r = 2) and of h3(z1) (r = 1), at d = 1e2 and 1e6, with 1, 256 and 4096 starts,
until three times the median escape time of the last saddle; and the starts of a study at d = 1e2 to 1e8. Wanted: 10
times torchode and diffrax at 256 starts, and the 4096 starts at d = 1e6 within a twentieth of what LSODA needs for them
one by one.

Every peer integrates the form in M with a right-hand side in its own array library; ours takes the form that the
study takes. An explicit method needs a number of steps proportional to the end time, about 1e6 at d = 1e6: it is
stopped after ``MOST_STEPS`` steps and reported with that bound. LSODA runs a subset of the starts, and its time is
scaled to all of them.

    python -m benchmarks.flow_solver [--quick] [--study]
"""

import argparse
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from benchmarks.compare import Timing, print_environment, print_ratios, record, take_turns
from learnability.flows.closed import chosen_form
from learnability.flows.multi_index import JointFlow, haar_correlations, trap_speed
from learnability.flows.multi_index_spectral import SpectralFlow, trap_rate
from learnability.flows.solver import SolverOptions, solve
from learnability.hermite.target_language import parse
from learnability.hermite.tensors import leaps, symmetric_tensors

RTOL, ATOL = 1e-5, 1e-9
MOST_STEPS = 20_000
LSODA_STARTS = 16
LINKS = {2: "h1(z1) + h1(z1)*h2(z2)", 1: "h3(z1)"}
Array = NDArray[np.float64]


class TooManySteps(Exception):
    """A peer needs more than ``MOST_STEPS`` steps."""


def our_solver(link: str, d: int, starts: Array, end: float, form: str) -> Callable[[], Any]:
    """Our solution to ``end``; no run ends earlier, as none of the peers' does."""
    expansion = parse(link)
    tensors, r = symmetric_tensors(expansion), expansion.variables
    leap = max(s for s, _ in leaps(expansion))
    options = SolverOptions(relative_tolerance=RTOL, absolute_tolerance=ATOL, end_time=end)
    if form == "spectral":
        spectral = SpectralFlow.build(tensors, success_loss=-math.inf)
        state, chart = spectral.start(starts, 0 * trap_rate(np.full(len(starts), d), leap))
        return lambda: solve(spectral, state, chart, options)
    joint = JointFlow.build(tensors, success_loss=-math.inf)
    state = torch.from_numpy(np.ascontiguousarray(starts.transpose(1, 2, 0)).reshape(r * r, -1))
    chart = torch.from_numpy(0 * trap_speed(np.full(len(starts), d), 1))[None]
    return lambda: solve(joint, state, chart, options)


def torch_field(link: str) -> Callable[[Any, torch.Tensor], torch.Tensor]:
    """(I - G) S(G) M for a batch (sample, r * r), as one would write it in torch."""
    expansion = parse(link)
    r = expansion.variables
    tensors = {k: torch.from_numpy(t) for k, t in symmetric_tensors(expansion).items()}

    def field(_: Any, flat: torch.Tensor) -> torch.Tensor:
        m = flat.view(-1, r, r)
        gram = m @ m.mT
        slope = torch.zeros_like(gram)
        for k, tensor in tensors.items():
            partial = tensor.reshape(1, r, -1).expand(len(m), r, -1)
            for _axis in range(k - 1):
                rest = partial.reshape(len(m), r, r, -1)
                partial = torch.einsum("biax,bac->bixc", rest, gram).reshape(len(m), r, -1)
            slope = slope + k * partial @ tensor.reshape(r, -1).T
        pull = slope @ m
        return (pull - gram @ pull).reshape(flat.shape)

    return field


def torchdiffeq_solver(link: str, starts: Array, end: float) -> Callable[[], Any]:
    import torchdiffeq

    field, count = torch_field(link), 0

    def counted(t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        nonlocal count
        count += 1
        if count > 6 * MOST_STEPS:
            raise TooManySteps(f"more than {MOST_STEPS} steps")
        return field(t, y)

    state = torch.from_numpy(starts.reshape(len(starts), -1).copy())
    times = torch.tensor([0.0, end], dtype=torch.float64)

    def run() -> Any:
        nonlocal count
        count = 0
        with torch.no_grad():
            return torchdiffeq.odeint(counted, state, times, rtol=RTOL, atol=ATOL, method="dopri5")

    return run


def torchode_solver(link: str, starts: Array, end: float) -> Callable[[], Any]:
    import torchode

    term = torchode.ODETerm(torch_field(link))
    controller = torchode.IntegralController(atol=ATOL, rtol=RTOL, term=term)
    solver = torchode.AutoDiffAdjoint(torchode.Dopri5(term=term), controller, max_steps=MOST_STEPS)
    state = torch.from_numpy(starts.reshape(len(starts), -1).copy())
    times = torch.tensor([[0.0, end]], dtype=torch.float64).expand(len(starts), 2)

    def run() -> Any:
        with torch.no_grad():
            solution = solver.solve(torchode.InitialValueProblem(y0=state, t_eval=times))
        if int(solution.status.max()) != 0:
            raise TooManySteps(f"more than {MOST_STEPS} steps")
        return solution

    return run


def diffrax_solver(link: str, starts: Array, end: float, method: str) -> Callable[[], Any]:
    import jax

    jax.config.update("jax_enable_x64", True)
    import diffrax
    import jax.numpy as jnp

    expansion = parse(link)
    r = expansion.variables
    tensors = {k: jnp.asarray(t) for k, t in symmetric_tensors(expansion).items()}

    def field(_: Any, flat: Any, __: Any) -> Any:
        m = flat.reshape(r, r)
        gram = m @ m.T
        slope = jnp.zeros_like(gram)
        for k, tensor in tensors.items():
            partial = tensor
            for axis in range(1, k):
                partial = jnp.moveaxis(jnp.tensordot(partial, gram, axes=(axis, 0)), -1, axis)
            slope = slope + k * partial.reshape(r, -1) @ tensor.reshape(r, -1).T
        pull = slope @ m
        return (pull - gram @ pull).reshape(-1)

    def one(start: Any) -> Any:
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(field),
            getattr(diffrax, method)(),
            t0=0.0,
            t1=end,
            dt0=None,
            y0=start,
            stepsize_controller=diffrax.PIDController(rtol=RTOL, atol=ATOL),
            max_steps=MOST_STEPS,
            adjoint=diffrax.ForwardMode(),
            throw=False,
        )
        return solution.ys[-1], diffrax.is_successful(solution.result)

    solved = jax.jit(jax.vmap(one))
    state = jnp.asarray(starts.reshape(len(starts), -1))

    def run() -> Any:
        values, successful = jax.block_until_ready(solved(state))
        if not bool(successful.all()):
            raise TooManySteps(f"{int((~successful).sum())} of {len(starts)} starts fail within {MOST_STEPS} steps")
        return values

    return run


def lsoda_solver(link: str, starts: Array, end: float) -> Callable[[], Any]:
    """One start after the other, with a compiled polynomial in NumPy as the right-hand side."""
    expansion = parse(link)
    r = expansion.variables
    tensors = symmetric_tensors(expansion)

    def field(_: float, flat: Array) -> Array:
        m = flat.reshape(r, r)
        gram = m @ m.T
        slope = np.zeros((r, r))
        for k, tensor in tensors.items():
            partial = tensor.reshape(r, -1)
            for _axis in range(k - 1):
                rest = partial.reshape(r, r, -1)
                partial = (gram @ rest).transpose(0, 2, 1).reshape(r, -1)
            slope += k * partial @ tensor.reshape(r, -1).T
        pull = slope @ m
        return (pull - gram @ pull).ravel()

    def run() -> Any:
        for start in starts:
            solution = solve_ivp(field, (0, end), start.ravel(), method="LSODA", rtol=RTOL, atol=ATOL)
            if not solution.success:
                raise RuntimeError(solution.message)

    return run


def scaled(timing: Timing, factor: float) -> Timing:
    """A timing of a subset, scaled to all starts."""
    return Timing(timing.name, tuple(factor * s for s in timing.seconds), timing.note)


def compare(r: int, d: int, count: int, rounds: int, without: set[str]) -> None:
    """One table: every candidate on the same starts, but for those that failed with fewer, ``without``, which grows."""
    link = LINKS[r]
    starts = haar_correlations([d], r, count, np.random.default_rng(0))[0]
    pilot = haar_correlations([d], r, 64, np.random.default_rng(1))[0]
    end = 3 * median_escape(link, d, pilot)
    subset = starts[: min(count, LSODA_STARTS)]
    lsoda = f"LSODA one by one ({len(subset)} starts, scaled)" if len(subset) < count else "LSODA one by one"
    candidates: dict[str, Callable[[], Any]] = {"ours, spectral form": our_solver(link, d, starts, end, "spectral")}
    if r > 1:
        candidates["ours, form in M"] = our_solver(link, d, starts, end, "correlation")
    candidates |= {
        lsoda: lsoda_solver(link, subset, end),
        "diffrax Kvaerno5, jit + vmap": diffrax_solver(link, starts, end, "Kvaerno5"),
        "diffrax Dopri5, jit + vmap": diffrax_solver(link, starts, end, "Dopri5"),
        "torchode Dopri5": torchode_solver(link, starts, end),
        "torchdiffeq dopri5": torchdiffeq_solver(link, starts, end),
    }
    timings = take_turns({name: call for name, call in candidates.items() if name not in without}, rounds=rounds)
    without |= {timing.name for timing in timings if not timing.seconds}
    timings = [scaled(t, count / len(subset)) if t.name == lsoda else t for t in timings]
    best = min((t for t in timings if t.name.startswith("ours")), key=lambda t: t.median)
    print_ratios(f"r = {r}, d = {d:.0e}, {count} starts, end time {end:.3g}", timings, best.name)
    record("closed flows", f"closed flow, r = {r}, d = {d:.0e}, starts {count}", timings)


def compare_study(rounds: int, count: int, dimensions: tuple[int, ...]) -> None:
    """As the escape times of `multi_index` are measured: so many starts at each dimension, in the forms chosen there.

    Candidates take one dimension after the other, so that no peer waits for the longest flow; one that fails at a
    dimension has failed.
    """
    link = LINKS[2]
    leap = max(s for s, _ in leaps(parse(link)))
    calls: dict[str, list[Callable[[], Any]]] = {}
    few = max(1, min(count, LSODA_STARTS // 4))
    lsoda = f"LSODA one by one ({few} starts a dimension, scaled)"
    for d in dimensions:
        starts = haar_correlations([d], 2, count, np.random.default_rng(0))[0]
        end = 3 * median_escape(link, d, haar_correlations([d], 2, 64, np.random.default_rng(1))[0])
        form = chosen_form("auto", 2, [leap], [d])
        candidates = {
            "ours": our_solver(link, d, starts, end, form),
            lsoda: lsoda_solver(link, starts[:few], end),
            "diffrax Kvaerno5, jit + vmap": diffrax_solver(link, starts, end, "Kvaerno5"),
            "diffrax Dopri5, jit + vmap": diffrax_solver(link, starts, end, "Dopri5"),
            "torchode Dopri5": torchode_solver(link, starts, end),
            "torchdiffeq dopri5": torchdiffeq_solver(link, starts, end),
        }
        for name, call in candidates.items():
            calls.setdefault(name, []).append(call)
    # The hardest dimension comes first: who fails there has not used up the time of a run.
    turns = {name: lambda parts=parts: [part() for part in reversed(parts)] for name, parts in calls.items()}
    timings = [scaled(t, count / few) if t.name == lsoda else t for t in take_turns(turns, rounds=rounds)]
    row = f"closed flow, r = 2, {count} starts at each d = {dimensions[0]:.0e} to {dimensions[-1]:.0e}"
    print_ratios(row, timings, "ours")
    record("closed flows", row, timings)


def median_escape(link: str, d: int, starts: Array) -> float:
    """Median escape time of the last saddle over pilot starts."""
    expansion = parse(link)
    r = expansion.variables
    spectral = SpectralFlow.build(symmetric_tensors(expansion))
    state, chart = spectral.start(starts, trap_rate(np.full(len(starts), d), max(s for s, _ in leaps(expansion))))
    options = SolverOptions(levels=(*(math.sqrt(0.5),) * r, math.nan))
    return float(solve(spectral, state, chart, options).crossing_time[r - 1].median())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few starts: does every peer run?")
    parser.add_argument("--study", action="store_true", help="the batch of the studies alone")
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    print_environment("scipy", "torchdiffeq", "torchode", "diffrax", "jax")
    counts, rounds = ((1, 16), 1) if arguments.quick else ((1, 256, 4096), 3)
    compare_study(rounds, *((4, (100, 10**4)) if arguments.quick else (64, (100, 10**4, 10**6, 10**7, 10**8))))
    if arguments.study:
        return
    for r in (2, 1):
        for d in (100, 10**6):
            failed: set[str] = set()
            for count in counts:
                compare(r, d, count, rounds, failed)
    print("\nMemory: the state of a start is r (r + 1) / 2 numbers and its chart, at any dimension.")


if __name__ == "__main__":
    main()

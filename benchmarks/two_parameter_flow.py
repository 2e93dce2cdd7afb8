"""Targets a second on the hierarchical map: ours against whole arrays, SciPy's LSODA and Radau, and torchode.

    python -m benchmarks.two_parameter_flow            # under four minutes on one core
    python -m benchmarks.two_parameter_flow --quick    # does every candidate run?

All solvers integrate the same map in closed form to targets of the guaranteed set; a target counts when u has passed
the last stage. SciPy solves one target after another in the global frame with the exact Jacobian, up to a budget of
CPU seconds; torchode (explicit, batched) is given the same force and a budget of steps: flow times of 1e5 and more
meet steps of 1e-3. The flow in whole arrays runs a batch whose slowest target decides. CPU seconds, one thread."""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.integrate import solve_ivp

from benchmarks.compare import keep, print_environment
from learnability.studies.two_parameter.hierarchical.setting import Point
from learnability.studies.two_parameter.hierarchy.batched_flow import batched_flow
from learnability.studies.two_parameter.hierarchy.compiled_flow import compiled_flow
from learnability.studies.two_parameter.hierarchy.frames import FrameTable
from learnability.studies.two_parameter.hierarchy.guaranteed import membership
from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.outcome import FlowStatus, Outcome
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy

Solver = Callable[[Hierarchy, np.ndarray], tuple[int, int]]
"""Targets finished and targets tried."""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    name: str
    tried: int
    finished: int
    seconds: float

    @property
    def rate(self) -> float:
        """Targets finished a second of CPU."""
        return self.finished / self.seconds

    def line(self, ours: "Row | None" = None) -> str:
        """The row as text, with the ratio to ours; below a bound where no target was finished."""
        head = f"  {self.name:34s} {self.finished:5d} of {self.tried:<5d} {self.seconds:8.2f} s"
        if not self.finished:
            bound = "" if ours is None else f", ours at least {ours.rate * self.seconds:9.0f} times as fast"
            return f"{head}  none in the budget{bound}"
        times = "" if ours is None or ours is self else f", ours {ours.rate / self.rate:9.1f} times as fast"
        return f"{head} {self.rate:10.2f} targets/s{times}"


def _targets(hierarchy: Hierarchy, count: int) -> np.ndarray:
    """Targets of the guaranteed set, which every exact flow carries to the end."""
    drawn = np.random.default_rng(0).random((max(20_000, 40 * count), hierarchy.dimension))
    return drawn[membership(hierarchy, drawn).inside][:count]


def ours_by(flow: Callable[..., Outcome], all_targets: bool = False) -> Solver:
    """One of our implementations, on targets of F0 or (``all_targets``) on uniform ones, trapped or not."""

    def run(hierarchy: Hierarchy, targets: np.ndarray) -> tuple[int, int]:
        n = len(targets)
        point = Point("splitting", "uniform", hierarchy.dimension, hierarchy.depth, hierarchy.rho[0], 1.0, 6.0, 0.0)
        tolerance = torch.full((n,), point.local_tolerance, dtype=torch.float64)
        families = torch.zeros(n, dtype=torch.long)
        status = flow(FrameTable((hierarchy,)), torch.tensor(targets.T.copy()), families, tolerance).status
        done = status != FlowStatus.MAX_STEPS if all_targets else status == FlowStatus.REACHED_END
        return int(done.sum()), n

    return run


def scipy_solver(method: str, budget: float) -> Solver:
    """SciPy, target by target, until the budget of CPU seconds is used up."""

    def run(hierarchy: Hierarchy, targets: np.ndarray) -> tuple[int, int]:
        stop, tried, finished = time.process_time() + budget, 0, 0
        while tried < len(targets) and time.process_time() < stop:
            finished += _scipy_one(hierarchy, targets[tried], method, stop)
            tried += 1
        return finished, tried

    return run


class _OutOfTime(Exception):
    pass


def _scipy_one(hierarchy: Hierarchy, target: np.ndarray, method: str, stop: float) -> bool:
    phi, end = HierarchicalMap(hierarchy), hierarchy.end

    def force(_: float, w: np.ndarray) -> np.ndarray:
        if time.process_time() > stop:
            raise _OutOfTime
        point = torch.tensor(w[None])
        return phi.jacobian(point)[0].numpy().T @ (target - phi(point)[0].numpy())

    def slope(_: float, w: np.ndarray) -> np.ndarray:
        point = torch.tensor(w[None])
        jacobian, residual = phi.jacobian(point)[0].numpy(), target - phi(point)[0].numpy()
        return np.tensordot(residual, phi.hessian(point)[0].numpy(), 1) - jacobian.T @ jacobian

    def arrived(_: float, w: np.ndarray) -> float:
        return float(w[0] - end)

    arrived.terminal = True  # type: ignore[attr-defined]
    try:
        found = solve_ivp(force, (0, 1e13), np.zeros(2), method=method, jac=slope, rtol=1e-6, atol=1e-9, events=arrived)
    except _OutOfTime:
        return False
    return bool(found.status == 1)


def torchode_solver(budget_steps: int) -> Solver:
    """torchode's Dormand-Prince pair on the whole batch, stopped after a number of steps."""

    def run(hierarchy: Hierarchy, targets: np.ndarray) -> tuple[int, int]:
        import torchode

        phi, goal = HierarchicalMap(hierarchy), torch.tensor(targets)

        def force(_: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
            return (phi.jacobian(w) * (goal - phi(w))[..., None]).sum(dim=1)

        term = torchode.ODETerm(force)
        control = torchode.IntegralController(atol=1e-9, rtol=1e-6, term=term)
        solver = torchode.AutoDiffAdjoint(torchode.Dopri5(term=term), control, max_steps=budget_steps)
        start = torch.zeros((len(targets), 2), dtype=torch.float64)
        ends = torch.tensor([0.0, 1e7], dtype=torch.float64).expand(len(targets), 2)
        with torch.no_grad():
            solution = solver.solve(torchode.InitialValueProblem(y0=start, t_eval=ends))
        return int((solution.ys[:, -1, 0] >= hierarchy.end).sum()), len(targets)

    return run


def measure(name: str, solve: Solver, hierarchy: Hierarchy, targets: np.ndarray) -> Row:
    """Time one solver; a candidate that fails is named with its error."""
    start = time.process_time()
    try:
        finished, tried = solve(hierarchy, targets)
    except Exception as error:  # a peer that fails is a finding, not the end of the comparison
        return Row(f"{name}: {type(error).__name__}", 0, 0, time.process_time() - start)
    return Row(name, tried, finished, time.process_time() - start)


def _peers(quick: bool) -> None:
    budget, steps, batch, few = (2.0, 50, 50, 10) if quick else (12.0, 500, 2000, 100)
    for rho, depth in [(0.12, 1)] if quick else [(0.12, 1), (0.12, 2), (0.03, 3)]:
        hierarchy = Hierarchy(3, depth, (rho,))
        print(f"\nF0 targets at rho = {rho:g}, d = 3, N = {depth}; at most {budget:g} CPU-s or {steps} steps")
        ours = measure("ours, compiled loop", ours_by(compiled_flow), hierarchy, _targets(hierarchy, batch))
        print(ours.line(), flush=True)
        candidates: list[tuple[str, Solver, int]] = [
            (f"ours, whole arrays of {few}", ours_by(batched_flow), few),
            ("SciPy LSODA", scipy_solver("LSODA", budget), batch),
            ("SciPy Radau", scipy_solver("Radau", budget), batch),
            (f"torchode Dopri5, batch of {few}", torchode_solver(steps), few),
        ]
        peers = [measure(name, solver, hierarchy, _targets(hierarchy, count)) for name, solver, count in candidates]
        print("\n".join(peer.line(ours) for peer in peers), flush=True)
        best = max((peer for peer in peers if not peer.name.startswith("ours")), key=lambda peer: peer.rate)
        lead = ours.rate / best.rate if best.finished else float("inf")
        row = f"hierarchical flow, one target, rho = {rho:g}, N = {depth}"
        keep(
            "two parameters",
            row,
            ours.name,
            1 / ours.rate,
            best.name if best.finished else "none finished",
            (lead,) * 3,
        )


def _growth(quick: bool) -> None:
    print("\nOurs on uniform targets, trapped ones included: how the cost grows")
    shapes = [(0.12, 3, 3)] if quick else [(r, 3, 3) for r in (0.12, 0.05, 0.03, 0.02, 0.012, 0.008, 0.004)]
    shapes += [] if quick else [(0.03, 3, n) for n in (1, 2, 5, 10)] + [(0.03, d, 3) for d in (6, 20)]
    shapes += [] if quick else [(0.02, d, d) for d in (6, 12, 20)]
    for rho, d, n in shapes:
        hierarchy = Hierarchy(d, n, (rho,))
        count = 50 if quick else 2000 if rho >= 0.02 and d * n < 100 else 200
        targets = np.random.default_rng(1).random((count, d))
        print(
            measure(f"rho {rho:g}, d = {d}, N = {n}", ours_by(compiled_flow, True), hierarchy, targets).line(),
            flush=True,
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    print_environment("numba", "scipy", "torchode")
    warm = Hierarchy(3, 1, (0.12,))
    compiling = measure("compiling, once for each version", ours_by(compiled_flow), warm, _targets(warm, 1))
    print(compiling.line())
    _growth(quick)
    _peers(quick)


if __name__ == "__main__":
    main()

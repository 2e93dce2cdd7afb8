"""Targets a second on the hierarchical map: the batched Rosenbrock flow against SciPy's LSODA and Radau and torchode.

    python benchmarks/two_parameter_flow.py                # everything, about ten minutes on two cores
    python benchmarks/two_parameter_flow.py --quick        # a check that it works, under a minute

All solvers integrate the same map in closed form. SciPy solves one target after another in the global frame, with
the exact Jacobian; torchode (explicit, batched) is given the same force. A target counts as finished when u has
passed the last stage; explicit methods meet flow times of 1e5 and more with steps of 1e-3 and are stopped after a
budget. CPU seconds, process time."""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.integrate import solve_ivp

from learnability.studies.two_parameter.flow import gradient_flow
from learnability.studies.two_parameter.hierarchy.frames import FrameTable
from learnability.studies.two_parameter.hierarchy.guaranteed import membership
from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.outcome import FlowStatus
from learnability.studies.two_parameter.settings import Point


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    rho: float
    depth: int
    dimension: int
    targets: int
    finished: int
    seconds: float

    def __str__(self) -> str:
        rate = self.finished / self.seconds if self.finished else 0.0
        head = f"{self.method:14s} rho {self.rho:<6g} N {self.depth:<3d} d {self.dimension:<3d}"
        return f"{head} {self.finished}/{self.targets} finished, {self.seconds:8.2f} CPU-s, {rate:9.3f} targets/s"


def _targets(hierarchy: Hierarchy, count: int) -> np.ndarray:
    """Targets of the guaranteed set, which every exact flow carries to the end."""
    drawn = np.random.default_rng(0).random((max(20_000, 40 * count), hierarchy.dimension))
    return drawn[membership(hierarchy, drawn).inside][:count]


def rosenbrock(hierarchy: Hierarchy, targets: np.ndarray) -> int:
    """Ours: all targets in one batch, local frames."""
    n = len(targets)
    point = Point("splitting", "uniform", hierarchy.dimension, hierarchy.depth, hierarchy.rho[0], 1.0, 6.0, 0.0)
    tolerance = torch.full((n,), point.local_tolerance, dtype=torch.float64)
    families = torch.zeros(n, dtype=torch.long)
    outcome = gradient_flow(FrameTable((hierarchy,)), torch.tensor(targets.T.copy()), families, tolerance)
    return int((outcome.status == FlowStatus.REACHED_END).sum())


def scipy_solver(method: str, budget: float) -> Callable[[Hierarchy, np.ndarray], int]:
    """SciPy, target by target, until the budget of CPU seconds a target is used up."""

    def run(hierarchy: Hierarchy, targets: np.ndarray) -> int:
        return sum(_scipy_one(hierarchy, target, method, budget) for target in targets)

    return run


class _OutOfTime(Exception):
    pass


def _scipy_one(hierarchy: Hierarchy, target: np.ndarray, method: str, budget: float) -> bool:
    phi, end, stop = HierarchicalMap(hierarchy), hierarchy.end, time.process_time() + budget

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


def torchode_solver(budget_steps: int) -> Callable[[Hierarchy, np.ndarray], int]:
    """torchode's Dormand-Prince pair on the whole batch, stopped after a number of steps; -1 without torchode."""

    def run(hierarchy: Hierarchy, targets: np.ndarray) -> int:
        try:
            import torchode
        except ImportError:
            return -1
        phi, goal = HierarchicalMap(hierarchy), torch.tensor(targets)

        def force(_: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
            return (phi.jacobian(w) * (goal - phi(w))[..., None]).sum(dim=1)

        term = torchode.ODETerm(force)
        method = torchode.Dopri5(term=term)
        control = torchode.IntegralController(atol=1e-9, rtol=1e-6, term=term)
        solver = torchode.AutoDiffAdjoint(method, control, max_steps=budget_steps)
        start = torch.zeros((len(targets), 2), dtype=torch.float64)
        ends = torch.tensor([0.0, 1e7], dtype=torch.float64).expand(len(targets), 2)
        with torch.no_grad():
            solution = solver.solve(torchode.InitialValueProblem(y0=start, t_eval=ends))
        return int((solution.ys[:, -1, 0] >= hierarchy.end).sum())

    return run


def measure(method: str, solve: Callable[[Hierarchy, np.ndarray], int], hierarchy: Hierarchy, count: int) -> Row:
    """Time one solver on targets of the guaranteed set."""
    targets = _targets(hierarchy, count)
    start = time.process_time()
    finished = solve(hierarchy, targets)
    seconds = time.process_time() - start
    name = f"{method} (absent)" if finished < 0 else method
    return Row(name, hierarchy.rho[0], hierarchy.depth, hierarchy.dimension, len(targets), max(0, finished), seconds)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    quick = parser.parse_args().quick
    batch, few, budget = (50, 1, 5.0) if quick else (2000, 3, 120.0)
    print(f"torch threads: {torch.get_num_threads()}")
    print("Ours: how the cost grows with rho, N and d")
    shapes = [(0.12, 3, 3)] if quick else [(r, 3, 3) for r in (0.12, 0.08, 0.05, 0.03, 0.02)]
    shapes += [] if quick else [(0.03, 3, n) for n in (1, 2, 5, 8)] + [(0.03, d, 3) for d in (6, 12, 20)]
    for rho, dimension, depth in shapes:
        print(measure("rosenbrock", rosenbrock, Hierarchy(dimension, depth, (rho,)), batch), flush=True)
    print(f"Others, same map, at most {budget:g} CPU-s a target")
    for rho, depth in [(0.12, 1)] if quick else [(0.12, 1), (0.12, 2), (0.05, 2), (0.03, 3)]:
        hierarchy = Hierarchy(3, depth, (rho,))
        print(measure("rosenbrock", rosenbrock, hierarchy, batch), flush=True)
        for method in ("LSODA", "Radau"):
            print(measure(method, scipy_solver(method, budget), hierarchy, few), flush=True)
        print(measure("torchode", torchode_solver(200 if quick else 20_000), hierarchy, few), flush=True)


if __name__ == "__main__":
    main()

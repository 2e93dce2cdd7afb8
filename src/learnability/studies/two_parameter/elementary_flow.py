"""Gradient flow of the elementary models, through the project's stiff solver."""

from dataclasses import dataclass

import torch
from torch import Tensor

from learnability.flows.rosenbrock import RODAS4
from learnability.results.status import Status
from learnability.flows.solver import RUNNING, SolverOptions, solve
from learnability.studies.two_parameter.elementary import Family

STILL = 1e-13
"""|grad| below which a flow counts as converged."""


@dataclass
class SquaredDistance:
    """dw/dt = -grad 1/2 |f - Phi(w)|^2 for parameters (W, n); the targets (3, n) are the chart."""

    family: Family
    logarithmic: bool = False

    def field(self, state: Tensor, chart: Tensor) -> Tensor:
        """``J^T (f - Phi)``."""
        return (self.family.jacobian(state) * (chart - self.family(state))[:, None]).sum(dim=0)

    def linearise(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """The field and its derivative ``sum_i r_i Hess Phi_i - J^T J``."""
        residual = chart - self.family(state)
        jacobian, second = self.family.derivatives(state)
        curvature = (second * residual[:, None, None]).sum(dim=0)
        gauss_newton = (jacobian[:, :, None] * jacobian[:, None]).sum(dim=0)
        return (jacobian * residual[:, None]).sum(dim=0), curvature - gauss_newton

    def settle(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """Parameters stay as they are."""
        return state, chart

    def observe(self, state: Tensor, chart: Tensor) -> Tensor:
        """Minus the loss, which never falls along the flow."""
        return -0.5 * (chart - self.family(state)).square().sum(dim=0, keepdim=True)

    def outcome(self, state: Tensor, chart: Tensor, observed: Tensor, speed: Tensor) -> Tensor:
        """Converged where the gradient has vanished."""
        still = speed.abs().amax(dim=0) < STILL
        return torch.where(still, int(Status.CONVERGED), RUNNING).to(torch.int8)


@dataclass
class FinalState:
    """Where the flows ended: parameters (W, n), distance |f - Phi| (n), status (n)."""

    parameters: Tensor
    distance: Tensor
    status: Tensor


def flow_to(family: Family, targets: Tensor, end_time: float, max_steps: int) -> FinalState:
    """Gradient flow from w = 0 to targets (3, n)."""
    state = torch.zeros((family.parameters, targets.shape[1]), dtype=torch.float64, device=targets.device)
    options = SolverOptions(
        relative_tolerance=1e-4, absolute_tolerance=1e-7, end_time=end_time, max_steps=max_steps, tableau=RODAS4
    )
    flow = solve(SquaredDistance(family), state, targets, options)
    distance = (targets - family(flow.final_state)).square().sum(dim=0).sqrt()
    return FinalState(flow.final_state, distance, flow.status)

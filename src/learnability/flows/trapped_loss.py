"""The part of the loss that a subspace S of the hidden subspace holds, along the mean-field flow.

``L_S = E |(1 - E_S)(h - f)|^2 / 2`` with E_S the mean over z_S. It is a part of the loss, ``L_S <= L``, and equals the
loss floor ``E|h - E_S h|^2 / 2`` as long as all w_S = 0; the rest of the loss is what can be learned without S. With
sin(x + pi/4)

    L_S = floor - sum_i m_i a_i e^{-R_i^2/2} (G(w_i) - G(P w_i))
          + 1/4 sum_ij m_i m_j a_i a_j e^{-(R_i^2 + R_j^2)/2} Phi(r_i r_j) (e^{w_i.w_j} - e^{P w_i.P w_j})

where P projects onto the complement of S in the hidden subspace, because ``E_S sin(w.x + c) = e^{-|w_S|^2/2} sin((1 -
P_S) w.x + c)``.
"""

import numpy as np
import torch
from torch import Tensor

from learnability.flows.kernel_sums import kernel_sums, rounded_up
from learnability.flows.mean_field import MeanFieldFlow, radial_coefficients


class TrappedLoss:
    """``L_S`` of samples of a flow: ``projector`` (batch, p, p) onto S, ``floor`` (batch,), numbered as in the flow."""

    def __init__(self, flow: MeanFieldFlow, projector: Tensor, floor: Tensor) -> None:
        self.flow, self.floor = flow, floor
        identity = torch.eye(projector.shape[-1], dtype=projector.dtype, device=projector.device)
        self.complement = identity - projector

    def __call__(self, state: Tensor, index: Tensor) -> Tensor:
        """The trapped part (b,) of packed states (b, n, p + 2) of the samples ``index``."""
        a, r, w = state[..., 0], state[..., 1], state[..., 2:]
        free = w @ self.complement[index]
        decay = torch.exp(-0.5 * (w.square().sum(-1) + r.square()))
        mass = self.flow.weights * a * decay
        signal = self.flow.target(w, index)[0] - self.flow.target(free, index)[0]
        pairs = self._pair_sums(w, r, mass, index) - self._pair_sums(free, r, mass, index)
        return self.floor[index] - (mass * signal).sum(1) + 0.25 * (mass * pairs).sum(1)

    def _pair_sums(self, w: Tensor, r: Tensor, mass: Tensor, index: Tensor) -> Tensor:
        """``sum_j mass_j Phi(r_i r_j) e^{w_i.w_j}`` (b, n), samples of one dimension at a time."""
        perpendicular = self.flow.perpendicular[index.cpu().numpy()]
        found = torch.empty_like(r)
        for m in np.unique(perpendicular):
            part = torch.as_tensor(np.flatnonzero(perpendicular == m), device=w.device)
            bounds = rounded_up(float(w[part].square().sum(-1).max())), rounded_up(float(r[part].square().max()))
            radial = tuple(map(float, radial_coefficients(np.array([m]), bounds[1])[0]))
            reflected, tile = self.flow.reflected, self.flow.tile
            found[part] = kernel_sums(w[part], r[part], mass[part], radial, reflected, bounds, tile).value
        return found

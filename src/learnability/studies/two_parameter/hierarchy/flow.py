"""Gradient flow on the hierarchical map for many targets: L-stable, adaptive, in local frames.

Flow times reach 1e8 and more while cells are crossed in steps of 1e-3: an explicit method is hopeless, and no
common step size serves two targets. Every target has its own step size, frame and tolerance.
"""

import numpy as np
import torch

from learnability.results.contract import RunContext
from learnability.studies.two_parameter.hierarchy.batched_flow import batched_flow
from learnability.studies.two_parameter.hierarchy.compiled_flow import compiled_flow
from learnability.studies.two_parameter.hierarchy.frames import FrameTable
from learnability.studies.two_parameter.hierarchy.outcome import Outcome
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy


def gradient_flow(
    hierarchies: tuple[Hierarchy, ...],
    families: np.ndarray,
    targets: np.ndarray,
    tolerance: float | np.ndarray,
    max_steps: int,
    context: RunContext,
) -> Outcome:
    """Follow ``dw/dt = -grad 1/2 |f - Phi(w)|^2`` from w = 0 for targets (n, d).

    ``families`` (n) says which hierarchy each target belongs to; coordinates beyond that hierarchy's dimension are
    ignored. ``tolerance``, one or (n), is the local error allowed per step in units of a stage and of a cell; it must
    lie well below ``0.4 rho^2``, the weakest drive of u. A loose tolerance is also slower: the steps chatter. A killed
    run resumes to the same bytes. On the CPU a compiled loop follows target by target (:mod:`.compiled_flow`),
    elsewhere whole arrays advance together (:mod:`.batched_flow`).
    """
    device = torch.device(context.device)
    follow = compiled_flow if device.type == "cpu" else batched_flow
    return follow(
        FrameTable(hierarchies, device),
        torch.tensor(targets.T.copy(), device=device),
        torch.tensor(families, device=device),
        torch.tensor(np.broadcast_to(tolerance, len(targets)).copy(), dtype=torch.float64, device=device),
        max_steps,
        lambda done, total: context.progress(done, total, "targets"),
        context.checkpoint,
    )

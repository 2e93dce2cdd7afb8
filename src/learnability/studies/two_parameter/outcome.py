"""How flows on the hierarchical map end, and the controls that both of their engines share."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import torch
from torch import Tensor

from learnability.results.status import Status


class FlowStatus(IntEnum):
    """How a flow ended: the project's codes and two of this study."""

    REACHED_END = Status.REACHED_END
    CONVERGED = Status.CONVERGED
    DIVERGED = Status.DIVERGED
    MAX_STEPS = Status.MAX_STEPS
    TRAPPED = 16
    LEFT_THE_BOX = 17


RUNNING: Final = -1
CHECK: Final = 8
"""Steps between two looks at what has finished, changed frame or stalled."""
WINDOW: Final = 64
"""Steps between two looks at the share of rejected steps."""
CHATTER: Final = 0.3
"""A target that rejects more of its steps slides along the edge of two zones: a tighter tolerance is then faster."""
STALL: Final = 320
"""Steps without movement after which a target counts as trapped."""
LONG: Final = 1e17
"""A step this long, in units of (smallest length)^-2, goes nowhere: honest steps reach 1e12."""
ZERO_LOSS: Final = 1e-24
ROUNDING: Final = 16 * 2.0**-52
"""A local error below this part of a parameter is rounding, which a shorter step does not lessen.

Cells of stage 3 are 3e-7 wide in q at rho = .008: a tightened tolerance lies below the resolution of q there, and steps
would shrink until the target seems trapped."""


@dataclass
class Outcome:
    """How each of n targets ended.

    ``status`` (n) codes of :class:`FlowStatus`, ``distance`` |f - Phi|, ``time`` flow time, ``steps``,
    ``rejected``, ``fall`` the largest decrease of u in one step in units of the stage's length, ``digits`` (N, n),
    ``frame`` (n) and ``point`` (2, n) the last (q, u) in it."""

    status: Tensor
    distance: Tensor
    time: Tensor
    steps: Tensor
    rejected: Tensor
    fall: Tensor
    digits: Tensor
    frame: Tensor
    point: Tensor

    @classmethod
    def empty(cls, depth: int, n: int, device: torch.device) -> "Outcome":
        """Room for n targets, NaN so far."""

        def make(*shape: int) -> Tensor:
            return torch.full((*shape, n), float("nan"), dtype=torch.float64, device=device)

        return cls(make(), make(), make(), make(), make(), make(), make(depth), make(), make(2))

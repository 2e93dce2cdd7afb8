"""How flows on the hierarchical map end, and the controls that both of their implementations share."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import xarray as xr

from learnability.results.labelled import variable
from learnability.results.status import Status, status_attributes

Progress = Callable[[float, float], None]


class FlowStatus(IntEnum):
    """How a flow ended: the project's codes and two of this study."""

    REACHED_END = Status.REACHED_END
    CONVERGED = Status.CONVERGED
    DIVERGED = Status.DIVERGED
    MAX_STEPS = Status.MAX_STEPS
    TRAPPED = 16
    LEFT_THE_BOX = 17
    BELOW_ROUNDING = 18


STATUS: Final = status_attributes(
    {
        "trapped": FlowStatus.TRAPPED,
        "left_the_box": FlowStatus.LEFT_THE_BOX,
        "below_rounding": FlowStatus.BELOW_ROUNDING,
    }
)

UNRESOLVED: Final = (FlowStatus.MAX_STEPS, FlowStatus.DIVERGED, FlowStatus.BELOW_ROUNDING)
"""How a flow ends that decides nothing: out of steps, steps that shrank to nothing, or no movement where the error
that was asked for lies below the rounding of q, so that standing still proves nothing (rho <= .004, d = N = 3)."""

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

    status: np.ndarray
    distance: np.ndarray
    time: np.ndarray
    steps: np.ndarray
    rejected: np.ndarray
    fall: np.ndarray
    digits: np.ndarray
    frame: np.ndarray
    point: np.ndarray

    @classmethod
    def empty(cls, depth: int, n: int) -> "Outcome":
        """Room for n targets, NaN so far."""

        def make(*shape: int) -> np.ndarray:
            return np.full((*shape, n), np.nan)

        return cls(make(), make(), make(), make(), make(), make(), make(depth), make(), make(2))

    def learned(self, precision: np.ndarray) -> np.ndarray:
        """Which targets were learned: all stages passed, and the end within ``precision`` (n), R_N, of the target."""
        return np.asarray((self.status == FlowStatus.REACHED_END) & (self.distance <= precision))

    def unresolved(self) -> np.ndarray:
        """Which flows the solver did not finish: they count neither as learned nor as lost."""
        return np.isin(self.status, UNRESOLVED)

    def variables(self, over: str, size: int) -> dict[str, xr.Variable]:
        """The outcome over (seed, ``over``), for targets in the order (``over``, seed), ``size`` of them a seed."""

        def column(values: np.ndarray, dtype: type, *what: str) -> xr.Variable:
            return variable(("seed", over), values.reshape(size, -1).T.astype(dtype), *what)

        return {
            "status": xr.Variable(("seed", over), self.status.reshape(size, -1).T.astype(np.int8), STATUS),
            "distance": column(self.distance, float, "final distance |f - Phi|"),
            "flow_time": column(self.time, float, "flow time", "1/|f|^2"),
            "steps": column(self.steps, np.int32, "steps of the solver"),
            "rejected": column(self.rejected, np.int32, "rejected steps"),
            "largest_fall": column(self.fall, float, "largest decrease of u in a step", "stage lengths"),
        }

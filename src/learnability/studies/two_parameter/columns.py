"""Outcomes of flows as variables of an artifact."""

import numpy as np
import torch

from learnability.results.status import status_attributes
from learnability.studies.two_parameter.attributes import about
from learnability.studies.two_parameter.outcome import FlowStatus, Outcome

STATUS = status_attributes({"trapped": FlowStatus.TRAPPED, "left_the_box": FlowStatus.LEFT_THE_BOX})
Variable = tuple[tuple[str, ...], np.ndarray, dict[str, object]]


def outcome_columns(outcome: Outcome, shape: tuple[int, int], axis: str = "point") -> dict[str, Variable]:
    """An outcome of (point, seed) targets as variables over (seed, ``axis``)."""

    def column(values: torch.Tensor, kind: type = np.float64) -> np.ndarray:
        return values.cpu().numpy().reshape(shape).T.astype(kind)

    where = ("seed", axis)
    return {
        "status": (where, column(outcome.status, np.int8), STATUS),
        "distance": (where, column(outcome.distance), about("final distance |f - Phi|")),
        "flow_time": (where, column(outcome.time), about("flow time", "1/|f|^2")),
        "steps": (where, column(outcome.steps, np.int32), about("steps of the solver")),
        "rejected": (where, column(outcome.rejected, np.int32), about("rejected steps")),
        "largest_fall": (where, column(outcome.fall), about("largest decrease of u in a step", "stage lengths")),
    }

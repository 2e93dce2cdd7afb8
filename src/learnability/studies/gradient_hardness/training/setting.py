"""The setting of the kind ``training``."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Count, Positive, Setting
from learnability.studies.gradient_hardness.settings import Coding, Initialization, Parity


class TrainingSetting(Setting):
    """Online SGD of a two-layer ReLU network on a parity until its goals or the horizon are reached.

    Training ends when the accuracy and, where there is a ``loss_goal``, the hinge loss have both been reached.
    """

    target: Parity
    initialization: Initialization = "default"
    coding: Coding = "sign"
    width: Count = 2000
    batch_size: Count = 2000
    step_size: Positive = 0.002
    max_steps: Count = 20000
    accuracy_goal: Annotated[float, Field(gt=0.5, le=1)] = 1.0
    loss_goal: Positive | None = None
    # Above this dimension training ends at its accuracy goal; the steps to the loss goal are then not measured.
    largest_loss_goal_dimension: Annotated[int, Field(ge=0)] = 62
    # lambda_v by enumeration of the cube, for the prediction of the time: 2^d m d operations.
    predict: bool = True

    def loss_goal_at(self, dimension: int) -> float | None:
        """The loss goal at this dimension, None where only the accuracy counts."""
        return self.loss_goal if dimension <= self.largest_loss_goal_dimension else None

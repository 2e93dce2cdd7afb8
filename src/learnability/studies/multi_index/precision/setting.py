"""What a config may say of precision and stiffness."""

from typing import Annotated

from pydantic import Field

from learnability.studies.multi_index.settings import Dimension, FlowSetting


class PrecisionSetting(FlowSetting):
    """The two forms of the joint flow on the same starts, in the target's axes and in a rotated frame.

    ``explicit_dimensions`` are those at which one start is also solved by an explicit method, to count evaluations.
    """

    explicit_dimensions: tuple[Dimension, ...] = ()
    hermite_degrees: tuple[Annotated[int, Field(ge=1, le=299)], ...] = (10, 30, 100, 200, 299)

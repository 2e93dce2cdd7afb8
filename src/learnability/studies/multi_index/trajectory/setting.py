"""What a config may say of trajectories."""

from pydantic import Field

from learnability.studies.multi_index.settings import FlowSetting


class TrajectorySetting(FlowSetting):
    """Cosines and loss of the joint flow on a logarithmic grid of times."""

    save_times: int = Field(default=200, ge=2, le=10_000)
    first_time: float = Field(default=1e-2, gt=0)
    last_time: float = Field(gt=0)

"""Training: the joint flow of every link along a logarithmic grid of times."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.studies.multi_index.closed_flows import solve_links
from learnability.studies.multi_index.trajectory.setting import TrajectorySetting


def train(setting: TrajectorySetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Solve the joint flow of every link and save its cosines and loss."""
    times = np.geomspace(setting.first_time, setting.last_time, setting.save_times)
    return solve_links(setting, target, context, ("joint",), save_times=tuple(times.tolist()))

"""Training: the flows of every link to their end, from shared starts."""

import xarray as xr

from learnability.results.contract import RunContext
from learnability.studies.multi_index.closed_flows import solve_links
from learnability.studies.multi_index.landscape.setting import LandscapeSetting


def train(setting: LandscapeSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Solve the flows of every link."""
    return solve_links(setting, target, context, setting.flows)

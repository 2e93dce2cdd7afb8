"""Training: escape times of every link at every dimension."""

import xarray as xr

from learnability.results.contract import RunContext
from learnability.studies.multi_index.closed_flows import solve_links
from learnability.studies.multi_index.escape.setting import EscapeSetting


def train(setting: EscapeSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Solve the flow of every link; a dimension solved alone gives what it gives beside others, up to rounding."""
    return solve_links(setting, target, context, (setting.flow,), form_by_dimension=True)

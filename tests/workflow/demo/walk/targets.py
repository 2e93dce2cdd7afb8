"""The target of a walk."""

import xarray as xr

from learnability.results.labelled import variable


def build(target, rng):
    """Three numbers."""
    return xr.Dataset({"values": variable("index", target.slope * rng.standard_normal(3), "values")})

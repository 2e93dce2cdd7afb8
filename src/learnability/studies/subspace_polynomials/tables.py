"""Analyses as tables: a name for each column with its axes, values and meaning."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

#: name -> (axes, values, long name); dimensionless
Columns = dict[str, tuple[tuple[str, ...], object, str]]


def dataset_of(columns: Columns, coordinates: Mapping[str, Any] | None = None, **attributes: object) -> xr.Dataset:
    """The columns as a Dataset."""
    variables = {
        name: (axes, np.asarray(data), {"units": "1", "long_name": text})
        for name, (axes, data, text) in columns.items()
    }
    return xr.Dataset(variables, coords=coordinates, attrs=attributes)

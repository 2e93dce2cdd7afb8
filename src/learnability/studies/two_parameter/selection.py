"""Picking the points of a series out of the analysis of all maps."""

import numpy as np
import xarray as xr

from learnability.studies.two_parameter.settings import MEASURE_NAMES, SERIES_NAMES


def series(analysis: xr.Dataset, name: str, measure: str | None = None, dimension: int | None = None) -> xr.Dataset:
    """The points of one series (of one measure, of one dimension), in the order of the config; perhaps none."""
    chosen = analysis.series.values == SERIES_NAMES.index(name)
    if measure is not None:
        chosen &= analysis.measure.values == MEASURE_NAMES.index(measure)
    if dimension is not None:
        chosen &= analysis.dimension.values == dimension
    return analysis.isel(point=np.flatnonzero(chosen))


def ordered(points: xr.Dataset, by: str, descending: bool = False) -> xr.Dataset:
    """The points sorted by a variable."""
    order = np.argsort(points[by].values, kind="stable")
    return points.isel(point=order[::-1] if descending else order)

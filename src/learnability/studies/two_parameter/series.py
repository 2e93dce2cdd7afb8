"""The series of maps in the analysis of the kind ``hierarchical``."""

import numpy as np
import xarray as xr


def series(
    analysis: xr.Dataset, name: str, by: str, measure: str | None = None, dimension: int | None = None
) -> xr.Dataset:
    """The points of one series (of one measure, of one dimension), sorted by the variable ``by``; perhaps none."""
    chosen = analysis.series.values == name
    if measure is not None:
        chosen &= analysis.measure.values == measure
    if dimension is not None:
        chosen &= analysis.dimension.values == dimension
    at = np.flatnonzero(chosen)
    return analysis.isel(point=at[np.argsort(analysis[by].values[at], kind="stable")])


def where(points: xr.Dataset, condition: np.ndarray) -> xr.Dataset:
    """The points at which a condition holds."""
    return points.isel(point=np.flatnonzero(condition))

"""What the claims and figures of this study's times to an event share."""

import numpy as np
import xarray as xr

# The steps of the full parity are extrapolated from the dimensions between these two to the second.
EXTRAPOLATED_FROM, EXTRAPOLATED_TO = 5, 20
# The even d at which the full parity's part of the gradient is compared with the class mean in closed form, and the
# widths: that of Figure 1, which is judged, and two that show what the width does.
OUTLIER_DIMENSIONS = tuple(range(10, 62, 2))
OUTLIER_WIDTHS = (16, 200, 2000)


def cases_of(dataset: xr.Dataset, full: bool = True) -> xr.Dataset:
    """The cases of an analysis of ``training`` with the full parity, or all others, in the order of d."""
    chosen = (dataset["degree"] == dataset["dimension"]) == full
    return dataset.isel(case=chosen.values).sortby("dimension")


def gaussian_signs(dataset: xr.Dataset) -> xr.Dataset:
    """The cases from a Gaussian start with inputs of signs."""
    return dataset.isel(case=((dataset["initialization"] == "gaussian") & (dataset["coding"] == "sign")).values)


def outlier_growth(dataset: xr.Dataset) -> np.ndarray:
    """Bits per dimension between neighbouring d at one width."""
    logs = dataset["outlier"].values
    return np.asarray(np.diff(logs) / np.diff(dataset["outlier_dimension"].values))

"""What the claims and figures of this study's times to an event share."""

import xarray as xr

from learnability.results.claim import Measurement
from learnability.results.labelled import bounds_of


def cases_of(dataset: xr.Dataset, full: bool = True) -> xr.Dataset:
    """The cases of an analysis of ``training`` with the full parity, or all others, in the order of d."""
    chosen = (dataset["degree"] == dataset["dimension"]) == full
    return dataset.isel(case=chosen.values).sortby("dimension")


def odd_gaussian(dataset: xr.Dataset) -> xr.Dataset:
    """The cases of odd d from a Gaussian start with inputs of signs."""
    gaussian = (dataset["initialization"] == "gaussian") & (dataset["coding"] == "sign")
    return dataset.isel(case=(gaussian & (dataset["dimension"] % 2 == 1)).values)


def quotient(numerator: xr.DataArray, denominator: xr.DataArray, seeds: int, note: str) -> Measurement:
    """The quotient of two estimates with the widest interval that their ends allow."""
    (a, a_low, a_high), (b, b_low, b_high) = bounds_of(numerator), bounds_of(denominator)
    return Measurement(float(a / b), float(a_low / b_high), float(a_high / b_low), seeds, note)

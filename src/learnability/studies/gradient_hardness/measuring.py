"""What the claims and figures of this study's times to an event share."""

import xarray as xr


def cases_of(dataset: xr.Dataset, full: bool = True) -> xr.Dataset:
    """The cases of an analysis of ``training`` with the full parity, or all others, in the order of d."""
    chosen = (dataset["degree"] == dataset["dimension"]) == full
    return dataset.isel(case=chosen.values).sortby("dimension")


def odd_gaussian(dataset: xr.Dataset) -> xr.Dataset:
    """The cases of odd d from a Gaussian start with inputs of signs."""
    gaussian = (dataset["initialization"] == "gaussian") & (dataset["coding"] == "sign")
    return dataset.isel(case=(gaussian & (dataset["dimension"] % 2 == 1)).values)

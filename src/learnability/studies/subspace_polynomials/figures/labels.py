"""Texts of labels and titles."""

import xarray as xr

from learnability.results.labelled import bounds_of


def pretty(polynomial: object) -> str:
    """A polynomial's text for a label: subscripts, no stars."""
    text = str(polynomial).replace("He2", "He_2").replace("He3", "He_3").replace("He5", "He_5").replace("*", " ")
    for i in range(1, 9):
        text = text.replace(f"z{i}", f"z_{i}")
    return f"${text}$"


def with_interval(values: xr.DataArray) -> str:
    """An estimate with its interval, ``0.48 [0.45, 0.51]``."""
    estimate, low, high = (float(part) for part in bounds_of(values))
    return f"{estimate:.2f} [{low:.2f}, {high:.2f}]"

"""Small builders of labelled arrays."""

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np


def variable(dims: str | Iterable[Hashable], values: Any, long_name: str, units: str = "1") -> tuple:
    """Dimensions, values and the attributes that every variable carries."""
    return dims, np.asarray(values), {"units": units, "long_name": long_name}


def stacked(rows: list[dict[str, float]]) -> dict[str, np.ndarray]:
    """One array over the rows for each key."""
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}

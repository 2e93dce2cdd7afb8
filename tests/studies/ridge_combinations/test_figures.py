"""What the titles of the figures say is of all that is drawn."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from learnability.studies.ridge_combinations.figures.scaling import _constants_panel


def _analysis(dimensions: list[int], values: list[float]) -> xr.Dataset:
    scaled = np.repeat(np.array(values)[None, :, None], 3, axis=-1)
    content = {
        "scaled_half_time": (("tasks", "dimension", "bound"), scaled),
        "hitting_constant": (("tasks", "dimension"), scaled[..., 0]),
    }
    return xr.Dataset(content, {"tasks": [8], "dimension": dimensions})


def test_the_factor_in_the_title_is_of_all_points_of_the_exponent() -> None:
    """Drawn batches from 1.5, matched ones up to 2.4: a factor of 1.6, not the 1.09 of matched ones alone."""
    few, many = _analysis([64, 256], [1.5, 2.0]), _analysis([256, 4096], [2.2, 2.4])
    analyses = {"samples_d3": few, "samples_d3_large": many, "samples_d4": few, "samples_d4_large": many}
    axes = Figure().add_subplot()
    _constants_panel(axes, analyses)
    assert "a factor 1.60" in "".join(axes.get_title(place) for place in ("left", "center"))

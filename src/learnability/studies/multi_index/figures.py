"""The pictures of the study: each draws one or two analyses and computes nothing but its title's numbers."""

from collections.abc import Callable, Mapping

import xarray as xr
from matplotlib.figure import Figure

from learnability.studies.multi_index.landscape_figures import planted_split, planted_success
from learnability.studies.multi_index.path_figures import escape_times, staircase
from learnability.studies.multi_index.precision_figure import precision
from learnability.studies.multi_index.samples_figure import samples
from learnability.results.style import house_style


def _styled(draw: Callable[[Mapping[str, xr.Dataset]], Figure]) -> Callable[[Mapping[str, xr.Dataset]], Figure]:
    def drawn(analyses: Mapping[str, xr.Dataset]) -> Figure:
        with house_style():
            return draw(analyses)

    return drawn


FIGURES: dict[str, Callable[[Mapping[str, xr.Dataset]], Figure]] = {
    "staircase": _styled(staircase),
    "escape_times": _styled(escape_times),
    "planted_split": _styled(planted_split),
    "planted_success": _styled(planted_success),
    "samples": _styled(samples),
    "precision": _styled(precision),
}

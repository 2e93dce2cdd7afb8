"""The figures of the study, by name. They draw what the analyses hold and compute nothing but labels."""

from collections.abc import Callable, Mapping

import xarray as xr
from matplotlib.figure import Figure

from learnability.studies.gradient_hardness.figures_exact import (
    cosine_class,
    drift,
    gradient_variance,
    path_norms,
    sine_landscape,
)
from learnability.studies.gradient_hardness.figures_training import initialization_noise, learning_times

FIGURES: dict[str, Callable[[Mapping[str, xr.Dataset]], Figure]] = {
    "gradient_variance": gradient_variance,
    "learning_times": learning_times,
    "initialization_noise": initialization_noise,
    "drift": drift,
    "cosine_class": cosine_class,
    "sine_landscape": sine_landscape,
    "path_norms": path_norms,
}

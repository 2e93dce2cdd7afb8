"""Both risks of a sine neuron, and the minima of the empirical one against frequency and sample size."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, THEORY, curve, log_ticks, new_figure
from learnability.studies.gradient_hardness.sine_risk import strict_minima

_ROUNDING = 1e-13
"""Heights on the plateau that are none."""


def draw(analyses: Analyses) -> Figure:
    """Both risks as pictures, density of minima against L, depth against n."""
    data = analyses["sine_landscape"]
    figure, axes = new_figure(2, 2)
    frequency, density = float(data["frequency"][0]), bounds_of(data["density"])[0]
    highest = int(strict_minima(-data["population_risk"].values, _ROUNDING).sum())
    maxima = f"{highest} maximum" if highest == 1 else f"{highest} maxima"
    found = strict_minima(data["empirical_risk"].values)
    pictures = (
        ("population_risk", f"Population: {int(data['population_minima'][0])} minima, {maxima}, else flat"),
        (
            "empirical_risk",
            f"One sample: {int(found.sum())} minima (dots), on average {float(density[0, -1]):.1f} per unit area",
        ),
    )
    for panel, (name, title) in zip(axes[0], pictures, strict=True):
        extent = (data["w1"][0], data["w1"][-1], data["w2"][0], data["w2"][-1])
        options = {"extent": [float(end) for end in extent], "origin": "lower", "cmap": "cividis", "vmin": 0, "vmax": 2}
        image = panel.imshow(data[name].values.T, **options)
        panel.set(xlabel="$w_1$", ylabel="$w_2$")
        count = f", n = {int(data['sample_size'][-1])}" if name == "empirical_risk" else ""
        panel.set_title(f"{title}\n(L = {frequency:g}{count})")
        panel.grid(False)
    at = [data[name].values[1:-1][place] for name, place in zip(("w1", "w2"), np.nonzero(found), strict=True)]
    axes[0, 1].plot(*at, ".", color="white", markersize=2, label="minima of this sample")
    figure.colorbar(image, ax=axes[0, 1], label="risk", shrink=0.8)
    _density_panel(axes[1, 0], data)
    _depth_panel(axes[1, 1], data)
    return figure


def _density_panel(axes: Axes, data: xr.Dataset) -> None:
    frequency = data["frequency"].values
    for j, size in enumerate(data["sample_size"].values):
        density, low, high = (part.values for part in bounds_of(data["density"].isel(sample_size=j)))
        errors = np.stack((density - low, high - density))
        shift = 1 + 0.02 * (j - data.sizes["sample_size"] / 2)
        axes.errorbar(frequency * shift, density, errors, fmt=MARKERS[j], color=COLOURS[j], label=f"n = {size}")
    grid = np.linspace(0.9 * frequency[0], 1.1 * frequency[-1], 50)
    axes.plot(grid, 4 * np.pi * grid**2 / np.sqrt(3), **THEORY, label="Kac-Rice $4\\pi L^2/\\sqrt{3}$")
    axes.set(yscale="log", xlabel="frequency L", ylabel="minima per unit area of w")
    log_ticks(axes, frequency)
    axes.minorticks_off()
    ratio, size = float(bounds_of(data["density_ratio"])[0]), data["sample_size"].values
    axes.set_title(f"Minima: {ratio:.2f} of Kac-Rice\nfrom n = {size[size >= size[-1] / 10][0]} to {size[-1]}")
    axes.legend()


def _depth_panel(axes: Axes, data: xr.Dataset) -> None:
    size = data["sample_size"].values.astype(float)
    curve(axes, size, data["depth_by_size"], 0, "mean depth of the minima")
    first = float(bounds_of(data["depth_by_size"])[0][-1]) * np.sqrt(size[-1] / size)
    axes.plot(size, first, **THEORY, label="slope $-1/2$")
    slope = float(bounds_of(data["depth_slope"])[0])
    axes.set(xscale="log", yscale="log", xlabel="sample size n", ylabel="depth below the mean risk")
    axes.set_title(f"The depth of the minima falls\nas $n^{{{slope:.2f}}}$")
    axes.legend()

"""Two-stage training: the kernel's spectra, the decay beside its bound, and how much averaging costs."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import names, variable
from learnability.statistics.intervals import bootstrap
from learnability.studies.subspace_polynomials.estimates import bootstrapped, median_band
from learnability.studies.subspace_polynomials.two_stage.setting import TwoStageSetting

_BY_QUADRATURE = (
    "lambda_min",
    "lambda_max",
    "scaled_condition",
    "lambda_min_curve",
    "curve_condition",
    "loss",
    "loss_bound",
    "time_to",
)


def _sampled(results: Sequence[xr.Dataset], rng: np.random.Generator) -> dict[str, xr.Variable]:
    """Bands and speed ratios from sampled particles, and the largest loss over its bound."""
    ratios, worst = [], []
    for result in results:
        times = result["sampled_time_to"].values
        ratios.append(bootstrap(np.median, times[:, 0] / times[:, 1], rng))
        sampled = result["sampled_loss"] / result["sampled_bound"].where(result["sampled_bound"] > 0)
        exact = result["loss"] / result["loss_bound"].where(result["loss_bound"] > 0)
        worst.append(max(float(sampled.max()), float(exact.max())))
    losses = np.stack([result["sampled_loss"].values for result in results], axis=1)
    speed = tuple(np.stack(end) for end in zip(*ratios, strict=True))
    return {
        "bound_ratio": variable("case", worst, "largest L / bound over times, copies and seeds"),
        "sampled_loss": median_band(("case", "copies", "time"), losses, "loss from sampled particles"),
        "speed_ratio": bootstrapped(
            ("case", "fraction"), speed, "time without averaging over time with p copies, median over seeds"
        ),
    }


def _properties(runs: Sequence[Run]) -> dict[str, xr.Variable]:
    """The variables and the degree of each case's polynomial, and whether its first phase keeps the output."""
    degree, kept = [], []
    for run in runs:
        occurs = run.target["coefficient"].values[0] != 0
        degree.append(int(run.target["multi_index"].values[occurs].sum(1).max()))
        assert isinstance(run.setting, TwoStageSetting)
        kept.append(run.setting.keep_output)
    used = [int(run.target["used_variables"].values[0]) for run in runs]
    return {
        "used_variables": variable("case", used, "variables p"),
        "degree": variable("case", degree, "degree n"),
        "keep_output": variable(
            "case", np.array(kept, dtype=np.int8), "1 where the first phase keeps the network's output"
        ),
    }


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """All settings along ``case``, by polynomial; ``copies`` becomes one copy and p copies."""
    results, first = [run.result for run in runs], runs[0].result
    stacked = {
        name: variable(
            ("case", *map(str, first[name].dims)), np.stack([r[name].values for r in results]), **first[name].attrs
        )
        for name in _BY_QUADRATURE
    }
    slope = np.diff(np.log(stacked["lambda_min"].values)) / np.diff(np.log(first["training_time"].values))
    times = np.stack([result["time"].values for result in results])
    return xr.Dataset(
        {
            **stacked,
            "curve_times": variable(("case", "time"), times, "time of the second phase", "flow time"),
            **_sampled(results, rng),
            "local_slope": variable(
                ("case", "copies", "neighbours"), slope, "power of T in lambda_min between neighbouring T"
            ),
            **_properties(runs),
        },
        coords={
            "polynomial": names("case", [str(run.target["target"].values[0]) for run in runs], "polynomial"),
            "copies": names("copies", ("one copy", "p copies"), "averaged copies"),
            "training_time": first["training_time"],
            "fraction": first["fraction"],
        },
        attrs={"seeds": first.sizes["seed"]},
    )

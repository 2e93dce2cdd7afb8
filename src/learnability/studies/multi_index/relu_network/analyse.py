"""Analysis of ReLU networks: medians of both escape times, their local exponents by decade, and theory beside them."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, only
from learnability.results.labelled import exponents, names, texts, variable
from learnability.studies.multi_index.laws import exponents_of_median
from learnability.studies.multi_index.relu_network.network import ReluNetwork
from learnability.studies.multi_index.relu_network.setting import ReluNetworkSetting

QUANTILES = (0.1, 0.5, 0.9)


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """One case for each saddle of each network. Where the law is a logarithm the exponent is the rate d(time)/d(log d).

    Seeds that did not escape within their steps are counted (``missing``) and left out of the exponent.
    """
    setting, result = only(runs, ReluNetworkSetting)
    times = result["escape_time"].transpose("network", "angle", "dimension", "seed").values
    dimensions = result["dimension"].values.astype(float)
    theory = [ReluNetwork.of(one.weights, one.angles).predicted() for one in setting.target.networks]
    cases = [(i, k) for i in range(len(theory)) for k in range(2)]
    logarithmic = [theory[i][k][0] == 0 for i, k in cases]
    rows = [times[i, k][:, np.isfinite(times[i, k]).all(axis=0)].T for i, k in cases]
    found = [exponents_of_median(dimensions, row, is_log, rng) for row, is_log in zip(rows, logarithmic, strict=True)]
    labels = texts(result["network"])
    return xr.Dataset(
        {
            **exponents(found, "local exponent of the median escape time (rate against log d for a logarithm)", "case"),
            "escape_time": variable(
                ("case", "quantile", "dimension"),
                np.stack([np.nanquantile(times[i, k], QUANTILES, axis=-1) for i, k in cases]),
                "quantiles over seeds of the escape time",
                "flow time",
            ),
            "expected": variable(
                "case",
                [
                    theory[i][k][1] if is_log else theory[i][k][0]
                    for (i, k), is_log in zip(cases, logarithmic, strict=True)
                ],
                "exponent, or rate, of theory",
            ),
            "logarithmic": variable("case", np.array(logarithmic), "whether the law is a logarithm"),
            "missing": variable(
                "case", [int(np.isnan(times[i, k]).any(axis=0).sum()) for i, k in cases], "seeds out of steps"
            ),
        },
        coords={
            "case": names("case", [f"{labels[i]}.{('first', 'last')[k]}" for i, k in cases], "network and saddle"),
            "dimension": result["dimension"],
            "quantile": variable("quantile", np.array(QUANTILES), "quantile over seeds"),
        },
        attrs={"seeds": result.sizes["seed"]},
    )

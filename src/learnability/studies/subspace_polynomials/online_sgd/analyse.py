"""The loss of online SGD beside that of the flow, and the distance between their means."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import STUDENT, estimate, names, variable
from learnability.statistics.intervals import supremum_interval
from learnability.studies.subspace_polynomials.estimates import median_band
from learnability.studies.subspace_polynomials.online_sgd.setting import SgdSetting


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Bands of both losses (target, time), and the distance between their means."""
    results = [run.result for run in runs]
    sgd, flow = (np.stack([r[name].values for r in results], axis=1) for name in ("sgd_loss", "flow_loss"))
    relative = (sgd - flow) / flow[:, :, :1]
    polynomials = [run.setting_as(SgdSetting).target.polynomials[0] for run in runs]
    together = supremum_interval(relative, 1 - 0.05 / len(runs))
    failed = sum(int((result["status"] != 0).sum()) for result in results)
    return xr.Dataset(
        {
            "sgd_loss": median_band(("target", "time"), sgd, "loss of online SGD"),
            "flow_loss": median_band(("target", "time"), flow, "loss of the mean-field flow"),
            "gap": estimate(
                "target",
                *together,
                "sup_t |mean (L_sgd - L_flow)| / L(0)",
                f"{STUDENT}, all times of all targets together",
            ),
            "worst_gap": variable(
                "target", np.abs(relative).max(axis=(0, 2)), "largest |L_sgd - L_flow| / L(0) of any seed and time"
            ),
            "failed_runs": variable((), failed, "runs that diverged"),
        },
        coords={"time": results[0]["time"], "target": names("target", polynomials, "polynomial")},
        attrs={"seeds": results[0].sizes["seed"]},
    )

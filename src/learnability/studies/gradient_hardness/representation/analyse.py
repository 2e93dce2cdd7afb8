"""Analysis of the kind ``representation``: margins and path norms over what the lecture states of them."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness.estimates import labelled
from learnability.studies.gradient_hardness.representations import hat_path_norm, merged_path_norm


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Margins in units of 1/(6k) and -1/(3k), path norms over their bounds, slack of the corrected bound times 2k."""
    _, result = only(runs, Setting)
    count, exact = result["intersections"], result["path_norm_exact"]
    content = {
        "positive_margin_ratio": (result["positive_margin"] * 6 * count, "smallest g inside times 6k"),
        "negative_margin_ratio": (result["negative_margin"] * 3 * count, "largest g outside times 3k"),
        "printed_violated": ((exact > result["path_norm_printed"]).astype(float), "exact path norm above print"),
        "scaled_slack": ((result["path_norm_corrected"] - exact) * 2 * count, "2k (corrected bound - exact path norm)"),
        "printed_ratio": (exact / result["path_norm_printed"], "exact path norm over the printed bound"),
    }
    new = {name: labelled(array, label) for name, (array, label) in content.items()}
    for name, norms, label in (
        ("hat", [hat_path_norm(d, d) for d in result["parity_dimension"].values], "8(d+1)k + 4d(d+1) + 2 at k = d"),
        ("merged", [merged_path_norm(d) for d in result["parity_dimension"].values], "6k^2 + 1 at k = d"),
    ):
        new[f"parity_{name}_formula"] = variable("parity_dimension", norms, label)
    return result.assign(new)

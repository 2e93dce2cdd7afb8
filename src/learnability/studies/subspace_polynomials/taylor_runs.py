"""Ranks of the Taylor coefficients of the simplified flow; exact, the same for every seed."""

import numpy as np
import xarray as xr

from learnability.hermite.taylor_rank import DERIVATIVES, DESCRIPTIONS, taylor_ranks
from learnability.results.contract import RunContext
from learnability.studies.subspace_polynomials.settings import TaylorSetting
from learnability.studies.subspace_polynomials.targets import expansions, stripped


def run(setting: TaylorSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """``rank`` (target, activation, order) and ``spanning_order`` (0 where none was found)."""
    used = [int(count) for count in target["used_variables"].values]
    own = [stripped(h, count) for h, count in zip(expansions(target), used, strict=True)]
    found = [[taylor_ranks(h, name, setting.order) for name in DERIVATIVES] for h in own]
    pair = ("target", "activation")
    columns = {
        "rank": ((*pair, "order"), [[t.ranks for t in row] for row in found], "rank of q_1 .. q_s"),
        "spanning_order": (pair, [[t.spanning_order or 0 for t in row] for row in found], "first order s of full rank"),
        "exact": (pair, [[int(t.exact) for t in row] for row in found], "1 where computed in rational arithmetic"),
        "seed_count": (("seed",), [1] * len(context.seeds), "one entry a seed; nothing here is random"),
    }
    return xr.Dataset(
        {
            n: (axes, np.array(data, dtype=np.int8), {"units": "1", "long_name": text})
            for n, (axes, data, text) in columns.items()
        },
        coords={"order": ("order", np.arange(1, setting.order + 1), {"units": "1", "long_name": "Taylor order s"})},
        attrs={"activations": [DESCRIPTIONS[name] for name in DERIVATIVES]},
    )

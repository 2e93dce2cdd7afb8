"""Ranks of the Taylor coefficients of the simplified flow; exact, the same for every seed."""

import numpy as np
import xarray as xr

from learnability.hermite.taylor_rank import DERIVATIVES, DESCRIPTIONS, taylor_ranks
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.studies.subspace_polynomials.hidden_polynomials import stripped_expansions
from learnability.studies.subspace_polynomials.taylor.setting import TaylorSetting


def train(setting: TaylorSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """``rank`` (target, activation, order) and ``spanning_order`` (0 where none was found)."""
    found = [[taylor_ranks(h, name, setting.order) for name in DERIVATIVES] for h in stripped_expansions(target)]
    pair = ("target", "activation")

    def integers(dims: tuple[str, ...], values: object, long_name: str) -> xr.Variable:
        return variable(dims, np.array(values, dtype=np.int8), long_name)

    order = [[t.spanning_order or 0 for t in row] for row in found]
    exact = [[int(t.exact) for t in row] for row in found]
    return xr.Dataset(
        {
            "rank": integers((*pair, "order"), [[t.ranks for t in row] for row in found], "rank of q_1 .. q_s"),
            "spanning_order": integers(pair, order, "first order s of full rank"),
            "exact": integers(pair, exact, "1 where computed in rational arithmetic"),
            "seed_count": integers(("seed",), [1] * len(context.seeds), "one entry a seed; nothing here is random"),
        },
        coords={
            "target": target["target"],
            "activation": names("activation", [DESCRIPTIONS[name] for name in DERIVATIVES], "activation"),
            "order": variable("order", np.arange(1, setting.order + 1), "Taylor order s"),
        },
    )

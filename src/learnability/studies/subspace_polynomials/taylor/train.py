"""Exact ranks of the simplified flow and of the second stage's features on it; the same for every seed."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.feature_rank import feature_rank, proved_rank
from learnability.hermite.invariant_curve import invariant_curve
from learnability.hermite.kept_output import kept_feature_rank, reached_dimension
from learnability.hermite.taylor_rank import TaylorRanks
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.studies.subspace_polynomials.hidden_polynomials import stripped_expansions
from learnability.studies.subspace_polynomials.taylor.activations import ACTIVATIONS, DESCRIPTIONS, exact_ranks
from learnability.studies.subspace_polynomials.taylor.setting import TaylorSetting

#: A weight that the output moves shows at low order in time.
_REACHED_ORDER = 8


@dataclass(frozen=True)
class Reach:
    """What is proved of one target with sin(x + pi/4). Dimensions and ranks; -1 where nothing is proved."""

    reached: int
    reached_kept: int
    features: int
    one_copy: int
    one_copy_kept: int
    many_copies: int
    unreachable: float
    curve: str


def reach(target: HermiteExpansion, ranks: TaylorRanks, setting: TaylorSetting) -> Reach:
    """Everything that is exact about (4.1) for one target, and about the flow with the network's output kept.

    Where a rank is full under (4.1) it is full with the output kept (:mod:`learnability.hermite.feature_rank`).
    """
    p, s = target.variables, ranks.spanning_order
    curve = invariant_curve(target)
    reached = p if s else (curve.spanned if curve else -1)
    found = proved_rank(target, setting.feature_order)
    kept = found.rank
    if s and not found.full:
        kept, _ = kept_feature_rank(target, setting.kept_order)
    return Reach(
        reached=reached,
        reached_kept=p if s else reached_dimension(target, _REACHED_ORDER),
        features=found.features,
        one_copy=found.rank,
        one_copy_kept=kept if s else -1,
        many_copies=feature_rank(target, s * target.degree, max(p, 2)).rank if s else -1,
        unreachable=float(curve.unreachable_loss(target)) if curve else 0.0,
        curve=(curve.describe() or "a line") if curve else "none",
    )


_TEXTS = {
    "reached": "dimension of the span of the weights under (4.1), for all times",
    "reached_kept": "dimension that the weights span with the output kept, at least",
    "features": "features of the second stage",
    "one_copy": "rank of the features without averaging under (4.1)",
    "one_copy_kept": "rank of the features without averaging with the output kept, at least",
    "many_copies": "rank of the features with p copies averaged under (4.1)",
}


def train(setting: TaylorSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """``rank`` (target, activation, order), ``spanning_order`` (0 for none), and :class:`Reach` (target)."""
    polynomials = stripped_expansions(target)
    found = [[exact_ranks(h, name, setting.order) for name in ACTIVATIONS] for h in polynomials]
    sine = list(ACTIVATIONS).index("sine")
    reaches = [reach(h, row[sine], setting) for h, row in zip(polynomials, found, strict=True)]
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
            **{name: integers(("target",), [getattr(r, name) for r in reaches], text) for name, text in _TEXTS.items()},
            "unreachable": variable(
                "target", [r.unreachable for r in reaches], "loss that one copy leaves under (4.1), for all times"
            ),
            "seed_count": integers(("seed",), [1] * len(context.seeds), "one entry a seed; nothing here is random"),
        },
        coords={
            "target": target["target"],
            "activation": names("activation", [DESCRIPTIONS[name] for name in ACTIVATIONS], "activation"),
            "curve": names("target", [r.curve for r in reaches], "polynomial curve that carries (4.1) for all times"),
            "order": variable("order", np.arange(1, setting.order + 1), "Taylor order s"),
        },
    )

"""Claims on localisation when directions are equiangular."""

from functools import partial

import xarray as xr

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Measurement
from learnability.results.measuring import Measure, entry, measured, seeds_of


def _at(analysis: xr.Dataset, coherence: float) -> xr.Dataset:
    return entry(analysis, "coherence", coherence, f"coherence {coherence:g}")


def _flow_at(coherence: float) -> Measure:
    return lambda analyses: measured(_at(analyses["coherence"], coherence)["flow"], seeds_of(analyses["coherence"]))


def _sgd_loss(analyses: Analyses) -> Measurement:
    """SGD's fraction at coherence 0.11 minus that at 0.2; the interval adds those of the two."""
    a, b = (_at(analyses["coherence"], rho)["sgd"].values for rho in (0.11, 0.2))
    return Measurement(a[0] - b[0], a[1] - b[2], a[2] - b[1], seeds_of(analyses["coherence"]))


_claim = partial(Claim, experiments=("coherence",), seeds_needed=8, figure="coherence")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "coherence",
        "ours",
        "At M = 8 the population flow localises at coherence 0.11.",
        "fraction of neurons with an alignment above 0.9",
        AtLeast(0.95),
        _flow_at(0.11),
        expected="1",
    ),
    _claim(
        "coherence.collapse",
        "ours",
        "At M = 8 localisation by the population flow has collapsed at coherence 0.16.",
        "fraction of neurons with an alignment above 0.9",
        AtMost(0.05),
        _flow_at(0.16),
        expected="0",
    ),
    _claim(
        "coherence.sgd",
        "ours",
        "At M = 8 SGD localises at coherence 0.11 and hardly at 0.2.",
        "fraction at 0.11 minus fraction at 0.2",
        AtLeast(0.8),
        _sgd_loss,
        expected="0.98 and 0.003",
    ),
)

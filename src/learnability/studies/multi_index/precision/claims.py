"""What this study states of its own precision."""

from functools import partial

import numpy as np

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Measurement, NotAtThisScale
from learnability.results.measuring import exactly, seeds_of
from learnability.statistics.intervals import wilson


def lost(analyses: Analyses, form: str) -> Measurement:
    """Fraction of runs lost at the deepest saddle with d^(s-1) >= 1e16, in the rotated frame."""
    data = analyses["precision"]
    depth = data["dimension"].values[None, :].astype(float) ** (data["leap"].values[:, None] - 1)
    shares = data["lost"].sel(form=form, frame="rotated").transpose("link", "dimension").values[depth >= 0.99e16]
    if not shares.size:
        raise NotAtThisScale("a saddle with d^(s-1) of 1e16")
    return _pooled(shares, seeds_of(data))


def turned_away(analyses: Analyses) -> Measurement:
    """Fraction of all runs of the spectral form whose escape time a rotation of the frame changes by over 1 %."""
    data = analyses["precision"]
    return _pooled(data["lost"].sel(form="spectral", frame="rotated").values, seeds_of(data))


def _pooled(shares: np.ndarray, seeds: int) -> Measurement:
    low, high = wilson(shares.sum() * seeds, shares.size * seeds)
    return Measurement(float(shares.mean()), float(low), float(high), seeds)


_precision_claim = partial(Claim, source="this study", experiments=("precision",), figure="precision")

CLAIMS: tuple[Claim, ...] = (
    _precision_claim(
        id="conditioning.hermite",
        statement="The Hermite basis stays orthonormal in float64 up to degree 299.",
        measured="largest error of E h_j h_k by exact Gauss quadrature",
        rule=AtMost(2e-14),
        evidence="exact",
        measure=exactly("precision", lambda data: data["hermite_error"].max()),
    ),
    _precision_claim(
        id="conditioning.correlation-form",
        statement="The joint flow in M loses the escape once d^(s-1) reaches 1e16.",
        measured="fraction of runs in a rotated frame whose escape time is off by more than 1 % or missing, "
        "d^(s-1) >= 1e16",
        evidence="statistical",
        rule=AtLeast(0.5),
        measure=partial(lost, form="correlation"),
    ),
    _precision_claim(
        id="conditioning.spectral-form",
        statement="The spectral form keeps the escape where d^(s-1) reaches 1e16.",
        measured="fraction of runs in a rotated frame whose escape time is off by more than 1 % or missing, "
        "d^(s-1) >= 1e16",
        evidence="statistical",
        rule=AtMost(0.25),
        measure=partial(lost, form="spectral"),
    ),
    _precision_claim(
        id="conditioning.spectral-form.worst",
        statement="The spectral form does not feel a rotation of the frame in 19 of 20 starts.",
        measured="fraction of runs in a rotated frame whose escape time is off by more than 1 % or missing, over all "
        "links and dimensions",
        rule=AtMost(0.05),
        evidence="statistical",
        window_seen=True,
        measure=turned_away,
    ),
)

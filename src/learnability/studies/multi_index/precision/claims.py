"""What this study states of its own precision."""

from functools import partial

import numpy as np

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Measurement, NotAtThisScale
from learnability.results.measuring import exactly, seeds_of, share


def lost(analyses: Analyses, form: str) -> Measurement:
    """Fraction of (link, start) lost at a saddle with d^(s-1) >= 1e16, in the rotated frame.

    Dimensions share their random numbers, so that a start counts once: as lost where it is at any such dimension
    (spectral form), or at all of them (form in M), which is the case against the claim. Raises NotAtThisScale where no
    saddle is that deep.
    """
    return _turned(analyses, form, "off_once_deep" if form == "spectral" else "off_always_deep")


def turned_away(analyses: Analyses) -> Measurement:
    """Fraction of starts whose escape time by the spectral form a rotation of the frame changes by over 1 %, at any
    dimension, since dimensions share their random numbers; of the link with most of them."""
    data = analyses["precision"]
    counts = data["off_anywhere"].sel(form="spectral", frame="rotated").values
    seeds, worst = seeds_of(data), int(counts.argmax())
    return share(int(counts[worst]), seeds, note=f"{data['link'].values[worst]}; starts off by link: {_listed(counts)}")


def _listed(counts: np.ndarray) -> str:
    return ", ".join(f"{count:g}" for count in counts)


def _turned(analyses: Analyses, form: str, name: str) -> Measurement:
    """The share of pairs of a link and a start in rotated frames: links have starts and rotations of their own."""
    data = analyses["precision"]
    counts = data[name].sel(form=form, frame="rotated").values
    counts = counts[np.isfinite(counts)]
    if not counts.size:
        raise NotAtThisScale("a saddle with d^(s-1) of 1e16")
    lost_ones, pairs = int(counts.sum()), counts.size * seeds_of(data)
    return share(lost_ones, pairs, note=f"{lost_ones} of {pairs} pairs of a link and a start")


_precision_claim = partial(Claim, source="this study", experiments=("precision",), figure="precision")

CLAIMS: tuple[Claim, ...] = (
    _precision_claim(
        id="conditioning.hermite",
        statement="The Hermite basis stays orthonormal in float64 up to degree 299.",
        measured="largest error of E h_j h_k over all degrees up to 299, by a Gauss rule that is exact for them, "
        "but for its own rounding",
        rule=AtMost(2e-14),
        evidence="existence",
        measure=exactly("precision", lambda data: data["hermite_error"].max()),
    ),
    _precision_claim(
        id="conditioning.correlation-form",
        statement="The form in M of the joint flow loses the escape for at least half of the starts where d^(s-1) is "
        "1e16 or more.",
        measured="fraction of starts, each in a rotated frame of its own, whose escape time is off by more than 1 % or "
        "missing at every dimension with d^(s-1) >= 1e16",
        evidence="statistical",
        rule=AtLeast(0.5),
        measure=partial(lost, form="correlation"),
    ),
    _precision_claim(
        id="conditioning.spectral-form",
        statement="The spectral form keeps the escape for three quarters of the starts where d^(s-1) is 1e16 or more.",
        measured="fraction of starts, each in a rotated frame of its own, whose escape time is off by more than 1 % or "
        "missing at a dimension with d^(s-1) >= 1e16",
        evidence="statistical",
        rule=AtMost(0.25),
        measure=partial(lost, form="spectral"),
    ),
    _precision_claim(
        id="conditioning.spectral-form.worst",
        statement="The spectral form does not feel a rotation of the frame in 19 of 20 starts.",
        measured="fraction of starts, each in a rotated frame of its own, whose escape time is off by more than 1 % or "
        "missing at any dimension, for the link with most of them",
        rule=AtMost(0.05),
        evidence="statistical",
        window_seen=True,
        measure=turned_away,
    ),
)

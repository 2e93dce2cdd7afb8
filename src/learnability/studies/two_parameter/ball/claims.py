"""Claims on balls of targets: the learnable targets are not dense."""

from collections.abc import Callable

from learnability.results.claim import Analyses, AtMost, Claim, Measurement
from learnability.results.labelled import bounds_of, texts
from learnability.results.measuring import Measure
from learnability.studies.two_parameter.theory import PAPER


def _learned(chosen: Callable[[str], bool]) -> Measure:
    """The number of targets learned in the balls of the chosen models."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["balls"]
        analysis = analysis.isel(model=[i for i, name in enumerate(texts(analysis.model)) if chosen(name)])
        n = int(analysis.targets) * analysis.sizes["model"]
        hits = round(float(bounds_of(analysis.learned)[0].sum()) * int(analysis.targets))
        least, reach = float(analysis.least_distance.min()), float(analysis.largest_reach.max())
        note = f"of {n}; least distance {least:.3g}, largest reach {reach:.2f} of the disc behind the barrier"
        return Measurement(float(hits), float(hits), float(hits), n, note)

    return measure


CLAIMS: tuple[Claim, ...] = tuple(
    Claim(
        f"not-dense.{kind}",
        f"{PAPER}, Theorem 3",
        f"Learnable targets are not dense: a ball around a target orthogonal to the range of J_0 holds none, {kind} "
        f"model{plural}",
        "targets of the constructed ball that were learned",
        AtMost(0.0),
        _learned(chosen),
        ("balls",),
        "0",
        evidence="existence",
        seeds_needed=200,
    )
    for kind, plural, chosen in (
        ("hierarchical", "", lambda name: name == "hierarchical"),
        ("elementary", "s", lambda name: name != "hierarchical"),
    )
)

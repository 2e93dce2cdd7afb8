"""Claims on balls of targets: the learnable targets are not dense."""

from collections.abc import Callable

from learnability.results.claim import Analyses, AtMost, Claim, Measurement
from learnability.results.labelled import bounds_of, texts
from learnability.results.measuring import Measure
from learnability.statistics.intervals import wilson
from learnability.studies.two_parameter.theory import PAPER


def _learned(chosen: Callable[[str], bool]) -> Measure:
    """The fraction learned, pooled over the chosen models."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["balls"]
        analysis = analysis.isel(model=[i for i, name in enumerate(texts(analysis.model)) if chosen(name)])
        n = int(analysis.targets) * analysis.sizes["model"]
        hits = round(float(bounds_of(analysis.learned)[0].sum()) * int(analysis.targets))
        low, high = wilson(hits, n)
        least = float(analysis.least_distance.min())
        return Measurement(hits / n, float(low), float(high), n, f"least distance {least:.3g}")

    return measure


CLAIMS: tuple[Claim, ...] = tuple(
    Claim(
        f"not-dense.{kind}",
        f"{PAPER}, Theorem 3",
        "A ball of targets around one orthogonal to the range of J_0 holds no learnable target",
        f"fraction learned in the constructed ball, {kind} model{plural}",
        AtMost(0.02),
        _learned(chosen),
        ("balls",),
        "0",
        seeds_needed=200,
    )
    for kind, plural, chosen in (
        ("hierarchical", "", lambda name: name == "hierarchical"),
        ("elementary", "s", lambda name: name != "hierarchical"),
    )
)

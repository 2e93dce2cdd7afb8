"""Claims on spheres, none of which consists of learnable targets, and on the targets between the learnable ones."""

from learnability.results.claim import Analyses, AtLeast, Claim, Equals, Measurement
from learnability.results.labelled import bounds_of
from learnability.statistics.intervals import clopper_pearson
from learnability.studies.two_parameter.theory import PAPER


def _with_counterexample(analyses: Analyses) -> Measurement:
    spheres = analyses["spheres"]
    found = spheres.counterexamples.values > 0
    shares = ", ".join(f"{share:.2f}" for share in bounds_of(spheres.learned)[0].values)
    return Measurement.exact(float(found.mean()), f"{int(found.sum())} of {len(found)} spheres; learned part {shares}")


def _distance_to_lost(analyses: Analyses) -> Measurement:
    spheres = analyses["spheres"]
    found, cell = spheres.nearest_lost.values, float(spheres.innermost_side[0])
    # Two sides: a target moves along two coordinates, inside a box whose sides are those of an innermost one.
    near, open_ = found <= 2 * cell, spheres.nearby_unresolved.values > 0
    low, high = clopper_pearson(near.sum(), len(near))[0], clopper_pearson((near | open_).sum(), len(near))[1]
    note = (
        f"innermost boxes {cell:.1e}; {int((found == 0).sum())} of {len(found)} targets are not learned themselves, "
        f"for {int((open_ & ~near).sum())} a flow that did not finish could decide"
    )
    return Measurement(float(near.mean()), float(low), float(high), len(found), note)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "spheres",
        f"this study, beside {PAPER}, Theorem 4",
        "Each of the embedded 2-spheres tried, also inside boxes of a coarser F0, holds targets that the two-parameter "
        "map does not learn",
        "fraction of spheres (laptop: five) on which one was found; learned: passed all N stages and |f - Phi| <= R_N",
        Equals(1.0, 0.0),
        _with_counterexample,
        ("spheres",),
        "found on every one",
        evidence="existence",
        figure="sphere",
        reason="so does any set of that size, since the map loses a part of every region; that no sphere is free of "
        "lost targets is the theorem of Borsuk and Ulam and is not tested; spheres inside innermost boxes are decided "
        "by deeper stages",
    ),
    Claim(
        "not-learnable-dense",
        f"{PAPER}, Corollary 5",
        "Targets that are not learned are dense: there is one as near as one likes to every target, W < d",
        "share of random targets for which one that is not learned was found within two sides of an "
        "innermost box; the sides tend to 0 with more stages; learned: passed all N stages and |f - Phi| <= R_N",
        AtLeast(0.99),
        _distance_to_lost,
        ("spheres",),
        "1",
        evidence="existence",
        window_seen=True,
        seeds_needed=50,
    ),
)

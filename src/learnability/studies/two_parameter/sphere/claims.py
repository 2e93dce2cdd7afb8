"""Claims on spheres, none of which consists of learnable targets, and on the targets between the learnable ones."""

from learnability.results.claim import Analyses, AtLeast, Claim, Equals, Measurement
from learnability.statistics.intervals import clopper_pearson
from learnability.studies.two_parameter.theory import PAPER


def _with_counterexample(analyses: Analyses) -> Measurement:
    found = analyses["spheres"].counterexamples.values > 0
    return Measurement.exact(float(found.mean()), f"{int(found.sum())} of {len(found)} spheres")


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
        f"{PAPER}, Theorem 4",
        "Every embedded 2-sphere holds a target that a two-parameter model does not learn",
        "fraction of spheres on which one was found, also inside boxes of a coarser F0",
        Equals(1.0, 0.0),
        _with_counterexample,
        ("spheres",),
        "found on every one",
        evidence="existence",
        figure="sphere",
    ),
    Claim(
        "not-learnable-dense",
        f"{PAPER}, Corollary 5",
        "Targets that are not learned are dense: there is one as near as one likes to every target, W < d",
        "share of random targets for which one that is not learned was found within two sides of an "
        "innermost box; the sides tend to 0 with more stages",
        AtLeast(0.99),
        _distance_to_lost,
        ("spheres",),
        "1",
        evidence="existence",
        window_seen=True,
        seeds_needed=50,
    ),
)

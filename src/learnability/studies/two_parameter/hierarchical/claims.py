"""Claims on hierarchical maps: what Theorem 6 states, how it is measured, and the rules of the verdicts.

"Learned" means: all N stages passed and ``|f - Phi| <= R_N``, the precision of a map with N stages; R_N has a meaning
for N >= d - 1. A flow that the solver did not finish is unresolved: it counts neither as learned nor as lost.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr

from learnability.results.claim import (
    Analyses,
    AtLeast,
    AtMost,
    Between,
    Claim,
    Measurement,
    NotAtThisScale,
    OutOfSteps,
)
from learnability.results.labelled import bounds_of, texts
from learnability.results.measuring import Measure
from learnability.statistics.intervals import clopper_pearson
from learnability.studies.two_parameter.series import series, where
from learnability.studies.two_parameter.theory import PAPER, SUMMARY, precision_ratio

_Z = 1.959963984540054
_LEARNING = ("learning",)
_THM6 = f"{PAPER}, Theorem 6"
_PROOF = f"{PAPER}, proof of Theorem 6"
_OURS = f"this study, of its construction after {PAPER}, proof of Theorem 6"

_UNDEFINED = Measurement(math.nan, math.nan, math.nan)
"""The scale has the maps, but no target on which the measured number is defined."""

Select = Callable[[xr.Dataset], xr.Dataset]


def _at_least(points: xr.Dataset, count: int, what: str) -> xr.Dataset:
    """``points``, of which a measure needs ``count``; raises NotAtThisScale where there are fewer."""
    if points.sizes["point"] < count:
        raise NotAtThisScale(what)
    return points


def _falling_rho(name: str, measure: str | None = None, dimension: int | None = None) -> Select:
    """The points of a series from the largest rho to the smallest."""
    return lambda analysis: series(analysis, name, "rho", measure, dimension).isel(point=slice(None, None, -1))


def _meaningful(points: xr.Dataset) -> xr.Dataset:
    """The maps with N >= 2 and N >= d - 1, for which R_N is a precision, with the construction's stretch."""
    depth, dimension = points.depth.values, points.dimension.values
    return where(points, (depth >= 2) & (depth >= dimension - 1) & (points.stretch.values >= 5.9))


def slowest_fall(name: str, dimension: int | None = None) -> Measure:
    """The smallest local exponent ``d log(removed) / d log(rho)`` between neighbouring rho <= 1e-3."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["learning"]
        rho, removed = analysis.fine_rho.values, analysis[name].values
        if dimension is not None:
            removed = removed[list(analysis.fine_dimension.values).index(dimension)][None]
        fine = np.flatnonzero(rho <= 1.001e-3)
        exponents = np.diff(np.log(removed[:, fine]), axis=1) / np.diff(np.log(rho[fine]))
        note = f"rho from {rho[fine[0]]:.0e} to {rho[fine[-1]]:.0e}, removed at the end {removed[:, -1].max():.1e}"
        return Measurement.exact(float(exponents.min()), note)

    return measure


def _misses(analyses: Analyses, select: Select, what: str) -> tuple[int, int, int]:
    """Missed, unresolved and all targets of F0 over the selected maps."""
    points = _at_least(select(analyses["learning"]), 1, what)
    return tuple(int(points[name].values.sum()) for name in ("missed_in_f0", "unresolved_in_f0", "in_f0"))  # type: ignore[return-value]


def missed(select: Select, what: str) -> Measure:
    """The number of targets of F0 that were not learned; raises OutOfSteps where unresolved flows could add to 0."""

    def measure(analyses: Analyses) -> Measurement:
        misses, unresolved, count = _misses(analyses, select, what)
        if not count:
            return _UNDEFINED
        if unresolved and not misses:
            raise OutOfSteps(
                f"{unresolved} of {count} flows to targets of F0 did not finish, none of the others missed"
            )
        most = float(clopper_pearson(misses, count - unresolved)[1]) if count > unresolved else 1.0
        note = f"of {count} targets, {unresolved} unresolved; P(missed) at most {most:.1e} (95%)"
        return Measurement(float(misses), float(misses), float(misses), count, note)

    return measure


def limit(dimension: int) -> Measure:
    """mu(F0) at the smallest rho, proved, times P(learned | F0), measured over the series of rho."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["learning"]
        misses, unresolved, count = _misses(
            analyses, _falling_rho("splitting", dimension=dimension), f"the series of rho at d = {dimension}"
        )
        if not count:
            return _UNDEFINED
        at = list(analysis.fine_dimension.values).index(dimension)
        held = 1 - float(analysis.removed.values[at, -1])
        learned = count - misses - unresolved
        low, high = clopper_pearson(learned, count)[0], clopper_pearson(count - misses, count)[1]
        note = f"{misses} missed and {unresolved} unresolved of {count}; mu(F0) >= {held:.6f} proved at rho = 1e-6"
        return Measurement(held * learned / count, held * float(low), float(high), count, note)

    return measure


def least_increase(select: Select) -> Measure:
    """The least paired increase between successive rho, each interval widened for the number of comparisons.

    It holds whatever the unresolved flows are: those of the larger rho may have learned, and lower the increase; those
    of the smaller one may have, and raise it. One of them changes the variance of the differences, which lie in
    {-1, 0, 1}, by at most 3 / n for n targets: their mean square by 1 / n, the square of their mean by 2 / n.
    """

    def measure(analyses: Analyses) -> Measurement:
        points = _at_least(select(analyses["learning"]), 2, "two values of rho")
        increase, error = points.increase.values[1:], points.increase_error.values[1:]
        count, unresolved = int(points.targets.values[0]), points.unresolved.values
        before, after = unresolved[:-1], unresolved[1:]
        z = _Z if len(increase) == 1 else float(np.sqrt(_Z**2 + 2 * np.log(len(increase))))
        margin = z * np.sqrt(error**2 + 3 * (before + after) / count**2)
        low, high = increase - before / count - margin, increase + after / count + margin
        note = f"{int(unresolved.sum())} unresolved of {count} targets at {len(unresolved)} values of rho"
        return Measurement(float(increase[np.argmin(low)]), float(low.min()), float(high.min()), count, note)

    return measure


def _learned_over(bound: str, points: xr.Dataset) -> Measurement:
    """The least excess of the learned fraction over a bound, its interval widened for the number of maps."""
    count, hits = points.targets.values, np.rint(bounds_of(points.learned)[0].values * points.targets.values)
    confidence = 1 - 0.05 / points.sizes["point"]
    low = clopper_pearson(hits, count, confidence)[0]
    high = clopper_pearson(hits + points.unresolved.values, count, confidence)[1]
    least = bounds_of(points[bound])[0].values if "bound" in points[bound].dims else points[bound].values
    excess = hits / count - least
    at, seeds = int(np.argmin(excess)), int(count.min())
    note = f"least at d = {int(points.dimension[at])}, N = {int(points.depth[at])}, rho = {float(points.rho[at]):g}"
    return Measurement(float(excess[at]), float((low - least).min()), float((high - least).min()), seeds, note)


def _over_guaranteed(analyses: Analyses) -> Measurement:
    """The least excess of the learned fraction over mu(F0), uniform targets and even cuts."""
    points = _meaningful(analyses["learning"])
    uniform = np.array(texts(points.measure)) == "uniform"
    even = np.array(texts(points.cuts)) == "even"
    return _learned_over("guaranteed", _at_least(where(points, uniform & even), 1, "uniform targets"))


def over_any(measure_name: str) -> Measure:
    """The excess of the learned fraction, at the smallest rho, over what chosen cuts keep of any measure."""

    def measure(analyses: Analyses) -> Measurement:
        points = series(analyses["learning"], "measures", "rho", measure_name)
        points = where(points, np.isfinite(points.kept_of_any.values))
        smallest = _at_least(points, 1, f"the measure {measure_name}").isel(point=[0])
        found = _learned_over("kept_of_any", smallest)
        value, kept = (float(x.values.flat[0]) for x in (smallest.learned, smallest.kept_of_any))
        note = f"learned {value:.3f}, kept of any measure {kept:.3f}, at rho = {float(smallest.rho[0]):g}"
        return replace(found, note=note)

    return measure


def _at_stretch(low: float, high: float) -> Select:
    def select(analysis: xr.Dataset) -> xr.Dataset:
        points = series(analysis, "stretch", "stretch")
        return where(points, (points.stretch.values >= low) & (points.stretch.values <= high))

    return select


def _fall_of_u(analyses: Analyses) -> Measurement:
    """The largest decrease of u in a step on F0, one map at several tolerances: the finest of them."""
    points = series(analyses["learning"], "tolerance", "tolerance")
    points = _at_least(points, 2, "one map at two tolerances")
    rows = list(zip(points.tolerance.values, points.fall_in_f0.values, strict=True))
    note = ", ".join(f"{fall:.0e} at tolerance {tolerance:.0e}" for tolerance, fall in reversed(rows))
    return Measurement.exact(float(rows[0][1]), note)


def _precision_rate(analyses: Analyses) -> Measurement:
    """Measured ratio of R_N per stage over rho^(1/(d-1)), from the first N >= d - 1 to the deepest."""
    points = series(analyses["learning"], "depth", "depth")
    points = _at_least(where(points, points.depth.values >= points.dimension.values - 1), 4, "four depths N >= d - 1")
    depth, precision = points.depth.values, points.precision.values
    ratio = (precision[-1] / precision[0]) ** (1 / (depth[-1] - depth[0]))
    expected = precision_ratio(float(points.rho.values[0]), int(points.dimension.values[0]))
    return Measurement.exact(ratio / expected, f"R_{depth[-1]} = {precision[-1]:.2e}")


def _gain_of_decreasing_rho(analyses: Analyses) -> Measurement:
    """Learned fraction with decreasing rho_n minus that with constant rho, at the deepest N that both have.

    Both see the same targets, which only narrows the interval for two independent samples that is given."""
    constant, falling = (series(analyses["learning"], name, "depth") for name in ("depth", "shrinking"))
    depths = np.intersect1d(constant.depth.values, falling.depth.values)
    if not len(depths) or not np.isclose(constant.rho.values[0], falling.rho.values[0]):
        raise NotAtThisScale("a depth with both constant and decreasing rho")
    fractions, variance, n = [], 0.0, int(constant.targets.values[0])
    for points in (falling, constant):
        p = float(bounds_of(points.learned)[0].values[np.flatnonzero(points.depth.values == depths[-1])[0]])
        fractions.append(p)
        variance += p * (1 - p) / n
    value, error = fractions[0] - fractions[1], _Z * math.sqrt(variance)
    return Measurement(value, value - error, value + error, n, f"N = {int(depths[-1])}")


def _series_exchanged(analyses: Analyses) -> Analyses:
    """The series with constant and with decreasing rho exchanged, and 100 times as many targets."""
    learning = analyses["learning"]
    other = {"depth": "shrinking", "shrinking": "depth"}
    changed = [other.get(name, name) for name in texts(learning.series)]
    exchanged = learning.assign_coords(series=("point", np.array(changed)))
    return {**analyses, "learning": exchanged.assign(targets=learning.targets * 100)}


def lost_where_the_proof_says(analyses: Analyses) -> Measurement:
    """Share of the lost uniform targets whose first violated condition of F0 is the swept region or a valley."""
    points = series(analyses["learning"], "splitting", "rho", dimension=3)
    points = _at_least(points, 1, "the series of rho at d = 3")
    lost, by = int(points.lost.sum()), points.lost_to.values.sum(axis=0)
    if not lost:
        return _UNDEFINED
    shares = ", ".join(f"{name} {n / lost:.0%}" for name, n in zip(texts(points.obstacle), by, strict=True))
    proven = sum(int(by[texts(points.obstacle).index(name)]) for name in ("swept region", "valley"))
    low, high = clopper_pearson(proven, lost)
    return Measurement(proven / lost, float(low), float(high), lost, shares)


def _deepest(analyses: Analyses) -> xr.Dataset:
    return _at_least(series(analyses["learning"], "depth", "depth"), 1, "the series of depths").isel(point=-1)


def _plateau_exponent(analyses: Analyses) -> Measurement:
    """log10 of P(distance <= 1e-3) / P(distance <= 1e-4) at the deepest hierarchical map: its local exponent."""
    deepest = _deepest(analyses)
    near, n = deepest.near, int(deepest.targets)
    coarse, fine = (round(float(near.sel(eps=eps, method="nearest")) * n) for eps in (1e-3, 1e-4))
    if not fine:
        return _UNDEFINED
    low, high = clopper_pearson(fine, coarse)
    ends = -math.log10(float(high)), -math.log10(float(low))
    return Measurement(math.log10(coarse / fine), max(0.0, ends[0]), ends[1], n, f"N = {int(deepest.depth)}")


def _over_elementary(analyses: Analyses) -> Measurement:
    """P(distance <= 1e-4) of the deepest hierarchical map minus the largest of the elementary models."""
    deepest, elementary = _deepest(analyses), analyses["elementary"]
    n = int(deepest.targets)
    hits = round(float(deepest.near.sel(eps=1e-4, method="nearest")) * n)
    value, low, high = (part.sel(eps=1e-4, method="nearest").values for part in bounds_of(elementary.near))
    best = int(np.argmax(value))
    own_low, own_high = (float(x) for x in clopper_pearson(hits, n))
    note = f"N = {int(deepest.depth)}: {hits / n:.3f}; at most {value.max():.1e} ({texts(elementary.family)[best]})"
    return Measurement(hits / n - float(value[best]), own_low - float(high.max()), own_high - float(low.max()), n, note)


_STATES = "For any Borel probability mu and any eps there is a two-parameter model that learns all but eps of mu"

_MAIN = (
    *(
        claim
        for d in (3, 4)
        for claim in (
            Claim(
                f"main.guaranteed-measure.d{d}",
                _PROOF,
                "The measure of the guaranteed set F0 of the two-parameter map tends to 1 as the splitting parameter "
                f"rho tends to 0 (uniform targets, d = N = {d})",
                "least local exponent, in rho <= 1e-3, of a proved upper bound on 1 - mu(F0): 0 where mu(F0) stays "
                "away from 1, 1 where every removed set is proportional to rho; half of it is asked",
                AtLeast(0.5),
                slowest_fall("removed", d),
                _LEARNING,
                "1",
                evidence="exact",
                figure="splitting",
            ),
            Claim(
                f"main.limit.d{d}",
                _THM6,
                f"{_STATES}: as the splitting parameter rho tends to 0 all uniform targets are learned, d = N = {d}",
                "proved bound on mu(F0) at rho = 1e-6, times the measured P(learned | target in F0); eps = .01",
                AtLeast(0.99),
                limit(d),
                _LEARNING,
                "1",
                evidence="statistical",
                seeds_needed=500,
                figure="splitting",
            ),
            Claim(
                f"main.rising.d{d}",
                _OURS,
                "The fraction of uniform targets that the two-parameter map learns rises as its splitting parameter "
                f"rho falls, d = N = {d}",
                "least paired increase of the learned fraction between successive rho, whatever unresolved flows are",
                AtLeast(0.0),
                least_increase(_falling_rho("splitting", dimension=d)),
                _LEARNING,
                "positive throughout",
                evidence="statistical",
                seeds_needed=100,
                figure="splitting",
            ),
        )
    ),
    Claim(
        "main.at-least-guaranteed",
        _PROOF,
        "The learned fraction of uniform targets is at least the measure of the guaranteed set F0, at every dimension, "
        "depth and splitting parameter",
        "least excess of the learned fraction over mu(F0), maps with N >= d - 1",
        AtLeast(0.0),
        _over_guaranteed,
        _LEARNING,
        "positive",
        evidence="statistical",
        seeds_needed=500,
        figure="splitting",
    ),
    Claim(
        "guaranteed-boxes",
        _PROOF,
        "Every target in the guaranteed set F0 is learned",
        "targets of F0 that were not learned, all maps with N >= 2, N >= d - 1 and the construction's stretch",
        AtMost(0.0),
        missed(_meaningful, "maps with N >= 2"),
        _LEARNING,
        "0",
        evidence="existence",
        seeds_needed=200,
        figure="splitting",
    ),
    Claim(
        "u-monotone.refinement",
        _PROOF,
        "The parameter u never falls along the flow to a target of the guaranteed set F0: a fall in a computed flow "
        "vanishes with the solver's tolerance",
        "largest decrease of u in one step on F0 at the finest of several tolerances, one map",
        AtMost(1e-9),
        _fall_of_u,
        _LEARNING,
        "0",
        unit="stage lengths",
        evidence="asymptotic",
    ),
    Claim(
        "mechanism",
        _PROOF,
        "Most targets that are lost lie where the growing teeth sweep over them, or in a valley between two teeth",
        "share of the lost uniform targets, d = N = 3, whose first violated condition of F0 is one of the two; the "
        "others lie inside a finger, between the boxes on its sides, or beyond the fingers",
        AtLeast(0.5),
        lost_where_the_proof_says,
        _LEARNING,
        "most",
        evidence="existence",
        seeds_needed=500,
        window_seen=True,
        figure="mechanism",
    ),
)

_MEASURES = (
    Claim(
        "any-measure.kept",
        _PROOF,
        "Cuts can be placed so that a hierarchy of boxes removes as little of any Borel probability as one likes",
        "least local exponent, in rho <= 1e-3, of what the map removes of any measure, averaged over the phases of its "
        "cuts, by a formula of first order in rho, d = N = 3 and 4; half of the expected one is asked",
        AtLeast(0.5),
        slowest_fall("removed_of_any"),
        _LEARNING,
        "1",
        evidence="asymptotic",
        figure="any_measure",
        reason="the formula (Fubini over the phases) leaves out the lean of fingers, of second order in rho",
    ),
    *(
        Claim(
            f"any-measure.{name.replace('_', '-')}",
            _THM6,
            f"{_STATES}: {text}",
            "learned fraction at the smallest rho, cuts chosen by the measure, minus what such cuts keep of any "
            "measure in the mean over their phases",
            AtLeast(0.0),
            over_any(name),
            _LEARNING,
            "positive",
            evidence="statistical",
            seeds_needed=500,
            figure="any_measure",
        )
        for name, text in (
            ("gaussian", "standard normal targets"),
            ("beta_2_5", "targets with independent Beta(2,5) coordinates"),
            ("arcsine", "targets with independent arcsine coordinates, whose density is unbounded"),
            ("two_clusters", "a mixture of two normal clusters, no product"),
            ("plane", "uniform targets on the plane f_1 = 1/2"),
            ("atoms", "equal masses at the 5^d points with coordinates in {0, 1/4, 1/2, 3/4, 1}"),
            ("cantor", "products of Cantor measures, without atoms and without a density"),
            ("sphere", "uniform targets on a sphere, which holds some that no model learns (Theorem 4)"),
        )
    ),
)

_NOT_TESTED = (
    Claim(
        "two-dimensions.summary",
        f"{SUMMARY}, first experiment",
        "Implement the two-dimensional version to verify the construction",
        "nothing",
        evidence="summary",
        reason="at d = 2 = W a model with as many parameters as dimensions (the identity, say) learns everything: "
        "d = 2 is drawn, never measured",
    ),
    Claim(
        "main.smooth",
        _THM6,
        "The map can be C-infinity with infinitely many stages",
        "nothing",
        evidence="existence",
        reason="a computed map has finitely many stages, and ours is C^{1,1}; measured is the limit in rho at fixed N",
    ),
    Claim(
        "open.infinite-measures",
        f"{PAPER}, discussion",
        "Does Theorem 6 extend to measures of infinite mass, the Lebesgue measure on R^d say?",
        "nothing",
        evidence="existence",
        reason="an open question: the construction starts from a box that holds all but eps of the mass",
    ),
    Claim(
        "open.degenerate-start",
        f"{PAPER}, discussion",
        "Are learnable targets not dense for maps whose Jacobian at 0 has not full rank?",
        "nothing",
        evidence="existence",
        reason="an open question: the loss barrier of Theorem 3 needs a Jacobian of full rank, and no finite sample of "
        "targets shows that a set is dense",
    ),
    Claim(
        "open.more-parameters",
        f"{PAPER}, discussion",
        "What are the learnable sets of models with 2 < W < d parameters?",
        "nothing",
        evidence="existence",
        reason="an open question: no construction with more parameters is known to measure",
    ),
)

_DEPTH = (
    Claim(
        "depth.guaranteed",
        _PROOF,
        "Every target in the guaranteed set F0 is learned at every depth",
        "targets of F0 that were not learned, over all depths N >= 2, d = 3",
        AtMost(0.0),
        missed(lambda analysis: _meaningful(series(analysis, "depth", "depth")), "the series of depths"),
        _LEARNING,
        "0",
        evidence="existence",
        seeds_needed=100,
        figure="depth_and_dimension",
    ),
    Claim(
        "depth.precision",
        _OURS,
        "The precision R_N falls by the factor rho^(1/(d-1)) a stage, since the widths of cells obey "
        "h_n ~ rho h_(n+1-d)",
        "ratio of R_N per stage from the first N >= d - 1 to the deepest, over rho^(1/(d-1))",
        Between(0.8, 1.25),
        _precision_rate,
        _LEARNING,
        "about 1",
        evidence="exact",
        window_seen=True,
        figure="depth_and_dimension",
    ),
    Claim(
        "depth.decreasing-rho",
        _PROOF,
        "Splitting parameters rho_n that decrease with the stage keep more targets than a constant one",
        "learned fraction at the deepest common N, rho_n = rho .8^(n-1) minus constant rho",
        AtLeast(0.0),
        _gain_of_decreasing_rho,
        _LEARNING,
        "positive",
        contradicted_by=_series_exchanged,
        evidence="statistical",
        window_seen=True,
        seeds_needed=500,
        figure="depth_and_dimension",
    ),
)

_DIMENSION = (
    Claim(
        "dimension.guaranteed",
        _PROOF,
        "Every target in the guaranteed set F0 is learned in every dimension",
        "targets of F0 that were not learned, over all dimensions, N = d",
        AtMost(0.0),
        missed(lambda analysis: series(analysis, "dimension", "dimension"), "the series of dimensions"),
        _LEARNING,
        "0",
        evidence="existence",
        seeds_needed=100,
        figure="depth_and_dimension",
    ),
)

_STRETCH = (
    Claim(
        "stretch.enough",
        _PROOF,
        "With enough stretch in u every target of the guaranteed set F0 is learned",
        "targets of F0 that were not learned, kappa at least the construction's 6",
        AtMost(0.0),
        missed(_at_stretch(5.9, math.inf), "kappa >= 6"),
        _LEARNING,
        "0",
        evidence="existence",
        seeds_needed=200,
        figure="stretch",
    ),
    Claim(
        "stretch.none",
        _OURS,
        "Without the stretch in u the guarantee of F0 fails",
        "targets of F0 that were not learned, kappa <= .002: one is enough",
        AtLeast(1.0),
        missed(_at_stretch(0.0, 0.002), "kappa <= 0.002"),
        _LEARNING,
        "many",
        evidence="existence",
        seeds_needed=100,
        figure="stretch",
    ),
)

_PLATEAU = (
    Claim(
        "elementary.plateau",
        _THM6,
        "The distances that the hierarchical map leaves have a plateau, where an image of measure zero has a power law "
        "with exponent d - W = 1",
        "local exponent of P(distance <= eps) between 1e-4 and 1e-3 at the deepest map; at most half of d - W is asked",
        AtMost(0.5),
        _plateau_exponent,
        ("learning", "elementary"),
        "near 0",
        evidence="statistical",
        seeds_needed=500,
        figure="distances",
    ),
    Claim(
        "elementary.contrast",
        f"{PAPER}, Theorems 6 and 8",
        "The hierarchical map comes within 1e-4 of more targets than any elementary model, tanh networks among them",
        "P(distance <= 1e-4) at the deepest map minus the largest over the elementary models",
        AtLeast(0.0),
        _over_elementary,
        ("learning", "elementary"),
        "about .36",
        evidence="statistical",
        seeds_needed=500,
        figure="distances",
    ),
)

CLAIMS: tuple[Claim, ...] = (*_MAIN, *_MEASURES, *_NOT_TESTED, *_DEPTH, *_DIMENSION, *_STRETCH, *_PLATEAU)

"""Claims on hierarchical maps: what Theorem 6 states, how it is measured, and the rules of the verdicts.

"Learned" means: all N stages passed and ``|f - Phi| <= R_N``, the precision of a map with N stages. A row of the
study's table that says several things gives several claims.
"""

import math
from collections.abc import Callable

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, AtLeast, AtMost, Between, Claim, Equals, Measurement, NotAtThisScale
from learnability.results.labelled import bounds_of
from learnability.results.measuring import Measure, measured
from learnability.statistics.intervals import wilson
from learnability.studies.two_parameter.series import series, where
from learnability.studies.two_parameter.theory import PAPER, SUMMARY, intercept, precision_ratio, product_law

_Z = 1.959963984540054
_LEARNING = ("learning",)
_THM6 = f"{PAPER}, Theorem 6"
_PROOF = f"{PAPER}, proof of Theorem 6"

_UNDEFINED = Measurement(math.nan, math.nan, math.nan)
"""The scale has the maps, but no target on which the measured number is defined."""

Select = Callable[[xr.Dataset], xr.Dataset]


def _at_least(points: xr.Dataset, count: int, what: str) -> xr.Dataset:
    """``points``, of which a measure needs ``count``; raises NotAtThisScale where there are fewer."""
    if points.sizes["point"] < count:
        raise NotAtThisScale(what)
    return points


def _fraction_at(points: xr.Dataset, index: int, what: str) -> Measurement:
    """The learned fraction at one of the points."""
    row = _at_least(points, 1, what).isel(point=index)
    return measured(row.learned, int(row.targets))


def _falling_rho(name: str, measure: str | None = None, dimension: int | None = None) -> Select:
    """The points of a series from the largest rho to the smallest."""
    return lambda analysis: series(analysis, name, "rho", measure, dimension).isel(point=slice(None, None, -1))


def limit_at_zero(dimension: int) -> Measure:
    """The learned fraction p at rho = 0: p^(1/N) on a straight line through the three smallest rho, for d = N.

    The N stages multiply, p = (1 - c rho)^N to first order: p itself bends, and a line through it would end short of
    its limit by as much as the bend.
    """

    def measure(analyses: Analyses) -> Measurement:
        points = _falling_rho("splitting", dimension=dimension)(analyses["learning"]).isel(point=slice(-3, None))
        _at_least(points, 3, f"three values of rho at d = {dimension}")
        n, p = points.targets.values, bounds_of(points.learned)[0].values
        q = (n * p + 2) / (n + 4)
        slope = q ** (1 / dimension - 1) / dimension
        root, error = intercept(points.rho.values, p ** (1 / dimension), q * (1 - q) / n * slope**2)
        low, value, high = (max(0.0, root + z * error) ** dimension for z in (-_Z, 0.0, _Z))
        return Measurement(value, low, high, int(n.min()))

    return measure


def _least_increase(select: Select) -> Measure:
    """The least paired increase between successive rho, each interval widened for the number of comparisons."""

    def measure(analyses: Analyses) -> Measurement:
        points = _at_least(select(analyses["learning"]), 2, "two values of rho")
        increase, error = points.increase.values[1:], points.increase_error.values[1:]
        z = _Z if len(increase) == 1 else float(np.sqrt(_Z**2 + 2 * np.log(len(increase))))
        at, low, high = np.argmin(increase - z * error), increase - z * error, increase + z * error
        return Measurement(float(increase[at]), float(low.min()), float(high.min()), int(points.targets.values[0]))

    return measure


def _at_rho(dimension: int, rho: float) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        points = series(analyses["learning"], "splitting", "rho", dimension=dimension)
        return _fraction_at(where(points, np.isclose(points.rho, rho)), 0, f"rho = {rho:g} at d = {dimension}")

    return measure


def _gap_to_product_law(analyses: Analyses) -> Measurement:
    """The largest distance of the learned fraction from (1 - 2.6 rho)^N over rho <= 0.05."""
    points = series(analyses["learning"], "splitting", "rho")
    points = _at_least(where(points, points.rho.values <= 0.051), 1, "rho <= 0.05")
    law, (value, low, high) = points.product_law.values, (part.values for part in bounds_of(points.learned))
    least = np.maximum(0, np.maximum(low - law, law - high))
    most = np.maximum(np.abs(low - law), np.abs(high - law))
    gap = float(np.abs(value - law).max())
    return Measurement(gap, float(least.max()), float(most.max()), int(points.targets.values.min()))


def _learned_given_f0(select: Select, what: str) -> Measure:
    """P(learned | F0), pooled over the selected points."""

    def measure(analyses: Analyses) -> Measurement:
        points = _at_least(select(analyses["learning"]), 1, what)
        trials, missed = int(points.in_f0.values.sum()), int(points.missed_in_f0.values.sum())
        if not trials:
            return _UNDEFINED
        low, high = wilson(trials - missed, trials)
        return Measurement(1 - missed / trials, float(low), float(high), trials, f"{missed} of {trials} missed")

    return measure


def _with_full_stretch(analysis: xr.Dataset) -> xr.Dataset:
    """Every map that keeps the construction's stretch."""
    return where(analysis, analysis.stretch.values >= 5.9)


def _at_stretch(low: float, high: float) -> Select:
    def select(analysis: xr.Dataset) -> xr.Dataset:
        points = series(analysis, "stretch", "stretch")
        return where(points, (points.stretch.values >= low) & (points.stretch.values <= high))

    return select


def _largest_fall_of_u(largest: float) -> Measure:
    """The largest decrease of u in a step on F0, over the maps solved with at most this tolerance."""

    def measure(analyses: Analyses) -> Measurement:
        points = _with_full_stretch(analyses["learning"])
        points = where(points, points.tolerance.values <= largest * 1.001)
        _at_least(points, 1, f"a tolerance of {largest:g} or less")
        by_tolerance = series(analyses["learning"], "tolerance", "tolerance").isel(point=slice(None, None, -1))
        rows = zip(by_tolerance.tolerance.values, by_tolerance.fall_in_f0.values, strict=True)
        same_map = ", ".join(f"{fall:.0e} at tolerance {tolerance:.0e}" for tolerance, fall in rows)
        more = f"; one map: {same_map}" if same_map else ""
        note = f"{int(points.in_f0.values.sum())} trajectories{more}"
        return Measurement.exact(float(points.fall_in_f0.values.max()), note)

    return measure


def _gap_to_geometric_law(analyses: Analyses) -> Measurement:
    """The largest distance of P_N from the best geometric law p^N; NaN where a map has learned nothing."""
    points = _at_least(series(analyses["learning"], "depth", "depth"), 3, "three depths")
    depth, p, n = points.depth.values, bounds_of(points.learned)[0].values, points.targets.values
    if (p <= 0).any():
        return _UNDEFINED
    weights = n * p / np.maximum(1 - p, 1 / n)
    rate = (weights * depth * np.log(p)).sum() / (weights * depth**2).sum()
    gap, error = np.abs(p - np.exp(rate * depth)), _Z * np.sqrt(p * (1 - p) / n)
    low, high = max(0.0, (gap - error).max()), (gap + error).max()
    return Measurement(float(gap.max()), float(low), float(high), int(n[0]), f"p = {math.exp(rate):.4f}")


def _precision_rate(analyses: Analyses) -> Measurement:
    """Measured ratio of R_N per stage over rho^(1/(d-1)), from the first N >= d - 1 to the deepest."""
    points = series(analyses["learning"], "depth", "depth")
    points = _at_least(where(points, points.depth.values >= points.dimension.values - 1), 2, "two depths N >= d - 1")
    depth, precision = points.depth.values, points.precision.values
    ratio = (precision[-1] / precision[0]) ** (1 / (depth[-1] - depth[0]))
    expected = precision_ratio(float(points.rho.values[0]), int(points.dimension.values[0]))
    return Measurement.exact(ratio / expected, f"R_{depth[-1]} = {precision[-1]:.2e}")


def _gain_of_decreasing_rho(analyses: Analyses) -> Measurement:
    """P(stage N passed | stage N-1 passed), decreasing rho_n minus constant rho, at the deepest N that both have."""
    constant, falling = (series(analyses["learning"], name, "depth") for name in ("depth", "shrinking"))
    depths = np.intersect1d(constant.depth.values, falling.depth.values)
    if len(depths) < 2 or not np.isclose(constant.rho.values[0], falling.rho.values[0]):
        raise NotAtThisScale("two depths with both constant and decreasing rho")
    ratios, variances = [], []
    for points in (falling, constant):
        learned, n = bounds_of(points.learned)[0].values, points.targets.values[0]
        first, last = (learned[np.flatnonzero(points.depth.values == depth)[0]] for depth in (depths[0], depths[-1]))
        steps = depths[-1] - depths[0]
        ratio = (last / first) ** (1 / steps)
        ratios.append(ratio)
        # The same targets are in both fractions, so last / first is a binomial fraction of first n.
        variances.append((ratio / steps) ** 2 * (1 - last / first) / (last / first * first * n))
    value, error = ratios[0] - ratios[1], _Z * math.sqrt(sum(variances))
    return Measurement(value, value - error, value + error, int(constant.targets.values[0]))


def _at_dimension(d: int) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        points = series(analyses["learning"], "dimension", "dimension", dimension=d)
        return _fraction_at(where(points, np.isclose(points.rho, 0.02)), 0, f"d = {d} at rho = 0.02")

    return measure


def _deepest(analyses: Analyses) -> xr.Dataset:
    return _at_least(series(analyses["learning"], "depth", "depth"), 1, "the series of depths").isel(point=-1)


def _plateau_exponent(analyses: Analyses) -> Measurement:
    """log10 of P(distance <= 1e-3) / P(distance <= 1e-4) at the deepest hierarchical map: its local exponent."""
    deepest = _deepest(analyses)
    near, n = deepest.near, int(deepest.targets)
    coarse, fine = (float(near.sel(eps=eps, method="nearest")) for eps in (1e-3, 1e-4))
    if not fine:
        return _UNDEFINED
    low, high = wilson(round(fine * n), round(coarse * n))
    ends = sorted(-math.log10(max(x, 1e-12)) for x in (low, high))
    return Measurement(math.log10(coarse / fine), ends[0], ends[1], n, f"N = {int(deepest.depth)}")


def _within_small_distance(analyses: Analyses) -> Measurement:
    deepest = _deepest(analyses)
    fine, n = float(deepest.near.sel(eps=1e-4, method="nearest")), int(deepest.targets)
    low, high = wilson(round(fine * n), n)
    return Measurement(fine, float(low), float(high), n, f"N = {int(deepest.depth)}")


_STATES = "For any Borel probability mu and any eps there is a two-parameter model that learns all but eps of mu"

_MAIN = (
    *(
        claim
        for d in (3, 4)
        for claim in (
            Claim(
                f"main.limit.d{d}",
                _THM6,
                f"{_STATES}: the learned fraction tends to 1 as rho -> 0",
                f"learned fraction, d = N = {d}, its N-th root continued linearly in rho from the three smallest rho "
                "to 0",
                Equals(1.0, 0.03),
                limit_at_zero(d),
                _LEARNING,
                "1",
                seeds_needed=500,
                figure="splitting",
            ),
            Claim(
                f"main.rising.d{d}",
                _THM6,
                "The learned fraction rises as rho falls",
                f"least paired increase between successive rho, d = N = {d}",
                AtLeast(0.0),
                _least_increase(_falling_rho("splitting", dimension=d)),
                _LEARNING,
                "positive throughout",
                seeds_needed=100,
                figure="splitting",
            ),
        )
    ),
    Claim(
        "main.smallest-rho",
        _THM6,
        "At rho = .008 all but 7% of the uniform targets are learned",
        "learned fraction, d = N = 3, rho = .008",
        AtLeast(0.93),
        _at_rho(3, 0.008),
        _LEARNING,
        "at least .93",
        seeds_needed=500,
        figure="splitting",
    ),
    Claim(
        "main.product-law",
        _THM6,
        "The learned fraction is about (1 - 2.6 rho)^N",
        "largest distance from the law over rho <= .05, d = N = 3 and 4",
        AtMost(0.06),
        _gap_to_product_law,
        _LEARNING,
        "small",
        seeds_needed=500,
        figure="splitting",
    ),
    Claim(
        "guaranteed-boxes",
        _THM6,
        "Every target in the guaranteed set F0 is learned",
        "P(learned | target in F0), all maps with the construction's stretch",
        AtLeast(0.995),
        _learned_given_f0(_with_full_stretch, "maps with the construction's stretch"),
        _LEARNING,
        "1",
        seeds_needed=200,
        figure="splitting",
    ),
    Claim(
        "u-monotone",
        _PROOF,
        "The parameter u never falls along the flow to a target of the guaranteed set F0",
        "largest decrease of u in one step on F0, in stage lengths, at tolerances <= 1e-5",
        AtMost(1e-9),
        _largest_fall_of_u(1e-5),
        _LEARNING,
        "0",
        unit="stage lengths",
    ),
)

_MEASURES = tuple(
    Claim(
        f"any-measure.{name.replace('_', '-')}",
        _THM6,
        "The measure mu of the targets may be any Borel probability",
        f"least paired increase of the learned fraction between successive rho, {name.replace('_', ' ')} targets",
        AtLeast(0.0),
        _least_increase(_falling_rho("measures", measure=name)),
        _LEARNING,
        "positive",
        seeds_needed=100,
        figure="splitting",
    )
    for name in ("gaussian", "beta_2_5", "arcsine", "two_clusters")
)

_SUMMARY = (
    Claim(
        "any-measure.summary",
        f"{PAPER}, {SUMMARY}",
        "Two parameters learn well only if the target distribution is structured, with a hierarchy of its own",
        "learned fraction of uniform targets, which have no hierarchy, at the smallest rho, d = N = 3",
        AtMost(0.5),
        lambda analyses: _fraction_at(
            series(analyses["learning"], "splitting", "rho", dimension=3), 0, "the series of rho at d = 3"
        ),
        _LEARNING,
        "contradicted: the hierarchy belongs to the model",
        form="summary",
        seeds_needed=50,
        figure="splitting",
    ),
    Claim(
        "two-dimensions.summary",
        SUMMARY,
        "Implement the two-dimensional version to verify the construction",
        "nothing",
        form="summary",
        reason="at d = 2 = W a model with as many parameters as dimensions (the identity, say) learns everything: "
        "d = 2 is drawn, never measured",
    ),
    Claim(
        "main.smooth",
        _THM6,
        "The map can be C-infinity with infinitely many stages",
        "nothing",
        reason="a computed map has finitely many stages, and ours is C^{1,1}; measured is the limit in rho at fixed N",
    ),
)

_DEPTH = (
    Claim(
        "depth.guaranteed",
        _THM6,
        "Every target in the guaranteed set F0 is learned at every depth",
        "P(learned | F0) over all depths",
        AtLeast(0.99),
        _learned_given_f0(lambda analysis: series(analysis, "depth", "depth"), "the series of depths"),
        _LEARNING,
        "1",
        seeds_needed=100,
        figure="depth_and_dimension",
    ),
    Claim(
        "depth.product",
        _THM6,
        "With N levels the learned fraction falls as a product",
        "largest distance of the learned fraction from the best p^N",
        AtMost(0.05),
        _gap_to_geometric_law,
        _LEARNING,
        "small",
        seeds_needed=500,
        figure="depth_and_dimension",
    ),
    Claim(
        "depth.precision",
        _THM6,
        "The precision R_N falls geometrically",
        "ratio of R_N per stage, over rho^(1/(d-1))",
        Between(0.8, 1.25),
        _precision_rate,
        _LEARNING,
        "about 1",
        figure="depth_and_dimension",
    ),
    Claim(
        "depth.decreasing-rho",
        _THM6,
        "The product of the fractions that the levels keep flattens when rho_n decreases",
        "fraction kept per stage, rho_n = rho .8^(n-1) minus constant rho",
        AtLeast(0.0),
        _gain_of_decreasing_rho,
        _LEARNING,
        "positive",
        seeds_needed=500,
        figure="depth_and_dimension",
    ),
)

_DIMENSION = (
    Claim(
        "dimension.guaranteed",
        _THM6,
        "Every target in the guaranteed set F0 is learned in every dimension",
        "P(learned | F0) over all dimensions, N = d",
        AtLeast(0.99),
        _learned_given_f0(lambda analysis: series(analysis, "dimension", "dimension"), "the series of dimensions"),
        _LEARNING,
        "1",
        seeds_needed=100,
        figure="depth_and_dimension",
    ),
    *(
        Claim(
            f"dimension.d{d}",
            _THM6,
            f"Two parameters learn {value:g} of the {d}-dimensional targets at rho = .02",
            f"learned fraction, N = d = {d}, rho = .02",
            Equals(value, 0.06),
            _at_dimension(d),
            _LEARNING,
            f"{value:g}",
            seeds_needed=500,
            figure="depth_and_dimension",
        )
        for d, value in ((3, 0.865), (12, product_law((0.02,) * 12)), (20, 0.36))
    ),
)

_STRETCH = (
    Claim(
        "stretch.enough",
        _PROOF,
        "With the stretch in u every target of the guaranteed set F0 is learned",
        "P(learned | F0), kappa >= .05",
        AtLeast(0.98),
        _learned_given_f0(_at_stretch(0.05, math.inf), "kappa >= 0.05"),
        _LEARNING,
        "1",
        seeds_needed=200,
        figure="stretch",
    ),
    Claim(
        "stretch.none",
        _PROOF,
        "Without the stretch in u the guarantee fails",
        "P(learned | F0), kappa <= .002",
        AtMost(0.5),
        _learned_given_f0(_at_stretch(0.0, 0.002), "kappa <= 0.002"),
        _LEARNING,
        "collapses",
        seeds_needed=100,
        figure="stretch",
    ),
)

_PLATEAU = (
    Claim(
        "elementary.plateau",
        _THM6,
        "The hierarchical map has a plateau where elementary models have a power law",
        "local exponent of P(distance <= eps) between 1e-4 and 1e-3 at the deepest map",
        AtMost(0.3),
        _plateau_exponent,
        ("learning", "elementary"),
        "near 0",
        seeds_needed=500,
        figure="distances",
    ),
    Claim(
        "elementary.contrast",
        _THM6,
        "The hierarchical map comes within 1e-4 of a positive fraction of targets",
        "P(distance <= 1e-4) at the deepest map",
        AtLeast(0.2),
        _within_small_distance,
        ("learning", "elementary"),
        "about a half at rho = .03, N = 8; at most .001 for every elementary model",
        seeds_needed=500,
        figure="distances",
    ),
)

CLAIMS: tuple[Claim, ...] = (*_MAIN, *_MEASURES, *_SUMMARY, *_DEPTH, *_DIMENSION, *_STRETCH, *_PLATEAU)

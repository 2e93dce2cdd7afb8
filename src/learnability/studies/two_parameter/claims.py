"""What the source states, how it is measured, and the rules of the verdicts; all declared before measuring.

Ids are those of the study's table; a row that says several things gives several claims. "Learned" means: all N stages
passed and ``|f - Phi| <= R_N``, the precision of a map with N stages.
"""

import math
from collections.abc import Callable

import numpy as np
import xarray as xr

from learnability.numerics.intervals import wilson
from learnability.studies.claim import (
    Analyses,
    AtLeast,
    AtMost,
    Between,
    Claim,
    Equals,
    Measurement,
    Rule,
)
from learnability.studies.two_parameter.selection import ordered, series
from learnability.studies.two_parameter.theory import intercept, precision_ratio, product_law

_Z = 1.959963984540054
_PAPER = "Yarotsky 2024, arXiv 2402.17089"
_NOTHING = Measurement(math.nan, math.nan, math.nan, None, "no such run at this scale")

Select = Callable[[xr.Dataset], xr.Dataset]


def _at(points: xr.Dataset, index: int, name: str = "learned") -> Measurement:
    row = points.isel(point=index)
    return Measurement(float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]), int(row.targets))


def _splitting(analyses: Analyses, dimension: int) -> xr.Dataset:
    return ordered(series(analyses["learning"], "splitting", dimension=dimension), "rho", descending=True)


def _limit(dimension: int) -> Callable[[Analyses], Measurement]:
    """The straight line through the three smallest rho, continued to rho = 0."""

    def measure(analyses: Analyses) -> Measurement:
        points = _splitting(analyses, dimension).isel(point=slice(-3, None))
        if points.sizes["point"] < 3:
            return _NOTHING
        n, p = points.targets.values, points.learned.values
        q = (n * p + 2) / (n + 4)
        value, error = intercept(points.rho.values, p, q * (1 - q) / n)
        return Measurement(value, value - _Z * error, value + _Z * error, int(n.min()))

    return measure


def _least_increase(points: xr.Dataset) -> Measurement:
    """The least paired increase between successive rho, each interval widened for the number of comparisons."""
    increase, error = points.increase.values[1:], points.increase_error.values[1:]
    if not len(increase):
        return _NOTHING
    z = _Z if len(increase) == 1 else float(np.sqrt(_Z**2 + 2 * np.log(len(increase))))
    at = int(np.argmin(increase - z * error))
    return Measurement(
        float(increase[at]),
        float((increase - z * error).min()),
        float((increase + z * error).min()),
        int(points.targets.values[0]),
    )


def _rising(select: Select) -> Callable[[Analyses], Measurement]:
    return lambda analyses: _least_increase(select(analyses["learning"]))


def _last(dimension: int, rho: float) -> Callable[[Analyses], Measurement]:
    def measure(analyses: Analyses) -> Measurement:
        points = _splitting(analyses, dimension)
        at = np.flatnonzero(np.isclose(points.rho.values, rho))
        return _at(points, int(at[0])) if len(at) else _NOTHING

    return measure


def _law_gap(analyses: Analyses) -> Measurement:
    """The largest distance of the learned fraction from (1 - 2.6 rho)^N over rho <= 0.05."""
    points = series(analyses["learning"], "splitting")
    points = points.isel(point=np.flatnonzero(points.rho.values <= 0.051))
    if not points.sizes["point"]:
        return _NOTHING
    low, high, law = points.learned_low.values, points.learned_high.values, points.product_law.values
    least = np.maximum(0, np.maximum(low - law, law - high))
    most = np.maximum(np.abs(low - law), np.abs(high - law))
    gap = float(np.abs(points.learned.values - law).max())
    return Measurement(gap, float(least.max()), float(most.max()), int(points.targets.values.min()))


def _given_f0(select: Select) -> Callable[[Analyses], Measurement]:
    """P(learned | F0), pooled over the selected points."""

    def measure(analyses: Analyses) -> Measurement:
        points = select(analyses["learning"])
        trials, missed = int(points.in_f0.values.sum()), int(points.missed_in_f0.values.sum())
        if not trials:
            return _NOTHING
        low, high = wilson(trials - missed, trials)
        return Measurement(1 - missed / trials, float(low), float(high), trials, f"{missed} of {trials} missed")

    return measure


def _honest(analysis: xr.Dataset) -> xr.Dataset:
    """Every map that keeps the construction's stretch."""
    return analysis.isel(point=np.flatnonzero(analysis.stretch.values >= 5.9))


def _largest_fall(largest: float) -> Callable[[Analyses], Measurement]:
    def measure(analyses: Analyses) -> Measurement:
        points = _honest(analyses["learning"])
        points = points.isel(point=np.flatnonzero(points.tolerance.values <= largest * 1.001))
        if not points.sizes["point"]:
            return _NOTHING
        return Measurement.exact(
            float(points.fall_in_f0.values.max()), f"{int(points.in_f0.values.sum())} trajectories"
        )

    return measure


def _depth_product(analyses: Analyses) -> Measurement:
    """The largest distance of P_N from the best geometric law p^N."""
    points = ordered(series(analyses["learning"], "depth"), "depth")
    depth, p, n = points.depth.values, points.learned.values, points.targets.values
    if len(depth) < 3 or (p <= 0).any():
        return _NOTHING
    weights = n * p / np.maximum(1 - p, 1 / n)
    rate = (weights * depth * np.log(p)).sum() / (weights * depth**2).sum()
    law = np.exp(rate * depth)
    gap = np.abs(p - law)
    error = _Z * np.sqrt(p * (1 - p) / n)
    at = int(np.argmax(gap))
    note = f"p = {math.exp(rate):.4f}"
    return Measurement(
        float(gap[at]), float(max(0.0, (gap - error).max())), float((gap + error).max()), int(n[0]), note
    )


def _precision(analyses: Analyses) -> Measurement:
    """Measured ratio of R_N per stage over rho^(1/(d-1)), from the first N >= d - 1 to the deepest."""
    points = ordered(series(analyses["learning"], "depth"), "depth")
    points = points.isel(point=np.flatnonzero(points.depth.values >= points.dimension.values - 1))
    if points.sizes["point"] < 2:
        return _NOTHING
    depth, precision = points.depth.values, points.precision.values
    ratio = (precision[-1] / precision[0]) ** (1 / (depth[-1] - depth[0]))
    expected = precision_ratio(float(points.rho.values[0]), int(points.dimension.values[0]))
    return Measurement.exact(ratio / expected, f"R_{depth[-1]} = {precision[-1]:.2e}")


def _flattening(analyses: Analyses) -> Measurement:
    """P(stage N passed | stage N-1 passed), decreasing rho_n minus constant rho, at the deepest N that both have."""
    constant = ordered(series(analyses["learning"], "depth"), "depth")
    falling = ordered(series(analyses["learning"], "shrinking"), "depth")
    depths = np.intersect1d(constant.depth.values, falling.depth.values)
    if len(depths) < 2 or not np.isclose(constant.rho.values[0], falling.rho.values[0]):
        return _NOTHING
    ratios, variances = [], []
    for points in (falling, constant):
        chosen = [int(np.flatnonzero(points.depth.values == depth)[0]) for depth in (depths[0], depths[-1])]
        first, last = (points.learned.values[i] for i in chosen)
        n, steps = points.targets.values[0], depths[-1] - depths[0]
        ratio = (last / first) ** (1 / steps)
        ratios.append(ratio)
        # The same targets are in both fractions, so last / first is a binomial fraction of first n.
        variances.append((ratio / steps) ** 2 * (1 - last / first) / (last / first * first * n))
    value, error = ratios[0] - ratios[1], _Z * math.sqrt(sum(variances))
    return Measurement(value, value - error, value + error, int(constant.targets.values[0]))


def _dimension(d: int) -> Callable[[Analyses], Measurement]:
    def measure(analyses: Analyses) -> Measurement:
        points = series(analyses["learning"], "dimension", dimension=d)
        points = points.isel(point=np.flatnonzero(np.isclose(points.rho.values, 0.02)))
        return _at(points, 0) if points.sizes["point"] else _NOTHING

    return measure


def _stretch(low: float, high: float) -> Callable[[Analyses], Measurement]:
    def select(analysis: xr.Dataset) -> xr.Dataset:
        points = series(analysis, "stretch")
        inside = (points.stretch.values >= low) & (points.stretch.values <= high)
        return points.isel(point=np.flatnonzero(inside))

    return _given_f0(select)


def _exponent(family: str) -> Callable[[Analyses], Measurement]:
    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["elementary"]
        if family not in analysis.attrs["families"]:
            return _NOTHING
        row = analysis.isel(family=list(analysis.attrs["families"]).index(family))
        values = float(row.exponent), float(row.exponent_low), float(row.exponent_high)
        return Measurement(*values, int(analysis.targets), f"{int(row.used)} distances below 0.03")

    return measure


def _plateau(analyses: Analyses) -> Measurement:
    """log10 of P(distance <= 1e-3) / P(distance <= 1e-4) at the deepest hierarchical map: its local exponent."""
    points = ordered(series(analyses["learning"], "depth"), "depth")
    if not points.sizes["point"]:
        return _NOTHING
    deepest = points.isel(point=-1)
    near, n = deepest.near, int(deepest.targets)
    coarse, fine = (float(near.sel(eps=eps, method="nearest")) for eps in (1e-3, 1e-4))
    if not fine:
        return _NOTHING
    low, high = wilson(round(fine * n), round(coarse * n))
    ends = sorted(-math.log10(max(x, 1e-12)) for x in (low, high))
    return Measurement(math.log10(coarse / fine), ends[0], ends[1], n, f"N = {int(deepest.depth)}")


def _hierarchical_gain(analyses: Analyses) -> Measurement:
    points = ordered(series(analyses["learning"], "depth"), "depth")
    if not points.sizes["point"]:
        return _NOTHING
    deepest = points.isel(point=-1)
    fine, n = float(deepest.near.sel(eps=1e-4, method="nearest")), int(deepest.targets)
    low, high = wilson(round(fine * n), n)
    return Measurement(fine, float(low), float(high), n, f"N = {int(deepest.depth)}")


def _ball(models: Callable[[str], bool]) -> Callable[[Analyses], Measurement]:
    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["balls"]
        at = [i for i, name in enumerate(analysis.attrs["models"]) if models(name)]
        n = int(analysis.targets) * len(at)
        hits = round(float(analysis.learned.values[at].sum()) * int(analysis.targets))
        low, high = wilson(hits, n)
        least = analysis.least_distance.values[at].min()
        return Measurement(hits / n, float(low), float(high), n, f"least distance {least:.3g}")

    return measure


def _spheres(analyses: Analyses) -> Measurement:
    found = analyses["spheres"].counterexamples.values > 0
    return Measurement.exact(float(found.mean()), f"{int(found.sum())} of {len(found)} spheres")


def _figure_4(analyses: Analyses) -> Measurement:
    picture = analyses["pictures"]
    trapped, nearest = float(picture.trapped_distance), float(picture.nearest_distance)
    return Measurement.exact(trapped / nearest, f"stops at {trapped:.3f}, the curve passes at {nearest:.5f}")


def _claim(
    name: str,
    source: str,
    statement: str,
    measured: str,
    rule: Rule,
    measure: Callable[[Analyses], Measurement],
    expected: str,
    experiments: tuple[str, ...] = ("learning",),
    **more: object,
) -> Claim:
    return Claim(name, f"{_PAPER}, {source}", statement, measured, rule, measure, experiments, expected, **more)  # type: ignore[arg-type]


_THM6 = "Theorem 6"
_STATES = "For any Borel probability mu and any eps there is a two-parameter model that learns all but eps of mu"

_MAIN = tuple(
    claim
    for d in (3, 4)
    for claim in (
        _claim(
            f"main.limit.d{d}",
            _THM6,
            f"{_STATES}: the learned fraction tends to 1 as rho -> 0",
            f"learned fraction, d = N = {d}, continued linearly in rho from the three smallest rho to 0",
            Equals(1.0, 0.03),
            _limit(d),
            "1",
            seeds_needed=500,
            figure="splitting",
        ),
        _claim(
            f"main.rising.d{d}",
            _THM6,
            "The learned fraction rises as rho falls",
            f"least paired increase between successive rho, d = N = {d}",
            AtLeast(0.0),
            _rising(lambda a, d=d: ordered(series(a, "splitting", dimension=d), "rho", descending=True)),
            "positive throughout",
            seeds_needed=100,
            figure="splitting",
        ),
    )
)

_MAIN_MORE = (
    _claim(
        "main.smallest-rho",
        _THM6,
        "At rho = .008 all but 7% of the uniform targets are learned",
        "learned fraction, d = N = 3, rho = .008",
        AtLeast(0.93),
        _last(3, 0.008),
        "at least .93",
        seeds_needed=500,
        figure="splitting",
    ),
    _claim(
        "main.product-law",
        _THM6,
        "The learned fraction is about (1 - 2.6 rho)^N",
        "largest distance from the law over rho <= .05, d = N = 3 and 4",
        AtMost(0.06),
        _law_gap,
        "small",
        seeds_needed=500,
        figure="splitting",
    ),
    _claim(
        "guaranteed-boxes",
        _THM6,
        "Every target in F0 is learned",
        "P(learned | target in F0), all maps with the construction's stretch",
        AtLeast(0.995),
        _given_f0(_honest),
        "1",
        seeds_needed=200,
        figure="splitting",
    ),
    _claim(
        "u-monotone",
        "proof of Theorem 6",
        "u never falls on F0",
        "largest decrease of u in one step on F0, in stage lengths, at tolerances <= 1e-5",
        AtMost(1e-9),
        _largest_fall(1e-5),
        "0",
        unit="stage lengths",
    ),
)

_MEASURES = tuple(
    _claim(
        f"any-measure.{name.replace('_', '-')}",
        _THM6,
        "mu may be any Borel probability",
        f"least paired increase of the learned fraction between successive rho, {name.replace('_', ' ')} targets",
        AtLeast(0.0),
        _rising(lambda a, name=name: ordered(series(a, "measures", measure=name), "rho", descending=True)),
        "positive",
        seeds_needed=100,
        figure="splitting",
    )
    for name in ("gaussian", "beta_2_5", "arcsine", "two_clusters")
)

_SUMMARY = (
    _claim(
        "any-measure.summary",
        "a circulating summary of the paper",
        "Two parameters learn well only if the target distribution is carefully structured, with a hierarchy of its own",
        "learned fraction of uniform targets, which have no hierarchy, at the smallest rho, d = N = 3",
        AtMost(0.5),
        lambda analyses: _at(_splitting(analyses, 3), -1),
        "contradicted: the hierarchy belongs to the model",
        form="summary",
        seeds_needed=50,
        figure="splitting",
    ),
    Claim(
        "two-dimensions.summary",
        "a circulating summary of the paper",
        "Implement the two-dimensional version to verify the construction",
        "nothing",
        form="summary",
        reason="at d = 2 = W a model with as many parameters as dimensions (the identity, say) learns everything: d = 2 is "
        "drawn, never measured",
    ),
    Claim(
        "main.smooth",
        f"{_PAPER}, {_THM6}",
        "The map can be C-infinity with infinitely many stages",
        "nothing",
        reason="a computed map has finitely many stages; ours is C^{1,1}. What is measured is the limit in rho at fixed N",
    ),
)

_DEPTH = (
    _claim(
        "depth.guaranteed",
        _THM6,
        "Every target in F0 is learned at every depth",
        "P(learned | F0) over all depths",
        AtLeast(0.99),
        _given_f0(lambda a: series(a, "depth")),
        "1",
        seeds_needed=100,
        figure="depth_and_dimension",
    ),
    _claim(
        "depth.product",
        _THM6,
        "With N levels the fraction falls as a product",
        "largest distance of the learned fraction from the best p^N",
        AtMost(0.05),
        _depth_product,
        "small",
        seeds_needed=500,
        figure="depth_and_dimension",
    ),
    _claim(
        "depth.precision",
        _THM6,
        "The precision R_N falls geometrically",
        "ratio of R_N per stage, over rho^(1/(d-1))",
        Between(0.8, 1.25),
        _precision,
        "about 1",
        figure="depth_and_dimension",
    ),
    _claim(
        "depth.decreasing-rho",
        _THM6,
        "With decreasing rho_n the product flattens",
        "fraction kept per stage, rho_n = rho .8^(n-1) minus constant rho",
        AtLeast(0.0),
        _flattening,
        "positive",
        seeds_needed=500,
        figure="depth_and_dimension",
    ),
)

_DIMENSION = (
    _claim(
        "dimension.guaranteed",
        _THM6,
        "Every target in F0 is learned in every dimension",
        "P(learned | F0) over all dimensions, N = d",
        AtLeast(0.99),
        _given_f0(lambda a: series(a, "dimension")),
        "1",
        seeds_needed=100,
        figure="depth_and_dimension",
    ),
    *(
        _claim(
            f"dimension.d{d}",
            _THM6,
            f"Two parameters learn {value:g} of the {d}-dimensional targets at rho = .02",
            f"learned fraction, N = d = {d}, rho = .02",
            Equals(value, 0.06),
            _dimension(d),
            f"{value:g}",
            seeds_needed=500,
            figure="depth_and_dimension",
        )
        for d, value in ((3, 0.865), (12, product_law((0.02,) * 12)), (20, 0.36))
    ),
)

_STRETCH = (
    _claim(
        "stretch.enough",
        "proof of Theorem 6",
        "With the stretch in u every target of F0 is learned",
        "P(learned | F0), kappa >= .05",
        AtLeast(0.98),
        _stretch(0.05, math.inf),
        "1",
        seeds_needed=200,
        figure="stretch",
    ),
    _claim(
        "stretch.none",
        "proof of Theorem 6",
        "Without the stretch in u the guarantee fails",
        "P(learned | F0), kappa <= .002",
        AtMost(0.5),
        _stretch(0.0, 0.002),
        "collapses",
        seeds_needed=100,
        figure="stretch",
    ),
)


def _elementary(name: str, family: str, statement: str, source: str, rule: Rule, expected: str) -> Claim:
    return _claim(
        name,
        source,
        statement,
        f"exponent of P(distance <= eps) below .03, model {family.replace('_', ' ')}",
        rule,
        _exponent(family),
        expected,
        ("elementary",),
        seeds_needed=500,
        figure="distances",
    )


_THM8 = "Pfaffian models with W < d learn a set of measure zero: P(distance <= eps) falls as eps^(d-W)"
_COR10 = "Sine models with W < d learn a set of measure zero: P(distance <= eps) falls as eps^(d-W)"
_CONJECTURE = "All elementary models, with unbounded sine too, learn measure zero (conjectured)"
_PROP2 = "One parameter learns a set of measure zero: P(distance <= eps) falls as eps^(d-1)"

_ELEMENTARY = (
    *(
        _elementary(f"elementary.{f.replace('_', '-')}", f, statement, source, Between(0.75, 1.25), "1")
        for statement, source, families in (
            (_THM8, "Theorem 8", ("linear", "cubic", "tanh_network", "gaussian_bumps", "rational", "torus")),
            (_COR10, "Corollary 10", ("sine", "fast_sine")),
            (_CONJECTURE, "conjecture after Corollary 10", ("helicoid", "graph_of_sine")),
        )
        for f in families
    ),
    *(
        _elementary(f"one-parameter.{f.replace('_', '-')}", f, _PROP2, "Proposition 2", Between(1.5, 2.5), "2")
        for f in ("line", "moment_curve", "toral_curve")
    ),
    _claim(
        "elementary.plateau",
        _THM6,
        "The hierarchical map has a plateau where elementary models have a power law",
        "local exponent of P(distance <= eps) between 1e-4 and 1e-3 at the deepest map",
        AtMost(0.3),
        _plateau,
        "near 0",
        ("learning", "elementary"),
        seeds_needed=500,
        figure="distances",
    ),
    _claim(
        "elementary.contrast",
        _THM6,
        "The hierarchical map comes within 1e-4 of a positive fraction of targets",
        "P(distance <= 1e-4) at the deepest map",
        AtLeast(0.2),
        _hierarchical_gain,
        "about a half at rho = .03, N = 8; at most .001 for every elementary model",
        ("learning", "elementary"),
        seeds_needed=500,
        figure="distances",
    ),
)

_NEGATIVE = (
    *(
        _claim(
            f"not-dense.{kind}",
            "Theorem 3",
            "A ball of targets around one orthogonal to the range of J_0 holds no learnable target",
            f"fraction learned in the constructed ball, {kind} model{plural}",
            AtMost(0.02),
            _ball(models),
            "0",
            ("balls",),
            seeds_needed=200,
        )
        for kind, plural, models in (
            ("hierarchical", "", lambda name: name == "hierarchical"),
            ("elementary", "s", lambda name: name != "hierarchical"),
        )
    ),
    _claim(
        "spheres",
        "Theorem 4",
        "Every embedded 2-sphere holds a target that is not learned",
        "fraction of spheres on which one was found, also inside boxes of a coarser F0",
        Equals(1.0, 0.0),
        _spheres,
        "found on every one",
        ("spheres",),
        figure="sphere",
    ),
    _claim(
        "figure-4",
        "Figure 4",
        "Gradient flow on the dense curve (sin w, sin sqrt2 w) is trapped",
        "distance where the flow stops over the least distance of the curve, |w| <= 3000",
        AtLeast(10.0),
        _figure_4,
        "trapped",
        ("pictures",),
        figure="figure_4",
    ),
)

CLAIMS: tuple[Claim, ...] = (
    *_MAIN,
    *_MAIN_MORE,
    *_MEASURES,
    *_SUMMARY,
    *_DEPTH,
    *_DIMENSION,
    *_STRETCH,
    *_ELEMENTARY,
    *_NEGATIVE,
)

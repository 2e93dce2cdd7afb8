"""From the analyses to the numbers that the claims judge."""

import math
from collections.abc import Callable

import numpy as np
import xarray as xr

from learnability.statistics.intervals import wilson
from learnability.results.claim import Analyses, Measurement
from learnability.studies.two_parameter.selection import ordered, series
from learnability.studies.two_parameter.theory import intercept, precision_ratio

_Z = 1.959963984540054
NOT_RUN = Measurement(math.nan, math.nan, math.nan, None, "no such run at this scale")

Select = Callable[[xr.Dataset], xr.Dataset]


def fraction_at(points: xr.Dataset, index: int, name: str = "learned") -> Measurement:
    row = points.isel(point=index)
    return Measurement(float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]), int(row.targets))


def splitting_series(analyses: Analyses, dimension: int) -> xr.Dataset:
    return ordered(series(analyses["learning"], "splitting", dimension=dimension), "rho", descending=True)


def limit_at_zero(dimension: int) -> Callable[[Analyses], Measurement]:
    """The learned fraction p at rho = 0: p^(1/N) on a straight line through the three smallest rho, for d = N.

    The N stages multiply, p = (1 - c rho)^N to first order: p itself bends, and a line through it would end short of
    its limit by as much as the bend.
    """

    def measure(analyses: Analyses) -> Measurement:
        points = splitting_series(analyses, dimension).isel(point=slice(-3, None))
        if points.sizes["point"] < 3:
            return NOT_RUN
        n, p = points.targets.values, points.learned.values
        q = (n * p + 2) / (n + 4)
        slope = q ** (1 / dimension - 1) / dimension
        root, error = intercept(points.rho.values, p ** (1 / dimension), q * (1 - q) / n * slope**2)
        low, value, high = (max(0.0, root + z * error) ** dimension for z in (-_Z, 0.0, _Z))
        return Measurement(value, low, high, int(n.min()))

    return measure


def least_increase(points: xr.Dataset) -> Measurement:
    """The least paired increase between successive rho, each interval widened for the number of comparisons."""
    increase, error = points.increase.values[1:], points.increase_error.values[1:]
    if not len(increase):
        return NOT_RUN
    z = _Z if len(increase) == 1 else float(np.sqrt(_Z**2 + 2 * np.log(len(increase))))
    at = int(np.argmin(increase - z * error))
    return Measurement(
        float(increase[at]),
        float((increase - z * error).min()),
        float((increase + z * error).min()),
        int(points.targets.values[0]),
    )


def least_increase_of(select: Select) -> Callable[[Analyses], Measurement]:
    return lambda analyses: least_increase(select(analyses["learning"]))


def by_falling_rho(name: str, measure: str | None = None, dimension: int | None = None) -> Select:
    return lambda analysis: ordered(series(analysis, name, measure, dimension), "rho", descending=True)


def at_rho(dimension: int, rho: float) -> Callable[[Analyses], Measurement]:
    def measure(analyses: Analyses) -> Measurement:
        points = splitting_series(analyses, dimension)
        at = np.flatnonzero(np.isclose(points.rho.values, rho))
        return fraction_at(points, int(at[0])) if len(at) else NOT_RUN

    return measure


def gap_to_product_law(analyses: Analyses) -> Measurement:
    """The largest distance of the learned fraction from (1 - 2.6 rho)^N over rho <= 0.05."""
    points = series(analyses["learning"], "splitting")
    points = points.isel(point=np.flatnonzero(points.rho.values <= 0.051))
    if not points.sizes["point"]:
        return NOT_RUN
    low, high, law = points.learned_low.values, points.learned_high.values, points.product_law.values
    least = np.maximum(0, np.maximum(low - law, law - high))
    most = np.maximum(np.abs(low - law), np.abs(high - law))
    gap = float(np.abs(points.learned.values - law).max())
    return Measurement(gap, float(least.max()), float(most.max()), int(points.targets.values.min()))


def learned_given_f0(select: Select) -> Callable[[Analyses], Measurement]:
    """P(learned | F0), pooled over the selected points."""

    def measure(analyses: Analyses) -> Measurement:
        points = select(analyses["learning"])
        trials, missed = int(points.in_f0.values.sum()), int(points.missed_in_f0.values.sum())
        if not trials:
            return NOT_RUN
        low, high = wilson(trials - missed, trials)
        return Measurement(1 - missed / trials, float(low), float(high), trials, f"{missed} of {trials} missed")

    return measure


def with_full_stretch(analysis: xr.Dataset) -> xr.Dataset:
    """Every map that keeps the construction's stretch."""
    return analysis.isel(point=np.flatnonzero(analysis.stretch.values >= 5.9))


def largest_fall_of_u(largest: float) -> Callable[[Analyses], Measurement]:
    def measure(analyses: Analyses) -> Measurement:
        points = with_full_stretch(analyses["learning"])
        points = points.isel(point=np.flatnonzero(points.tolerance.values <= largest * 1.001))
        if not points.sizes["point"]:
            return NOT_RUN
        by_tolerance = ordered(series(analyses["learning"], "tolerance"), "tolerance", descending=True)
        rows = zip(by_tolerance.tolerance.values, by_tolerance.fall_in_f0.values, strict=True)
        same_map = ", ".join(f"{fall:.0e} at tolerance {tolerance:.0e}" for tolerance, fall in rows)
        more = f"; one map: {same_map}" if same_map else ""
        return Measurement.exact(
            float(points.fall_in_f0.values.max()), f"{int(points.in_f0.values.sum())} trajectories{more}"
        )

    return measure


def gap_to_geometric_law(analyses: Analyses) -> Measurement:
    """The largest distance of P_N from the best geometric law p^N."""
    points = ordered(series(analyses["learning"], "depth"), "depth")
    depth, p, n = points.depth.values, points.learned.values, points.targets.values
    if len(depth) < 3 or (p <= 0).any():
        return NOT_RUN
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


def precision_rate(analyses: Analyses) -> Measurement:
    """Measured ratio of R_N per stage over rho^(1/(d-1)), from the first N >= d - 1 to the deepest."""
    points = ordered(series(analyses["learning"], "depth"), "depth")
    points = points.isel(point=np.flatnonzero(points.depth.values >= points.dimension.values - 1))
    if points.sizes["point"] < 2:
        return NOT_RUN
    depth, precision = points.depth.values, points.precision.values
    ratio = (precision[-1] / precision[0]) ** (1 / (depth[-1] - depth[0]))
    expected = precision_ratio(float(points.rho.values[0]), int(points.dimension.values[0]))
    return Measurement.exact(ratio / expected, f"R_{depth[-1]} = {precision[-1]:.2e}")


def gain_of_decreasing_rho(analyses: Analyses) -> Measurement:
    """P(stage N passed | stage N-1 passed), decreasing rho_n minus constant rho, at the deepest N that both have."""
    constant = ordered(series(analyses["learning"], "depth"), "depth")
    falling = ordered(series(analyses["learning"], "shrinking"), "depth")
    depths = np.intersect1d(constant.depth.values, falling.depth.values)
    if len(depths) < 2 or not np.isclose(constant.rho.values[0], falling.rho.values[0]):
        return NOT_RUN
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


def fraction_at_dimension(d: int) -> Callable[[Analyses], Measurement]:
    def measure(analyses: Analyses) -> Measurement:
        points = series(analyses["learning"], "dimension", dimension=d)
        points = points.isel(point=np.flatnonzero(np.isclose(points.rho.values, 0.02)))
        return fraction_at(points, 0) if points.sizes["point"] else NOT_RUN

    return measure


def given_f0_at_stretch(low: float, high: float) -> Callable[[Analyses], Measurement]:
    def select(analysis: xr.Dataset) -> xr.Dataset:
        points = series(analysis, "stretch")
        inside = (points.stretch.values >= low) & (points.stretch.values <= high)
        return points.isel(point=np.flatnonzero(inside))

    return learned_given_f0(select)


def tail_exponent_of(family: str) -> Callable[[Analyses], Measurement]:
    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["elementary"]
        if family not in analysis.attrs["families"]:
            return NOT_RUN
        row = analysis.isel(family=list(analysis.attrs["families"]).index(family))
        values = float(row.exponent), float(row.exponent_low), float(row.exponent_high)
        return Measurement(*values, int(analysis.targets), f"{int(row.used)} distances in the fit")

    return measure


def plateau_exponent(analyses: Analyses) -> Measurement:
    """log10 of P(distance <= 1e-3) / P(distance <= 1e-4) at the deepest hierarchical map: its local exponent."""
    points = ordered(series(analyses["learning"], "depth"), "depth")
    if not points.sizes["point"]:
        return NOT_RUN
    deepest = points.isel(point=-1)
    near, n = deepest.near, int(deepest.targets)
    coarse, fine = (float(near.sel(eps=eps, method="nearest")) for eps in (1e-3, 1e-4))
    if not fine:
        return NOT_RUN
    low, high = wilson(round(fine * n), round(coarse * n))
    ends = sorted(-math.log10(max(x, 1e-12)) for x in (low, high))
    return Measurement(math.log10(coarse / fine), ends[0], ends[1], n, f"N = {int(deepest.depth)}")


def within_small_distance(analyses: Analyses) -> Measurement:
    points = ordered(series(analyses["learning"], "depth"), "depth")
    if not points.sizes["point"]:
        return NOT_RUN
    deepest = points.isel(point=-1)
    fine, n = float(deepest.near.sel(eps=1e-4, method="nearest")), int(deepest.targets)
    low, high = wilson(round(fine * n), n)
    return Measurement(fine, float(low), float(high), n, f"N = {int(deepest.depth)}")


def learned_in_balls(models: Callable[[str], bool]) -> Callable[[Analyses], Measurement]:
    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["balls"]
        at = [i for i, name in enumerate(analysis.attrs["models"]) if models(name)]
        n = int(analysis.targets) * len(at)
        hits = round(float(analysis.learned.values[at].sum()) * int(analysis.targets))
        low, high = wilson(hits, n)
        least = analysis.least_distance.values[at].min()
        return Measurement(hits / n, float(low), float(high), n, f"least distance {least:.3g}")

    return measure


def spheres_with_counterexample(analyses: Analyses) -> Measurement:
    found = analyses["spheres"].counterexamples.values > 0
    return Measurement.exact(float(found.mean()), f"{int(found.sum())} of {len(found)} spheres")


def trapped_over_nearest(analyses: Analyses) -> Measurement:
    picture = analyses["pictures"]
    trapped, nearest = float(picture.trapped_distance), float(picture.nearest_distance)
    return Measurement.exact(trapped / nearest, f"stops at {trapped:.3f}, the curve passes at {nearest:.5f}")

"""Claims on phase I: samples against d and M, lower bounds, and how many tasks are found."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import xarray as xr

from learnability.results.claim import (
    Analyses,
    AtLeast,
    AtMost,
    Between,
    Claim,
    Equals,
    Measurement,
    NotAtThisScale,
)
from learnability.results.labelled import bounds_of
from learnability.results.measuring import (
    Measure,
    entry,
    estimated,
    limit_exponent,
    measured,
    quotient,
    seeds_of,
    smallest,
)
from learnability.studies.ridge_combinations import PAPER


def _slope_gap(experiment: str) -> Measure:
    """Slope of log T50 against log d minus that of the flow from the same starts, paired by seed."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses[experiment]
        slope = float(analysis["dimension_slope"][0])
        found = measured(analysis["dimension_slope_gap"], seeds_of(analysis))
        held = "holds" if found.low <= 0 <= found.high else "does not hold"
        note = f"slope {slope:.2f} at d = {', '.join(map(str, analysis['dimension'].values))}; the interval {held} 0"
        return replace(found, note=note)

    return measure


def _ran(analysis: xr.Dataset) -> str:
    """The numbers of tasks and the dimensions that were run, for a note."""
    tasks, dimensions = (", ".join(map(str, analysis[name].values)) for name in ("tasks", "dimension"))
    return f"M = {tasks} at d = {dimensions}"


def _over_flow(analyses: Analyses) -> Measurement:
    """T50 over that of the flow from the same starts, at the M where it is farthest from 1."""
    analysis = analyses["samples_m"]
    ratios = analysis["over_flow"].isel(dimension=0, drop=True)
    worst = int(np.abs(np.log(ratios.isel(bound=0).values)).argmax())
    note = f"worst over {_ran(analysis)}: at M = {int(analysis['tasks'][worst])}"
    return measured(ratios.isel(tasks=worst, drop=True), seeds_of(analysis), note)


def _tasks_slope(analyses: Analyses) -> Measurement:
    """Slope of log T50 against log M, over all M that were run."""
    return replace(estimated("samples_m", "tasks_slope")(analyses), note=_ran(analyses["samples_m"]))


def _beside_the_bound(experiment: str) -> Measure:
    """The limit exponent of T50 in d; the note has it less p/2, the exponent of the CSQ bound."""

    def measure(analyses: Analyses) -> Measurement:
        found = limit_exponent(experiment, name="dimension")(analyses)
        above = found.estimate - analyses[experiment].attrs["information_exponent"] / 2
        return replace(found, note=f"{found.note}; {above:.2f} above p/2, the exponent of the CSQ bound (Theorem 9)")

    return measure


def _matched_ratio(analyses: Analyses) -> Measurement:
    """T50 over that of the flow from the same starts, matched batches over all samples drawn, at the largest dimension
    that both have."""
    exact, matched = analyses["samples_d3"], analyses["samples_d3_large"]
    common = sorted(set(exact["dimension"].values) & set(matched["dimension"].values))
    if not common:
        raise NotAtThisScale("a dimension with both forms of batches")
    parts = []
    for analysis in (exact, matched):
        at = int(np.flatnonzero(analysis["dimension"].values == common[-1])[0])
        parts.append(np.log([float(v) for v in bounds_of(analysis["over_flow"].isel(tasks=0, dimension=at))]))
    a, b = parts
    gap, low, high = b[0] - a[0], math.hypot(b[0] - b[1], a[2] - a[0]), math.hypot(b[2] - b[0], a[0] - a[1])
    ends = math.exp(gap), math.exp(gap - low), math.exp(gap + high)
    return Measurement(ends[0], ends[1], ends[2], seeds_of(exact), f"d = {common[-1]}")


def cubics_over_samples(analyses: Analyses) -> Measurement:
    """The number of cubic polynomials in 64 variables over the T50 of phase I, at M = 8."""
    at = entry(analyses["samples_d3"], "dimension", 64, "d = 64").isel(tasks=0)
    cubics, half = math.comb(64 + 3, 3), measured(at["half_time"], seeds_of(at))
    found = quotient(Measurement.exact(cubics), half, f"{cubics} cubics, T50 {half.estimate:,.0f}")
    return replace(found, seeds=half.seeds)


def _all_but_the_most(analyses: Analyses) -> Measurement:
    """Share of the tasks that some neuron found, all seeds together: the least over all M but the largest."""
    analysis = analyses["coverage"]
    few = range(analysis.sizes["tasks"] - 1)
    least = smallest(*(estimated("coverage", "found", where={"tasks": k, "dimension": 0}) for k in few))(analyses)
    shares = ", ".join(f"{float(analysis['found'][k, 0, 0]):.3f} of M = {int(analysis['tasks'][k])}" for k in few)
    by_chance = max(float(analysis["expected_missed"][k, 0]) for k in few)
    return replace(least, note=f"found: {shares}; independent draws would miss {by_chance:.0e} at most")


# Misses that independent draws must leave in all seeds together for a ratio to rest on more than luck.
_FEWEST_MISSES = 5.0


def expected_misses(analysis: xr.Dataset, index: int) -> tuple[float, bool]:
    """Share of tasks that independent draws of the localised neurons miss at one number of tasks, and whether that is
    enough to be measured."""
    expected = float(analysis["expected_missed"][index, 0])
    return expected, expected * int(analysis["tasks"][index]) * seeds_of(analysis) >= _FEWEST_MISSES


def _hidden(analyses: Analyses) -> Measurement:
    """Missed tasks over those that independent draws of the localised neurons leave, at the largest M, one draw of the
    directions."""
    analysis = analyses["coverage"]
    at = analysis.isel(tasks=-1, dimension=0, drop=True)
    found = float(bounds_of(at["found"])[0])
    expected, enough = expected_misses(analysis, -1)
    if not enough:
        raise NotAtThisScale("a number of neurons that leaves tasks to be missed")
    all_found = bounds_of(at["all_found"])[0] * seeds_of(analysis)
    note = (
        f"M = {int(analysis['tasks'][-1])}: {1 - found:.3f} missed, {expected:.3f} by independent draws; "
        f"{int(all_found)} of {seeds_of(analysis)} seeds find all"
    )
    return measured(at["missed_ratio"], seeds_of(analysis), note)


def _collected(analyses: Analyses) -> Measurement:
    """log of the share of missed tasks over the log of what independent draws of J_eff neurons leave."""
    analysis = analyses["coverage_orthonormal"]
    at = analysis.isel(tasks=0, dimension=0)
    found, low, high = (float(part) for part in bounds_of(at["found"]))
    expected, enough = expected_misses(analysis, 0)
    if not enough or expected >= 1:
        raise NotAtThisScale("a number of neurons that leaves tasks to be missed")
    missed = [math.log(v) / math.log(expected) if v > 0 else math.inf for v in (1 - found, 1 - low, 1 - high)]
    tasks, near = int(analysis["tasks"][0]), float(at["neurons_near"][0])
    note = f"{1 - found:.3f} of {tasks} tasks missed with J_eff = {near:.0f} neurons, {expected:.3f} expected"
    return Measurement(missed[0], missed[1], missed[2], seeds_of(analysis), note)


def _overlap_cost(analyses: Analyses) -> Measurement:
    """Neurons on a direction with random directions over those with orthonormal ones, at the same M and d."""
    random, orthonormal = analyses["coverage"], analyses["coverage_orthonormal"]
    tasks = int(orthonormal["tasks"][0])
    at = np.flatnonzero(random["tasks"].values == tasks)
    if not at.size:
        raise NotAtThisScale("the number of tasks of the orthonormal directions")
    near, apart = (
        measured(a["neurons_near"].isel(tasks=int(i), dimension=0), seeds_of(a))
        for a, i in ((random, at[0]), (orthonormal, 0))
    )
    return quotient(near, apart, f"M = {tasks}")


_claim = partial(Claim, seeds_needed=8, figure="scaling", evidence="statistical")
_asymptotic = partial(_claim, evidence="asymptotic")
_T50 = "T50: samples until half of the neurons have an overlap of 0.5"
_LIMIT = (
    "exponent of T50 in d in the limit, extrapolated from the last two decades (chain with batches matched in mean and "
    f"covariance; {_T50})"
)

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "samples-d",
        "this study",
        "At M = 8, p = 3 and the d at which all samples can be drawn, the exponent of d in the number of samples to "
        "localise is within 0.1 of that of the population flow from the same starts, whose limit is p - 1 = 2.",
        "slope of log T50 in log d minus that of the flow from the same starts, mean over seeds, all samples drawn "
        f"({_T50})",
        Equals(0.0, 0.1),
        _slope_gap("samples_d3"),
        ("samples_d3",),
    ),
    _claim(
        "phase-two.kernel-count",
        "this study",
        "At d = 64, M = 8 and p = 3 there are fewer cubic polynomials than samples that phase I takes to localise.",
        "number of cubic polynomials in d variables over T50: samples until half of the neurons have an overlap of 0.5",
        AtMost(1.0),
        cubics_over_samples,
        ("samples_d3",),
        "0.8",
        window_seen=True,
    ),
    _asymptotic(
        "samples-d.large",
        f"{PAPER}, Theorem 4",
        "At fixed M and information exponent p = 3 the number of samples to localise grows no faster than d^(p-1) = "
        "d^2.",
        _LIMIT,
        AtMost(2.1),
        limit_exponent("samples_d3_large", name="dimension"),
        ("samples_d3_large",),
        "2",
    ),
    _asymptotic(
        "samples-d.limit",
        "this study",
        "At fixed M = 8 and p = 3 what Theorem 4 allows is also what SGD takes: the number of samples to localise "
        "grows like d^(p-1) = d^2.",
        f"{_LIMIT}: the number of samples-d.large",
        Equals(2.0, 0.1),
        _beside_the_bound("samples_d3_large"),
        ("samples_d3_large",),
        "2",
    ),
    _claim(
        "samples-d.matched",
        "this study",
        "Batches matched in mean and covariance give the T50 of batches drawn in full.",
        f"ratio of the T50, each over the flow's from its own starts, at the largest common dimension ({_T50})",
        Between(0.85, 1.15),
        _matched_ratio,
        ("samples_d3", "samples_d3_large"),
    ),
    _claim(
        "samples-d.p4",
        "this study",
        "At M = 4, p = 4 and the d at which all samples can be drawn, the exponent of d in the number of samples to "
        "localise is within 0.2 of that of the population flow from the same starts, whose limit is p - 1 = 3.",
        "slope of log T50 in log d minus that of the flow from the same starts, mean over seeds, all samples drawn "
        f"({_T50}; before, with 48 seeds: the slopes of the medians)",
        Equals(0.0, 0.2),
        _slope_gap("samples_d4"),
        ("samples_d4",),
    ),
    _asymptotic(
        "samples-d.p4-large",
        f"{PAPER}, Theorem 4",
        "At fixed M and information exponent p = 4 the number of samples to localise grows no faster than d^(p-1) = "
        "d^3.",
        _LIMIT,
        AtMost(3.15),
        limit_exponent("samples_d4_large", name="dimension"),
        ("samples_d4_large",),
        "3",
    ),
    _asymptotic(
        "samples-d.p4-limit",
        "this study",
        "At fixed M = 4 and p = 4 what Theorem 4 allows is also what SGD takes: the number of samples to localise "
        "grows like d^(p-1) = d^3.",
        f"{_LIMIT}: the number of samples-d.p4-large",
        Equals(3.0, 0.15),
        _beside_the_bound("samples_d4_large"),
        ("samples_d4_large",),
        "3",
    ),
    _claim(
        "samples-M",
        "this study",
        "At small steps (delta = 0.05) the number of samples to localise is that of the population flow at the same M, "
        "d and starts, for every M that is run (p = 3, d = 256).",
        f"T50 over that of the flow from the same starts, the worst over M ({_T50})",
        Between(0.8, 1.25),
        _over_flow,
        ("samples_m",),
    ),
    _claim(
        "samples-M.slope",
        f"{PAPER}, Theorem 4",
        "The number of samples to localise grows at most linearly in M, up to logarithms, over the M that are run "
        "(p = 3, d = 256).",
        "slope of log T50 against log M over all M; the flow's time is M d^2 / (3 alpha_3 delta c_M), with "
        f"c_M ~ sqrt(2 log M) ({_T50})",
        AtMost(1.0),
        _tasks_slope,
        ("samples_m",),
        "0.67",
    ),
    Claim(
        "lower-bounds.summary",
        "a circulating summary of arXiv 2406.11828",
        "Query algorithms need exponentially more samples than SGD.",
        "not measured",
        evidence="summary",
        reason="no query algorithm is run, and a lower bound below the samples of SGD does not say that few are "
        "enough; Theorems 9 and 11 are polynomial in M d for fixed p and q, and do not say it either",
    ),
    Claim(
        "lower-bounds.sq",
        f"{PAPER}, Theorem 11",
        "For any rho some constant p, q need SQ tolerance (M d)^(-rho).",
        "not measured",
        evidence="existence",
        reason="a lower bound over all statistical query algorithms cannot be measured by running one",
    ),
    _claim(
        "coverage",
        f"this study, beside {PAPER}, Theorem 4",
        "Of M = 8 and of M = 16 random directions in d = 100 all are found by 256 neurons (one draw; sqrt d = 10).",
        "share of the tasks of all seeds with a neuron above 0.9, the least over both M (independent draws miss none: "
        "what can fail is that a direction attracts less than about a thirtieth of an equal share)",
        AtLeast(0.95),
        _all_but_the_most,
        ("coverage",),
        "1",
        seeds_needed=16,
        figure="coverage",
        reason="the draw does not meet the theorem's |<v, v'>| <~ 1/M: 10 of 28 pairs are above 1/M at M = 8, 69 of "
        "120 at M = 16",
    ),
    _claim(
        "coverage.beyond",
        f"this study, of Assumption 2 of {PAPER}",
        "With M far above sqrt d the neurons that localise spread unevenly over random directions: for one draw of M = "
        "64 of them in d = 100 (256 neurons) more are missed than if each neuron drew one of them independently.",
        "share of missed tasks over the mean of (1 - 1/M)^J_eff, all seeds; its interval is a bootstrap over the tasks "
        "of that draw, each with all seeds, which covers in 93 to 99% of draws (simulated)",
        AtLeast(1.0),
        _hidden,
        ("coverage",),
        seeds_needed=16,
        figure="coverage",
        window_seen=True,
    ),
    _claim(
        "coverage.orthonormal",
        "this study",
        "Each of the J_eff neurons that localise draws one of M orthonormal tasks, so that M exp(-J_eff/M) tasks are "
        "missed, far above sqrt d too (M = 64 in d = 100, delta = 0.1).",
        "log of the share of missed tasks over log of the mean of (1 - 1/M)^J_eff",
        Equals(1.0, 0.15),
        _collected,
        ("coverage_orthonormal",),
        seeds_needed=16,
        figure="coverage",
    ),
    _claim(
        "coverage.overlaps",
        "this study",
        "Overlaps hide tasks, not their number: of M = 64 random directions in d = 100 fewer than half as many neurons "
        "find one as of 64 orthonormal ones.",
        "neurons above 0.9 with random directions over those with orthonormal ones",
        AtMost(0.5),
        _overlap_cost,
        ("coverage", "coverage_orthonormal"),
        seeds_needed=16,
        figure="coverage",
        window_seen=True,
    ),
)

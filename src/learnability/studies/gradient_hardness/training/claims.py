"""Claims of the kind ``training``: the lecture's Figure 1, its prediction from the first gradient, sparse parities."""

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
from learnability.results.measuring import Measure, entry, measured, quotient
from learnability.studies.gradient_hardness.measuring import (
    EXTRAPOLATED_FROM,
    EXTRAPOLATED_TO,
    cases_of,
    gaussian_signs,
)

DEFAULT, RADEMACHER, VARIANTS = "figure_1_default", "figure_1_rademacher", "figure_1_variants"
LECTURE, SPARSE = "figure_1_lecture", "sparse_parity"
HORIZON = 6000
"""Steps of the runs at d = 20 from the default start, up to which both starts are compared; the lecture names none."""


def _some(cases: xr.Dataset, what: str) -> xr.Dataset:
    """The cases. Raises NotAtThisScale where there is none."""
    if not cases.sizes["case"]:
        raise NotAtThisScale(what)
    return cases


def _parity(dataset: xr.Dataset, dimension: int, degree: int) -> xr.Dataset:
    return dataset.isel(case=((dataset["dimension"] == dimension) & (dataset["degree"] == degree)).values)


def _horizon(cases: xr.Dataset) -> str:
    return f"horizon {float(cases['horizon'].max()):.0f} steps"


def _solved_number(experiment: str, choose: Callable[[xr.Dataset], xr.Dataset], what: str) -> Measure:
    """Number of the runs of the chosen cases that reached the accuracy goal within ``HORIZON`` steps."""

    def measure(analyses: Analyses) -> Measurement:
        cases = _some(choose(analyses[experiment]), what)
        solved, total = _solved(cases), int(cases["seeds"].sum())
        beyond = f"; {float(cases['solved'].sum()):.0f} by {float(cases['horizon'].max()):.0f}"
        note = f"of {total} runs{beyond if float(cases['horizon'].max()) > HORIZON else ''}"
        return Measurement(solved, solved, solved, total, note)

    return measure


def _solved(cases: xr.Dataset) -> float:
    """How many runs are right on all points by ``HORIZON``, whatever the horizon of the experiment."""
    return float((cases["seed_steps"] <= HORIZON).sum())


def _progress(name: str, scale: float) -> Measure:
    """The way from a constant output to a perfect one at the horizon of the default start at d = 20: accuracy 1/2 to
    1, hinge loss 1 to 0."""

    def measure(analyses: Analyses) -> Measurement:
        case = _some(_parity(analyses[LECTURE], 20, 20), "the default start at d = 20").isel(case=0)
        chance = 0.5 if name == "accuracy" else 1.0
        ends = [scale * (float(part) - chance) for part in bounds_of(case[f"final_{name}"])]
        note = f"{_horizon(case)}; the outcome depends on the initialisation: see figure-1.start-decides"
        return Measurement(ends[0], min(ends[1:]), max(ends[1:]), int(case["seeds"]), note)

    return measure


def _start_decides(analyses: Analyses) -> Measurement:
    """Runs at d = 20 that learn within ``HORIZON`` from a Rademacher start; where one learns from the default start,
    less than 0: the number of those."""
    counts = []
    for experiment in (RADEMACHER, LECTURE):
        case = _some(_parity(analyses[experiment], 20, 20), "both starts at d = 20").isel(case=0)
        counts.append((_solved(case), int(case["seeds"])))
    fast, slow = (solved for solved, _ in counts)
    found = -slow if slow else fast
    note = " and ".join(
        f"{solved:.0f} of {total} from the {start} start"
        for (solved, total), start in zip(counts, ("Rademacher", "default"), strict=True)
    )
    return Measurement(found, found, found, min(total for _, total in counts), note)


def _initialization_factor(analyses: Analyses) -> Measurement:
    """Median steps from the default over those from a Rademacher start, at the largest dimension of both.

    Raises OutOfSteps where one of the medians lies beyond the horizon.
    """
    default, rademacher = (cases_of(analyses[name]).swap_dims(case="dimension") for name in (DEFAULT, RADEMACHER))
    common = np.intersect1d(default["dimension"], rademacher["dimension"])
    if not common.size:
        raise NotAtThisScale("a dimension with both starts")
    slow, fast = (cases.sel(dimension=common[-1]) for cases in (default, rademacher))
    slowest, fastest = measured(slow["steps"], int(slow["seeds"])), measured(fast["steps"])
    if not np.isfinite([slowest.estimate, fastest.estimate]).all():
        raise OutOfSteps(f"a median beyond the horizon at d = {common[-1]:.0f}")
    medians = [bounds_of(cases["steps"].sel(dimension=common))[0].values for cases in (default, rademacher)]
    factors = [f"{one / other:.2g} at d = {d:.0f}" for one, other, d in zip(*medians, common, strict=True)]
    return quotient(slowest, fastest, f"the last of {', '.join(factors)}")


def _extrapolated_steps(analyses: Analyses) -> Measurement:
    """Steps at d = 20 from the default start: from the smallest of the laws to the largest, with the ends of both.

    No number where the horizon left fewer than three dimensions.
    """
    dataset = analyses[DEFAULT]
    d = cases_of(dataset)["dimension"].values
    if ((d >= EXTRAPOLATED_FROM) & (d < EXTRAPOLATED_TO)).sum() < 3:
        raise NotAtThisScale(f"the default start at three dimensions from d = {EXTRAPOLATED_FROM} on")
    seeds = int(dataset["seeds"].min())
    middle, low, high = (part.values for part in bounds_of(dataset["extrapolated"]))
    if not np.isfinite(middle).all():
        return Measurement(math.nan, math.nan, math.nan, seeds, "fewer than three dimensions below the horizon")
    note = ", ".join(f"{law} {steps:.2g}" for law, steps in zip(texts(dataset["law"]), middle, strict=True))
    return Measurement(math.sqrt(middle.min() * middle.max()), float(low.min()), float(high.max()), seeds, note)


def _over_dimensions(experiment: str, name: str, worst: Callable[[np.ndarray], int]) -> Measure:
    """An estimate of the cases of the full parity at every d: the one that ``worst`` picks, with the widest ends.

    The note has them all. Raises OutOfSteps where a median was censored.
    """

    def measure(analyses: Analyses) -> Measurement:
        cases = cases_of(analyses[experiment])
        known = ~np.isnan(bounds_of(cases[name])[0].values)
        cases = _some(cases.isel(case=known), "a full parity with this goal and a prediction")
        middle, low, high = (part.values for part in bounds_of(cases[name]))
        if not np.isfinite(high).all():
            raise OutOfSteps(
                f"{int((~np.isfinite(high)).sum())} of {high.size} dimensions with runs beyond the horizon"
            )
        by_dimension = zip(cases["dimension"].values, middle, strict=True)
        note = "; ".join(f"d = {d:.0f}: {ratio:.2f}" for d, ratio in by_dimension)
        return Measurement(
            float(middle[worst(middle)]), float(low.min()), float(high.max()), int(cases["seeds"].min()), note
        )

    return measure


def _farthest(ratios: np.ndarray) -> int:
    """The ratio farthest from one."""
    return int(np.abs(np.log(ratios)).argmax())


def _ratio_change(experiment: str, most: float) -> Measure:
    """The factor by which measured over predicted steps changes from the smallest d to the largest.

    With censored runs at the largest d alone it is a lower bound, which says something where even that exceeds
    ``most``. Raises OutOfSteps elsewhere.
    """

    def measure(analyses: Analyses) -> Measurement:
        dataset = analyses[experiment]
        cases = cases_of(dataset)
        if cases.sizes["case"] < 3:
            raise NotAtThisScale("the full parity at three dimensions")
        slope = float(bounds_of(dataset["ratio_slope"])[0])
        d = cases["dimension"].values
        note = f"from d = {d.min():.0f} to {d.max():.0f}, as d^{slope:.2f}"
        found = measured(dataset["ratio_change"], int(cases["seeds"].min()), note)
        censored = np.isinf(cases["seed_ratio"].transpose("case", "seed").values).sum(axis=1)
        if not censored.any():
            return found
        said = f"{int(censored.sum())} runs beyond the horizon"
        if censored[:-1].any() or not found.low > most:
            raise OutOfSteps(said)
        return replace(found, note=f"{note}; a lower bound, for {said} count as the horizon")

    return measure


def _odd_gaussian(analyses: Analyses) -> Measurement:
    """Median steps at d = 5 over the larger of those at d = 4 and 6, Gaussian start with inputs of signs.

    A median beyond the horizon counts as the horizon: the quotient is then a lower bound.
    """
    cases = gaussian_signs(analyses[VARIANTS]).swap_dims(case="dimension")
    odd, *even = (entry(cases, "dimension", d, "d = 4, 5 and 6") for d in (5, 4, 6))
    neighbours = [measured(case["steps"]) for case in even]
    slower = max(neighbours, key=lambda found: found.high)
    if not np.isfinite(slower.high):
        raise OutOfSteps("runs at d = 4 or 6 beyond the horizon")
    horizon = float(odd["horizon"])
    middle, low, high = (min(float(part), horizon) for part in bounds_of(odd["steps"]))
    said = ", ".join(f"{float(bounds_of(case['steps'])[0]):.0f} at d = {float(case['dimension']):.0f}" for case in even)
    beyond = int(odd["seeds"] - odd["solved"])
    note = f"median steps {said}, {middle:.0f} at d = 5" + (f", {beyond} runs beyond the horizon" if beyond else "")
    return quotient(Measurement(middle, low, high, int(odd["seeds"])), slower, note)


def _sparse_growth(analyses: Analyses) -> Measurement:
    """The exponent in d of the steps of the 3-sparse parity. Raises OutOfSteps where a run was censored."""
    dataset = analyses[SPARSE]
    cases = dataset.isel(case=(dataset["degree"] == 3).values).sortby("dimension")
    if cases.sizes["case"] < 3:
        raise NotAtThisScale("the 3-sparse parity at three dimensions")
    if not np.isfinite(cases["seed_steps"]).all():
        raise OutOfSteps(f"{int(np.isinf(cases['seed_steps']).sum())} runs beyond the horizon")
    medians = zip(cases["dimension"].values, bounds_of(cases["steps"])[0].values, strict=True)
    note = "median steps " + ", ".join(f"{steps:.0f} at d = {d:.0f}" for d, steps in medians)
    return measured(cases["growth"].isel(case=0), int(cases["seeds"].min()), note)


CLAIMS = (
    Claim(
        id="figure-1.printed",
        source="lecture, Figure 1",
        statement=(
            "at d = 20 the training on the parity (width 2000, batch 2000, step size 0.002, hinge loss) does not show "
            "any improvement in a reasonable time: accuracy, full parity, PyTorch's default start"
        ),
        measured="2 accuracy - 1 on 4,096 fresh points after 6,000 steps, mean; a curve would show a tenth",
        rule=AtMost(0.1),
        measure=_progress("accuracy", 2),
        experiments=(LECTURE,),
        expected="0: reproduced under the default start; it depends on the initialisation",
        evidence="statistical",
        form="printed",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="figure-1.printed.loss",
        source="lecture, Figure 1",
        statement=(
            "at d = 20 the training on the parity (width 2000, batch 2000, step size 0.002, hinge loss) does not show "
            "any improvement in a reasonable time: hinge loss, full parity, PyTorch's default start"
        ),
        measured="1 - hinge loss on 4,096 fresh points after 6,000 steps, mean; a curve would show a tenth",
        rule=AtMost(0.1),
        measure=_progress("loss", -1),
        experiments=(LECTURE,),
        expected="0",
        evidence="statistical",
        form="printed",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="figure-1.start-decides",
        source="lecture, Figure 1, corrected",
        statement=(
            "the failure at d = 20 depends on the initialisation, which the lecture does not name: from a Rademacher "
            "start the same network learns the full parity of d = 20 within 6,000 steps, from the default start no run "
            "does"
        ),
        measured=(
            "runs from a Rademacher start that are right on all of 4,096 fresh points by then; less than 0 as soon as "
            "one from the default start is"
        ),
        rule=AtLeast(1),
        measure=_start_decides,
        experiments=(RADEMACHER, LECTURE),
        expected="all of 5, or all but one; none from the default start",
        form="corrected",
        evidence="existence",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="figure-1.initialization",
        source="lecture, Figure 1, corrected",
        statement=(
            "the steps to learn the full parity depend on the initialisation: at the largest d at which both starts "
            "were followed until they learned (d = 8 at the scale laptop) at least 4 times as many from PyTorch's "
            "default start as from a Rademacher start"
        ),
        measured="median steps from the default start over those from a Rademacher start, largest common d",
        rule=AtLeast(4),
        measure=_initialization_factor,
        experiments=(DEFAULT, RADEMACHER),
        expected="9 at d = 4, 23 at d = 6, about 30 at d = 8",
        evidence="statistical",
        form="corrected",
        window_seen=True,
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="figure-1.rademacher",
        source="lecture, Figure 1, corrected",
        statement=(
            "the network of Figure 1 can learn the full parity of d = 20 within 6,000 steps: it does from Rademacher "
            "starts"
        ),
        measured="number of runs at d = 20 that are right on all of 4,096 fresh points by then",
        rule=AtLeast(1),
        measure=_solved_number(RADEMACHER, lambda ds: _parity(ds, 20, 20), "the Rademacher start at d = 20"),
        experiments=(RADEMACHER,),
        expected="all of 5, or all but one: about one start in ten takes longer",
        evidence="existence",
        form="corrected",
        window_seen=True,
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="figure-1.odd-gaussian",
        source="lecture, Figure 1, corrected",
        statement=(
            "from Gaussian weights and zero biases the full parity of d = 5 takes longer than those of both even "
            "neighbours: without biases a ReLU network has no odd Fourier level above 1, and the biases have to move"
        ),
        measured="median steps to full accuracy at d = 5 over the larger of those at d = 4 and 6",
        rule=AtLeast(1),
        measure=_odd_gaussian,
        experiments=(VARIANTS,),
        expected="about 6",
        form="corrected",
        evidence="statistical",
        window_seen=True,
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="figure-1.extrapolation",
        source="this study, remark to Figure 1 of the lecture",
        statement=(
            "from the default start the full parity of d = 20 needs more than 5e4 steps, if the exponent of their "
            "growth falls no lower than over the last three d: a failure below that is no evidence of hardness"
        ),
        measured=(
            "steps at d = 20 by a power law and an exponential from d = 5 on and by a power law of the last three d; "
            "ends over seeds and laws"
        ),
        rule=AtLeast(5e4),
        measure=_extrapolated_steps,
        experiments=(DEFAULT,),
        expected="1e5 to 4e7",
        unit="step",
        evidence="asymptotic",
        window_seen=True,
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="lazy-time.rademacher",
        source="this study, time T = 1/(step size lambda_v) of lazy training",
        statement=(
            "T = 1/(step size lambda_v) predicts the median over starts of the steps to full accuracy from a "
            "Rademacher start within a factor of 3, at even d from 4 to 20"
        ),
        measured="measured over predicted steps at the d where it is farthest from 1; ends over all d",
        rule=Between(1 / 3, 3),
        measure=_over_dimensions(RADEMACHER, "ratio", _farthest),
        experiments=(RADEMACHER,),
        expected="0.54 at d = 4, 0.62 at d = 6, 1.22 at d = 20",
        evidence="statistical",
        window_seen=True,
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="lazy-time.rademacher.trend",
        source="this study, time T = 1/(step size lambda_v) of lazy training",
        statement=(
            "T = 1/(step size lambda_v) has the growth in d of the steps to full accuracy from a Rademacher start: "
            "their ratio changes by at most a quarter from d = 4 to the largest, of even d"
        ),
        measured="factor by which measured over predicted steps changes, by the slope in log d",
        rule=Between(0.8, 1.25),
        measure=_ratio_change(RADEMACHER, 1.25),
        experiments=(RADEMACHER,),
        expected="above 1.25: measured over predicted steps rises with d",
        evidence="statistical",
        window_seen=True,
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="lazy-time.rademacher.margin",
        source="this study, time T = 1/(step size lambda_v) of lazy training",
        statement=(
            "from a Rademacher start a hinge loss of 0.05 comes after T = 1/(step size lambda_v) and before 2T, "
            "at every d up to 12"
        ),
        measured="steps to a loss of 0.05 over predicted steps at the d where it is farthest from 1; ends over all d",
        rule=Between(1, 2),
        measure=_over_dimensions(RADEMACHER, "margin_ratio", _farthest),
        experiments=(RADEMACHER,),
        expected="1.4 to 1.6",
        evidence="statistical",
        window_seen=True,
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="lazy-time.default",
        source="this study, time T = 1/(step size lambda_v) of lazy training",
        statement=(
            "from the default start the full parity is learned before T = 1/(step size lambda_v), the time of a margin "
            "of one of the linearised network: median over starts, every d that is run (4 to 8 at the scale laptop)"
        ),
        measured="largest of measured over predicted steps over d; ends over all d",
        rule=AtMost(1),
        measure=_over_dimensions(DEFAULT, "ratio", lambda ratios: int(ratios.argmax())),
        experiments=(DEFAULT,),
        expected="0.5 at d = 4, 0.25 at d = 8",
        evidence="statistical",
        window_seen=True,
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="lazy-time.default.trend",
        source="this study, time T = 1/(step size lambda_v) of lazy training",
        statement=(
            "from the default start measured over predicted steps, T = 1/(step size lambda_v), fall with d, in the "
            "median over starts (d = 4 to 8 at the scale laptop)"
        ),
        measured="factor by which measured over predicted steps changes from the smallest d to the largest",
        rule=AtMost(1),
        measure=_ratio_change(DEFAULT, 1),
        experiments=(DEFAULT,),
        expected="about 1/2 from d = 4 to 8",
        evidence="statistical",
        window_seen=True,
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="sparse-parity.growth",
        source="this study, after Barak et al. 2022",
        statement=(
            "the steps of SGD to 99% on the 3-sparse parity (width 1000, batch 32, step size 0.1) grow no faster from "
            "d = 20 to 50 than d^3, within the d^{O(k)} that Barak et al. find"
        ),
        measured="exponent in d of the steps, geometric mean over the seeds, all d",
        rule=AtMost(3),
        measure=_sparse_growth,
        experiments=(SPARSE,),
        expected="about 1.4 from d = 20 to 50",
        evidence="statistical",
        window_seen=True,
        seeds_needed=5,
        figure="initialization_noise",
    ),
)

"""Claims of the kind ``training``: the lecture's Figure 1, its prediction from the first gradient, sparse parities."""

import math
from collections.abc import Callable

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, AtLeast, AtMost, Between, Claim, Measurement, NotAtThisScale
from learnability.results.labelled import bounds_of
from learnability.results.measuring import Measure, estimated, measured
from learnability.statistics.intervals import wilson
from learnability.studies.gradient_hardness.measuring import cases_of, odd_gaussian, quotient
from learnability.studies.gradient_hardness.theory import SPARSE_PARITY_STEPS

DEFAULT, RADEMACHER, VARIANTS = "figure_1_default", "figure_1_rademacher", "figure_1_variants"


def _some(cases: xr.Dataset, what: str) -> xr.Dataset:
    """The cases. Raises NotAtThisScale where there is none."""
    if not cases.sizes["case"]:
        raise NotAtThisScale(what)
    return cases


def _parity(dataset: xr.Dataset, dimension: int, degree: int) -> xr.Dataset:
    return dataset.isel(case=((dataset["dimension"] == dimension) & (dataset["degree"] == degree)).values)


def _solved_fraction(experiment: str, choose: Callable[[xr.Dataset], xr.Dataset], what: str) -> Measure:
    """Fraction of the runs of the chosen cases that reached the accuracy goal before the horizon."""

    def measure(analyses: Analyses) -> Measurement:
        cases = _some(choose(analyses[experiment]), what)
        solved, total = float(cases["solved"].sum()), float(cases["seeds"].sum())
        low, high = wilson(solved, total)
        note = f"horizon {float(cases['horizon'].max()):.0f} steps"
        return Measurement(solved / total, float(low), float(high), int(total), note)

    return measure


def _initialization_factor(analyses: Analyses) -> Measurement:
    """Median steps from the default over those from a Rademacher start, at the largest dimension of both."""
    default, rademacher = (cases_of(analyses[name]).swap_dims(case="dimension") for name in (DEFAULT, RADEMACHER))
    common = np.intersect1d(default["dimension"], rademacher["dimension"])
    if not common.size:
        raise NotAtThisScale("a dimension with both starts")
    slow, fast = default.sel(dimension=common[-1]), rademacher.sel(dimension=common[-1])
    return quotient(slow["steps"], fast["steps"], int(slow["seeds"]), f"d = {common[-1]:.0f}")


def _extrapolated_steps(analyses: Analyses) -> Measurement:
    """Steps at d = 20 from the default start, between a power law and an exponential through the medians from d = 5 on.

    No number where the horizon left fewer than three medians.
    """
    cases = cases_of(analyses[DEFAULT])
    cases = cases.isel(case=cases["dimension"].values >= 5)
    steps, seeds = bounds_of(cases["steps"])[0].values, cases["seeds"].values
    if steps.size < 3:
        raise NotAtThisScale("the default start at three dimensions from d = 5 on")
    usable = np.isfinite(steps)
    if usable.sum() < 3:
        return Measurement(math.nan, math.nan, math.nan, int(seeds.min()), "fewer than three medians below the horizon")
    d, logs = cases["dimension"].values[usable], np.log(steps[usable])
    ends = sorted(
        float(np.exp(np.polyval(np.polyfit(f(d), logs, 1), f(20.0)))) for f in (np.log, lambda dimension: dimension)
    )
    note = "the interval lies between the two laws"
    return Measurement(math.sqrt(ends[0] * ends[1]), ends[0], ends[1], int(seeds.min()), note)


def _median_over_dimensions(experiment: str, name: str) -> Measure:
    """An estimate of the cases of the full parity: median over d, with the widest ends over d."""

    def measure(analyses: Analyses) -> Measurement:
        cases = cases_of(analyses[experiment])
        known = ~np.isnan(bounds_of(cases[name])[0].values)
        cases = _some(cases.isel(case=known), "a full parity with this goal and a prediction")
        middle, low, high = bounds_of(cases[name])
        return Measurement(float(middle.median()), float(low.min()), float(high.max()), int(cases["seeds"].min()))

    return measure


def _sparse(dimension: int, degree: int) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        cases = _parity(analyses["sparse_parity"], dimension, degree)
        case = _some(cases, f"the {degree}-sparse parity of d = {dimension}").isel(case=0)
        return measured(case["steps"], int(case["seeds"]))

    return measure


CLAIMS = (
    Claim(
        id="figure-1.printed",
        source="lecture, Figure 1",
        statement="at d = 20 training on the parity shows no improvement in a reasonable time",
        measured=(
            "fraction of runs that are right on all of 4,096 fresh points of the full parity at d = 20, "
            "from a Rademacher start, before the horizon"
        ),
        rule=AtMost(0),
        measure=_solved_fraction(RADEMACHER, lambda ds: _parity(ds, 20, 20), "d = 20"),
        experiments=(RADEMACHER,),
        expected="1, in about 2,000 steps: the print is a statement on the initialisation and the horizon",
        form="printed",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="figure-1.initialization",
        source="lecture, Figure 1, corrected",
        statement="the steps to learn the full parity depend on the initialisation",
        measured="median steps from PyTorch's default over those from a Rademacher start, largest common d",
        rule=AtLeast(4),
        measure=_initialization_factor,
        experiments=(DEFAULT, RADEMACHER),
        expected="about 30 at d = 8",
        form="corrected",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="figure-1.rademacher",
        source="lecture, Figure 1, corrected",
        statement="from a Rademacher start the full parity is learned before the horizon at every d tried",
        measured="fraction of runs that reach full accuracy",
        rule=AtLeast(0.8),
        measure=_solved_fraction(RADEMACHER, cases_of, "the full parity"),
        experiments=(RADEMACHER,),
        expected="1",
        form="corrected",
        seeds_needed=15,
        figure="learning_times",
    ),
    Claim(
        id="figure-1.odd-gaussian",
        source="lecture, Figure 1, corrected",
        statement="from Gaussian weights without biases the full parity of odd d stays unlearned within the horizon",
        measured="fraction of runs at odd d that reach full accuracy",
        rule=AtMost(0.5),
        measure=_solved_fraction(VARIANTS, odd_gaussian, "the Gaussian start at an odd d"),
        experiments=(VARIANTS,),
        expected="0: without biases no odd Fourier level above 1",
        form="corrected",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="figure-1.extrapolation",
        source="lecture, Figure 1, corrected",
        statement=(
            "from the default start the full parity of d = 20 needs more than 1e5 steps: "
            "a failure below that is no evidence of hardness"
        ),
        measured="steps at d = 20 by a power law and by an exponential through the medians from d = 5 on",
        rule=AtLeast(1e5),
        measure=_extrapolated_steps,
        experiments=(DEFAULT,),
        expected="4.5e5 to 1.4e7",
        unit="step",
        form="corrected",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="lazy-time.rademacher",
        source="lazy training, T = 1/(step size lambda_v)",
        statement=(
            "T = 1/(step size lambda_v) predicts the steps to full accuracy from a Rademacher start: "
            "measured over predicted is 0.7 to 0.95"
        ),
        measured="measured over predicted steps, geometric mean over d, interval over seeds",
        rule=Between(0.7, 0.95),
        measure=estimated(RADEMACHER, "pooled_ratio"),
        experiments=(RADEMACHER,),
        expected="0.7 to 0.95",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="lazy-time.rademacher.bracket",
        source="lazy training, T = 1/(step size lambda_v)",
        statement=(
            "from a Rademacher start T = 1/(step size lambda_v) comes after full accuracy "
            "and within a factor of 3 of it"
        ),
        measured="measured over predicted steps: median over d, ends over all d",
        rule=Between(1 / 3, 1),
        measure=_median_over_dimensions(RADEMACHER, "ratio"),
        experiments=(RADEMACHER,),
        expected="0.5 to 0.9",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="lazy-time.rademacher.margin",
        source="lazy training, T = 1/(step size lambda_v)",
        statement="from a Rademacher start a hinge loss of 0.05 comes after T = 1/(step size lambda_v) and before 2T",
        measured="steps to a loss of 0.05 over predicted steps: median over d, ends over all d",
        rule=Between(1, 2),
        measure=_median_over_dimensions(RADEMACHER, "margin_ratio"),
        experiments=(RADEMACHER,),
        expected="about 1.45",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="lazy-time.default",
        source="lazy training, T = 1/(step size lambda_v)",
        statement=(
            "from the default start feature learning is faster than T = 1/(step size lambda_v): "
            "measured over predicted is 0.1 to 0.7"
        ),
        measured="measured over predicted steps, geometric mean over d, interval over seeds",
        rule=Between(0.1, 0.7),
        measure=estimated(DEFAULT, "pooled_ratio"),
        experiments=(DEFAULT,),
        expected="0.1 to 0.7",
        seeds_needed=5,
        figure="learning_times",
    ),
    *(
        Claim(
            id=f"sparse-parity.d{dimension}-k{degree}",
            source="Barak et al. 2022, setting of sparse parities",
            statement=(
                f"width 1000, batch 32, step size 0.1 learn the {degree}-sparse parity of d = {dimension} "
                f"to 99% in {low} to {high} steps"
            ),
            measured="median steps to 99%, between order statistics; accepted within 25% of the stated range",
            rule=Between(0.75 * low, 1.25 * high),
            measure=_sparse(dimension, degree),
            experiments=("sparse_parity",),
            expected=f"{low} to {high}",
            unit="step",
            seeds_needed=5,
            figure="initialization_noise",
        )
        for (dimension, degree), (low, high) in SPARSE_PARITY_STEPS.items()
    ),
)

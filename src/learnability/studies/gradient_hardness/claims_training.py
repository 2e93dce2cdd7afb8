"""Claims on training: the lecture's Figure 1, its prediction from the first gradient, sparse parities."""

import math
from collections.abc import Callable

import numpy as np
import xarray as xr

from learnability.statistics.intervals import wilson
from learnability.results.claim import Analyses, AtLeast, AtMost, Between, Claim, Measurement
from learnability.studies.gradient_hardness.measuring import Measure, with_interval
from learnability.studies.gradient_hardness.theory import SPARSE_PARITY_STEPS

DEFAULT, RADEMACHER, VARIANTS = "figure_1_default", "figure_1_rademacher", "figure_1_variants"
NOTHING = Measurement(math.nan, math.nan, math.nan)


def full_parity(dataset: xr.Dataset) -> xr.Dataset:
    """The cases with v = all coordinates, in the order of d."""
    return dataset.isel(case=(dataset["degree"] == dataset["dimension"]).values).sortby("dimension")


def _solved_fraction(experiment: str, choose: Callable[[xr.Dataset], xr.Dataset]) -> Measure:
    """Fraction of the runs of the chosen cases that reached the accuracy goal before the horizon."""

    def measure(analyses: Analyses) -> Measurement:
        cases = choose(analyses[experiment])
        solved, total = float(cases["solved"].sum()), float(cases["seeds"].sum())
        if not total:
            return NOTHING
        low, high = wilson(solved, total)
        note = f"horizon {float(cases['horizon'].max()):.0f} steps"
        return Measurement(solved / total, float(low), float(high), int(total), note)

    return measure


def _at_dimension_20(dataset: xr.Dataset) -> xr.Dataset:
    return dataset.isel(case=((dataset["dimension"] == 20) & (dataset["degree"] == 20)).values)


def _odd_gaussian(dataset: xr.Dataset) -> xr.Dataset:
    gaussian = (dataset["initialization"] == 1) & (dataset["coding"] == 0)
    return dataset.isel(case=(gaussian & (dataset["dimension"] % 2 == 1)).values)


def _initialization_factor(analyses: Analyses) -> Measurement:
    """Median steps from the default over those from a Rademacher start, at the largest dimension of both."""
    default, rademacher = (full_parity(analyses[name]).swap_dims(case="dimension") for name in (DEFAULT, RADEMACHER))
    common = np.intersect1d(default["dimension"], rademacher["dimension"])
    if not common.size:
        return NOTHING
    slow, fast = default.sel(dimension=common[-1]), rademacher.sel(dimension=common[-1])
    pairs = (("", ""), ("_low", "_high"), ("_high", "_low"))
    ends = [float(slow[f"steps{a}"] / fast[f"steps{b}"]) for a, b in pairs]
    return Measurement(ends[0], ends[1], ends[2], int(slow["seeds"]), f"d = {common[-1]:.0f}")


def _extrapolated_steps(analyses: Analyses) -> Measurement:
    """Steps at d = 20 from the default start, between a power law and an exponential through the medians
    from d = 5 on."""
    cases = full_parity(analyses[DEFAULT])
    usable = np.isfinite(cases["steps"].values) & (cases["dimension"].values >= 5)
    if usable.sum() < 3:
        return NOTHING
    d, logs = cases["dimension"].values[usable], np.log(cases["steps"].values[usable])
    ends = sorted(
        float(np.exp(np.polyval(np.polyfit(f(d), logs, 1), f(20.0)))) for f in (np.log, lambda dimension: dimension)
    )
    note = "the interval lies between the two laws"
    return Measurement(math.sqrt(ends[0] * ends[1]), ends[0], ends[1], int(cases["seeds"].min()), note)


def _ratio(experiment: str, name: str) -> Measure:
    """Measured over predicted steps for the full parity: median over d, with the widest ends over d."""

    def measure(analyses: Analyses) -> Measurement:
        cases = full_parity(analyses[experiment])
        cases = cases.isel(case=~np.isnan(cases[name].values))
        if not cases.sizes["case"]:
            return NOTHING
        low, high = float(cases[f"{name}_low"].min()), float(cases[f"{name}_high"].max())
        return Measurement(float(cases[name].median()), low, high, int(cases["seeds"].min()))

    return measure


def _rise(analyses: Analyses) -> Measurement:
    """Decades at d = 14; nothing at scales that do not go there."""
    dataset = analyses["rademacher_threshold"]
    if 14 not in dataset["dimension"]:
        return NOTHING
    ends = [float(dataset[f"rise{end}"].sel(dimension=14)) for end in ("", "_low", "_high")]
    return Measurement(ends[0], ends[1], ends[2], dataset.sizes["seed"])


def _rise_at_inverse_dimension(analyses: Analyses) -> Measurement:
    """Predicted steps at the largest noise of at most 1/d over those without noise."""
    dataset = analyses["rademacher_threshold"].isel(dimension=-1)
    levels = dataset["noise_level"].values
    level = levels[levels <= 1 / float(dataset["dimension"]) + 1e-12].max()
    if level == 0:
        return NOTHING
    noisy, clean = (dataset.sel(noise_level=value) for value in (level, 0.0))
    pairs = (("", ""), ("_low", "_high"), ("_high", "_low"))
    ends = [float(noisy[f"predicted_steps{a}"] / clean[f"predicted_steps{b}"]) for a, b in pairs]
    return Measurement(ends[0], ends[1], ends[2], dataset.sizes["seed"], f"sigma = {level:g}")


def _sparse(dimension: int, degree: int) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        dataset = analyses["sparse_parity"]
        found = (dataset["dimension"] == dimension) & (dataset["degree"] == degree)
        if not found.any():
            return NOTHING
        case = dataset.isel(case=int(np.argmax(found.values)))
        return Measurement(
            float(case["steps"]), float(case["steps_low"]), float(case["steps_high"]), int(case["seeds"])
        )

    return measure


TRAINING_CLAIMS = (
    Claim(
        id="figure-1.printed",
        source="lecture, Figure 1",
        statement="at d = 20 training on the parity shows no improvement in a reasonable time",
        measured=(
            "fraction of runs that are right on all of 4,096 fresh points of the full parity at d = 20, "
            "from a Rademacher start, before the horizon"
        ),
        rule=AtMost(0),
        measure=_solved_fraction(RADEMACHER, _at_dimension_20),
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
        measure=_solved_fraction(RADEMACHER, full_parity),
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
        measure=_solved_fraction(VARIANTS, _odd_gaussian),
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
            "from the default start d = 20 needs more than 1e5 steps: a failure below that is no evidence of hardness"
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
            "T predicts the steps to full accuracy from a Rademacher start: measured over predicted is 0.7 to 0.95"
        ),
        measured="measured over predicted steps, geometric mean over d, interval over seeds",
        rule=Between(0.7, 0.95),
        measure=with_interval(RADEMACHER, "pooled_ratio"),
        experiments=(RADEMACHER,),
        expected="0.7 to 0.95",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="lazy-time.rademacher.bracket",
        source="lazy training, T = 1/(step size lambda_v)",
        statement="T comes after full accuracy and within a factor of 3 of it, from a Rademacher start",
        measured="measured over predicted steps: median over d, ends over all d",
        rule=Between(1 / 3, 1),
        measure=_ratio(RADEMACHER, "ratio"),
        experiments=(RADEMACHER,),
        expected="0.5 to 0.9",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="lazy-time.rademacher.margin",
        source="lazy training, T = 1/(step size lambda_v)",
        statement="a hinge loss of 0.05 comes after T and before 2T, from a Rademacher start",
        measured="steps to a loss of 0.05 over predicted steps: median over d, ends over all d",
        rule=Between(1, 2),
        measure=_ratio(RADEMACHER, "margin_ratio"),
        experiments=(RADEMACHER,),
        expected="about 1.45",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="lazy-time.default",
        source="lazy training, T = 1/(step size lambda_v)",
        statement="from the default start feature learning is faster than T: measured over predicted is 0.1 to 0.7",
        measured="measured over predicted steps, geometric mean over d, interval over seeds",
        rule=Between(0.1, 0.7),
        measure=with_interval(DEFAULT, "pooled_ratio"),
        experiments=(DEFAULT,),
        expected="0.1 to 0.7",
        seeds_needed=5,
        figure="learning_times",
    ),
    Claim(
        id="rademacher-threshold",
        source="Abbe et al., high-degree parities; lambda_v",
        statement=(
            "the predicted steps rise by 3 to 4 decades as the first layer goes from Rademacher to "
            "noise of the size of the signs"
        ),
        measured="log10 of predicted steps at sigma = 1 over those at sigma = 0, d = 14",
        rule=Between(3, 4),
        measure=_rise,
        experiments=("rademacher_threshold",),
        expected="3.3",
        unit="decade",
        seeds_needed=5,
        figure="initialization_noise",
    ),
    Claim(
        id="rademacher-threshold.inverse-dimension",
        source="Abbe et al., high-degree parities",
        statement="noise of up to 1/d leaves the full parity learnable from a Rademacher start",
        measured="predicted steps at the largest noise of at most 1/d over those without, largest d",
        rule=AtMost(2),
        measure=_rise_at_inverse_dimension,
        experiments=("rademacher_threshold",),
        expected="about 1.1",
        seeds_needed=5,
        figure="initialization_noise",
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

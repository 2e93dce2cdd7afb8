"""Claims of the kind ``landscape``: minima of the risk of the sine neuron."""

import numpy as np

from learnability.results.claim import Analyses, AtMost, Claim, Equals, Measurement, NotAtThisScale
from learnability.results.measuring import estimated, exactly, measured

EXPERIMENT = ("sine_landscape",)


def _flat_exponent(analyses: Analyses) -> Measurement:
    """The limit of the exponent in L. Raises NotAtThisScale with fewer L than the limit has coefficients."""
    dataset = analyses["sine_landscape"]
    if dataset.sizes["frequency"] < 3:
        raise NotAtThisScale("a third frequency L")
    return measured(dataset["flat_slope"])


CLAIMS = (
    Claim(
        id="landscape-population",
        source="lecture, illustration of the landscape",
        statement="the population risk has exactly two strict minima: w* and a spurious one near 0",
        measured=(
            "on a grid of 60 L points per unit: distance of the number of strict minima from 2, plus those that are "
            "the point nearest to neither w* nor 0, largest over L"
        ),
        rule=AtMost(0),
        measure=exactly(
            "sine_landscape", lambda ds: (np.abs(ds["population_minima"] - 2) + ds["misplaced_minima"]).max()
        ),
        experiments=EXPERIMENT,
        expected="0; the spurious one is at e^{-2 pi^2 L^2} w*, to first order",
        evidence="existence",
        figure="sine_landscape",
    ),
    Claim(
        id="landscape-population.flat",
        source="lecture, illustration of the landscape",
        statement=(
            "away from the wells the population risk is flat: the area with |grad| < 1e-3 tends to all as L grows"
        ),
        measured="exponent in L of the area that is not flat, limit from L = 1 to the largest",
        rule=AtMost(-1),
        measure=_flat_exponent,
        experiments=EXPERIMENT,
        expected="about -2",
        evidence="asymptotic",
        figure="sine_landscape",
    ),
    Claim(
        id="landscape-empirical",
        source="lecture, illustration of the landscape; Kac-Rice",
        statement="the empirical risk has 4 pi L^2/sqrt(3) minima per unit area away from the wells",
        measured="minima on a grid of 60 L points per unit over this density, mean over L and the last decade of n",
        rule=Equals(1, 0.1),
        measure=estimated("sine_landscape", "density_ratio"),
        experiments=EXPERIMENT,
        expected="0.97: the grid misses 3%",
        evidence="statistical",
        seeds_needed=5,
        figure="sine_landscape",
    ),
    Claim(
        id="landscape-empirical.sample-size",
        source="lecture, illustration of the landscape; Kac-Rice",
        statement=(
            "the density of the minima of the empirical risk away from the wells does not depend on the sample size"
        ),
        measured="slope of log density in log n, last decade of n",
        rule=Equals(0, 0.05),
        measure=estimated("sine_landscape", "density_slope"),
        experiments=EXPERIMENT,
        expected="0",
        evidence="statistical",
        window_seen=True,
        seeds_needed=5,
        figure="sine_landscape",
    ),
    Claim(
        id="landscape-empirical.depth",
        source="lecture, illustration of the landscape",
        statement="the depth of the minima of the empirical risk away from the wells falls as n^{-1/2}",
        measured="slope of log depth in log n, last decade of n",
        rule=Equals(-0.5, 0.05),
        measure=estimated("sine_landscape", "depth_slope"),
        experiments=EXPERIMENT,
        expected="-1/2",
        evidence="statistical",
        window_seen=True,
        seeds_needed=5,
        figure="sine_landscape",
    ),
    Claim(
        id="landscape-empirical.deviation",
        source="lecture, illustration of the landscape",
        statement="away from the wells the empirical risk fluctuates with standard deviation sqrt(9/8)/sqrt(n)",
        measured="standard deviation times sqrt(n), mean over L and n",
        rule=Equals(1.0607, 0.05),
        measure=estimated("sine_landscape", "scaled_deviation"),
        experiments=EXPERIMENT,
        expected="1.061",
        evidence="statistical",
        seeds_needed=5,
        figure="sine_landscape",
    ),
)

"""What the paper states of the staircase."""

import numpy as np

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Measurement
from learnability.results.measuring import seeds_of
from learnability.studies.multi_index.theory import PAPER


def plateaus(analyses: Analyses) -> Measurement:
    """Largest distance of a median plateau height from theory at the largest dimension."""
    data = analyses["staircase"].isel(dimension=-1)
    offset = np.abs((data["plateau"] - data["predicted_plateau"]).transpose("saddle", "bound").values)
    estimate, low, high = offset[int(np.nanargmax(offset.max(axis=1)))].tolist()
    return Measurement(estimate, 0.0, max(estimate, low, high), seeds_of(data))


def order(analyses: Analyses) -> Measurement:
    """Smallest ratio of median escape times of consecutive saddles at the largest dimension."""
    data = analyses["staircase"].isel(dimension=-1)
    low, median, high = (data["escape_time"].sel(quantile=q).values for q in (0.1, 0.5, 0.9))
    k = int(np.argmin(median[1:] / median[:-1]))
    return Measurement(
        float(median[k + 1] / median[k]), float(low[k + 1] / high[k]), float(high[k + 1] / low[k]), seeds_of(data)
    )


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="staircase.plateaus",
        source=f"{PAPER}, section 3",
        statement="Between two escapes the loss rests at what the subspace learned so far leaves.",
        measured="largest distance of a median plateau from the sum of the unlearned coefficients, largest d",
        rule=AtMost(0.01),
        measure=plateaus,
        experiments=("staircase",),
        expected="0",
        seeds_needed=8,
        figure="staircase",
    ),
    Claim(
        id="staircase.order",
        source=f"{PAPER}, Theorem 3.25",
        statement="Subspaces are learned one after another, in the order of their leap exponents.",
        measured="smallest ratio of median escape times of consecutive saddles, largest d; interval from deciles",
        rule=AtLeast(1.0),
        measure=order,
        experiments=("staircase",),
        expected="> 1",
        seeds_needed=8,
        figure="staircase",
    ),
)

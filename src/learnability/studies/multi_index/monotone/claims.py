"""What the paper states of singular values along the joint flow."""

import numpy as np

from learnability.results.claim import Analyses, AtLeast, Claim, Measurement
from learnability.studies.multi_index.theory import PAPER

ROUNDING = 1e-12
"""What rounding of the eigenvectors can take from a sum of squares, in units of |S|."""


def least_pull(analyses: Analyses) -> Measurement:
    """The least pull over all runs; the note has the falls that a solver's steps show, by its tolerance."""
    data = analyses["monotone"]
    falls = data["largest_fall"].max("link").values
    shown = ", ".join(f"{fall:.1e} at {tol:.0e}" for tol, fall in zip(data["tolerance"].values, falls, strict=True))
    note = f"{data.sizes['link']} links; the largest fall of a cosine in one step is the solver's: {shown}"
    return Measurement.exact(float(np.min(data["least_pull"].values)), note)


def lowered(analyses: Analyses) -> Analyses:
    """Pulls lower by |S|/10, as a gradient gives them that is no sum of squares."""
    data = analyses["monotone"]
    return {**analyses, "monotone": data.assign(least_pull=data["least_pull"] - 0.1)}


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="monotone",
        source=f"{PAPER}, section 3",
        statement="Singular values never fall along the joint flow: each is pulled by v^T S v >= 0, S the "
        "gradient of the "
        "explained energy and v its singular direction.",
        measured="least v^T S v / |S| over links, starts, directions and times along the runs, S contracted "
        "apart from the "
        "solver; a fall needs a negative one",
        rule=AtLeast(-ROUNDING),
        measure=least_pull,
        experiments=("monotone",),
        contradicted_by=lowered,
        expected="at least 0",
        evidence="exact",
    ),
)

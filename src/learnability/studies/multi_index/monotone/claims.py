"""What the paper states of singular values along the joint flow."""

import numpy as np

from learnability.results.claim import Analyses, AtLeast, Claim, Measurement
from learnability.results.measuring import seeds_of
from learnability.studies.multi_index.theory import PAPER

ROUNDING = 1e-12
"""What rounding of the eigenvectors can take from a sum of squares, in units of |S|."""


def order_of_falls(analyses: Analyses) -> Measurement:
    """The exponent of the largest fall of a cosine in one step against the solver's tolerance: from the coarsest to the
    finest, with the least and the largest between neighbours as its interval."""
    data = analyses["monotone"]
    falls = data["largest_fall"].max("link").values
    tolerances = data["tolerance"].values
    between = np.diff(np.log(falls)) / np.diff(np.log(tolerances))
    whole = float(np.log(falls[-1] / falls[0]) / np.log(tolerances[-1] / tolerances[0]))
    shown = ", ".join(f"{fall:.1e} at {tol:.0e}" for tol, fall in zip(tolerances, falls, strict=True))
    note = (
        f"largest falls {shown}; {data.sizes['link']} links; least v^T S v / |S| along the runs "
        f"{float(data['least_pull'].min()):.1e}"
    )
    return Measurement(whole, float(between.min()), float(between.max()), seeds_of(data), note)


def own_falls(analyses: Analyses) -> Analyses:
    """Falls of the flow's own: from that at the coarsest tolerance on they shrink as the steps of a method of order 4,
    which are in proportion to the tolerance to the power 1/4."""
    data = analyses["monotone"]
    steps = (data["tolerance"] / data["tolerance"][0]) ** 0.25
    return {**analyses, "monotone": data.assign(largest_fall=data["largest_fall"].isel(tolerance=0, drop=True) * steps)}


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="monotone",
        source=f"{PAPER}, section 3",
        statement="Singular values never fall along the joint flow: what falls in a solver's steps vanishes with its "
        "tolerance, as an error does. (Each is pulled by v^T S v, a sum of squares for any correlations.)",
        measured="exponent of the largest fall of a cosine in one step against the solver's relative tolerance, three "
        "tolerances, largest over links and starts: 1/4 or less for falls of the flow, which shrink with the steps "
        "alone, 1 for an error in proportion to the tolerance; ends between neighbouring tolerances",
        rule=AtLeast(0.5),
        measure=order_of_falls,
        experiments=("monotone",),
        contradicted_by=own_falls,
        counterexample="Falls of the flow's own, which shrink with the steps: as the tolerance to the power 1/4",
        expected="1",
        evidence="asymptotic",
    ),
)

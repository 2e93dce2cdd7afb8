"""What the paper states of the closure of the flow."""

from functools import partial

from learnability.results.claim import Analyses, AtMost, Claim, Measurement
from learnability.studies.multi_index.theory import PAPER


def difference(analyses: Analyses, flow: str) -> Measurement:
    """The largest difference of the velocities; the note has that of the paths, which grows with the escape."""
    one = analyses["closure"].sel(flow=flow)
    return Measurement.exact(
        float(one["field_difference"]),
        f"paths by an integrator of tolerance 1e-12 within {float(one['difference']):.1e}",
    )


CLAIMS: tuple[Claim, ...] = tuple(
    Claim(
        id=f"closed-form.{flow}",
        source=f"{PAPER}, section 3",
        statement=f"The {flow} flow of the d x r weights closes on the r x r correlations.",
        measured="along the direct flow (by autograd, in float64), largest relative difference of the velocity of the "
        "correlations from the closed field, over the times, links, dimensions and starts that were run",
        rule=AtMost(1e-9),
        measure=partial(difference, flow=flow),
        experiments=("closure",),
        expected="0, up to rounding",
        evidence="existence",
    )
    for flow in ("joint", "planted")
)

"""Claims on the Taylor condition; nothing is trained. Declared before measuring."""

import numpy as np

from learnability.hermite.taylor_rank import DESCRIPTIONS
from learnability.results.claim import Analyses, Claim, Equals, Measurement
from learnability.results.measuring import Measure, entry
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.theory import OURS, PAPER

GAP, GAP_MOVED = "z1 + z1*z2 + z2*z3 + 0.5*He2(z1)*z3", "z1 + z1*z2 + z2*z3 + 0.4*He2(z1)*z3"
WITH_EVEN_TERMS, SINE, TANH = ("sine", "sigmoid", "exponential"), ("sine",), ("tanh",)


def _common_order(polynomial: str, activations: tuple[str, ...]) -> Measure:
    """The first order of full rank: median, smallest and largest over activations."""

    def measure(analyses: Analyses) -> Measurement:
        row = entry(analyses["taylor"], "target", polynomial)
        orders = row["spanning_order"].sel(activation=[DESCRIPTIONS[name] for name in activations]).values
        return Measurement(float(np.median(orders)), float(orders.min()), float(orders.max()))

    return measure


CLAIMS = (
    Claim(
        id="taylor-rank",
        source=f"{PAPER}, equation (4.1) and the sufficient condition",
        statement="The Taylor coefficients of (4.1) for z1 + z1 z2 span the subspace at order 2.",
        measured="first order of full rank; sin(x + pi/4), shifted logistic, exp",
        rule=Equals(2, 0),
        measure=_common_order(theory.STAIRCASES[2], WITH_EVEN_TERMS),
        experiments=("taylor",),
        expected="2",
        figure="taylor_rank",
    ),
    Claim(
        id="taylor-rank.p3",
        source=f"{PAPER}, equation (4.1) and the sufficient condition",
        statement="The Taylor coefficients of (4.1) for z1 + z1 z2 + z1 z2 z3 span the subspace at order 4.",
        measured="first order of full rank; sin(x + pi/4), shifted logistic, exp",
        rule=Equals(4, 0),
        measure=_common_order(theory.STAIRCASES[3], WITH_EVEN_TERMS),
        experiments=("taylor",),
        expected="4",
        figure="taylor_rank",
    ),
    Claim(
        id="taylor-rank.tanh",
        source=f"{PAPER}, equation (4.1)",
        statement=(
            "With tanh and no bias the Taylor coefficients of (4.1) for z1 + z1 z2 never span the subspace, "
            "for want of even terms."
        ),
        measured="first order of full rank up to order 10, 0 for none",
        rule=Equals(0, 0),
        measure=_common_order(theory.STAIRCASES[2], TANH),
        experiments=("taylor",),
        expected="0",
        figure="taylor_rank",
    ),
    Claim(
        id="gap",
        source=f"{PAPER}, the gap between the necessary and the sufficient condition",
        statement="A target that is not reflective can fail the Taylor condition at low order: 7 where 3 is generic.",
        measured=f"first order of full rank with sin(x + pi/4), {GAP}",
        rule=Equals(7, 0),
        measure=_common_order(GAP, SINE),
        experiments=("taylor",),
        expected="7",
        figure="taylor_rank",
    ),
    Claim(
        id="gap.moved",
        source=OURS,
        statement=(
            "The order 7 of z1 + z1 z2 + z2 z3 + 0.5 He2(z1) z3 is the work of a cancellation: "
            "with 0.4 in place of 0.5 the order is 3."
        ),
        measured=f"first order of full rank with sin(x + pi/4), {GAP_MOVED}",
        rule=Equals(3, 0),
        measure=_common_order(GAP_MOVED, SINE),
        experiments=("taylor",),
        expected="3",
        figure="taylor_rank",
        form="summary",
    ),
)

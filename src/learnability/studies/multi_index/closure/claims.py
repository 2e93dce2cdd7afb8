"""What the paper states of the closure of the flow."""

from learnability.results.claim import AtMost, Claim
from learnability.results.measuring import exactly
from learnability.studies.multi_index.theory import PAPER

CLAIMS: tuple[Claim, ...] = tuple(
    Claim(
        id=f"closed-form.{flow}",
        source=f"{PAPER}, section 3",
        statement=f"The {flow} flow of the d x r weights closes on the r x r correlations.",
        measured="largest relative difference between the direct flow (by autograd) and the closed one",
        rule=AtMost(1e-9),
        measure=exactly("closure", lambda data, flow=flow: data["difference"].sel(flow=flow)),
        experiments=("closure",),
        expected="0",
    )
    for flow in ("joint", "planted")
)

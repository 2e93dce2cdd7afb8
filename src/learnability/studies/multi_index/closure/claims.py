"""What the paper states of the closure of the flow."""

from functools import partial

import xarray as xr

from learnability.results.claim import AtMost, Claim
from learnability.results.measuring import exactly
from learnability.studies.multi_index.theory import PAPER


def difference(flow: str, analysis: xr.Dataset) -> xr.DataArray:
    """The largest difference between the direct and the closed flow."""
    return analysis["difference"].sel(flow=flow)


CLAIMS: tuple[Claim, ...] = tuple(
    Claim(
        id=f"closed-form.{flow}",
        source=f"{PAPER}, section 3",
        statement=f"The {flow} flow of the d x r weights closes on the r x r correlations.",
        measured="largest relative difference between the direct flow (by autograd) and the closed one",
        rule=AtMost(1e-7),
        measure=exactly("closure", partial(difference, flow)),
        experiments=("closure",),
        expected="0, up to what the tolerance 1e-12 of the integrator grows to on the way",
        evidence="exact",
        window_seen=True,
    )
    for flow in ("joint", "planted")
)

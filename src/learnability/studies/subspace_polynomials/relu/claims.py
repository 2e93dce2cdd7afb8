"""Claims on a network whose activation is not smooth."""

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Equals, Measurement
from learnability.results.measuring import entry
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.theory import OURS, PAPER

CONDITION, HIDDEN = "reflective", "ReLU, no bias"
BESIDE = f"this study, beside {PAPER}, necessary condition with w_S(0) = 0 for a smooth activation"
SMOOTHNESS = "The paper assumes an activation with bounded derivatives; what it says of trapping is tried without it."


def _trapped(analyses: Analyses) -> Measurement:
    """The largest trapped weight of the reflective targets."""
    flow = analyses["relu"].sel(condition=CONDITION)
    reflective = flow["trapped_dimension"].values > 0
    largest = flow["trapped_norm"].values[reflective].max()
    least = flow["weight_norm"].values[reflective].max()
    note = f"{int(reflective.sum())} targets, up to t = {float(flow['time'][-1]):g}; learned weights reach {least:.2g}"
    return Measurement.exact(float(largest), note)


def _floor(analyses: Analyses) -> Measurement:
    flow = analyses["relu"].sel(condition=CONDITION)
    reflective = flow["trapped_dimension"].values > 0
    excess = (flow["loss"] - flow["loss_floor"]).transpose("target", "time").values[reflective]
    return Measurement.exact(float(excess.min()), f"at the end {excess[:, -1].max():.3g} at most")


def _hidden_dimension(analyses: Analyses) -> Measurement:
    row = entry(analyses["relu"], "target", theory.STAIRCASES[3])
    hidden = row.sel(condition=HIDDEN)
    note = (
        f"largest weight on it up to t = {float(row['time'][-1]):g}: {float(hidden['trapped_norm'].max()):.1g}; "
        f"dim S* = {int(row['trapped_dimension'].sel(condition=CONDITION))}"
    )
    return Measurement.exact(int(hidden["trapped_dimension"]), note)


def _hidden_norm(analyses: Analyses) -> Measurement:
    row = entry(analyses["relu"], "target", theory.STAIRCASES[3]).sel(condition=HIDDEN)
    return Measurement.exact(
        float(row["trapped_norm"].max()), f"learned weights reach {float(row['weight_norm'].max()):.2g}"
    )


def _claim(name: str, statement: str, measured: str, **rest: object) -> Claim:
    return Claim(
        id=f"trapping-relu{name}",
        statement=statement,
        measured=measured,
        experiments=("relu",),
        figure="trapping_exact",
        **rest,  # type: ignore[arg-type]
    )


CLAIMS = (
    _claim(
        "",
        "A reflective target traps a ReLU network too: from w_S(0) = 0 at d = infinity w_S stays 0, although sigma' "
        "jumps.",
        "largest |w_S| of any particle, reflective targets, mean-field flow with ReLU in closed form",
        source=BESIDE,
        rule=AtMost(1e-9),
        measure=_trapped,
        expected="0",
        evidence="existence",
        reason=SMOOTHNESS,
    ),
    _claim(
        ".floor",
        "For a reflective target and w_S(0) = 0 the loss of a ReLU network never falls below the floor E|h - E_S "
        "h|^2 / 2.",
        "smallest L - floor at d = infinity, reflective targets",
        source=BESIDE,
        rule=AtLeast(-1e-9),
        measure=_floor,
        expected=">= 0",
        evidence="existence",
        reason=SMOOTHNESS,
    ),
    _claim(
        ".hidden",
        "Without a bias the ReLU hides odd degrees above 1, so that z1 + z1 z2 + z1 z2 z3, in which nothing is "
        "reflective, is trapped in span{e3}.",
        "dimension of the largest subspace that no derivative of the ReLU's mean reaches, by the rational closure",
        source=OURS,
        rule=Equals(1, 0),
        measure=_hidden_dimension,
        expected="1",
        evidence="exact",
    ),
    _claim(
        ".hidden-flow",
        "The mean-field flow of z1 + z1 z2 + z1 z2 z3 with ReLU, no bias and w_V(0) = 0 at d = infinity never moves "
        "along e3.",
        "largest |w_3| of any particle",
        source=OURS,
        rule=AtMost(1e-9),
        measure=_hidden_norm,
        expected="0",
        evidence="existence",
    ),
)

"""Claims on the paper's regime, in which the number of tasks grows with the dimension."""

from functools import partial

from learnability.results.claim import Analyses, AtMost, Between, Claim, Measurement, NotAtThisScale
from learnability.results.measuring import Measure, measured, seeds_of
from learnability.studies.ridge_combinations import PAPER


def _excess(power: int) -> Measure:
    """Slope of log T50 against log d minus p - 1 + gamma."""

    def measure(analyses: Analyses) -> Measurement:
        analysis = analyses["growth"].isel(power=power)
        allowed = analysis.attrs["information_exponent"] - 1 + float(analysis["power"])
        tasks, d = analysis["tasks"].values, analysis["dimension"].values
        note = f"slope {float(analysis['slope'][0]):.3f}, d from {d[0]} to {d[-1]}, M from {tasks[0]} to {tasks[-1]}"
        return measured(analysis["slope"] - allowed, seeds_of(analysis), note)

    return measure


def _change(analyses: Analyses) -> Measurement:
    analysis = analyses["growth"].isel(power=0)
    ratios = ", ".join(f"{v:.2f}" for v in analysis["over_flow"].values[:, 0])
    return measured(analysis["flow_change"], seeds_of(analysis), f"ratios {ratios} over d")


def _kernel(analyses: Analyses) -> Measurement:
    """T50 over the number of cubics, at the largest dimension."""
    analysis = analyses["growth"].isel(power=0)
    if int(analysis["dimension"][-1]) < 10_000:
        raise NotAtThisScale("a dimension of at least 10^4")
    note = f"d = {int(analysis['dimension'][-1])}, M = {int(analysis['tasks'][-1])}"
    return measured(analysis["over_kernel"].isel(dimension=-1, drop=True), seeds_of(analysis), note)


_claim = partial(Claim, experiments=("growth",), seeds_needed=8, figure="growth", evidence="statistical")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "growth.root",
        f"{PAPER}, Theorem 4",
        "With M = sqrt d tasks the number of samples to localise grows no faster than M d^(p-1) = d^(5/2), p = 3.",
        "slope of log T50 against log d minus p - 1 + 1/2",
        AtMost(0.0),
        _excess(0),
        evidence="asymptotic",
    ),
    _claim(
        "growth.beyond",
        "this study",
        "With M = d^(2/3) orthonormal tasks, beyond sqrt d, the number of samples to localise still grows no faster "
        "than M d^(p-1) = d^(8/3), p = 3.",
        "slope of log T50 against log d minus p - 1 + 2/3",
        AtMost(0.0),
        _excess(1),
        evidence="asymptotic",
    ),
    _claim(
        "growth.flow",
        "this study",
        "With M = sqrt d tasks, SGD at delta = 1 needs a fixed multiple of the population flow's samples from the same "
        "starts: the step size M^(-1/2) d^(-p/2) of Theorem 4 keeps the noise as it is while d and M grow.",
        "factor by which T50 over the flow's T50 changes over the range of d",
        Between(0.8, 1.25),
        _change,
        evidence="asymptotic",
    ),
    _claim(
        "growth.kernel",
        f"{PAPER}, section 1",
        "With M = sqrt d tasks and links of degree q = p = 3, phase I localises with fewer samples than there are "
        "cubic polynomials in d variables, which a kernel needs: at d = 16384, though not at small d.",
        "T50 over the number of cubic polynomials, at the largest d",
        AtMost(1.0),
        _kernel,
    ),
)

"""Claims on the paper's regime, in which the number of tasks grows with the dimension."""

from functools import partial

from learnability.results.claim import Analyses, AtMost, Between, Claim, Measurement, NotAtThisScale
from learnability.results.measuring import Measure, limit_exponent, measured, minus, seeds_of
from learnability.studies.ridge_combinations import PAPER


def _excess(power: int) -> Measure:
    """The limit exponent of T50 c_M^(p-2) in d minus p - 1 + gamma."""

    def measure(analyses: Analyses) -> Measurement:
        found = limit_exponent("growth", {"power": power}, "growth")(analyses)
        analysis = analyses["growth"].isel(power=power)
        allowed = analysis.attrs["information_exponent"] - 1 + float(analysis["power"])
        tasks, slope = analysis["tasks"].values, float(analysis["slope"][0])
        note = f"{found.note}; slope of T50 over all d {slope:.3f}, M from {tasks[0]} to {tasks[-1]}"
        return minus(found, allowed, note)

    return measure


def _change(analyses: Analyses) -> Measurement:
    analysis = analyses["growth"].isel(power=0)
    ratios = ", ".join(f"{v:.2f}" for v in analysis["over_flow"].values[:, 0])
    d = analysis["dimension"].values
    return measured(analysis["flow_change"], seeds_of(analysis), f"ratios {ratios} from d = {d[0]} to {d[-1]}")


def _kernel(analyses: Analyses) -> Measurement:
    """T50 over the number of cubics, at the largest dimension."""
    analysis = analyses["growth"].isel(power=0)
    if int(analysis["dimension"][-1]) < 10_000:
        raise NotAtThisScale("a dimension of at least 10^4")
    d, ratios = analysis["dimension"].values, analysis["over_kernel"].values[:, 0]
    note = f"d = {d[-1]}, M = {int(analysis['tasks'][-1])}; {ratios[0]:.2g} at d = {d[0]}"
    return measured(analysis["over_kernel"].isel(dimension=-1, drop=True), seeds_of(analysis), note)


_claim = partial(Claim, experiments=("growth",), seeds_needed=8, figure="growth", evidence="statistical")
_T50 = "T50: samples until half of the neurons have an overlap of 0.5"
_LIMIT = (
    "exponent in d of T50 c_M in the limit, extrapolated from the last two decades (c_M ~ sqrt(2 log M), the median of "
    f"the largest start, is the logarithm of the flow's time; {_T50})"
)

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "growth.root",
        f"{PAPER}, Theorem 4",
        "With M = sqrt d tasks the number of samples to localise grows no faster than M d^(p-1) = d^(5/2), up to "
        "logarithms, p = 3.",
        f"{_LIMIT}, minus p - 1 + 1/2",
        AtMost(0.1),
        _excess(0),
        evidence="asymptotic",
        window_seen=True,
    ),
    _claim(
        "growth.beyond",
        "this study",
        "With M = d^(2/3) orthonormal tasks, beyond sqrt d, the number of samples to localise still grows no faster "
        "than M d^(p-1) = d^(8/3), up to logarithms, p = 3.",
        f"{_LIMIT}, minus p - 1 + 2/3",
        AtMost(0.1),
        _excess(1),
        evidence="asymptotic",
        window_seen=True,
    ),
    _claim(
        "growth.flow",
        "this study",
        "With M = sqrt d tasks SGD at delta = 1 needs, at all d that are run, the same multiple of the population "
        "flow's samples from the same starts: the step size M^(-1/2) d^(-p/2) of Theorem 4 keeps the noise as it is "
        "while d and M grow.",
        f"factor by which T50 over the flow's T50 changes over the range of d ({_T50})",
        Between(0.8, 1.25),
        _change,
    ),
    _claim(
        "growth.kernel",
        f"{PAPER}, section 1",
        "With M = sqrt d tasks and links of degree q = p = 3, phase I localises with fewer samples than there are "
        "cubic polynomials in d variables, which a kernel needs: at the largest d that is run, though not at small d.",
        f"T50 over the number of cubic polynomials, at the largest d ({_T50})",
        AtMost(1.0),
        _kernel,
    ),
)

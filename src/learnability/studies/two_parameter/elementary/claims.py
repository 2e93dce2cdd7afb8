"""Claims on elementary models: with fewer parameters than dimensions they learn a set of measure zero."""

from learnability.results.claim import Analyses, Between, Claim, Measurement
from learnability.results.measuring import Measure, entry, measured
from learnability.studies.two_parameter.theory import PAPER

_THM8 = "Pfaffian models with W < d learn a set of measure zero: P(distance <= eps) falls as eps^(d-W)"
_COR10 = "Sine models with W < d learn a set of measure zero: P(distance <= eps) falls as eps^(d-W)"
_CONJECTURE = "All elementary models, with unbounded sine too, learn measure zero (conjectured)"
_PROP2 = "One parameter learns a set of measure zero: P(distance <= eps) falls as eps^(d-1)"


def _tail_exponent(family: str) -> Measure:
    def measure(analyses: Analyses) -> Measurement:
        row = entry(analyses["elementary"], "family", family)
        return measured(row.exponent, int(row.targets), f"{int(row.used)} distances in the fit")

    return measure


def _claim(prefix: str, family: str, statement: str, source: str, rule: Between, expected: str) -> Claim:
    return Claim(
        f"{prefix}.{family.replace('_', '-')}",
        f"{PAPER}, {source}",
        statement,
        f"exponent of P(distance <= eps), eps <= .03 (W = 2) or .1 (W = 1), model {family.replace('_', ' ')}",
        rule,
        _tail_exponent(family),
        ("elementary",),
        expected,
        seeds_needed=500,
        figure="distances",
    )


CLAIMS: tuple[Claim, ...] = (
    *(
        _claim("elementary", family, statement, source, Between(0.75, 1.25), "1")
        for statement, source, families in (
            (_THM8, "Theorem 8", ("linear", "cubic", "tanh_network", "gaussian_bumps", "rational", "torus")),
            (_COR10, "Corollary 10", ("sine", "fast_sine")),
            (_CONJECTURE, "conjecture after Corollary 10", ("helicoid", "graph_of_sine")),
        )
        for family in families
    ),
    *(
        _claim("one-parameter", family, _PROP2, "Proposition 2", Between(1.5, 2.5), "2")
        for family in ("line", "moment_curve", "toral_curve")
    ),
)

"""What the paper states of escape times, where one direction is hidden: decided without a seed."""

from dataclasses import dataclass
from functools import partial

from learnability.results.claim import Analyses, Claim, Equals, Measurement
from learnability.results.measuring import entry, limit_exponent
from learnability.studies.multi_index.theory import PAPER

_EXPERIMENT = "one_direction"


@dataclass(frozen=True)
class _Row:
    """A case of the config, and what is claimed of it."""

    case: str
    expected: float
    statement: str
    source: str = f"{PAPER}, Theorem 3.25"
    logarithmic: bool = False


def limit(analyses: Analyses, case: str) -> Measurement:
    """The limit of the local exponents of a case; the note names what was cut off an infinite expansion."""
    one = entry(analyses[_EXPERIMENT], "case", case)
    found = limit_exponent(_EXPERIMENT)({_EXPERIMENT: one})
    lost = float(one["truncation"])
    parts = [found.note]
    if lost > 1e-12:
        parts.append(f"energy {lost:.1e} beyond degree 80 cut off, which enters the rate below 2^-79")
    ratio = one["instant_ratio"].values[[0, -1]]
    if case.startswith(("two-timescale", "relu-features")):
        parts.append(
            f"time over that of the instant fit {ratio[0]:.4g} at the smallest, {ratio[1]:.4g} at the largest d"
        )
    return Measurement(found.estimate, found.low, found.high, None, "; ".join(parts))


_E = 2.718281828459045
_JOINT = "The joint flow of {link} escapes its saddle in time {law}."
_PLANTED = "The planted flow of {link}, from starts on the side lambda > 0, escapes its saddle in time {law}."
_THEOREM_4 = f"{PAPER}, Theorem 4.1"

ROWS: tuple[_Row, ...] = (
    _Row("escape-joint.s1", 0.5, _JOINT.format(link="h1(z1)", law="log d"), logarithmic=True),
    *(_Row(f"escape-joint.s{s}", s - 1, _JOINT.format(link=f"h{s}(z1)", law=f"d^{s - 1}")) for s in (2, 3, 4)),
    _Row("escape-planted.s2", 0.25, _PLANTED.format(link="h2(z1)", law="log d"), _THEOREM_4, logarithmic=True),
    *(
        _Row(f"escape-planted.s{s}", s / 2 - 1, _PLANTED.format(link=f"h{s}(z1)", law=f"d^{s / 2 - 1:g}"), _THEOREM_4)
        for s in (3, 4, 5)
    ),
    _Row("escape-joint.sin", _E / 2, _JOINT.format(link="sin(z1), no polynomial", law="log d"), logarithmic=True),
    _Row("escape-joint.relu", 2.0, _JOINT.format(link="relu(z1), no polynomial", law="log d"), logarithmic=True),
    *(
        _Row(f"escape-joint.{name}", s - 1, _JOINT.format(link=f"{link}, no polynomial, s = {s}", law=f"d^{s - 1}"))
        for name, s, link in (
            ("cos", 2, "cos(z1)"),
            ("abs", 2, "abs(z1)"),
            ("exp-2", 2, "exp(z1) without its linear part"),
            ("relu-2", 2, "relu(z1) without its linear part"),
            ("sin-3", 3, "sin(z1) without its linear part"),
            ("erf-3", 3, "erf(z1) without its linear part"),
        )
    ),
    _Row(
        "escape-planted.sin-3",
        0.5,
        _PLANTED.format(link="sin(z1) without its linear part, no polynomial, s = 3", law="d^0.5"),
        _THEOREM_4,
    ),
    _Row(
        "equator.halfway",
        1.0,
        "The exponent is that of the start: from lambda^2 ~ d^(-1/2), off the equator, the joint flow of h3(z1) "
        "escapes in "
        "time d^((s-1)/2) = d.",
        f"{PAPER}, section 3 (starts near the equator)",
    ),
    *(
        _Row(
            f"two-timescale.equal-rates.h{s}",
            s - 1,
            f"The link need not be learned infinitely faster: at the same rate as the subspace, from the zero link, "
            f"h{s}(z1) is escaped in time d^{s - 1}.",
            "this study, of the two-timescale assumption of arXiv 2310.19793, section 2",
        )
        for s in (2, 3)
    ),
    *(
        _Row(
            f"two-timescale.slow-link.h{s}",
            1.5 * (s - 1),
            f"A link that is learned slower than the saddle lasts costs an exponent: at the rate d^{-2 * (s - 1)}, "
            f"h{s}(z1) is escaped in time d^{1.5 * (s - 1):g}.",
            "this study, of the two-timescale assumption of arXiv 2310.19793, section 2",
        )
        for s in (2, 3)
    ),
    *(
        _Row(
            f"relu-features.h{s}",
            s - 1,
            f"A link fitted on 16 ReLU features with frozen biases leaves the exponent: h{s}(z1) is escaped in time "
            f"d^{s - 1}.",
            "this study, of the open question of arXiv 2310.19793 on standard architectures",
        )
        for s in (2, 3)
    ),
)
"""What is claimed of the cases of the experiment ``one_direction``."""


def _claim(row: _Row) -> Claim:
    what = (
        "rate of the exact median escape time against log d"
        if row.logarithmic
        else "local exponent of the exact median escape time against d"
    )
    return Claim(
        id=row.case,
        source=row.source,
        statement=row.statement,
        measured=f"{what}, by quadrature at the median of the start's law; limit from the last two decades to d = 1e8",
        rule=Equals(row.expected, 0.01),
        measure=partial(limit, case=row.case),
        experiments=(_EXPERIMENT,),
        expected=f"{row.expected:.4g}",
        unit="flow time" if row.logarithmic else "1",
        evidence="asymptotic",
        figure="escape_times",
    )


CLAIMS: tuple[Claim, ...] = tuple(_claim(row) for row in ROWS)

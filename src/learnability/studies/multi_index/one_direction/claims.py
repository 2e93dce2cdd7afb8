"""What the paper states of escape times, where one direction is hidden: decided without a seed."""

from dataclasses import replace
from functools import partial

from learnability.results.claim import Analyses, AtLeast, Claim, Measurement
from learnability.results.measuring import entry, limit_of
from learnability.studies.multi_index.laws import Row, claims_of
from learnability.studies.multi_index.theory import PAPER

_EXPERIMENT = "one_direction"


def limit(analyses: Analyses, case: str) -> Measurement:
    """The limit of the local exponents of a case; the note names what was cut off an infinite expansion."""
    one = entry(analyses[_EXPERIMENT], "case", case)
    found = limit_of(one, _EXPERIMENT)
    lost = float(one["truncation"])
    parts = [found.note]
    if lost > 1e-12:
        parts.append(f"energy {lost:.1e} beyond degree 80 cut off, which enters the rate below 2^-79")
    ratio = one["instant_ratio"].values[[0, -1]]
    if case.startswith(("two-timescale", "relu-features")):
        parts.append(
            f"time over that of the instant fit {ratio[0]:.4g} at the smallest, {ratio[1]:.4g} at the largest d"
        )
    return replace(found, note="; ".join(parts))


def least_speed(analyses: Analyses, case: str) -> Measurement:
    """The least speed of a case with fitted features, in units of that of the exact fit; the note has its exponent."""
    one = entry(analyses[_EXPERIMENT], "case", case)
    return Measurement.exact(float(one["least_speed"]), limit(analyses, case).note)


_E = 2.718281828459045
_RATE = f"{PAPER}, Theorem 3.25; the rate: this study"
_PLANTED_RATE = f"{PAPER}, Theorem 4.1; the rate: this study"
_MEDIAN = "at the median of the start's law; limit from the last two decades to d = 1e8"
_SOLVED = f"by an implicit solver of the link and the subspace together (relative tolerance 1e-6), {_MEDIAN}"
_JOINT = "The joint flow of {link} escapes its saddle in time {law}."
_PLANTED = "The planted flow of {link}, from starts on the side lambda > 0, escapes its saddle in time {law}."
_THEOREM_4 = f"{PAPER}, Theorem 4.1"
_AFTER_THEOREM_4 = f"this study, after Theorem 4.1 of {PAPER}, which is of radial links"
"""Of one variable the radial links are the even ones."""


def _source_of_planted(degree: int) -> str:
    return _THEOREM_4 if degree % 2 == 0 else _AFTER_THEOREM_4


def _power(exponent: float) -> str:
    return "d" if exponent == 1 else f"d^{exponent:g}"


ROWS: tuple[Row, ...] = (
    Row("escape-joint.s1", 0.5, _JOINT.format(link="h1(z1)", law="log d"), _RATE, logarithmic=True),
    *(Row(f"escape-joint.s{s}", s - 1, _JOINT.format(link=f"h{s}(z1)", law=_power(s - 1))) for s in (2, 3, 4)),
    Row("escape-planted.s2", 0.25, _PLANTED.format(link="h2(z1)", law="log d"), _PLANTED_RATE, logarithmic=True),
    *(
        Row(
            f"escape-planted.s{s}",
            s / 2 - 1,
            _PLANTED.format(link=f"h{s}(z1)", law=_power(s / 2 - 1)),
            _source_of_planted(s),
        )
        for s in (3, 4, 5)
    ),
    Row("escape-joint.sin", _E / 2, _JOINT.format(link="sin(z1), no polynomial", law="log d"), _RATE, logarithmic=True),
    Row("escape-joint.relu", 2.0, _JOINT.format(link="relu(z1), no polynomial", law="log d"), _RATE, logarithmic=True),
    *(
        Row(f"escape-joint.{name}", s - 1, _JOINT.format(link=f"{link}, no polynomial, s = {s}", law=f"d^{s - 1}"))
        for name, s, link in (
            ("cos", 2, "cos(z1)"),
            ("abs", 2, "abs(z1)"),
            ("exp-2", 2, "exp(z1) without its linear part"),
            ("relu-2", 2, "relu(z1) without its linear part"),
            ("sin-3", 3, "sin(z1) without its linear part"),
            ("erf-3", 3, "erf(z1) without its linear part"),
        )
    ),
    Row(
        "escape-planted.sin-3",
        0.5,
        _PLANTED.format(link="sin(z1) without its linear part, no polynomial, s = 3", law="d^0.5"),
        _source_of_planted(3),
    ),
    Row(
        "equator.halfway",
        1.0,
        "The exponent is that of the start: from lambda^2 ~ d^(-1/2), off the equator, the joint flow of h3(z1) "
        "escapes in "
        "time d^((s-1)/2) = d.",
        f"this study, after Theorem 3.25 of {PAPER}, whose starts are at the equator",
    ),
    *(
        Row(
            f"two-timescale.equal-rates.h{s}",
            s - 1,
            f"The link need not be learned infinitely faster: at the same rate as the subspace, from the zero link, "
            f"h{s}(z1) is escaped in time d^{s - 1}.",
            "this study, of the two-timescale assumption of arXiv 2310.19793, section 2",
            how=_SOLVED,
        )
        for s in (2, 3)
    ),
    *(
        Row(
            f"two-timescale.slow-link.h{s}",
            1.5 * (s - 1),
            f"A link that is learned slower than the saddle lasts costs an exponent: at the rate d^{-2 * (s - 1)}, "
            f"h{s}(z1) is escaped in time d^{1.5 * (s - 1):g}.",
            "this study, of the two-timescale assumption of arXiv 2310.19793, section 2",
            how=_SOLVED,
        )
        for s in (2, 3)
    ),
)
"""What is claimed of the cases of the experiment ``one_direction``."""

CLAIMS: tuple[Claim, ...] = claims_of(
    ROWS,
    limit,
    rate="rate of the exact median escape time against log d",
    exponent="local exponent of the exact median escape time against d",
    how=f"by quadrature {_MEDIAN}",
    experiments=(_EXPERIMENT,),
) + tuple(
    Claim(
        id=f"relu-features.s{s}",
        source="this study, of the open question of arXiv 2310.19793 on standard architectures",
        statement=f"A link fitted on 16 ReLU features with frozen biases makes no trap of its own: from either side "
        f"of the equator the flow of h{s}(z1) + h{s + 1}(z1) + h{s + 2}(z1) goes on to the target, in time "
        f"{_power(s - 1)}.",
        measured="least speed of lambda^2 over that with the link refitted exactly, both sides of the equator, 800 "
        "values of lambda^2 from 1e-8 to 1 - 1e-6",
        rule=AtLeast(0.01),
        measure=partial(least_speed, case=f"relu-features.s{s}"),
        experiments=(_EXPERIMENT,),
        expected="positive; the exponent follows from a speed in proportion",
        evidence="existence",
        figure="escape_times",
    )
    for s in (2, 3)
)

"""What the paper states of escape times, where two directions are hidden."""

from dataclasses import replace
from functools import partial

from learnability.results.claim import Analyses, Claim, Equals, Measurement
from learnability.results.measuring import entry, limit_of
from learnability.studies.multi_index.theory import PAPER

_THEOREM = {"joint": "Theorem 3.25", "planted": "Theorem 4.1"}
QUARTIC = "He4(z1) + 2*He2(z1)*He2(z2) + He4(z2)"

_LAST = {
    ("joint", "r2-s1"): ("h1(z1) + h1(z1)*h1(z2)", 1.0, "log d"),
    ("joint", "r2-s2"): ("h1(z1) + h1(z1)*h2(z2)", 1.0, "d"),
    ("joint", "r2-s3"): ("h1(z1) + h1(z1)*h3(z2)", 2.0, "d^2"),
    ("joint", "r2-s4"): ("h1(z1) + h1(z1)*h4(z2)", 3.0, "d^3"),
    ("joint", "r2-leaps-2-3"): ("h2(z1) + h2(z1)*h3(z2)", 2.0, "d^2"),
    ("planted", "r2-s2"): ("h2(z1) + h2(z2)", 0.25, "log d"),
    ("planted", "r2-s4"): (QUARTIC, 1.0, "d"),
}
"""(flow, suffix of the id) -> (link, exponent or rate against log d, law) of the last saddle."""

_FIRST = {
    "r2-s3": ("h1(z1) + h1(z1)*h3(z2)", 0.5, "log d"),
    "r2-leaps-2-3": ("h2(z1) + h2(z1)*h3(z2)", 1.0, "d"),
}
"""The same of the first saddle of the joint flow."""

EQUAL = "h2(z1) + 0.9*h2(z2)"
"""A link whose two saddles have the same exponent and nearly the same strength."""


def exponent(analyses: Analyses, flow: str, link: str, which: str) -> Measurement:
    """The limit of the local exponents ``which`` (``first``, ``last`` or ``ratio``) of a link; the note has the slope
    of the full range beside it."""
    data = analyses[f"escape_{flow}"]
    one = entry(data, "link", link)
    found = limit_of(one, "escape", which)
    angle = 0 if which == "first" else int(one["num_variables"]) - 1
    note = found.note
    if which != "ratio" and float(one["exponent"][angle]) > 0:
        note = f"{note}; full range {float(one['slope'][angle]):.4f}"
    return replace(found, seeds=int(one["escaping"][angle]), note=note)


def _claim(flow: str, suffix: str, link: str, expected: float, law: str, which: str) -> Claim:
    rate = law == "log d"
    what = "rate of the median escape time against log d" if rate else "local exponent of the median escape time"
    return Claim(
        id=f"escape-{flow}.{suffix}" + (".first" if which == "first" else ""),
        source=f"{PAPER}, {_THEOREM[flow]}" + ("; the rate: this study" if rate else ""),
        statement=f"The {flow} flow of {link} escapes its {which} saddle in time {law}.",
        measured=f"{what}, starts with common random numbers over d; limit from the last two decades to d = 1e8",
        rule=Equals(expected, 0.01),
        measure=partial(exponent, flow=flow, link=link, which=which),
        experiments=(f"escape_{flow}",),
        expected=f"{expected:g}",
        unit="flow time" if rate else "1",
        evidence="asymptotic",
        seeds_needed=32,
        figure="escape_times",
    )


CLAIMS: tuple[Claim, ...] = (
    *(_claim(flow, suffix, *what, "last") for (flow, suffix), what in _LAST.items()),
    *(_claim("joint", suffix, *what, "first") for suffix, what in _FIRST.items()),
    Claim(
        id="equal-exponents",
        source="this study",
        statement="Two directions of equal leap exponent, h2(z1) + 0.9*h2(z2), are not learned one after "
        "another: the ratio "
        "of their escape times stays bounded as d grows.",
        measured="local exponent of the median ratio of both escape times; limit from the last two decades to d = 1e8",
        rule=Equals(0.0, 0.01),
        measure=partial(exponent, flow="joint", link=EQUAL, which="ratio"),
        experiments=("escape_joint",),
        expected="0; 1 for leap exponents 2 and 3",
        evidence="asymptotic",
        seeds_needed=32,
        figure="escape_times",
    ),
)

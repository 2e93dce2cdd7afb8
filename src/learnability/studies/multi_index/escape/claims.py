"""What the paper states of escape times."""

from functools import partial

import numpy as np

from learnability.results.claim import Analyses, AtMost, Claim, Equals, Measurement
from learnability.results.labelled import bounds_of
from learnability.results.measuring import entry, measured
from learnability.studies.multi_index.theory import PAPER

_THEOREM = {"joint": "Theorem 3.25", "planted": "Theorem 4.1"}
_LAW = {"joint": "d^(s-1), log d for s = 1", "planted": "d^(s/2-1), log d for s = 2"}

_ESCAPES = {
    ("joint", "s1"): ("h1(z1)", 0.5),
    ("joint", "s2"): ("h2(z1)", 1.0),
    ("joint", "s3"): ("h3(z1)", 2.0),
    ("joint", "s4"): ("h4(z1)", 3.0),
    ("joint", "r2-s1"): ("h1(z1) + h1(z1)*h1(z2)", 1.0),
    ("joint", "r2-s2"): ("h1(z1) + h1(z1)*h2(z2)", 1.0),
    ("joint", "r2-s3"): ("h1(z1) + h1(z1)*h3(z2)", 2.0),
    ("joint", "r2-s4"): ("h1(z1) + h1(z1)*h4(z2)", 3.0),
    ("planted", "s2"): ("h2(z1)", 0.25),
    ("planted", "s3"): ("h3(z1)", 0.5),
    ("planted", "s4"): ("h4(z1)", 1.0),
    ("planted", "s5"): ("h5(z1)", 1.5),
    ("planted", "r2-s2"): ("h2(z1) + h2(z2)", 0.25),
    ("planted", "r2-s4"): ("He4(z1) + 2*He2(z1)*He2(z2) + He4(z2)", 1.0),
}
"""(flow, suffix of the id) -> (link, expected exponent, or rate against log d where the exponent is zero)."""

_LOGARITHMIC = {("joint", "s1"), ("joint", "r2-s1"), ("planted", "s2"), ("planted", "r2-s2")}


def last_saddle(analyses: Analyses, flow: str, link: str, name: str) -> Measurement:
    """The slope ``name`` of the escape time of a link's last saddle."""
    one = entry(analyses[f"escape_{flow}"], "link", link)
    last = int(one["num_variables"]) - 1
    return measured(one[name].isel(angle=last), int(one["seeds"][last]))


def worst_exponent(analyses: Analyses, flow: str) -> Measurement:
    """The fitted exponent that lies farthest from theory, as a distance."""
    data = analyses[f"escape_{flow}"]
    worst = (np.nan, np.nan, np.nan)
    seeds = None
    for case in range(data.sizes["case"]):
        one = data.isel(case=case)
        last = int(one["num_variables"]) - 1
        theory = float(one["exponent"][last])
        if not theory > 0:
            continue
        offset, low, high = (float(part) - theory for part in bounds_of(one["asymptotic_slope"].isel(angle=last)))
        sides = abs(low), abs(high)
        found = (abs(offset), 0.0 if low <= 0 <= high else min(sides), max(sides))
        if not worst[2] >= found[2]:
            worst, seeds = found, int(one["seeds"][last])
    return Measurement(*worst, seeds)


def _of_links() -> list[Claim]:
    claims = []
    for (flow, suffix), (link, expected) in _ESCAPES.items():
        logarithmic = (flow, suffix) in _LOGARITHMIC
        time = "the median escape time" if logarithmic else "log median escape time"
        claims.append(
            Claim(
                id=f"escape-{flow}.{suffix}",
                source=f"{PAPER}, {_THEOREM[flow]}",
                statement=f"The {flow} flow of {link} escapes its last saddle in time {_LAW[flow]}.",
                measured=f"slope of {time} against log d, d = 1e2 to 1e8",
                rule=Equals(expected, 0.01),
                measure=partial(last_saddle, flow=flow, link=link, name="log_rate" if logarithmic else "slope"),
                experiments=(f"escape_{flow}",),
                expected=f"{expected:g}",
                unit="flow time" if logarithmic else "1",
                seeds_needed=64,
                figure="escape_times",
            )
        )
    return claims


CLAIMS: tuple[Claim, ...] = (
    *_of_links(),
    *(
        Claim(
            id=f"escape-{flow}.large-d",
            source=f"{PAPER}, {_THEOREM[flow]}",
            statement=f"Asymptotically, the {flow} flow escapes in time {_LAW[flow]}, for every link.",
            measured="largest distance of the exponent fitted on d >= 1e4 from theory, over all links",
            rule=AtMost(0.01),
            measure=partial(worst_exponent, flow=flow),
            experiments=(f"escape_{flow}",),
            expected="0",
            seeds_needed=64,
            figure="escape_times",
        )
        for flow in ("joint", "planted")
    ),
)

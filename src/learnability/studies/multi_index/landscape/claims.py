"""What the paper and its summaries state of where flows end. The CHANGELOG names what was not fixed in advance."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Measurement, NotAtThisScale
from learnability.results.labelled import bounds_of, texts
from learnability.results.measuring import absolute, entry, measured, share
from learnability.statistics.intervals import wilson
from learnability.studies.multi_index.landscape.analyse import FLAT
from learnability.studies.multi_index.theory import PAPER


def joint_success(analyses: Analyses) -> Measurement:
    """The smallest success of the joint flow over the links; runs out of steps count as failures below, not above."""
    data = analyses["landscape"].sel(flow="joint")
    trials = data["trials"].values
    unfinished = np.rint(trials * data["unfinished"].values)
    reached = np.rint(trials * bounds_of(data["success"])[0].values)
    found = [share(*counts) for counts in zip(reached.tolist(), trials.tolist(), unfinished.tolist(), strict=True)]
    worst = min(range(len(found)), key=lambda i: (found[i].low, found[i].estimate))
    note = (
        f"{data['link'].values[worst]}; {len(found)} links, {int(unfinished.sum())} runs unfinished of "
        f"{int(trials.sum())}"
    )
    return replace(found[worst], note=note)


def joint_unfinished(analyses: Analyses) -> Measurement:
    """Pooled fraction of joint runs that the solver did not decide."""
    data = analyses["landscape"].sel(flow="joint")
    trials = data["trials"].values
    left = float((trials * data["unfinished"].values).sum())
    low, high = wilson(left, trials.sum())
    return Measurement(left / trials.sum(), float(low), float(high), int(trials.min()))


def _planted(analyses: Analyses, families: Sequence[str]) -> xr.Dataset:
    data = analyses["landscape"].sel(flow="planted")
    return data.isel(case=[i for i, family in enumerate(texts(data["family"])) if family in families])


def extreme(analyses: Analyses, families: Sequence[str], largest: bool) -> Measurement:
    """The largest or smallest planted success of the families, with its own Wilson interval.

    Raises NotAtThisScale where no link of theirs was run.
    """
    data = _planted(analyses, families)
    if not data.sizes["case"]:
        raise NotAtThisScale(" and ".join(families))
    success = bounds_of(data["success"])[0].values
    i = int(success.argmax() if largest else success.argmin())
    note = f"{data['link'].values[i]}; {data.sizes['case']} links"
    return measured(data["success"].isel(case=i), int(data["trials"][i]), note)


def smallest(analyses: Analyses, links: Sequence[str]) -> Measurement:
    """The smallest planted success of the named links, with its own Wilson interval.

    Raises NotAtThisScale where one of them was not run.
    """
    data = analyses["landscape"].sel(flow="planted")
    found = [entry(data, "link", link) for link in links]
    worst = min(found, key=lambda one: float(bounds_of(one["success"])[0]))
    return measured(worst["success"], int(worst["trials"]), str(worst["link"].values))


def trapped(analyses: Analyses, families: Sequence[str]) -> Measurement:
    """The fewest trapped starts over the links of the families: where they are positive, every link has a witness.

    Raises NotAtThisScale where no link of theirs was run.
    """
    data = _planted(analyses, families)
    if not data.sizes["case"]:
        raise NotAtThisScale(" and ".join(families))
    shares = np.sum([data[name].values for name in ("frozen", "wrong_frame", "rank_deficient")], axis=0)
    counts = np.rint(shares * data["trials"].values)
    i = int(counts.argmin())
    note = (
        f"{data['link'].values[i]}; {data.sizes['case']} links; shares trapped {shares.min():.3f} to {shares.max():.3f}"
    )
    return Measurement.exact(float(counts[i]), note)


def trend(analyses: Analyses) -> Measurement:
    """The steepest change of the planted success per decade of d, by absolute value."""
    data = analyses["landscape_dimension"]
    i = int(np.abs(bounds_of(data["trend"])[0].values).argmax())
    steepest = measured(data["trend"].isel(trended=i), int(data["trials"].min()), str(data["trended_link"].values[i]))
    return absolute(steepest)


def rank_gain(analyses: Analyses, family: str) -> Measurement:
    """Planted success with the most ridges minus that with one; Newcombe's interval from Wilson's.

    Raises NotAtThisScale where fewer than two numbers of ridges were run.
    """
    data = _planted(analyses, (family,))
    if data.sizes["case"] < 2:
        raise NotAtThisScale("the scan over ridges")
    order = np.argsort(data["parameter"].values)
    (p1, l1, u1), (p2, l2, u2) = data["success"].values[order[[0, -1]]].tolist()
    gain = p2 - p1
    low = gain - math.hypot(p2 - l2, u1 - p1)
    high = gain + math.hypot(u2 - p2, p1 - l1)
    counts = np.rint(data["trials"].values * bounds_of(data["success"])[0].values)[order].astype(int)
    note = f"{', '.join(map(str, counts))} of {int(data['trials'].min())} with {data.sizes['case']} numbers of ridges"
    return Measurement(gain, low, high, int(data["trials"].min()), note)


MIXED_AND_FREE = (
    "h1(z1) + h1(z1)*h2(z2)",
    "h1(z1) + h1(z2) + h1(z3) + h1(z1)*h1(z2)*h1(z3)",
    "h2(z1) + h2(z2) + h2(z3) + h1(z1)*h1(z2)*h1(z3)",
)
"""Links of the family ``general`` of several harmonics, the last one of both parities."""

_landscape_claim = partial(Claim, experiments=("landscape",), seeds_needed=64, figure="planted_split")

CLAIMS: tuple[Claim, ...] = (
    _landscape_claim(
        id="global-convergence",
        source=f"{PAPER}, Theorem 3.25",
        statement="The joint flow converges to the target from almost every start.",
        measured="smallest share over the links of starts that reach the target, Clopper and Pearson; runs out "
        "of steps "
        "open either way",
        evidence="statistical",
        rule=AtLeast(0.99),
        measure=joint_success,
        expected="1",
    ),
    _landscape_claim(
        id="global-convergence.unfinished",
        source="this study",
        statement="The solver decides nearly every run of the joint flow.",
        measured="fraction of joint runs that used up their steps",
        evidence="statistical",
        rule=AtMost(0.01),
        measure=joint_unfinished,
        expected="0",
    ),
    _landscape_claim(
        id="planted-traps.symmetric",
        source=f"{PAPER}, Theorem 4.1",
        statement="Radial links do not trap the planted flow.",
        measured="smallest planted success over these links",
        evidence="statistical",
        rule=AtLeast(0.98),
        measure=partial(extreme, families=("radial",), largest=False),
        expected="1",
    ),
    _landscape_claim(
        id="planted-traps.harmonic",
        source="this study",
        statement="Single harmonics of two variables do not trap the planted flow (degrees 2 to 4), nor does z1 z2 z3.",
        measured="smallest planted success over these links",
        evidence="statistical",
        rule=AtLeast(0.98),
        measure=partial(extreme, families=("harmonic",), largest=False),
        expected="1",
    ),
    _landscape_claim(
        id="planted-traps.mixed",
        source=f"{PAPER}, section 4",
        statement="For some links the planted landscape traps gradient flow with positive probability (judged: for "
        "each of the families odd, mixed parity and mixed harmonics).",
        measured="fewest trapped starts over these links: one is a witness of an open set of them",
        rule=AtLeast(1),
        measure=partial(trapped, families=("odd", "mixed_parity", "mixed_harmonics")),
        expected="at least 1",
        evidence="existence",
    ),
    _landscape_claim(
        id="planted-traps.mixed.free",
        source="this study",
        statement="Mixing is not enough for a trap: h1(z1) + h1(z1) h2(z2) and h1(z1) + h1(z2) + h1(z3) + z1 z2 z3, of "
        "several harmonics, and h2(z1) + h2(z2) + h2(z3) + z1 z2 z3, of both parities, do not trap the planted flow.",
        measured="smallest planted success over the three links",
        evidence="statistical",
        rule=AtLeast(0.98),
        window_seen=True,
        measure=partial(smallest, links=MIXED_AND_FREE),
        expected="1",
    ),
    _landscape_claim(
        id="planted-traps.flat-in-d",
        source="this study",
        statement="The probability of a trap does not depend on the dimension.",
        measured="steepest change of the planted success per decade of d, over the links of the scan",
        evidence="statistical",
        rule=AtMost(FLAT),
        measure=trend,
        experiments=("landscape_dimension",),
        expected="0",
        figure="planted_success",
    ),
    _landscape_claim(
        id="planted-traps.rank",
        source="this study",
        statement="Four ridges h2 + h3/2 trap the planted flow less often than one.",
        measured="planted success of sum_j (h2 + h3/2)(z_j) with the most ridges minus that with one",
        evidence="statistical",
        rule=AtLeast(0.1),
        window_seen=True,
        measure=partial(rank_gain, family="rank"),
        expected="0.3",
        figure="planted_success",
    ),
    _landscape_claim(
        id="planted-traps.rank.odd",
        source="this study",
        statement="Four ridges h3 trap the planted flow more often than one.",
        measured="planted success of sum_j h3(z_j) with the most ridges minus that with one",
        evidence="statistical",
        rule=AtMost(-0.1),
        window_seen=True,
        measure=partial(rank_gain, family="odd"),
        expected="-0.3; 1/16 - 1/2 if ridges were learned apart",
        figure="planted_success",
    ),
    _landscape_claim(
        id="symmetry-and-traps.printed",
        source=f"{PAPER}, as summarised",
        statement="Rotational symmetry of the target causes the traps of the planted flow (judged: of a target that "
        "all rotations leave as it is).",
        measured="smallest planted success over the radial links; a trap would show as success below 0.9",
        rule=AtMost(0.9),
        measure=partial(extreme, families=("radial",), largest=False),
        expected="contradicted",
        form="printed",
        evidence="summary",
    ),
    _landscape_claim(
        id="symmetry-and-traps.corrected",
        source="this study",
        statement="Symmetry under all rotations excludes traps, symmetry about an axis does not: the zonal harmonics "
        "of three variables of degrees 3 and 4 trap the planted flow.",
        measured="fewest trapped starts over both links: one is a witness",
        rule=AtLeast(1),
        measure=partial(trapped, families=("zonal",)),
        expected="at least 1",
        evidence="existence",
        form="corrected",
    ),
)

"""The answer to a question: what its analyses say of one target, as rows and as sentences."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from learnability.diagnosis.words import PRACTICAL, fewest
from learnability.results.labelled import texts
from learnability.studies.atlas import theory
from learnability.studies.atlas.methods import LABEL
from learnability.studies.atlas.problem import FAITHFUL, LEAST_KEPT, cut_degree

STEP = 0.1
"""The step size, in units of 1 / Var f, by which flow time is told in steps of full-batch descent."""

SIDE_BY_SIDE = 0.01
"""How far the escape times of two directions may differ, relative, where one line of a page stands for both."""

_REACH = 10_000
_NO_MATTER = 1e-3

Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Answer:
    """What is known of one target.

    ``diagnosis``: (what, answer, how it is known, source); ``times``: (directions and flow, median and 80% band in flow
    time, steps, growth with d); ``verdict``: sentences; ``open_points``: what is not known.
    """

    target: str
    diagnosis: tuple[Row, ...]
    times: tuple[Row, ...] = ()
    check: tuple[Row, ...] = ()
    verdict: tuple[str, ...] = ()
    open_points: tuple[str, ...] = field(default=())


def answers(analyses: Mapping[str, xr.Dataset]) -> list[Answer]:
    """One answer for every target of a question, from the analyses by experiment."""
    return [_answer(analyses, i, text) for i, text in enumerate(texts(analyses["diagnosis"]["target"]))]


def number(value: float) -> str:
    """Three significant digits; thousands with commas below a million."""
    if math.isinf(value):
        return "never"
    if math.isnan(value):
        return "not run"
    return f"{value:,.0f}" if 1000 <= value < 1e6 else f"{value:.3g}"


def band(low: float, middle: float, high: float) -> str:
    """``median (80%: low to high)``."""
    return f"{number(middle)} (80%: {number(low)} to {number(high)})"


def power(exponent: float) -> str:
    """``d``, ``d^2`` or ``d^1.5``."""
    return "d" if exponent == 1 else f"d^{exponent:g}"


def _law(exponent: float) -> str:
    return "at most log d" if exponent == 0 else power(exponent)


def _answer(analyses: Mapping[str, xr.Dataset], place: int, text: str) -> Answer:
    known = analyses["diagnosis"].isel(target=place)
    columns = (texts(known[name]) for name in ("question", "answer", "known", "source"))
    rows = tuple(row for row in zip(*columns, strict=True) if row[0])
    times = analyses["times"].isel(target=place)
    verdict, doubts = _verdict(known, times, "check" in analyses)
    doubts += _of_the_cut(known, times, "check" in analyses)
    beyond = float(known["beyond_links"])
    if beyond > _NO_MATTER:
        doubts.append(
            f"A link is continued by straight lines beyond its points, where its argument lies with probability "
            f"{beyond:.2g}: what it does there is not known."
        )
    followed = float(times["kept_share"]) >= LEAST_KEPT
    check = analyses["check"].isel(target=place) if "check" in analyses and followed else None
    if check is not None:
        verdict += _measured(check)
        doubts += _not_told_apart(check)
    rows_of_check = () if check is None else _check(check)
    alone = analyses["times"].sizes["target"] == 1
    return Answer(text, rows, _times(known, times, alone), rows_of_check, tuple(verdict), tuple(doubts))


def _of_the_cut(known: xr.Dataset, times: xr.Dataset, checked: bool) -> list[str]:
    """What the times say of a target that is cut at a degree."""
    kept, highest = float(times["kept_share"]), cut_degree(int(known["intrinsic_dimension"]))
    if kept == 1:
        return []
    what = f"its Hermite expansion cut at degree {highest}, which {_kept_and_lost(kept)} of the variance"
    if kept < LEAST_KEPT:
        left = "Its times, samples and check" if checked else "Its times and samples"
        return [f"{left} were not computed: they would be those of {what}. The rest lies above."]
    if kept < FAITHFUL:
        return [
            f"Its times are not known. Those of the table, and the samples of the two-layer network, are those of "
            f"{what}: no verdict rests on them."
        ]
    return [f"Its times, and the samples of the two-layer network, are those of {what}."]


def _kept_and_lost(kept: float) -> str:
    """``loses 0.03`` or ``keeps 0.004``: the part that is not rounded to all or nothing."""
    if kept > 0.5:
        return f"loses {1 - kept:.2g}"
    return f"keeps {kept:.2g}" if kept else "keeps less than 1e-15"


def _check(check: xr.Dataset) -> tuple[Row, ...]:
    """(method, n for half of the seeds by d, exponent measured, predicted)."""
    dimensions = check["dimension"].values.tolist()
    rows = []
    for method in texts(check["method"]):
        one = check.sel({"method": method})
        samples = ", ".join(
            f"{_count(n)} at d = {d}" for n, d in zip(one["samples"].values.tolist(), dimensions, strict=True)
        )
        middle, low, high = (float(x) for x in one["exponent"])
        predicted = _predicted(float(one["predicted"]))
        if method == "kernel_ridge":
            predicted += " for its loss"
        rows.append((LABEL[method], samples, _interval(middle, low, high), predicted))
    return tuple(rows)


def _interval(middle: float, low: float, high: float) -> str:
    """``1.25 (0.9 to 1.6)``, or one bound where the other is open."""
    if not math.isfinite(middle):
        return "–"
    if math.isinf(low) or math.isinf(high):
        bound = "no bounds" if math.isinf(low) and math.isinf(high) else ""
        bound = bound or (f"at least {low:.2f}" if math.isinf(high) else f"at most {high:.2f}")
        return f"{middle:.2f} ({bound})"
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _count(samples: float) -> str:
    if math.isnan(samples):
        return "not run"
    return "not reached" if math.isinf(samples) else f"{samples:,.0f}"


def _predicted(exponent: float) -> str:
    if math.isnan(exponent):
        return "no theorem"
    return "does not learn it" if math.isinf(exponent) else f"{exponent:g}"


def _measured(check: xr.Dataset) -> list[str]:
    """What learned and what did not, at the largest dimension that was measured."""
    last = check.isel(dimension=-1)
    d, methods = int(last["dimension"]), texts(check["method"])
    samples = dict(zip(methods, last["samples"].values.tolist(), strict=True))
    learned = sorted((n, method) for method, n in samples.items() if math.isfinite(n))
    failed = [method for method, n in samples.items() if math.isinf(n)]
    said = []
    if learned:
        listed = ", ".join(f"{LABEL[method]} ({n:,.0f})" for n, method in learned)
        said.append(f"Measured at d = {d}, samples from which half of the seeds learn the subspace: {listed}.")
    if failed:
        listed = ", ".join(
            f"{LABEL[method]} ({int(check['num_samples'].values[_ran(last, method)][-1]):,})" for method in failed
        )
        said.append(f"Did not learn it at d = {d} within the samples that were tried: {listed}.")
    return said


def _ran(one: xr.Dataset, method: str) -> Any:
    return one["learned"].sel({"method": method}).isel(bound=0).notnull().values


def _not_told_apart(check: xr.Dataset) -> list[str]:
    """Methods whose measured exponent fits the prediction of another class as well."""
    said = []
    dimensions = check["dimension"].values.tolist()
    for method in texts(check["method"]):
        one = check.sel({"method": method})
        middle, low, high = (float(x) for x in one["exponent"])
        inside = [p for p in (1.0, 1.5, 2.0, 3.0) if low <= p <= high]
        name = LABEL[method][0].upper() + LABEL[method][1:]
        if math.isfinite(middle) and math.isinf(high - low):
            said.append(f"{name}: too many seeds did not learn within the samples for both bounds of its exponent.")
        elif len(inside) > 1:
            lines = ", ".join(power(p) for p in inside[:-1]) + " and " + power(inside[-1])
            gap = min(b - a for a, b in itertools.pairwise(inside))
            # The interval shrinks as 1 / log of the range of dimensions.
            reach = dimensions[0] * (dimensions[-1] / dimensions[0]) ** (1.1 * (high - low) / gap)
            remedy = (
                f"dimensions up to about {reach:,.0f}" if reach < _REACH else "more seeds, or much larger dimensions,"
            )
            said.append(f"{name}: d = {dimensions[0]} to {dimensions[-1]} cannot tell {lines} apart; {remedy} would.")
        elif math.isinf(float(one["predicted"])) and math.isfinite(middle):
            said.append(f"{name} learned it where the theory that is quoted gives no number of samples.")
    if "kernel_ridge" in texts(check["method"]):
        said.append(
            "For kernel ridge the theorem is about its loss; the subspace of its gradients, which is measured, can be "
            "learned from fewer samples."
        )
    return said


def learned_together(one: xr.Dataset) -> list[range]:
    """The directions of one flow that are learned side by side: their times agree within :data:`SIDE_BY_SIDE` at every
    dimension."""
    groups: list[range] = []
    for angle in range(int(one["directions"])):
        now = one["escape_time"].isel(angle=angle).values
        first = one["escape_time"].isel(angle=groups[-1].start).values if groups else None
        if first is not None and np.allclose(now, first, rtol=SIDE_BY_SIDE, atol=0, equal_nan=True):
            groups[-1] = range(groups[-1].start, angle + 1)
        else:
            groups.append(range(angle, angle + 1))
    return groups


def called(group: range) -> str:
    """How a page calls the directions that are learned together."""
    first, last = group[0] + 1, group[-1] + 1
    return f"direction {first}" if first == last else f"directions {first} to {last}"


def _times(known: xr.Dataset, times: xr.Dataset, alone: bool) -> tuple[Row, ...]:
    """Escape times of every direction at the dimension that was asked about.

    Of directions that are learned together the last stands for all where the target is ``alone``; targets that are
    compared have a row for each, so that rows of the same name stand side by side.
    """
    variance, rows = float(known["variance"]), []
    cut = " (cut)" if float(times["kept_share"]) < FAITHFUL else ""
    for flow, name in (("joint", "link refitted"), ("planted", "link known")):
        one = times.sel(flow=flow).isel(dimension=0)
        every = [range(angle, angle + 1) for angle in range(int(one["directions"]))]
        for group in learned_together(times.sel(flow=flow)) if alone else every:
            angle = group[-1]
            quantiles = [float(x) for x in one["escape_time"].isel(angle=angle)]
            exponent = float(times.sel(flow=flow)["exponent"].isel(angle=angle)[-1])
            theory_says = float(one["predicted"].isel(angle=angle))
            law = "no law known" if math.isnan(theory_says) else f"theory {_law(theory_says)}"
            if math.isinf(quantiles[1]):
                law = "at least half of the starts never learn it"
            measured = f"measured d^{round(exponent, 2) + 0.0:.2f}; {law}" if math.isfinite(exponent) else law
            steps = number(quantiles[1] * variance / STEP)
            rows.append((f"{called(group)}, {name}", f"{band(*quantiles)}{cut}", steps, measured))
    return tuple(rows)


def _verdict(known: xr.Dataset, times: xr.Dataset, checked: bool) -> tuple[list[str], list[str]]:
    d, leap = int(times["dimension"][0]), int(known["leap"])
    searched = int(known["generative_leap"])
    # A transform of the label may be the identity: the correlational leap is a bound.
    generative = min(searched, leap)
    online = theory.online_exponent(leap)
    inner, unseen = int(known["intrinsic_dimension"]), int(known["unseen"])
    if not leap:
        none = (
            "No correlation with the label was told from zero up to the degree of the expansion: its exponents, and so "
        )
        return [], [f"{none}the numbers of samples, are not known."]
    faithful = float(times["kept_share"]) >= FAITHFUL
    said = [_online(times, d, leap, online, unseen)] + (
        [_joint(times, d, inner), _planted(times, d)] if faithful else []
    )
    measured = ", which the measured times and samples do" if faithful else ""
    doubts = [f"Exponents hold as d grows; they do not give the constants{measured}."]
    share = float(known["deciding_share"])
    if share < PRACTICAL:
        doubts.append(
            f"A leap rests on {share:.0e} of the variance: before n is {fewest(share)} at least it cannot be told from "
            "zero, so that no realistic n sees it, and what the exponents say is of no use there."
        )
    best = theory.law("best_transform", generative)
    if generative < 0:
        doubts.append("The generative leaps were not all found, so the best number of samples is not known.")
    elif best < theory.correlational_exponent(leap):
        said.append(
            f"A transform of the label, or a second pass over each batch, leaves the correlational class: n ~ "
            f"{power(best)} samples suffice (generative leap {generative}), where queries of the label as it is need "
            f"{power(theory.correlational_exponent(leap))}."
        )
    else:
        said.append(
            f"No transform of the label changes the exponent {best:g} of the best method: n ~ {power(best)} "
            f"(generative leap {generative})."
        )
    if searched > leap:
        doubts.append(
            f"The numerical search finds a generative leap of {searched}; the correlational {leap} bounds it."
        )
    trapped = int(known["reflective_dimension"])
    if unseen:
        doubts.append(
            f"In {unseen} of {inner} directions no correlation with the label was told from zero: their leap, and "
            f"whether they are trapped in the mean-field limit, are not known."
        )
    elif trapped and float(known["reflective_doubt"]):
        doubts.append(
            f"Whether {trapped} of {inner} directions are never learned in the mean-field limit from a start without "
            f"weight on the hidden subspace depends on numbers of {float(known['reflective_doubt']):.0e}."
        )
    elif trapped:
        left, least = (2 * float(known[name]) / float(known["variance"]) for name in ("loss_floor", "least_loss_floor"))
        most = "at most " if left - least > 5e-4 else ""
        kept = "" if left > 1 - 5e-4 else f"{most}{left:.3g} of "
        said.append(
            f"In the mean-field limit from a start without weight on the hidden subspace, {trapped} of {inner} "
            f"directions {'is' if trapped == 1 else 'are'} never learned (reflective subspace); the loss stays at "
            f"{kept}that of a constant."
        )
    noise = float(known["label_noise"])
    if noise:
        share = noise**2 / (noise**2 + float(known["variance"]))
        said.append(
            f"Label noise, {share:.2g} of the variance of the label, changes no exponent: correlations with the label "
            "do not see it, and normal noise hides none of its transforms altogether. It raises the numbers of "
            f"samples: those of online SGD{' and of the check' if checked else ''} are with the noise. The times of "
            "the population flows do not depend on it."
        )
    if not bool(known["certain"]) and generative > 0:
        doubts.append("The generative leaps rest on numerical moments, not on a certificate.")
    if int(times["unresolved"].sum()):
        doubts.append(
            f"{int(times['unresolved'].sum())} runs of the closed flows ended before their outcome was known."
        )
    return [sentence for sentence in said if sentence], doubts


def _online(times: xr.Dataset, d: int, leap: int, exponent: float, unseen: int) -> str:
    low, middle, high = (float(x) for x in times["sgd_samples"])
    logarithm = " log d" if leap == 2 else ""
    law = f"In theory online SGD needs n ~ {power(exponent)}{logarithm} samples (largest leap {leap})"
    if unseen:
        law = (
            f"In theory online SGD needs n ~ {power(exponent)}{logarithm} samples for the directions whose leap was "
            f"found (largest {leap}); theory says nothing of the other {unseen}"
        )
    if float(times["kept_share"]) < FAITHFUL:
        return f"{law}."
    if math.isnan(middle):
        return f"{law}; at d = {d:,} that exceeds the budget, and it was not run."
    if math.isinf(middle):
        reached = float(times["sgd_cosine"])
        return (
            f"{law}. At d = {d:,} most runs of a two-layer network on the correlation loss did not learn the subspace "
            f"from {int(times['sgd_tried']):,} samples (median cosine {reached:.2f} at the end)."
        )
    beyond = f"; never: not within {int(times['sgd_tried']):,}" if math.isinf(high) else ""
    return f"{law}; a two-layer network at d = {d:,} needed {band(low, middle, high)[:-1]}{beyond})."


def _joint(times: xr.Dataset, d: int, inner: int) -> str:
    one = times.sel(flow="joint").isel(dimension=0)
    shown = int(one["directions"])
    every = "every direction" if shown == inner else f"the {shown} of {inner} directions that the cut expansion shows"
    last = [float(x) for x in one["escape_time"].isel(angle=int(one["directions"]) - 1)]
    if math.isinf(last[1]):
        return f"The flow with a refitted link does not learn {every} from half of the starts (d = {d:,})."
    return f"The population flow with a refitted link learns {every} at d = {d:,} by time {band(*last)}."


def _planted(times: xr.Dataset, d: int) -> str:
    one = times.sel(flow="planted").isel(dimension=0)
    share, low, high = (float(x) for x in one["trapped"])
    if share == 0:
        return f"With the link known, no start of the flow was trapped (share at most {high:.1%} at 95%)."
    return f"With the link known, {share:.0%} of the starts are trapped at d = {d:,} (95%: {low:.0%} to {high:.0%})."

"""Claims on the Taylor condition and on averaging, by exact arithmetic; nothing is trained."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Equals, Measurement
from learnability.results.labelled import texts
from learnability.results.measuring import Measure, entry
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.taylor.activations import DESCRIPTIONS, LOGISTIC
from learnability.studies.subspace_polynomials.theory import OURS, PAPER

DELAYED, PROMPT = "z1 + z1*z2 + z2*z3 + 0.5*He2(z1)*z3", "z1 + z1*z2 + z2*z3 + 0.4*He2(z1)*z3"
WITH_EVEN_TERMS, SINE = ("sine", LOGISTIC, "exponential"), ("sine",)
ACTIVATION = DESCRIPTIONS["sine"]
CONJECTURE = f"{PAPER}, conjecture that the averaging step can be removed"


def _common_order(polynomial: str, activations: tuple[str, ...]) -> Measure:
    """The first order of full rank: median, smallest and largest over activations, the orders of others in the note.

    NaN where one of the ranks was not found in rational arithmetic, which a certificate needs.
    """

    def measure(analyses: Analyses) -> Measurement:
        row = entry(analyses["taylor"], "target", polynomial)
        chosen = row.sel(activation=[DESCRIPTIONS[name] for name in activations])
        orders = np.where((chosen["exact"].values != 0).all(), chosen["spanning_order"].values, np.nan)
        others = [name for name in WITH_EVEN_TERMS if name not in activations]
        return Measurement(
            float(np.median(orders)), float(orders.min()), float(orders.max()), None, _orders(row, others)
        )

    return measure


def _orders(row: xr.Dataset, activations: Sequence[str]) -> str:
    """The orders with some activations in words: the Taylor condition is one on the target and the activation."""
    known = [int(row["spanning_order"].sel(activation=DESCRIPTIONS[name])) for name in activations]
    said = [
        f"order {order} with {DESCRIPTIONS[name]}" if order else f"no order with {DESCRIPTIONS[name]}"
        for name, order in zip(activations, known, strict=True)
    ]
    return ", ".join(said)


OTHERS = tuple(name for name in WITH_EVEN_TERMS if name not in SINE)


def _row(analyses: Analyses, polynomial: str) -> xr.Dataset:
    return entry(analyses["taylor"], "target", polynomial)


def _proved(values: xr.DataArray) -> float:
    """A dimension or a rank; NaN where nothing is proved."""
    number = int(values)
    return float(number) if number >= 0 else float("nan")


def _trapped_with_odd_activation(analyses: Analyses) -> Measurement:
    row = _row(analyses, theory.STAIRCASES[2])
    order = int(row["spanning_order"].sel(activation=DESCRIPTIONS["tanh"]))
    return Measurement.exact(
        int(row["trapped_dimension_odd"]), f"first order of full rank to order 10: {order or 'none'}"
    )


def _reached(analyses: Analyses) -> Measurement:
    row = _row(analyses, theory.GAP)
    note = (
        f"invariant curve {row['curve'].item()}; dim S* = {int(row['trapped_dimension'])}, so nothing is reflective; "
        f"the Taylor coefficients span the subspace at {_orders(row, OTHERS)}"
    )
    return Measurement.exact(_proved(row["reached"]) + int(row["trapped_dimension"]), note)


def _reached_kept(analyses: Analyses) -> Measurement:
    row = _row(analyses, theory.GAP)
    note = f"power series in t and a, exact; under (4.1) the Taylor coefficients span at {_orders(row, OTHERS)}"
    return Measurement.exact(int(row["reached_kept"]), note)


def _averageable(table: xr.Dataset) -> xr.Dataset:
    """The targets whose Taylor coefficients span the subspace: those that the sufficient condition is about."""
    spans = table["spanning_order"].sel(activation=DESCRIPTIONS["sine"]).values > 0
    return table.isel(target=np.flatnonzero(spans))


def _ranks(table: xr.Dataset, name: str) -> str:
    """The ranks out of the features, and the orders with the other activations, target by target."""
    rows = [table.isel(target=i) for i in range(table.sizes["target"])]
    ranks = [f"{int(row[name])} of {int(row['features'])}" if int(row[name]) >= 0 else "not proved" for row in rows]
    orders = []
    for name in OTHERS:
        known = [int(row["spanning_order"].sel(activation=DESCRIPTIONS[name])) for row in rows]
        orders.append(
            f"orders with {DESCRIPTIONS[name]} {', '.join(str(order) if order else 'none' for order in known)}"
        )
    return f"{len(rows)} targets, ranks {', '.join(ranks)}; {'; '.join(orders)}"


def _degenerate(analyses: Analyses) -> Measurement:
    table = _averageable(analyses["taylor"])
    short = (table["features"] != table["one_copy_kept"]).values
    return Measurement.exact(int(short.sum()), _ranks(table, "one_copy_kept"))


def _degenerate_average(analyses: Analyses) -> Measurement:
    table = _averageable(analyses["taylor"])
    return Measurement.exact(int((table["features"] != table["many_copies"]).sum()), _ranks(table, "many_copies"))


def _left_by_one_copy(analyses: Analyses) -> Measurement:
    row = _row(analyses, theory.PARABOLA)
    share = float(row["unreachable"]) / (0.5 * float(row["norm_squared"]))
    note = (
        f"curve {row['curve'].item()}; rank {int(row['one_copy'])} of {int(row['features'])} with one copy, "
        f"{int(row['many_copies'])} with two, {int(row['one_copy_kept'])} with one and the output kept; the Taylor "
        f"coefficients span at {_orders(row, OTHERS)}"
    )
    return Measurement.exact(share, note)


def _undecided(analyses: Analyses) -> Measurement:
    table = analyses["taylor"]
    return Measurement.exact(int((table["reached"] < 0).sum()), f"of {', '.join(texts(table['target']))}")


CLAIMS = (
    Claim(
        id="taylor-rank",
        source=f"{PAPER}, equation (4.1) and the sufficient condition",
        statement="The Taylor coefficients of (4.1) for z1 + z1 z2 span the subspace at order 2.",
        measured="first order of full rank; sin(x + pi/4), 1/(1 + 2 exp(-x)), exp, all in rational arithmetic",
        rule=Equals(2, 0),
        measure=_common_order(theory.STAIRCASES[2], WITH_EVEN_TERMS),
        experiments=("taylor",),
        expected="2",
        figure="taylor_rank",
        evidence="exact",
    ),
    Claim(
        id="taylor-rank.p3",
        source=f"{PAPER}, equation (4.1) and the sufficient condition",
        statement="The Taylor coefficients of (4.1) for z1 + z1 z2 + z1 z2 z3 span the subspace at order 4.",
        measured="first order of full rank; sin(x + pi/4), 1/(1 + 2 exp(-x)), exp, all in rational arithmetic",
        rule=Equals(4, 0),
        measure=_common_order(theory.STAIRCASES[3], WITH_EVEN_TERMS),
        experiments=("taylor",),
        expected="4",
        figure="taylor_rank",
        evidence="exact",
    ),
    Claim(
        id="taylor-rank.tanh",
        source=f"{PAPER}, equation (4.1)",
        statement=(
            "With tanh and no bias the Taylor coefficients of (4.1) for z1 + z1 z2 never span the subspace, "
            "for want of even terms."
        ),
        measured="dimension of the largest subspace that is reflective for an odd activation, by the rational closure",
        rule=AtLeast(1),
        measure=_trapped_with_odd_activation,
        experiments=("taylor",),
        expected="1",
        figure="taylor_rank",
        evidence="exact",
    ),
    Claim(
        id="taylor-rank.delayed",
        source=OURS,
        statement="The Taylor coefficients of (4.1) with sin(x + pi/4) for z1 + z1 z2 + z2 z3 + 0.5 He2(z1) z3 span "
        "the subspace at order 7.",
        measured="first order of full rank with sin(x + pi/4)",
        rule=Equals(7, 0),
        measure=_common_order(DELAYED, SINE),
        experiments=("taylor",),
        expected="7",
        figure="taylor_rank",
        evidence="exact",
    ),
    Claim(
        id="taylor-rank.moved",
        source=OURS,
        statement="The Taylor coefficients of (4.1) with sin(x + pi/4) for z1 + z1 z2 + z2 z3 + 0.4 He2(z1) z3 span "
        "the subspace at order 3.",
        measured="first order of full rank with sin(x + pi/4)",
        rule=Equals(3, 0),
        measure=_common_order(PROMPT, SINE),
        experiments=("taylor",),
        expected="3",
        figure="taylor_rank",
        evidence="exact",
    ),
    Claim(
        id="gap",
        source=f"{PAPER}, the gap between the necessary and the sufficient condition",
        statement=(
            f"A target of three variables with nothing reflective can fail the Taylor condition with {ACTIVATION} at "
            f"every order: {theory.GAP}."
        ),
        measured=(
            "dimension of the span of the weights under (4.1) with sin(x + pi/4), for all times, plus dim S*: "
            "an invariant curve, proved as an identity of polynomials over the rationals"
        ),
        rule=AtMost(2),
        measure=_reached,
        experiments=("taylor",),
        expected="2: w2 = w1^2 / 2, w3 = 0 for all times",
        figure="taylor_rank",
        evidence="exact",
    ),
    Claim(
        id="gap.output",
        source=OURS,
        statement=(
            f"With {ACTIVATION} and the network's output kept the weights leave the invariant curve of {theory.GAP} "
            "and span the subspace."
        ),
        measured="dimension of the span of the coefficients of w(t; a), a power series in t and a over Q(sqrt 2)",
        rule=Equals(3, 0),
        measure=_reached_kept,
        experiments=("taylor",),
        expected="3",
        figure="taylor_rank",
        evidence="exact",
    ),
    Claim(
        id="averaging.targets",
        source=f"{PAPER}, algebraic independence by averaging",
        statement=(
            f"With {ACTIVATION} averaging p copies makes lambda_min of the second stage positive for each of the "
            "listed targets (seven) whose Taylor coefficients of (4.1) span the subspace."
        ),
        measured="such targets of the list whose features with p copies are not proved independent",
        rule=Equals(0, 0),
        measure=_degenerate_average,
        experiments=("taylor",),
        expected="0",
        figure="taylor_rank",
        reason="Each listed target is decided exactly; the theorem is about all targets.",
        evidence="existence",
    ),
    Claim(
        id="averaging-removable",
        source=CONJECTURE,
        statement=(
            f"Averaging can be removed: with {ACTIVATION}, one copy and the network's output kept, lambda_min of the "
            "second stage is positive for small T and all T but isolated ones, for each of the listed targets (seven) "
            "whose Taylor coefficients of (4.1) span the subspace."
        ),
        measured="such targets of the list whose features with one copy are not proved independent",
        rule=Equals(0, 0),
        measure=_degenerate,
        experiments=("taylor",),
        expected="0: consistent with the conjecture, no proof of it",
        figure="taylor_rank",
        reason="Each listed target is decided exactly; the conjecture is about all targets.",
        evidence="existence",
    ),
    Claim(
        id="averaging-removable.simplified",
        source=OURS,
        statement=(
            f"Under (4.1) alone, with {ACTIVATION}, averaging cannot always be removed: for {theory.PARABOLA} the "
            "Taylor coefficients span the subspace, and yet one copy leaves part of the loss for ever."
        ),
        measured="loss that the second stage leaves over E h^2 / 2, one copy, for all lengths of the first stage",
        rule=AtLeast(0.01),
        measure=_left_by_one_copy,
        experiments=("taylor",),
        expected="994/11 of 262",
        figure="taylor_rank",
        evidence="exact",
    ),
)

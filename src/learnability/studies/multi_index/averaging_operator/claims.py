"""What follows for the conditioning of the paper's averaging operator."""

from dataclasses import replace

from learnability.results.claim import Analyses, Claim, Equals, Measurement
from learnability.results.measuring import limit_exponent
from learnability.studies.multi_index.theory import PAPER

_EXPERIMENT = "averaging_operator"
_SOURCE = f"this study, of the averaging operator A_M of {PAPER}"
_LAW = "the exact law of the smallest cosine"


def against_dimension(analyses: Analyses) -> Measurement:
    """The limit that is farthest from 1/2 among the ranks; the interval holds those of all."""
    data = analyses[_EXPERIMENT]
    limits = [
        limit_exponent(_EXPERIMENT, {"fitting": place}, "dimension")(analyses) for place in range(data.sizes["fitting"])
    ]
    farthest = max(limits, key=lambda limit: abs(limit.estimate - 0.5))
    ranks = ", ".join(f"{rank}" for rank in data["fitting_rank"].values)
    worst = data["fitting_rank"].values[limits.index(farthest)]
    note = f"r = {ranks}; farthest at r = {worst}: {farthest.note}"
    low, high = min(limit.low for limit in limits), max(limit.high for limit in limits)
    return replace(farthest, low=low, high=high, note=note)


def against_rank(analyses: Analyses) -> Measurement:
    """The limit against r at the largest dimension, with the constant of the law beside it."""
    found = limit_exponent(_EXPERIMENT, name="rank")(analyses)
    data = analyses[_EXPERIMENT]
    rank, dimension = float(data["rank"][-1]), float(data["dimension"][-1])
    last = float(data["condition"].sel(quantile=0.5).isel(rank=-1, dimension=-1))
    constant = last / (rank * dimension) ** 0.5
    note = f"{found.note}; at r = {rank:g}, d = {dimension:g} the median is {constant:.4f} sqrt(r d)"
    return replace(found, note=note)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="conditioning.operator.dimension",
        source=_SOURCE,
        statement="The condition number of the averaging operator A_M on polynomials of degree at most K, lambda_r^-K "
        "with the smallest cosine lambda_r of W and W*, has a median that grows as d^(K/2) at uniform starts.",
        measured=f"exponent against d, divided by K, of the median condition number, by {_LAW}; limit from the last "
        "two decades to d = 1e8, the rank farthest from 1/2",
        rule=Equals(0.5, 0.01),
        measure=against_dimension,
        experiments=(_EXPERIMENT,),
        expected="1/2",
        evidence="asymptotic",
        figure="precision",
    ),
    Claim(
        id="conditioning.operator.rank",
        source=_SOURCE,
        statement="At a fixed dimension d the median condition number of A_M on polynomials of degree at most K grows "
        "with the number r of hidden directions as r^(K/2).",
        measured=f"exponent against r, divided by K, of the median condition number at d = 1e8, by {_LAW}; limit from "
        "the last two decades to r = 512",
        rule=Equals(0.5, 0.01),
        measure=against_rank,
        experiments=(_EXPERIMENT,),
        expected="1/2",
        evidence="asymptotic",
        figure="precision",
    ),
)

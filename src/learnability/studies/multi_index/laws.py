"""Exponents of escape times, and what is claimed of them: a power of d, or a rate against log d."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from learnability.results.claim import Claim, Equals, Form, Measurement
from learnability.statistics.asymptotics import LocalExponents, local_exponents
from learnability.studies.multi_index.theory import PAPER


def exponents_of_median(
    dimensions: np.ndarray, times: np.ndarray, logarithmic: bool, rng: np.random.Generator
) -> LocalExponents:
    """Local exponents of the median of ``times`` (seed, dimension); for a logarithmic law those of exp(times), which
    are the rates d(time)/d(log d)."""
    return local_exponents(dimensions, np.exp(times) if logarithmic else times, rng)


@dataclass(frozen=True)
class Row:
    """A case of an experiment, and what is claimed of its escape time; ``how`` it is measured where it is in a way of
    its own."""

    case: str
    expected: float
    statement: str
    source: str = f"{PAPER}, Theorem 3.25"
    logarithmic: bool = False
    form: Form = "stated"
    how: str = ""


def claims_of(
    rows: Sequence[Row],
    measure: Callable[..., Measurement],
    rate: str,
    exponent: str,
    how: str,
    prefix: str = "",
    **rest: Any,
) -> tuple[Claim, ...]:
    """A claim for every row, with its case behind ``prefix`` as the id. What is measured is a ``rate`` where the law is
    a logarithm, else an ``exponent``; ``rest`` is the same for all claims."""
    return tuple(
        Claim(
            id=f"{prefix}{row.case}",
            source=row.source,
            statement=row.statement,
            measured=f"{rate if row.logarithmic else exponent}, {row.how or how}",
            rule=Equals(row.expected, 0.01),
            measure=partial(measure, case=row.case),
            expected=f"{row.expected:.4g}",
            unit="flow time" if row.logarithmic else "1",
            form=row.form,
            evidence="asymptotic",
            figure="escape_times",
            **rest,
        )
        for row in rows
    )

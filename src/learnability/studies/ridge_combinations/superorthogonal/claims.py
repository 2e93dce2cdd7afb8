"""Claims on polynomials that hide from statistical queries."""

from functools import partial

import numpy as np

from learnability.results.claim import AtLeast, AtMost, Claim, Equals
from learnability.results.measuring import entry, exactly
from learnability.studies.ridge_combinations import PAPER

_claim = partial(Claim, experiments=("superorthogonal",), figure="superorthogonal")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "superorthogonal.odd",
        f"{PAPER}, Proposition 13",
        "Superorthogonal polynomials exist for K = L = 2; the least odd degree is 17.",
        "least degree with a nonpositive eigenvalue",
        Equals(17, 0),
        exactly("superorthogonal", lambda analysis: entry(analysis, "parity", "odd")["minimal_degree"]),
        expected="17",
    ),
    _claim(
        "superorthogonal.even",
        f"{PAPER}, Proposition 13",
        "The least even degree of a superorthogonal polynomial with K = L = 2 is 20.",
        "least degree with a nonpositive eigenvalue",
        Equals(20, 0),
        exactly("superorthogonal", lambda analysis: entry(analysis, "parity", "even")["minimal_degree"]),
        expected="20",
    ),
    _claim(
        "superorthogonal",
        f"{PAPER}, Proposition 13",
        "Superorthogonal polynomials can be constructed.",
        "log10 of the largest residual |E[f^k h_l]| / |f^k| in multiprecision",
        AtMost(-100),
        exactly("superorthogonal", lambda analysis: np.log10(analysis["residual"].max())),
        expected="< -100",
    ),
    _claim(
        "superorthogonal.moments",
        "ours",
        "Nobody can train on superorthogonal polynomials: their fourth moment is enormous.",
        "log10 E f^4 at E f^2 = 1",
        AtLeast(9),
        exactly("superorthogonal", lambda analysis: np.log10(analysis["fourth_moment"].min())),
        expected="> 9",
    ),
)

"""Random polynomials: the sequences against exact rational moments (flint) and a direct solution of the definition."""

import itertools
import math

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from learnability.diagnosis.diagnose import diagnose_polynomial
from learnability.hermite.expansion import HermiteExpansion

Poly = dict[tuple[int, ...], int]


def times(a: Poly, b: Poly) -> Poly:
    out: Poly = {}
    for (p, x), (q, y) in itertools.product(a.items(), b.items()):
        index = tuple(i + j for i, j in zip(p, q, strict=True))
        out[index] = out.get(index, 0) + x * y
    return out


def gaussian_moment(n: int) -> int:
    return 0 if n % 2 else math.prod(range(1, n, 2))


def hermite_moment(n: int, k: int) -> int:
    """``E[z^n He_k(z)] = n (n-1) ... (n-k+1) E z^(n-k)``."""
    return math.perm(n, k) * gaussian_moment(n - k) if n >= k else 0


def moment(f: Poly, index: tuple[int, ...]) -> int:
    """``E[f He_b]``, an integer."""
    return sum(c * math.prod(hermite_moment(n, k) for n, k in zip(p, index, strict=True)) for p, c in f.items())


def first_step(powers: list[Poly], variables: int) -> tuple[int, int]:
    """(exponent, rank) of the first step that these transforms of the label show, in exact arithmetic."""
    for k in range(1, 9):
        indices = [b for b in itertools.product(range(k + 1), repeat=variables) if sum(b) == k]
        lower = [b for b in itertools.product(range(k), repeat=variables) if sum(b) == k - 1]
        columns = []
        for f in powers:
            values = {b: moment(f, b) for b in indices}
            # Entry (i, b) of E[f He_k] contracted on all but one slot.
            columns += [[values[(*b[:i], b[i] + 1, *b[i + 1 :])] for i in range(variables)] for b in lower]
        matrix = fmpq_mat([[fmpq(x) for x in column] for column in columns])
        if matrix.rank():
            return k, matrix.rank()
    raise AssertionError("nothing is seen")


@pytest.mark.parametrize("seed", range(14))
def test_first_steps_of_random_polynomials(seed: int) -> None:
    """Sparse polynomials with small integers in two and three variables; every third one is made even."""
    rng = np.random.default_rng([16, seed])
    variables = 2 + seed % 2
    terms: Poly = {}
    for _ in range(3):
        index = tuple(int(x) for x in rng.integers(0, 3, variables))
        if seed % 3 == 0:
            index = tuple(x - x % 2 for x in index)
        terms[index] = int(rng.integers(1, 4)) * int(rng.choice([-1, 1]))
    terms[(0,) * variables] = 0
    for i in range(variables):  # every variable occurs
        if all(not b[i] for b in terms):
            terms[tuple(2 * int(i == j) for j in range(variables))] = 1
    terms = {b: c for b, c in terms.items() if c}
    found = diagnose_polynomial(HermiteExpansion.from_monomials(variables, {b: float(c) for b, c in terms.items()}))
    powers = [terms]
    for _ in range(5 if variables == 2 else 4):
        powers.append(times(powers[-1], terms))
    assert found.correlational.pairs[0] == first_step(powers[:1], variables)
    exponent, rank = first_step(powers, variables)
    # Powers are some of the transforms: what they see is a lower bound on the span, and here it is all of it.
    assert found.generative.exponent == exponent
    assert found.generative.pairs[0][1] >= rank
    if found.generative.exactness == "exact":
        assert found.generative.pairs[0][1] == rank or found.generative.pairs[0][1] <= variables

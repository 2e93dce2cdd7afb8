"""The polynomial maps behind closed gradient flows, compiled to one matrix product over all samples."""

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SPARSE_BELOW = 0.05
"""The share of entries other than zero below which the product with a sparse matrix is taken: there it is never slower
than the dense one, and up to eight times faster."""

IN_CACHE = 2**20
"""How many monomials of samples are held at once: more do not stay in the cache, at two to three times the cost."""


@dataclass(frozen=True)
class PolynomialMap:
    """``p(x)_o = sum_m coefficients[o, m] x^m`` for x of shape (variable, sample).

    Monomials stand by degree; each is a monomial of the degree below (``parents``) times a variable (``last``), so all
    of them cost one multiplication each. Only those that a coefficient, a derivative or a longer monomial needs are
    there: 4,633 of 749,398 for ``(z1 z2 + z3 z4)^3 + z5 z6`` with a planted link. ``derivative`` holds ``dp_o/dx_v`` in
    row ``o * variables + v``.
    """

    variables: int
    parents: tuple[Tensor, ...]
    last: tuple[Tensor, ...]
    coefficients: Tensor
    derivative: Tensor

    def monomials(self, x: Tensor, degrees: int) -> Tensor:
        """All monomials of degree at most ``degrees``, shape (monomial, sample)."""
        levels = [torch.ones_like(x[:1])]
        for parents, last in zip(self.parents[:degrees], self.last[:degrees], strict=True):
            levels.append(levels[-1].index_select(0, parents) * x.index_select(0, last))
        return torch.cat(levels)

    def _blocks(self, x: Tensor) -> Sequence[Tensor]:
        return x.split(max(16, IN_CACHE // self.coefficients.shape[1]), dim=1)

    def __call__(self, x: Tensor) -> Tensor:
        """Values (output, sample)."""
        top = len(self.parents)
        return torch.cat([self.coefficients @ self.monomials(block, top) for block in self._blocks(x)], dim=1)

    def with_derivative(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values (output, sample) and derivatives (output, variable, sample)."""
        values, slopes = [], []
        for block in self._blocks(x):
            monomials = self.monomials(block, len(self.parents))
            values.append(self.coefficients @ monomials)
            slopes.append(self.derivative @ monomials[: self.derivative.shape[1]])
        return torch.cat(values, dim=1), torch.cat(slopes, dim=1).view(-1, self.variables, x.shape[1])

    def to(self, device: str | torch.device) -> "PolynomialMap":
        """The same map on another device."""
        return PolynomialMap(
            self.variables,
            tuple(p.to(device) for p in self.parents),
            tuple(v.to(device) for v in self.last),
            self.coefficients.to(device),
            self.derivative.to(device),
        )


def contraction_map(
    tensors: Mapping[int, NDArray[np.float64]], weights: Mapping[int, float], symmetric: bool
) -> PolynomialMap:
    """``sum_k weights[k] C_k`` as polynomials of the entries of the matrix that is contracted with.

    ``C_k[i, j] = sum T_k[i, a...] X[a_1, b_1] ... X[a_{k-1}, b_{k-1}] T_k[j, b...]`` with symmetric tensors T_k. With
    ``symmetric`` the variables and the outputs are the entries i <= j of X and of the sum, in the order of
    ``numpy.triu_indices``; otherwise all entries, by rows.
    """
    r = next(iter(tensors.values())).shape[0]
    place, outputs = _entries(r, symmetric)
    variables, top = int(place.max()) + 1, max(tensors) - 1
    terms = [_expanded(tensor.reshape(r, -1), degree, place, outputs) for degree, tensor in tensors.items()]
    levels = _needed([keys for keys, _ in terms], top)
    number = {monomial: i for i, monomial in enumerate(itertools.chain.from_iterable(levels))}
    coefficients = np.zeros((len(outputs), len(number)))
    for degree, (keys, values) in zip(tensors, terms, strict=True):
        columns = [number[tuple(key)] for key in keys.tolist()]
        coefficients[:, columns] += weights[degree] * values
    parents, last = [], []
    for m in range(1, top + 1):
        below = {monomial: i for i, monomial in enumerate(levels[m - 1])}
        parents.append(torch.tensor([below[monomial[:-1]] for monomial in levels[m]], dtype=torch.int64))
        last.append(torch.tensor([monomial[-1] for monomial in levels[m]], dtype=torch.int64))
    slopes = _derivative(coefficients, number, variables, sum(len(level) for level in levels[: max(top, 1)]))
    return PolynomialMap(variables, tuple(parents), tuple(last), _matrix(coefficients), slopes)


def _matrix(values: NDArray[np.float64]) -> Tensor:
    """A matrix, sparse where that makes its products faster."""
    dense = torch.from_numpy(values)
    return dense.to_sparse() if np.count_nonzero(values) < SPARSE_BELOW * values.size else dense


def _entries(r: int, symmetric: bool) -> tuple[NDArray[np.int64], list[tuple[int, int]]]:
    """(number of the variable at each entry of the matrix, entries of the outputs)."""
    if not symmetric:
        return np.arange(r * r).reshape(r, r), [(i, j) for i in range(r) for j in range(r)]
    place = np.zeros((r, r), dtype=np.int64)
    rows, columns = np.triu_indices(r)
    place[rows, columns] = place[columns, rows] = np.arange(len(rows))
    return place, list(zip(rows.tolist(), columns.tolist(), strict=True))


def _expanded(
    unfolded: NDArray[np.float64], degree: int, place: NDArray[np.int64], outputs: list[tuple[int, int]]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Sorted monomials (monomial, degree - 1) of one C_k and their coefficients (output, monomial).

    A monomial stays the same when the factors of both words are permuted alike, and so do the entries of T: the first
    word runs over the sorted ones, each counted as often as it has orders.
    """
    r = unfolded.shape[0]
    words = list(itertools.product(range(r), repeat=degree - 1))
    letters = np.array(words, dtype=np.int64).reshape(len(words), degree - 1)
    used = np.abs(unfolded).max(axis=0) > 0
    letters, kept = letters[used], unfolded[:, used]
    rising = np.flatnonzero((np.diff(letters, axis=1) >= 0).all(axis=1))
    orders = np.array([orders_of(word) for word in letters[rising].tolist()])
    factors = np.sort(place[letters[rising, None, :], letters[None, :, :]], axis=-1)
    factors = factors.reshape(len(rising) * len(letters), degree - 1)
    codes = factors @ (int(place.max()) + 1) ** np.arange(degree - 1)
    _, first, group = np.unique(codes, return_index=True, return_inverse=True)
    keys = factors[first]
    values = np.zeros((len(outputs), len(keys)))
    for o, (i, j) in enumerate(outputs):
        product = np.outer(orders * kept[i, rising], kept[j]).ravel()
        values[o] = np.bincount(group.ravel(), weights=product, minlength=len(keys))
    found = values.any(axis=0)
    return keys[found], values[:, found]


def orders_of(word: Sequence[int]) -> int:
    """In how many orders the letters of a word can stand."""
    return math.factorial(len(word)) // math.prod(math.factorial(n) for n in Counter(word).values())


def _needed(terms: Sequence[NDArray[np.int64]], top: int) -> list[list[tuple[int, ...]]]:
    """The monomials by degree that carry a coefficient, those of their derivatives, and what both are made from."""
    levels: list[set[tuple[int, ...]]] = [{()}, *(set() for _ in range(top))]
    for keys in terms:
        for monomial in map(tuple, keys.tolist()):
            levels[len(monomial)].add(monomial)
            levels[len(monomial) - 1].update(monomial[:i] + monomial[i + 1 :] for i in range(len(monomial)))
    for m in range(top, 0, -1):
        levels[m - 1].update(monomial[:-1] for monomial in levels[m])
    return [sorted(level) for level in levels]


def _derivative(
    coefficients: NDArray[np.float64], number: dict[tuple[int, ...], int], variables: int, below: int
) -> Tensor:
    """``dp_o/dx_v`` in row ``o * variables + v`` by the coefficients of the monomials of lower degree."""
    outputs, columns = np.nonzero(coefficients)
    monomials = list(number)
    rows, places, values = [], [], []
    for o, column in zip(outputs.tolist(), columns.tolist(), strict=True):
        monomial = monomials[column]
        for v, power in Counter(monomial).items():
            cut = monomial.index(v)
            rows.append(o * variables + v)
            places.append(number[monomial[:cut] + monomial[cut + 1 :]])
            values.append(power * coefficients[o, column])
    shape = (len(coefficients) * variables, below)
    entries, weights = torch.tensor([rows, places], dtype=torch.int64), torch.tensor(values, dtype=torch.float64)
    slopes = torch.sparse_coo_tensor(entries, weights, shape, check_invariants=False)
    return slopes.coalesce() if len(values) < SPARSE_BELOW * math.prod(shape) else slopes.to_dense()

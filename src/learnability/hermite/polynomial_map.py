"""The polynomial maps behind closed gradient flows, compiled to one matrix product over all samples."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class PolynomialMap:
    """``p(x)_o = sum_m coefficients[o, m] x^m`` for x of shape (variable, sample).

    Monomials stand by degree; each is a monomial of the degree below (``parents``) times a variable (``last``), so all
    of them cost one multiplication each. ``derivative`` holds ``dp_o/dx_v`` in row ``o * variables + v``.
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

    def __call__(self, x: Tensor) -> Tensor:
        """Values (output, sample)."""
        return self.coefficients @ self.monomials(x, len(self.parents))

    def with_derivative(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values (output, sample) and derivatives (output, variable, sample)."""
        monomials = self.monomials(x, len(self.parents))
        slopes = self.derivative @ monomials[: self.derivative.shape[1]]
        return self.coefficients @ monomials, slopes.view(-1, self.variables, x.shape[1])

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

    ``C_k[i, j] = sum T_k[i, a...] X[a_1, b_1] ... X[a_{k-1}, b_{k-1}] T_k[j, b...]``. With ``symmetric`` the variables
    and the outputs are the entries i <= j of X and of the sum, in the order of ``numpy.triu_indices``; otherwise all
    entries, by rows.
    """
    r = next(iter(tensors.values())).shape[0]
    place, outputs = _entries(r, symmetric)
    variables = int(place.max()) + 1
    top = max(tensors) - 1
    levels = [list(itertools.combinations_with_replacement(range(variables), m)) for m in range(top + 1)]
    number = {monomial: i for i, monomial in enumerate(itertools.chain.from_iterable(levels))}
    coefficients = np.zeros((len(outputs), len(number)))
    for degree, tensor in tensors.items():
        keys, values = _expanded(tensor.reshape(r, -1), degree, place, outputs)
        columns = [number[tuple(key)] for key in keys.tolist()]
        coefficients[:, columns] += weights[degree] * values
    parents, last = [], []
    for m in range(1, top + 1):
        below = {monomial: i for i, monomial in enumerate(levels[m - 1])}
        parents.append(torch.tensor([below[monomial[:-1]] for monomial in levels[m]]))
        last.append(torch.tensor([monomial[-1] for monomial in levels[m]]))
    slopes = _derivative(coefficients, number, variables, sum(len(level) for level in levels[: max(top, 1)]))
    return PolynomialMap(
        variables, tuple(parents), tuple(last), torch.from_numpy(coefficients), torch.from_numpy(slopes)
    )


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
    """Sorted monomials (monomial, degree - 1) of one C_k and their coefficients (output, monomial)."""
    r = unfolded.shape[0]
    words = list(itertools.product(range(r), repeat=degree - 1))
    letters = np.array(words, dtype=np.int64).reshape(len(words), degree - 1)
    used = np.abs(unfolded).max(axis=0) > 0
    letters, kept = letters[used], unfolded[:, used]
    factors = np.sort(place[letters[:, None, :], letters[None, :, :]], axis=-1)
    factors = factors.reshape(len(letters) ** 2, degree - 1)
    codes = factors @ (int(place.max()) + 1) ** np.arange(degree - 1)
    _, first, group = np.unique(codes, return_index=True, return_inverse=True)
    keys = factors[first]
    values = np.zeros((len(outputs), len(keys)))
    for o, (i, j) in enumerate(outputs):
        product = np.outer(kept[i], kept[j]).ravel()
        values[o] = np.bincount(group.ravel(), weights=product, minlength=len(keys))
    return keys, values


def _derivative(
    coefficients: NDArray[np.float64], number: dict[tuple[int, ...], int], variables: int, below: int
) -> NDArray[np.float64]:
    slopes = np.zeros((len(coefficients), variables, below))
    for monomial, column in number.items():
        for v in set(monomial):
            rest = list(monomial)
            rest.remove(v)
            slopes[:, v, number[tuple(rest)]] += monomial.count(v) * coefficients[:, column]
    return slopes.reshape(-1, below)

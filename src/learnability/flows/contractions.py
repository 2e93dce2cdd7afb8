"""Contractions of symmetric tensors with a small matrix for each sample: all entries, or each value once.

A symmetric tensor of degree k in r variables has ``r^k`` entries and ``C(r + k - 1, k)`` values: 46,656 and 462 for
r = k = 6. The full form makes fewer calls and is faster for small tensors; the packed one does not blow up.
"""

import functools
import itertools
import math
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learnability.hermite.polynomial_map import orders_of

MOST_ENTRIES = 1024
"""The number of entries up to which a tensor is held in full; that of five variables and degree four is."""


class Contractions(Protocol):
    """What a flow does with the tensor T of one degree k >= 1; its values stand as (size, sample)."""

    size: int

    def values(self, tensor: NDArray[np.float64]) -> Tensor:
        """The values (size,) of the tensor (r, ..., r)."""
        ...

    def rotated(self, values: Tensor, frame: Tensor) -> Tensor:
        """``T(V, ..., V)`` of the values (size, 1 or sample) for frames V (r, r, sample)."""
        ...

    def contracted(self, values: Tensor, gram: Tensor) -> Tensor:
        """``C[i, j] = T[i, a...] G[a, b]... T[j, b...]``, shape (r, r, sample)."""
        ...

    def pair(self, values: Tensor, gram: Tensor) -> Tensor:
        """``P[i, p, j, q] = T[i, p, a...] G[a, b]... T[j, q, b...]``, shape (r, r, r, r, sample); k >= 2."""
        ...


def contractions(r: int, degree: int, device: str = "cpu") -> Contractions:
    """The form that suits tensors of this size."""
    return Full(r, degree) if r**degree <= MOST_ENTRIES else Packed(r, degree, device)


class Full:
    """All ``r^k`` entries, by rows."""

    def __init__(self, r: int, degree: int) -> None:
        self.r, self.degree, self.size = r, degree, r**degree

    def values(self, tensor: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(tensor.ravel())

    def rotated(self, values: Tensor, frame: Tensor) -> Tensor:
        for _ in range(self.degree):
            values = _cycle(values, frame, 1)
        return values

    def contracted(self, values: Tensor, gram: Tensor) -> Tensor:
        r, partial = self.r, values
        for _ in range(self.degree - 1):
            partial = _cycle(partial, gram, r)
        return (partial.view(r, 1, -1, gram.shape[-1]) * values.view(1, r, -1, values.shape[-1])).sum(dim=2)

    def pair(self, values: Tensor, gram: Tensor) -> Tensor:
        r, rest, partial = self.r, self.r ** (self.degree - 2), values
        for _ in range(self.degree - 2):
            partial = _cycle(partial, gram, r * r)
        return (partial.view(r, r, 1, 1, rest, -1) * values.view(1, 1, r, r, rest, -1)).sum(dim=4)


def _cycle(tensor: Tensor, matrix: Tensor, leading: int) -> Tensor:
    """Contract the axis after the ``leading`` entries with the first axis of the matrix; the new axis goes last."""
    r = matrix.shape[0]
    shaped = tensor.view(leading, r, -1, 1, tensor.shape[-1])
    return (shaped * matrix[None, :, None]).sum(dim=1).view(-1, matrix.shape[-1])


class Packed:
    """One value for each word ``i_1 <= ... <= i_k``, in lexicographic order."""

    def __init__(self, r: int, degree: int, device: str = "cpu") -> None:
        self.r, self.degree, self.size = r, degree, math.comb(r + degree - 1, degree)
        self._joined = [_joined(r, 1, k - 1).to(device) for k in range(1, degree + 1)]
        self._pairs = _joined(r, 2, max(0, degree - 2)).to(device)
        self._square = _joined(r, 1, 1).flatten().to(device)
        self._orders = {k: _orders(r, k).to(device) for k in (degree - 1, degree - 2) if k >= 0}

    def values(self, tensor: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(tensor[tuple(np.array(_words(self.r, self.degree)).T)])

    def rotated(self, values: Tensor, frame: Tensor) -> Tensor:
        return self._multiplied(values, frame, self.degree)[0]

    def contracted(self, values: Tensor, gram: Tensor) -> Tensor:
        left = self._multiplied(values, gram, self.degree - 1)
        right = values[self._joined[-1]] * self._orders[self.degree - 1]
        return (left[:, None] * right[None]).sum(dim=2)

    def pair(self, values: Tensor, gram: Tensor) -> Tensor:
        left = self._multiplied(values, gram, self.degree - 2)
        right = values[self._pairs] * self._orders[self.degree - 2]
        packed = torch.stack([(row * right).sum(dim=1) for row in left])
        spread = packed[self._square][:, self._square]
        return spread.view(self.r, self.r, self.r, self.r, -1)

    def _multiplied(self, values: Tensor, matrix: Tensor, times: int) -> Tensor:
        """The last ``times`` axes contracted with the first axis of the matrix: (words left, new words, sample).

        The tensor is symmetric in the axes that are left, and in the new ones. One more of these, the least letter b of
        its word, comes from a letter a of the word that is left: words that begin with b follow one another, and so do
        those of the letters b, b + 1, ... alone, which they go on with.
        """
        partial = values[:, None]
        for k in range(times):
            rows = partial[self._joined[self.degree - k - 1]]
            blocks = []
            for b in range(self.r):
                first = rows.shape[2] - math.comb(self.r - b + k - 1, k)
                blocks.append((rows[:, :, first:] * matrix[:, b, None, None]).sum(dim=0))
            partial = torch.cat(blocks, dim=1)
        return partial


@functools.cache
def _words(r: int, k: int) -> list[tuple[int, ...]]:
    return list(itertools.combinations_with_replacement(range(r), k))


@functools.cache
def _joined(r: int, k: int, m: int) -> Tensor:
    """The place of the word made of a word of k and one of m letters, shape (words of k, words of m)."""
    place = {word: i for i, word in enumerate(_words(r, k + m))}
    return torch.tensor([[place[tuple(sorted(a + b))] for b in _words(r, m)] for a in _words(r, k)])


@functools.cache
def _orders(r: int, k: int) -> Tensor:
    """In how many orders the letters of each word can stand, shape (word, 1)."""
    return torch.tensor([orders_of(word) for word in _words(r, k)], dtype=torch.float64)[:, None]

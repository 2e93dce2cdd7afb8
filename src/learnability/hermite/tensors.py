"""The symmetric tensors of a Gaussian polynomial, and what its geometry says about learning it."""

import itertools
import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from learnability.hermite.expansion import HermiteExpansion, MultiIndex

Array = NDArray[np.float64]
Tensors = dict[int, Array]


def symmetric_tensors(expansion: HermiteExpansion) -> Tensors:
    """``{k: T_k}`` with ``f = E f + sum_k <T_k, He_k>/sqrt(k!)``; T_k has k axes of length r, k >= 1.

    ``T_k[multiset b] = a_b / sqrt(k!/b!)``, so that ``|f|^2 = (E f)^2 + sum_k |T_k|^2``. Degrees without a
    coefficient are left out.
    """
    r = expansion.variables
    tensors: Tensors = {}
    for index, value in expansion.coefficients.items():
        degree = sum(index)
        if degree:
            tensor = tensors.setdefault(degree, np.zeros((r,) * degree))
            multiplicity = math.factorial(degree) // math.prod(map(math.factorial, index))
            for place in _arrangements(index):
                tensor[place] = value / math.sqrt(multiplicity)
    return tensors


def expansion_of(tensors: Mapping[int, Array], variables: int) -> HermiteExpansion:
    """The inverse of :func:`symmetric_tensors` (with mean zero)."""
    coefficients: dict[MultiIndex, float] = {}
    for degree, tensor in tensors.items():
        for letters in itertools.combinations_with_replacement(range(variables), degree):
            index = tuple(letters.count(i) for i in range(variables))
            multiplicity = math.factorial(degree) // math.prod(map(math.factorial, index))
            coefficients[index] = float(tensor[letters]) * math.sqrt(multiplicity)
    return HermiteExpansion(variables, coefficients)


def rotated(expansion: HermiteExpansion, frame: Array) -> HermiteExpansion:
    """The expansion of ``g`` with ``g(V^T z) = f(z)``: f in the coordinates of the orthogonal frame V (r, r)."""
    tensors = {k: _in_frame(tensor, frame) for k, tensor in symmetric_tensors(expansion).items()}
    turned = expansion_of(tensors, expansion.variables)
    constant = HermiteExpansion(expansion.variables, {(0,) * expansion.variables: expansion.mean})
    return turned + constant


def leaps(expansion: HermiteExpansion, tolerance: float = 1e-10) -> list[tuple[int, int]]:
    """The saddles on the way: ``[(leap exponent, number of directions learned at once), ...]``.

    With U the subspace learned so far, the leap exponent is the lowest degree p >= 1 that f has in the directions
    orthogonal to U, whatever its degree along U; the directions on which the part of degree p depends join U. It does
    not depend on the basis. The list ends when f is a function of U. Source: Bietti, Bruna and Pillaud-Vivien,
    arXiv 2310.19793, section 3 (information exponents relative to the subspaces already learned).
    """
    return [(leap, fresh.shape[1]) for leap, fresh in _saddles(expansion, tolerance)]


def losses_after_leaps(expansion: HermiteExpansion, tolerance: float = 1e-10) -> list[float]:
    """``1 - E[E[f | U]^2] / E[f^2]`` of the centred f before the first leap and after each one: the plateaus."""
    tensors = symmetric_tensors(expansion)
    total = sum(float((t**2).sum()) for t in tensors.values())
    learned = np.zeros((expansion.variables, 0))
    losses = [1.0]
    for _, fresh in _saddles(expansion, tolerance):
        learned = np.concatenate([learned, fresh], axis=1)
        inside = learned @ learned.T
        explained = sum(float((_apply(t, [inside] * k) ** 2).sum()) for k, t in tensors.items())
        losses.append(max(0.0, 1 - explained / total))
    return losses


def _saddles(expansion: HermiteExpansion, tolerance: float) -> Iterator[tuple[int, Array]]:
    """(leap exponent, orthonormal basis of the directions that join) of every saddle."""
    tensors = symmetric_tensors(expansion)
    learned = np.zeros((expansion.variables, 0))
    while learned.shape[1] < expansion.variables:
        leap, fresh = _next_directions(tensors, learned, tolerance * expansion.norm)
        if not leap:
            return
        yield leap, fresh
        learned = np.linalg.qr(np.concatenate([learned, fresh], axis=1))[0]


def _next_directions(tensors: Tensors, learned: Array, tolerance: float) -> tuple[int, Array]:
    """The lowest degree in the directions left, and an orthonormal basis of those that it reveals."""
    r = learned.shape[0]
    inside = learned @ learned.T
    outside = np.eye(r) - inside
    for leap in range(1, max(tensors, default=0) + 1):
        unfolded = []
        for degree, tensor in tensors.items():
            if degree >= leap:
                projected = _apply(tensor, [outside] * leap + [inside] * (degree - leap))
                unfolded.append(math.sqrt(math.comb(degree, leap)) * projected.reshape(r, -1))
        vectors, values, _ = np.linalg.svd(np.concatenate(unfolded, axis=1), full_matrices=False)
        if values[0] > tolerance:
            return leap, vectors[:, values > tolerance]
    return 0, np.zeros((r, 0))


def _arrangements(index: MultiIndex) -> Iterator[tuple[int, ...]]:
    """The places of a tensor that belong to a multi-index, each once: ``k! / b!`` of them, where permutations of the
    letters are k!."""
    if not any(index):
        yield ()
    for i, power in enumerate(index):
        if power:
            for rest in _arrangements((*index[:i], power - 1, *index[i + 1 :])):
                yield (i, *rest)


def _apply(tensor: Array, matrices: list[Array]) -> Array:
    for axis, matrix in enumerate(matrices):
        tensor = np.moveaxis(np.tensordot(matrix, tensor, axes=(1, axis)), 0, axis)
    return tensor


def _in_frame(tensor: Array, frame: Array) -> Array:
    return _apply(tensor, [frame.T] * tensor.ndim)

"""Contractions of symmetric tensors, full and packed, against einsum."""

import itertools
import string

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from learnability.flows.contractions import MOST_ENTRIES, Contractions, Full, Packed, contractions

Array = NDArray[np.float64]
SAMPLES = 3


def _symmetric(rng: np.random.Generator, r: int, degree: int) -> Array:
    tensor = rng.standard_normal((r,) * degree)
    return np.mean([tensor.transpose(order) for order in itertools.permutations(range(degree))], axis=0)


def _einsum(tensor: Array, gram: Array, free: int) -> Array:
    """``T[i.., a...] G[a, b]... T[j.., b...]`` with ``free`` letters i and j, shape (i.., j.., sample)."""
    k = tensor.ndim
    letters = iter(string.ascii_letters)
    i, j = ["".join(next(letters) for _ in range(free)) for _ in "ij"]
    a, b = ["".join(next(letters) for _ in range(k - free)) for _ in "ab"]
    pairs = [p + q + "Z" for p, q in zip(a, b, strict=True)]
    words = ",".join([i + a, j + b, "Z", *pairs])
    operands = (tensor, tensor, np.ones(SAMPLES), *[gram] * (k - free))
    return np.asarray(np.einsum(f"{words}->{i}{j}Z", *operands, optimize=True))


@pytest.mark.parametrize(("r", "degree"), [(1, 1), (1, 3), (2, 2), (3, 1), (2, 5), (3, 4), (4, 3), (5, 4)])
@pytest.mark.parametrize("form", [Full, Packed])
def test_contractions_against_einsum(form: type[Contractions], r: int, degree: int) -> None:
    rng = np.random.default_rng(17)
    tensor, half = _symmetric(rng, r, degree), rng.standard_normal((r, r, SAMPLES))
    gram = np.einsum("iks,jks->ijs", half, half)
    of = form(r, degree)
    values = of.values(tensor)
    assert values.shape == (of.size,)
    frames = torch.from_numpy(half)
    turned = of.rotated(values[:, None], frames)
    letters = string.ascii_lowercase[:degree]
    for sample in range(SAMPLES):
        expected = tensor
        for _ in letters:
            expected = np.tensordot(expected, half[:, :, sample], axes=(0, 0))
        np.testing.assert_allclose(turned[:, sample], of.values(expected), rtol=1e-12, atol=1e-12)
    each = values[:, None].expand(-1, SAMPLES).contiguous()
    contracted = of.contracted(each, torch.from_numpy(gram))
    np.testing.assert_allclose(contracted, _einsum(tensor, gram, 1), rtol=1e-10, atol=1e-10)
    if degree > 1:
        pair = of.pair(each, torch.from_numpy(gram))
        np.testing.assert_allclose(pair, _einsum(tensor, gram, 2), rtol=1e-10, atol=1e-10)


def test_large_tensors_are_packed() -> None:
    assert isinstance(contractions(2, 10), Full)
    assert contractions(5, 4).size == 625 <= MOST_ENTRIES
    assert contractions(6, 6).size == 462

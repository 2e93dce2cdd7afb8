"""Symmetric tensors, leaps, plateaus and the compiled polynomial maps."""

import itertools
import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.polynomial_map import contraction_map
from learnability.hermite.target_language import parse
from learnability.hermite.tensors import (
    Tensors,
    expansion_of,
    leaps,
    losses_after_leaps,
    rotated,
    symmetric_tensors,
)

STAIRCASE = "h1(z1) + 0.8*h1(z1)*h2(z2) + 0.6*h1(z2)*h3(z3)"


def frame(r: int, seed: int = 0) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((r, r)))[0]


def test_norm_and_inverse() -> None:
    f = parse(STAIRCASE)
    tensors = symmetric_tensors(f)
    assert sum((t**2).sum() for t in tensors.values()) == pytest.approx(f.norm_squared)
    back = expansion_of(tensors, 3)
    assert set(back.coefficients) == set(f.coefficients)
    for tensor in tensors.values():
        np.testing.assert_array_equal(tensor, tensor.swapaxes(0, -1))


def test_rotation_rotates_the_function() -> None:
    from learnability.hermite.basis import evaluate

    f, v = parse(STAIRCASE), frame(3)
    z = np.random.default_rng(1).standard_normal((6, 3))
    np.testing.assert_allclose(evaluate(rotated(f, v), z @ v), evaluate(f, z), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STAIRCASE, [(1, 1), (2, 1), (3, 1)]),
        ("h1(z1)*h1(z2)*h1(z3)", [(3, 3)]),
        ("h1(z1) + h1(z1)*h4(z2)", [(1, 1), (4, 1)]),
        ("h2(z1) + h3(z2)", [(2, 1), (3, 1)]),
        ("h2(z1) - h2(z2)", [(2, 2)]),
        ("h1(z1) + h1(z2) + h2(z1)", [(1, 1), (1, 1)]),
    ],
)
def test_leaps_do_not_depend_on_the_frame(text: str, expected: list[tuple[int, int]]) -> None:
    f = parse(text)
    assert leaps(f) == expected
    assert leaps(rotated(f, frame(f.variables))) == expected


def test_plateaus_are_partial_sums() -> None:
    assert losses_after_leaps(parse(STAIRCASE)) == pytest.approx([1, 0.5, 0.18, 0], abs=1e-12)


def _contracted(tensors: Tensors, symmetric: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(entries of a random matrix, entries of ``sum_k k C_k`` contracted with it axis by axis)."""
    r = next(iter(tensors.values())).shape[0]
    matrix = np.random.default_rng(2).standard_normal((r, r))
    if symmetric:
        matrix = matrix + matrix.T
    expected = np.zeros((r, r))
    for k, tensor in tensors.items():
        partial = tensor
        for axis in range(1, k):
            partial = np.moveaxis(np.tensordot(partial, matrix, axes=(axis, 0)), -1, axis)
        expected += k * partial.reshape(r, -1) @ tensor.reshape(r, -1).T
    places = np.triu_indices(r) if symmetric else np.indices((r, r)).reshape(2, -1)
    return matrix[tuple(places)], expected[tuple(places)]


@pytest.mark.parametrize("symmetric", [True, False])
def test_compiled_contraction_against_einsum(symmetric: bool) -> None:
    tensors = symmetric_tensors(parse("h1(z1) + 0.8*h1(z1)*h2(z2) - 0.3*h2(z1)*h2(z2) + 0.1*h1(z2)"))
    entries, wanted = _contracted(tensors, symmetric)
    compiled = contraction_map(tensors, {k: float(k) for k in tensors}, symmetric)
    found = compiled(torch.from_numpy(entries)[:, None])[:, 0].numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_compiled_derivative_against_autograd() -> None:
    tensors = symmetric_tensors(parse(STAIRCASE))
    compiled = contraction_map(tensors, {k: float(k) for k in tensors}, symmetric=True)
    x = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    _, slopes = compiled.with_derivative(x)
    automatic = torch.func.vmap(torch.func.jacfwd(lambda v: compiled(v[:, None])[:, 0]), in_dims=1, out_dims=2)(x)
    torch.testing.assert_close(slopes, automatic)


@pytest.mark.parametrize("symmetric", [True, False])
def test_a_map_of_six_variables_against_einsum(symmetric: bool) -> None:
    """Most of the 749,398 monomials have no coefficient: they are left out, and the matrices are sparse."""
    tensors = symmetric_tensors(parse("(z1*z2+z3*z4)^3 + z5*z6"))
    entries, wanted = _contracted(tensors, symmetric)
    compiled = contraction_map(tensors, {k: float(k) for k in tensors}, symmetric)
    assert compiled.coefficients.shape[1] < 5000
    assert compiled.coefficients.is_sparse
    assert compiled.derivative.is_sparse
    # 400 samples do not fit into the cache at once
    samples = torch.from_numpy(entries)[:, None] * torch.linspace(0.5, 1.0, 400, dtype=torch.float64)
    np.testing.assert_allclose(compiled(samples)[:, -1].numpy(), wanted, rtol=1e-12)
    values, slopes = compiled.with_derivative(samples)
    torch.testing.assert_close(values, compiled(samples), rtol=1e-13, atol=0)
    step = 1e-6
    for v in (0, 7, len(entries) - 1):
        moved = samples[:, -1:] + step * torch.eye(len(entries), dtype=torch.float64)[:, v : v + 1] * torch.tensor(
            [1, -1]
        )
        up, down = compiled(moved).unbind(dim=1)
        torch.testing.assert_close(
            slopes[:, v, -1], (up - down) / (2 * step), rtol=1e-7, atol=1e-7 * float(abs(up).max())
        )


def test_dense_and_ridge_contractions_agree() -> None:
    """``Q(G) = sum_ij a_i a_j (u_i^T G u_j)^k`` for ``f = sum_j a_j h_k(u_j.z)``."""
    rng = np.random.default_rng(4)
    k, weights, directions = 4, rng.standard_normal(3), rng.standard_normal((3, 2))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    tensor = np.einsum("j,ja,jb,jc,jd->abcd", weights, *[directions] * 4)
    root = rng.standard_normal((2, 2))
    gram = root @ root.T
    ridge = (np.outer(weights, weights) * (directions @ gram @ directions.T) ** k).sum()
    compiled = contraction_map({k: tensor}, {k: 1.0}, symmetric=False)
    dense = (compiled(torch.from_numpy(gram.ravel())[:, None])[:, 0].numpy() * gram.ravel()).sum()
    assert dense == pytest.approx(ridge, rel=2e-14)


def test_entries_are_those_of_all_permutations() -> None:
    """Every ordering of the letters of b has the entry ``a_b / sqrt(k!/b!)``, and nothing else has one."""
    expansion = HermiteExpansion(3, {(2, 1, 0): 0.7, (0, 1, 3): -1.2, (0, 0, 4): 0.3})
    tensors = symmetric_tensors(expansion)
    for index, value in expansion.coefficients.items():
        letters = [i for i, power in enumerate(index) for _ in range(power)]
        places = set(itertools.permutations(letters))
        assert {tensors[len(letters)][place] for place in places} == {value / math.sqrt(len(places))}
    assert np.count_nonzero(tensors[3]) == 3
    assert np.count_nonzero(tensors[4]) == 5


def test_a_power_of_one_direction_has_one_entry_at_any_degree() -> None:
    """12! permutations would take minutes."""
    tensor = symmetric_tensors(HermiteExpansion(1, {(12,): 2.0}))[12]
    assert tensor.shape == (1,) * 12
    assert tensor.item() == 2.0

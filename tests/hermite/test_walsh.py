"""The Walsh-Hadamard transform against SciPy's matrix and its own identities."""

import numpy as np
import pytest
import scipy.linalg
import torch

from learnability.hermite import walsh


def draws(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3), dtype=dtype)


@pytest.mark.parametrize("dimension", [0, 1, 2, 3, 5, 8, 10])
@pytest.mark.parametrize("radix", [2, 4, 16, 64])
def test_equals_the_matrix_product_with_scipys_hadamard(dimension: int, radix: int) -> None:
    values = draws(3, 2, 1 << dimension)
    expected = values.numpy() @ scipy.linalg.hadamard(1 << dimension)
    result = walsh.walsh_hadamard_(values.clone(), radix)
    assert np.allclose(result.numpy(), expected, rtol=0, atol=1e-11)


def test_works_in_place_and_returns_its_argument() -> None:
    values = draws(4, 64)
    kept = values
    assert walsh.walsh_hadamard_(values) is kept


def test_twice_is_a_multiple_of_the_identity_and_keeps_the_energy() -> None:
    values = draws(2, 1 << 12)
    once = walsh.walsh_hadamard_(values.clone())
    assert torch.allclose(once.square().sum(1), values.square().sum(1) * (1 << 12), rtol=1e-12)
    assert torch.allclose(walsh.walsh_hadamard_(once) / (1 << 12), values, rtol=0, atol=1e-12)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = draws(7, 256)
    whole = walsh.walsh_hadamard_(values.clone())
    monkeypatch.setattr(walsh, "BLOCK", 512)
    assert torch.equal(walsh.walsh_hadamard_(values.clone()), whole)


def test_integers_stay_exact_in_single_precision() -> None:
    values = torch.randint(-3, 4, (5, 1 << 14), generator=torch.Generator().manual_seed(1))
    single = walsh.walsh_hadamard_(values.float())
    assert torch.equal(single.double(), walsh.walsh_hadamard_(values.double()))


def test_transforms_a_parity_into_one_point() -> None:
    dimension, parity = 6, 0b101101
    indices = torch.arange(1 << dimension)
    bits = walsh.cube_bits(indices, dimension, torch.float64)
    chosen = torch.tensor([(parity >> i) & 1 for i in range(dimension)], dtype=torch.float64)
    character = (-1.0) ** (bits @ chosen)
    spectrum = walsh.walsh_hadamard_(character.clone()[None])[0]
    assert spectrum[parity] == 1 << dimension
    assert spectrum.abs().sum() == 1 << dimension


def test_parity_signs_and_levels_count_bits() -> None:
    indices = torch.arange(64)
    bits = walsh.cube_bits(indices, 6)
    weight = [int(n).bit_count() for n in range(64)]
    assert walsh.levels(6).tolist() == weight
    assert walsh.parity_signs(bits, 6).tolist() == [(-1) ** w for w in weight]
    assert walsh.parity_signs(bits, 2).tolist() == [(-1) ** (n & 3).bit_count() for n in range(64)]


@pytest.mark.parametrize("bad", [torch.zeros(3, 12), torch.zeros(4, 8).T, torch.zeros(2, 0)])
def test_says_what_it_cannot_transform(bad: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"power of two|contiguous"):
        walsh.walsh_hadamard_(bad)


def test_refuses_a_radix_or_size_that_is_no_power_of_two() -> None:
    with pytest.raises(ValueError, match="radix"):
        walsh.walsh_hadamard_(torch.zeros(2, 8), radix=6)
    with pytest.raises(ValueError, match="power of two"):
        walsh.hadamard_matrix(6)

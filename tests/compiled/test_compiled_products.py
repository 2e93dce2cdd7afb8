"""Products inside compiled loops against NumPy's, on whole arrays and on rows of larger ones."""

import numpy as np
import pytest

from learnability.compiled.blas import multiply
from learnability.compiled.loops import compiled


@compiled
def both(a, b, first, last, h, out):
    multiply(a[first:last], b, h[first:last], True, False)
    multiply(h[first:last], b, out[first:last], False, False)
    multiply(h[first:last], b, out[first:last], False, True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("m", "n", "k"), [(5, 3, 4), (1, 1, 1), (7, 1, 2), (40, 70, 33)])
def test_products_are_numpys(dtype, m, n, k):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((n, k)).astype(dtype)
    h, out = np.full((m, n), np.nan, dtype), rng.standard_normal((m, k)).astype(dtype)
    first, last = m // 3, m
    expected = out.astype(np.float64)
    projected = a.astype(np.float64) @ b.T
    expected[first:last] = 2 * projected[first:last] @ b
    both(a, b, first, last, h, out)
    tolerance = 1e-5 if dtype is np.float32 else 1e-13
    assert np.isnan(h[:first]).all()
    np.testing.assert_allclose(h[first:last], projected[first:last], rtol=tolerance, atol=20 * tolerance)
    np.testing.assert_allclose(out, expected, rtol=tolerance, atol=200 * tolerance)


@compiled
def projected(a, b, out):
    multiply(a, b, out, True, False)


def test_a_single_row_may_have_any_stride():
    """A transposed column counts as contiguous, and its row stride is that of an entry."""
    rng = np.random.default_rng(2)
    a, b, out = rng.standard_normal((4, 3)), rng.standard_normal((3, 1)).T, np.full((4, 1), np.nan)
    assert b.flags.c_contiguous
    assert b.strides == (8, 8)
    projected(a, b, out)
    np.testing.assert_allclose(out, a @ b.T)


def test_the_python_form_says_the_same():
    rng = np.random.default_rng(1)
    a, b, out = rng.standard_normal((4, 3)), rng.standard_normal((2, 3)), np.zeros((4, 2))
    multiply(a, b, out, True, False)
    np.testing.assert_allclose(out, a @ b.T)
    multiply(a, b.T, out, False, True)
    np.testing.assert_allclose(out, 2 * a @ b.T)

"""Activations: expansions against quadrature and closed forms, derivatives against autograd."""

import math

import numpy as np
import pytest
import torch
from numpy.polynomial.hermite_e import HermiteE
from scipy.integrate import quad

from learnability.hermite.activations import RELU, TANH, hermite_series, hermite_sum, sine, smooth


def test_hermite_sum_is_numpys_series():
    coefficients = [0.3, -0.2, 0.0, 1.1, 0.4, -0.7]
    x = np.linspace(-3, 3, 41)
    reference = HermiteE([c / math.sqrt(math.factorial(k)) for k, c in enumerate(coefficients)])
    np.testing.assert_allclose(
        hermite_sum(torch.as_tensor(x), coefficients).numpy(), reference(x), rtol=1e-13, atol=1e-13
    )
    derivative = hermite_series(coefficients).derivative(torch.as_tensor(x)).numpy()
    np.testing.assert_allclose(derivative, reference.deriv()(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_compiled_hermite_sum_is_that_of_whole_arrays_in_any_layout(dtype):
    coefficients = [0.3, -0.2, 0.0, 1.1, 0.4, -0.7]
    x = torch.linspace(-3, 3, 3 * 700, dtype=dtype).view(3, 700)
    whole = hermite_sum(x.clone().requires_grad_(), coefficients).detach()
    bound = 40 * torch.finfo(dtype).eps * float(whole.abs().max())
    for laid in (x, x.mT.contiguous().mT, x.repeat_interleave(2, 1)[:, ::2]):
        torch.testing.assert_close(hermite_sum(laid, coefficients), whole, rtol=0, atol=bound)
    torch.testing.assert_close(hermite_sum(x, [2.0]), torch.full_like(x, 2.0), rtol=0, atol=0)


@pytest.mark.parametrize("bias", [-1.0, 0.0, 0.7])
def test_relu_expansion_is_the_integral(bias):
    found = RELU.expansion(np.array(bias), 6)
    for k in range(7):
        basis = HermiteE.basis(k) / math.sqrt(math.factorial(k))

        def integrand(x, basis=basis):
            return max(x + bias, 0) * basis(x) * math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)

        assert found[k] == pytest.approx(quad(integrand, -bias, 12, epsabs=1e-12)[0], abs=1e-10)


def test_relu_third_coefficient():
    """alpha_3(b) = -b phi(b) / sqrt 6: 0 at b = 0, largest at |b| = 1."""
    assert RELU.expansion(np.array([-1.0, 0.0]), 3)[:, 3] == pytest.approx([0.0988, 0.0], abs=5e-5)


def test_derivatives_are_autograds():
    x = torch.linspace(-2, 2, 20, dtype=torch.float64, requires_grad=True)
    for activation in (RELU, TANH, hermite_series([0.1, 0.5, 0.0, 1.0])):
        (expected,) = torch.autograd.grad(activation.value(x).sum(), x)
        torch.testing.assert_close(activation.derivative(x.detach()), expected)


@pytest.mark.parametrize("bias", [-2.0, 0.0, 0.7])
def test_the_expansion_of_a_sine_is_the_integral(bias):
    wave = sine(math.pi / 4)
    reference = smooth(wave.name, wave.value, wave.derivative)
    expected = reference.expansion(np.array(bias), 12)
    np.testing.assert_allclose(wave.expansion(np.array([bias]), 12)[0], expected, rtol=0, atol=1e-13)


def test_tanh_has_no_even_terms():
    assert np.abs(TANH.expansion(np.array(0.0), 8)[::2]).max() < 1e-14

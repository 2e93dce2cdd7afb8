"""What label noise does: no exponent changes, signals and thresholds do. References are sums on grids of z and y."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from learnability.diagnosis.diagnose import diagnose
from learnability.diagnosis.weak_recovery import told_apart
from learnability.hermite.basis import hermite_basis

LOG = 2 * math.log(2)
LINKS = {
    "h3(z1)": (lambda z: hermite_basis(z, 3)[:, 3], 3, 1),
    "h4(z1)": (lambda z: hermite_basis(z, 4)[:, 4], 4, 2),
    "abs(z1)": (np.abs, 2, 2),
    "z1^2*exp(-z1^2)": (lambda z: z**2 * np.exp(-(z**2)), 4, 4),
    f"sign(z1^3 - {LOG!r}*z1)": (lambda z: np.sign(z**3 - LOG * z), 3, 3),
}


def signals(link: object, noise: float) -> np.ndarray:
    """``E[E[h_k(z) | y]^2]``, k = 0..4, for y = f(z) + noise xi: trapezoidal sums over z and y."""
    z = np.linspace(-8, 8, 6401) + 1e-9
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    f = link(z)  # type: ignore[operator]
    inside = np.abs(z) < 5.5
    y = np.arange(f[inside].min() - 8 * noise, f[inside].max() + 8 * noise, noise / 6)
    h = hermite_basis(z, 4) * weight[:, None]
    joint = np.stack([np.exp(-(((v - f) / noise) ** 2) / 2) @ h for v in y])
    law = joint[:, 0]
    seen = law > 1e-200
    return np.asarray((joint[seen] ** 2 / law[seen, None]).sum(axis=0) / law.sum())


@pytest.mark.parametrize("text", LINKS)
def test_noise_changes_neither_exponent_of_a_link(text: str) -> None:
    """The conditional moments of the noisy label vanish where those of the label do, and shrink where they do not."""
    link, information, generative = LINKS[text]
    little, much = signals(link, 0.3), signals(link, 1.0)
    for noisy in (little, much):
        assert noisy[generative] > 1e-5
        assert (noisy[1:generative] < 1e-4 * noisy[generative]).all()
    assert much[generative] < little[generative]
    found = diagnose(text, label_noise=0.3)
    assert (found.information_exponent, found.generative_exponent) == (information, generative)


@pytest.mark.parametrize("noise", [0.1, 0.5, 2.0])
def test_the_threshold_of_a_square_with_noise(noise: float) -> None:
    found = diagnose("z1^2", label_noise=noise).weak_recovery
    assert found is not None
    assert_allclose(1 / found.alpha, 2 * signals(np.square, noise)[2], rtol=1e-4)
    assert found.alpha > 0.5


def test_much_noise_leaves_the_correlation_alone() -> None:
    """E[E[z^2 - 1 | y]^2] -> E[f (z^2 - 1)]^2 / (Var f + noise^2): 4 / (2 + 2500) for z^2."""
    found = diagnose("z1^2", label_noise=50.0).weak_recovery
    assert found is not None
    assert_allclose(1 / found.alpha, 4 / 2502, rtol=0.01)


def test_the_threshold_of_two_values_with_noise() -> None:
    """E[f | y] = tanh(y / noise^2) for f = -1 and 1, equally often; without noise the threshold is pi^2/4."""
    noise = 0.8

    def density(y: float) -> float:
        return math.exp(-((y - 1) ** 2) / (2 * noise**2)) / (noise * math.sqrt(2 * math.pi))

    told = quad(lambda y: density(y) * math.tanh(y / noise**2) ** 2, -12, 14, limit=200)[0]
    assert_allclose(told_apart(2.0, 1.0, noise), told, rtol=1e-8)
    found = diagnose("sign(z1*z2)", label_noise=noise).weak_recovery
    assert found is not None
    assert_allclose(found.alpha, math.pi**2 / 4 / told, rtol=1e-6)


def test_two_values_of_different_shares_are_told_apart_by_bayes() -> None:
    """f = 1 with probability 0.2, else 0: E[(E[f | y] - 0.2)^2] / 0.16 by adaptive quadrature."""
    noise = 0.4

    def normal(y: float) -> float:
        return math.exp(-(y**2) / (2 * noise**2)) / (noise * math.sqrt(2 * math.pi))

    def part(y: float) -> float:
        one, zero = 0.2 * normal(y - 1), 0.8 * normal(y)
        return (one + zero) * (one / (one + zero) - 0.2) ** 2

    assert_allclose(told_apart(1.0, 0.16, noise), quad(part, -4, 5, limit=200)[0] / 0.16, rtol=1e-8)


def test_the_threshold_of_two_directions_with_noise() -> None:
    """z1 z2 on a grid of the plane; the classes of y of the diagnosis give an upper bound, 3% from it."""
    noise, z = 0.5, np.linspace(-6.5, 6.5, 131)
    first, second = (part.ravel() for part in np.meshgrid(z, z))
    weight = np.exp(-(first**2 + second**2) / 2)
    weight /= weight.sum()
    tensor = [first**2 - 1, first * second, first * second, second**2 - 1]
    columns = np.stack([np.ones_like(first), *tensor], axis=1) * weight[:, None]
    operator, total = np.zeros((4, 4)), 0.0
    for y in np.arange(-14, 14, noise / 5):
        joint = np.exp(-(((y - first * second) / noise) ** 2) / 2) @ columns
        if joint[0] > 1e-200:
            g = (joint[1:] / joint[0]).reshape(2, 2)
            operator += joint[0] * np.kron(g, g)
            total += joint[0]
    expected = float(np.linalg.eigvalsh(operator / total).max())
    found = diagnose("z1*z2", label_noise=noise).weak_recovery
    assert found is not None
    assert expected * 0.97 < 1 / found.alpha < expected * 1.005


@pytest.mark.parametrize(("text", "alpha"), [("h3(z1)", 0.0), ("sign(z1*z2*z3)", math.inf)])
def test_thresholds_that_noise_cannot_move(text: str, alpha: float) -> None:
    found = diagnose(text, label_noise=1.0).weak_recovery
    assert found is not None
    assert found.alpha == alpha


def test_the_page_says_what_noise_does() -> None:
    rows = {name: (said, known) for name, said, known, _ in diagnose("h2(z1)", label_noise=1.0).rows()}
    assert "0.5 of the variance of y; no exponent changes" in rows["label noise"][0]
    assert "characteristic function" in rows["label noise"][1]

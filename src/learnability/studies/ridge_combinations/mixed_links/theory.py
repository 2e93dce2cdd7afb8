"""Which student coefficients let a neuron follow one task to the end."""

import numpy as np


def descends(student: np.ndarray, link: np.ndarray, exponent: int) -> bool:
    """Whether the one-task flow takes a small start to alignment 1, for coefficients (degree + 1,) of both sides.

    With sigma the sign in which the leading degree p grows, the alignment k = |kappa| obeys dk/dt = M^{-1/2} (1 - k^2)
    k^{p-1} R(k), R(k) = sum_i i alpha_i beta_i sigma^i k^{i-p}. It reaches 1 if and only if R > 0 on (0, 1). That all
    products alpha_i beta_i sigma^i are positive is enough, and not necessary. Without such a sigma (a leading product
    of zero, or a negative one for even p) a small start does not escape by the leading degree: False, whatever R is.
    """
    product = student * link
    if product[exponent] == 0 or (exponent % 2 == 0 and product[exponent] < 0):
        return False
    sign = np.sign(product[exponent]) if exponent % 2 else 1.0
    degrees = np.arange(exponent, len(link))
    terms = degrees * product[exponent:] * sign**degrees
    roots = np.roots(terms[::-1]) if np.any(terms[1:]) else np.array([])
    inside = [r.real for r in roots if abs(r.imag) < 1e-9 and 0 < r.real < 1]
    return bool(terms[0] > 0 and not inside)


def all_positive(student: np.ndarray, link: np.ndarray, exponent: int) -> bool:
    """Whether every product alpha_i beta_i sigma^i of the links' degrees is positive, the paper's condition."""
    return bool((_products(student, link, exponent) > 0).all())


def any_negative(student: np.ndarray, link: np.ndarray, exponent: int) -> bool:
    """Whether a product alpha_i beta_i sigma^i of the links' degrees is negative: not positive, and no zero either."""
    return bool((_products(student, link, exponent) < 0).any())


def _products(student: np.ndarray, link: np.ndarray, exponent: int) -> np.ndarray:
    """alpha_i beta_i sigma^i over the links' degrees; zeros for odd p and a leading product of zero."""
    product = student * link
    sign = np.sign(product[exponent]) if exponent % 2 else 1.0
    degrees = np.flatnonzero(link)
    return np.asarray(product[degrees] * sign**degrees)

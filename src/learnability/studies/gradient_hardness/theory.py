"""Predictions that need no run: the lecture's bounds as printed and corrected, and what replaces them."""

import math

import numpy as np


def lazy_time(gradient_norm: np.ndarray | float, step_size: float) -> np.ndarray:
    """``T = 1/(step_size lambda_v)``: the steps in which the linearised network gains a margin of one on chi_v."""
    with np.errstate(divide="ignore"):
        return 1 / (step_size * np.asarray(gradient_norm, float))


def printed_drift(dimension: np.ndarray, time: np.ndarray, lipschitz: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The proof of Theorem 6 as printed: ``sqrt(G_0/2L) (exp(2^{2-d/2} sqrt(L) t) - 1)``, a bound of the
    root mean square drift."""
    return np.sqrt(start / (2 * lipschitz)) * np.expm1(2.0 ** (2 - dimension / 2) * np.sqrt(lipschitz) * time)


def log_corrected_drift(
    dimension: np.ndarray, time: np.ndarray, lipschitz: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """log of ``2^{-d/2} sqrt(G_0/L) (e^{sqrt(L) t} - 1)``, the corrected bound of the root mean square drift.

    ``|grad R_f(theta)|`` at theta = theta_t^f is compared with that at theta_0, where the average over f
    may be taken: ``delta' <= 2^{-d/2} sqrt(G_0) + sqrt(L) delta``.
    """
    growth = np.sqrt(lipschitz) * time
    return -dimension / 2 * math.log(2) + 0.5 * np.log(start / lipschitz) + growth + np.log(-np.expm1(-growth))


def analytic_drift(dimension: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Bound of ``sqrt(E min(|u|, r)^2)``, ``r = 1/sqrt(d+1)``, for a sine neuron: ``t sqrt(d+1) e^{r
    sqrt(d+1)} 2^{-d/2}``.

    ``M(r) = sum_k (r^k/k!) sqrt(E|D^{k+1} h|^2) <= sqrt(d+1) e^{r sqrt(d+1)}`` for h = sin(w.s + b).
    """
    return time * np.sqrt(dimension + 1.0) * math.e * 2.0 ** (-dimension / 2)


def log2_printed_constant(dimension: np.ndarray, time: np.ndarray, squared_drift: np.ndarray | float) -> np.ndarray:
    """log2 of the smallest C_1 for which Theorem 6 as printed holds with C_2 = 1: ``squared_drift/(e^{t
    2^{-d/2}} - 1)``."""
    exponent = np.asarray(time) * 2.0 ** (-np.asarray(dimension) / 2)
    return np.log2(squared_drift) - np.log2(np.expm1(exponent))


def minima_density(frequency: np.ndarray | float) -> np.ndarray:
    """Kac-Rice density ``4 pi L^2/sqrt(3)`` of the minima of the empirical risk away from its wells.

    There the risk is a Gaussian field with covariance ``(e^{-a r^2} + e^{-4 a r^2}/8)/n``, ``a = 2 pi^2
    L^2``, whose density of minima is ``lambda_4/(6 sqrt(3) pi lambda_2)`` with spectral moments ``lambda_2
    = 3a/n`` and ``lambda_4 = 36 a^2/n`` along one axis; its standard deviation is ``sqrt(9/8)/sqrt(n)``.
    """
    return 4 * math.pi * np.asarray(frequency) ** 2 / math.sqrt(3)

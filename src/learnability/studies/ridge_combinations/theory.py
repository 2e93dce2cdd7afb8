"""Predictions that need no training: initial overlaps, escape times, lower bounds, task shares, cost of a step."""

import math
from statistics import NormalDist

import numpy as np

from learnability.hermite.basis import hermite_basis


def relu_coefficient(bias: float, degree: int) -> float:
    """alpha_k(b) = h_{k-2}(-b) phi(b) / sqrt(k (k-1)), the orthonormal coefficient of ReLU(g + b), k >= 2."""
    density = math.exp(-(bias**2) / 2) / math.sqrt(2 * math.pi)
    value = float(hermite_basis(np.array(-bias), degree - 2)[degree - 2])
    return value * density / math.sqrt(degree * (degree - 1))


def best_start(tasks: int, two_sided: bool) -> float:
    """c_M, the median of the largest of M standard normal overlaps, sqrt(d) kappa: Phi^{-1}(2^{-1/M}) on one side.

    With an even exponent both signs grow: the median of the largest absolute value.
    """
    level = 2.0 ** (-1 / tasks)
    return NormalDist().inv_cdf((1 + level) / 2 if two_sided else level)


def escape_constant(exponent: int, tasks: int, student: float, teacher: float, relative_step: float) -> float:
    """n* / (M d^{p-1}) of the one-task population flow from the median start.

    d kappa/dt = M^{-1/2} p alpha beta kappa^{p-1} blows up at t = sqrt(M) / ((p-2) p alpha beta kappa_0^{p-2}), and
    t = eta n with eta = delta M^{-1/2} d^{-p/2}: for p = 3 this is 1 / (3 alpha beta delta c_M).
    """
    start = best_start(tasks, exponent % 2 == 0)
    return 1 / ((exponent - 2) * exponent * abs(student * teacher) * relative_step * start ** (exponent - 2))


def hitting_constant(
    exponent: int, tasks: int, student: float, relative_step: float, dimension: float, threshold: float
) -> float:
    """n / (M d^{p-1}) until the one-task flow from the median start c_M / sqrt d reaches ``threshold``, beta = 1.

    n = M d^{p/2} / (p alpha delta) int dk / (k^{p-1} (1 - k^2)), where :func:`escape_constant` is the limit of large
    d: at finite d the start is nearer to the threshold, and the slope in d is above p - 1.
    """
    start = best_start(tasks, exponent % 2 == 0) / math.sqrt(dimension)
    if start >= threshold:
        return 0.0
    span = np.geomspace(start, threshold, 4001)
    integral = float(np.trapezoid(span ** (2 - exponent) / (1 - span**2), np.log(span)))
    return float(dimension ** (1 - exponent / 2)) * integral / (exponent * abs(student) * relative_step)


def correlational_bound(dimension: np.ndarray, tasks: int, exponent: int) -> np.ndarray:
    """M d^{p/2}, the CSQ lower bound on samples (Theorem 9) up to its constant."""
    return tasks * np.asarray(dimension, dtype=float) ** (exponent / 2)


def weak_share(tasks: int, ratio: float, exponent: int, nodes: int = 2000) -> float:
    """Probability that a neuron picks one given weak task, of which M/2 are weaker by ``ratio`` (d to infinity).

    Task m wins where beta_m^{1/(p-2)} kappa_m is largest; with c = ratio^{1/(p-2)} the weak task needs g > c g' for
    all strong g' and g > g'' for the other weak ones: integral of phi(g) Phi(g/c)^{M/2} Phi(g)^{M/2-1} over all g.
    It decays like M^{-c^2} = M^{-C_p}, up to logarithms.
    """
    from scipy.special import ndtr  # SciPy's import is paid only where it is used

    c = ratio ** (1 / (exponent - 2))
    g = np.linspace(-8, 40, nodes * 8)
    strong, weak = tasks - tasks // 2, tasks // 2
    density = np.exp(-(g**2) / 2) / math.sqrt(2 * math.pi)
    integrand = density * ndtr(g / c) ** strong * ndtr(g) ** (weak - 1)
    return float(np.trapezoid(integrand, g))


def log_weak_share(tasks: float, ratio: float, exponent: int) -> float:
    """log of :func:`weak_share` for any number of tasks, by Laplace-scaled quadrature of its logarithm.

    With lambda = M / 2 the integrand is phi(g) Phi(g/c)^lambda Phi(g)^{lambda-1}, all in logarithms.
    """
    from scipy.special import log_ndtr, logsumexp

    c = ratio ** (1 / (exponent - 2))
    g = np.linspace(-8, 60, 40_000)
    half = tasks / 2
    log = -(g**2) / 2 - math.log(2 * math.pi) / 2 + half * log_ndtr(g / c) + (half - 1) * log_ndtr(g)
    return float(logsumexp(log) + math.log(g[1] - g[0]))


def average_coherence(exponent: int, tasks: int) -> float:
    """(p-2)/(M+p-2), where the average of M equiangular tasks turns from a saddle into a minimum of the loss.

    The sharp threshold of arXiv 2411.08798. It says nothing of the localised points, which stay stable beyond it.
    """
    return (exponent - 2) / (tasks + exponent - 2)


def localised_coherence(tasks: int) -> float:
    """1 / (1 + 2 sqrt(M-1)) for p = 3: up to there a point on one of M equiangular tasks exists, and is stable.

    The ratio s of the other alignments to the largest solves rho (M-1) s^2 - (1-rho) s + rho = 0
    (:mod:`.equiangular`), whose discriminant is (1-rho)^2 - 4 (M-1) rho^2.
    """
    return 1 / (1 + 2 * math.sqrt(tasks - 1))


def step_cost(batch: np.ndarray, width: int, dimension: int, tasks: int) -> dict[str, np.ndarray]:
    """Floating-point operations and bytes (float32) a step, by engine, for the figure of the cost of a step.

    full: 4 B J d + 8 B J operations, 8 J d + 4 B d + 16 B J bytes; decoupled: d -> M + 2 in both; overlap: d -> M +
    J, plus the QR factorisations 2 J^2 (B + 2 J).
    """
    b, j = np.asarray(batch, dtype=float), width
    axes = {"full": dimension, "decoupled": tasks + 2, "overlap": tasks + j}
    operations = {name: 4 * b * j * d + 8 * b * j for name, d in axes.items()}
    traffic = {f"{name}_bytes": 8 * j * d + 4 * b * d + 16 * b * j for name, d in axes.items()}
    operations["overlap"] = operations["overlap"] + 2 * j**2 * (b + 2 * j)
    traffic["decoupled_bytes"] = traffic["decoupled_bytes"] + 4 * b * j
    traffic["overlap_bytes"] = 2 * traffic["overlap_bytes"]
    return operations | traffic

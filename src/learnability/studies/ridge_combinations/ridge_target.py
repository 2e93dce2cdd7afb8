"""Ridge combinations with their exact expansion: links, Gram matrix of the directions, and both as an artifact."""

import math

import numpy as np
import xarray as xr

from learnability.results.labelled import variable
from learnability.studies.ridge_combinations.settings import RidgeTarget


def links(target: RidgeTarget, tasks: int | None = None) -> np.ndarray:
    """Hermite coefficients beta_mk (task, degree + 1) of the link functions, unit norm unless ``unnormalised``."""
    p = target.information_exponent
    base = np.array(target.link) / np.linalg.norm(target.link)
    weak = np.zeros(max(len(base), p + 3))
    weak[: len(base)] = base
    weak[p] /= target.strength_ratio
    weak[p + 2] = math.sqrt(weak[p + 2] ** 2 + 1 - weak @ weak)
    strong = np.zeros_like(weak)
    strong[: len(base)] = base
    number = tasks or target.tasks
    if target.strength_ratio > 1:
        table = np.where((np.arange(number) % 2 == 0)[:, None], strong, weak)
    else:
        table = np.tile(base, (number, 1))
    return table * (math.sqrt(math.factorial(p)) if target.unnormalised else 1.0)


def equiangular(tasks: int, coherence: float) -> np.ndarray:
    """The Gram matrix (task, task) of unit vectors with equal inner products."""
    return np.where(np.eye(tasks, dtype=bool), 1.0, coherence)


def random_gram(tasks: int, dimension: int, rng: np.random.Generator) -> np.ndarray:
    """The Gram matrix (task, task) of independent uniform points of the sphere."""
    v = rng.standard_normal((tasks, dimension))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    return np.asarray(v @ v.T)


def build(target: RidgeTarget, rng: np.random.Generator) -> xr.Dataset:
    """The target as an artifact. Only random directions are drawn, as a Gram matrix: it is all that matters."""
    beta, p = links(target), target.information_exponent
    grams = np.stack([equiangular(target.tasks, rho) for rho in target.coherences])
    if target.random_dimension is not None:
        grams = random_gram(target.tasks, target.random_dimension, rng)[None]
    leading = np.abs(beta[:, p])
    strength_exponent = (leading.max() / leading.min()) ** (2 / (p - 2))
    data = {
        "link": variable(("task", "degree"), beta, "Hermite coefficients of the links"),
        "gram": variable(("coherence", "task", "other_task"), grams, "<v_m, v_n>"),
        "squared_norm": variable((), float((beta**2).sum() / target.tasks), "E y^2 at coherence 0"),
        "information_exponent": variable((), p, "lowest degree of the links"),
        "strength_exponent": variable((), strength_exponent, "C_p, (max/min leading coefficient)^(2/(p-2))"),
    }
    return xr.Dataset(data, coords={"coherence": list(target.coherences)})

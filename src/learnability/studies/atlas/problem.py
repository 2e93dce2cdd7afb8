"""From the text of a target to what is computed with: its function, its Hermite expansion, its exponents."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis import shape
from learnability.diagnosis.diagnose import diagnose
from learnability.diagnosis.result import Diagnosis
from learnability.hermite.basis import evaluate
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.tensors import symmetric_tensors
from learnability.results.contract import Setting
from learnability.studies.atlas.settings import Target

Array = NDArray[np.float64]

FLOW_DEGREE = {1: 12, 2: 6, 3: 5}
"""The degree at which a target that is no polynomial is cut for its flows, by its number of directions; else 4."""

LEAST_KEPT = 0.01
"""The share of the variance that a cut must keep: flows of a target that keeps less would be those of another one."""

FAITHFUL = 0.95
"""The share of the variance from which the times of a cut target count as those of the target itself."""

_TRACE_TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False)
class Known:
    """What methods and theory use of a target in coordinates of its hidden subspace.

    ``labels`` maps z (n, directions) to values of the target, of mean zero and variance one; ``noise`` is the standard
    deviation of label noise in these units. ``frame`` (directions, directions) has the directions that the generative
    leaps find, in their order, and then the others. ``correlational`` and ``generative`` are
    ((leap, directions gained), ...); ``complete`` says whether the generative leaps find every direction.
    ``traceable``: partial traces of the label, one leap at a time, reach every direction of the first leap.
    ``kernel_degree``: the least degree at which the target, cut there, depends on every direction; ``kernel_share``:
    the share of the variance of lower degrees, and half of that of this degree.
    """

    labels: Callable[[Array], Array]
    directions: int
    degree: int
    correlational: tuple[tuple[int, int], ...]
    generative: tuple[tuple[int, int], ...]
    complete: bool
    traceable: bool
    kernel_degree: int
    kernel_share: float
    frame: Array
    noise: float = 0.0

    def sampled(self, z: Array, rng: np.random.Generator) -> Array:
        """Labels of variance one, with their noise."""
        clean = self.labels(z)
        if not self.noise:
            return clean
        return np.asarray((clean + self.noise * rng.standard_normal(len(z))) / math.hypot(1.0, self.noise))

    @property
    def information_exponent(self) -> int:
        """The first correlational leap."""
        return self.correlational[0][0]

    @property
    def generative_exponent(self) -> int:
        """The first generative leap; that of the label where none was found."""
        return self.generative[0][0] if self.generative else self.information_exponent


def text_of(setting: Setting) -> str:
    """The text of the target of a setting of this study."""
    return target_of(setting).text


def cut_degree(directions: int) -> int:
    """The degree at which a target that is no polynomial is cut for its flows."""
    return FLOW_DEGREE.get(directions, 4)


def target_of(setting: Setting) -> Target:
    """The target of a setting of this study."""
    assert isinstance(setting.target, Target)
    return setting.target


@functools.lru_cache(maxsize=64)
def diagnosis_of(target: Target) -> Diagnosis:
    """The diagnosis of a target."""
    return diagnose(target.parsed() if target.links else target.text, label_noise=target.label_noise)


@functools.lru_cache(maxsize=64)
def expansion_of(target: Target) -> HermiteExpansion:
    """The Hermite expansion of a target, centred, in coordinates of its hidden subspace: r variables, all needed.

    A target that is no polynomial is cut at :data:`FLOW_DEGREE`.
    """
    diagnosis = diagnosis_of(target)
    inner = shape.restricted(diagnosis.target.centred(), diagnosis.hidden)
    if diagnosis.function is None:
        return inner
    highest = cut_degree(inner.variables)
    kept = {b: a for b, a in inner.coefficients.items() if sum(b) <= highest and abs(a) > 1e-9 * diagnosis.norm}
    return HermiteExpansion(inner.variables, kept)


def kept_share(target: Target) -> float:
    """The share of the variance that the expansion of a target keeps: 1 for a polynomial."""
    found = diagnosis_of(target)
    if found.function is None:
        return 1.0
    return float(min(1.0, expansion_of(target).norm ** 2 / (found.norm**2 - found.mean**2)))


def is_followed(target: Target) -> bool:
    """Whether flows and methods of a target are run: not where its cut keeps less than :data:`LEAST_KEPT`."""
    return bool(expansion_of(target).coefficients) and kept_share(target) >= LEAST_KEPT


@functools.lru_cache(maxsize=64)
def known_of(target: Target) -> Known:
    """What is known of a target, from its diagnosis."""
    found = diagnosis_of(target)
    expansion, hidden = expansion_of(target), found.hidden
    size = (found.norm**2 - found.mean**2) ** 0.5
    if found.function is None:
        inner = expansion.scaled(1 / size)

        def labels(z: Array) -> Array:
            return evaluate(inner, z)
    else:
        function, mean = target.parsed(), found.mean

        def labels(z: Array) -> Array:
            return np.asarray((function(z @ hidden.T) - mean) / size)  # type: ignore[operator]

    degree = _kernel_degree(expansion)
    return Known(
        labels,
        found.intrinsic_dimension,
        expansion.degree,
        found.correlational.pairs,
        found.generative.pairs,
        found.generative.complete,
        _traceable(expansion, found.correlational.pairs[0]),
        degree,
        math.fsum(share * (1.0 if k < degree else 0.5) for k, share in found.spectrum.items() if k <= degree),
        _frame(found),
        target.label_noise / size,
    )


def _frame(found: Diagnosis) -> Array:
    """The directions of the generative leaps in hidden coordinates, and a basis of the rest."""
    columns = [found.hidden.T @ step.directions for step in found.generative.steps]
    seen = np.concatenate([np.zeros((found.intrinsic_dimension, 0)), *columns], axis=1)
    rest = np.linalg.qr(seen, mode="complete")[0][:, seen.shape[1] :]
    return np.concatenate([seen, rest], axis=1)


def _traceable(target: HermiteExpansion, first: tuple[int, int]) -> bool:
    """Whether the partial trace of the first leap's tensor has the rank of the leap."""
    tensor = symmetric_tensors(target).get(first[0])
    if tensor is None:
        return False
    while tensor.ndim > 2:
        tensor = np.trace(tensor, axis1=0, axis2=1)
    matrix = tensor if tensor.ndim == 2 else tensor[:, None]
    return int(np.linalg.matrix_rank(matrix, _TRACE_TOLERANCE * target.norm)) >= first[1]


def _kernel_degree(target: HermiteExpansion) -> int:
    """The least degree at which the target, cut there, depends on every direction."""
    degrees = sorted({sum(b) for b in target.coefficients})
    for degree in degrees:
        kept = {b: a for b, a in target.coefficients.items() if sum(b) <= degree}
        part = HermiteExpansion(target.variables, kept)
        if shape.hidden_basis(shape.gradient_covariance(part)).shape[1] == target.variables:
            return degree
    return degrees[-1]

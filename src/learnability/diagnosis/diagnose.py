"""From a target to its diagnosis."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis import shape, symmetries
from learnability.diagnosis.exponents import GenerativeSearch, correlational
from learnability.diagnosis.moments import PolynomialPowers, RandomPoints
from learnability.diagnosis.result import Diagnosis, Evidence, LeapSequence, LeapStep, Symmetries
from learnability.diagnosis.weak_recovery import threshold
from learnability.hermite import reflective
from learnability.hermite.activation_class import ACTIVATION_CLASSES
from learnability.hermite.basis import evaluate
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.target_language import parse
from learnability.hermite.taylor_rank import TaylorRanks, taylor_ranks

Array = NDArray[np.float64]

MOST_TAYLOR_TERMS = 60


def diagnose(
    target: str | HermiteExpansion,
    activation: str = "smooth",
    inputs: Literal["gaussian", "cube"] = "gaussian",
    label_noise: float = 0.0,
) -> Diagnosis:
    """The diagnosis of a text or of a target; see :func:`learnability.diagnose`."""
    if activation not in ACTIVATION_CLASSES:
        raise ValueError(f"activation is {activation!r}; it must be one of {', '.join(ACTIVATION_CLASSES)}")
    text = target if isinstance(target, str) else None
    return diagnose_polynomial(parse(target) if isinstance(target, str) else target, activation, text)


def diagnose_polynomial(target: HermiteExpansion, activation: str = "smooth", text: str | None = None) -> Diagnosis:
    """The diagnosis of a polynomial of Gaussian variables; ``text`` is what is shown as the target."""
    covariance = shape.gradient_covariance(target)
    hidden = shape.hidden_basis(covariance)
    if hidden.shape[1] == 0:
        raise ValueError("the target is constant: there is nothing to learn")
    inner = shape.restricted(target, hidden)

    def values(z: Array) -> Array:
        return evaluate(inner, z)

    group = symmetries.find(values, inner.variables)
    random = [RandomPoints(values, inner.variables, points) for points in (4096, 16384)]
    search = GenerativeSearch(values, inner.variables, (PolynomialPowers(inner), *random), group)
    generative, group = search.run()
    trapped = reflective.diagnose(inner, ACTIVATION_CLASSES[activation])
    return Diagnosis(
        text=str(target) if text is None else text,
        inputs="gaussian",
        target=target,
        function=None,
        activation=activation,
        mean=target.mean,
        norm=target.norm,
        hidden=hidden,
        gradient_covariance=covariance,
        spectrum=shape.spectrum(target),
        spectrum_evidence=Evidence("exact", "Hermite coefficients of the polynomial"),
        symmetries=embedded_symmetries(group, hidden),
        correlational=embedded(correlational(inner), hidden),
        generative=embedded(generative, hidden),
        weak_recovery=threshold(values, inner.variables, generative),
        learnable_subspace=hidden @ trapped.learnable,
        reflective_subspace=hidden @ trapped.trapped,
        loss_floor=trapped.loss_floor,
        exact=trapped.exact,
        taylor=_taylor(inner),
        noise_sensitivity={},
    )


def embedded(sequence: LeapSequence, hidden: Array) -> LeapSequence:
    """A sequence of the hidden coordinates in the coordinates of the target."""
    steps = tuple(
        LeapStep(s.exponent, hidden @ s.directions, s.seen, s.span, s.vanishing, s.signal, s.dropped)
        for s in sequence.steps
    )
    return LeapSequence(steps, hidden @ sequence.unseen, sequence.highest_degree, sequence.blind)


def embedded_symmetries(group: Symmetries, hidden: Array) -> Symmetries:
    """Symmetries of the hidden coordinates as maps of all of them: the identity on what does not matter."""
    if np.array_equal(hidden, np.eye(len(hidden))):
        return group
    rest = np.eye(len(hidden)) - hidden @ hidden.T
    elements = tuple(hidden @ g @ hidden.T + rest for g in group.elements)
    rotations = tuple(hidden @ a @ hidden.T for a in group.rotations)
    return Symmetries(elements, rotations, group.residual, symmetries.words(elements, rotations, len(hidden)))


def _taylor(target: HermiteExpansion) -> TaylorRanks | None:
    return taylor_ranks(target, "sine") if len(target.coefficients) <= MOST_TAYLOR_TERMS else None

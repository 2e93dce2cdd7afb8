"""What a diagnosis says: frozen records, in which every number carries how it was established."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from learnability.hermite.expansion import HermiteExpansion

if TYPE_CHECKING:
    from learnability.hermite.function_target import FunctionTarget
    from learnability.hermite.taylor_rank import TaylorRanks

Array = NDArray[np.float64]

#: ``exact``: algebra, with rounding below the stated precision. ``quadrature``: numerical integration with a bound on
#: its error. ``measured``: random integration points; the precision is five standard errors. ``undecided``: not
#: distinguished from zero at the stated precision, and nothing proves that it vanishes.
Exactness = Literal["exact", "quadrature", "measured", "undecided"]


@dataclass(frozen=True)
class Evidence:
    """How a statement was established: its exactness, the argument in words, and the precision where there is one."""

    exactness: Exactness
    argument: str
    precision: float = 0.0

    def __str__(self) -> str:
        size = f" (precision {self.precision:.1e})" if self.precision else ""
        return f"{self.exactness}: {self.argument}{size}"


@dataclass(frozen=True, eq=False)
class LeapStep:
    """One step of a leap sequence.

    ``exponent`` is the lowest degree k at which the directions that are not known yet are seen; ``directions``
    (variables, count) is an orthonormal basis of those that are gained. ``vanishing`` holds one entry for each lower
    degree 1, ..., k - 1 and says why it is blind; ``seen`` says why degree k is not, ``span`` why no further direction
    is seen at this degree. ``signal`` and ``dropped`` are the singular values on both sides of the rank decision,
    relative to the norm of the transform and of the label. ``share`` is, of a correlational step, the share of the
    variance of f in the component that makes it (degree k in the directions not known before), and ``weakest`` the part
    of that which the least of its directions has; NaN of a step of transforms.
    """

    exponent: int
    directions: Array
    seen: Evidence
    span: Evidence
    vanishing: tuple[Evidence, ...]
    signal: float
    dropped: float
    share: float = math.nan
    weakest: float = math.nan

    @property
    def gained(self) -> int:
        """The number of directions that this step adds."""
        return self.directions.shape[1]

    @property
    def exactness(self) -> Exactness:
        """The weakest of what the step rests on."""
        order: tuple[Exactness, ...] = ("exact", "quadrature", "measured", "undecided")
        return max((e.exactness for e in (self.seen, self.span, *self.vanishing)), key=order.index)


@dataclass(frozen=True, eq=False)
class LeapSequence:
    """The steps in which the hidden directions are found, and what is left.

    ``unseen`` (variables, count) spans the directions that no degree up to ``highest_degree`` shows; ``blind`` says for
    every degree up to there why.
    """

    steps: tuple[LeapStep, ...]
    unseen: Array
    highest_degree: int
    blind: tuple[Evidence, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every hidden direction is found."""
        return self.unseen.shape[1] == 0

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """``((exponent, directions gained), ...)`` in the order of the steps."""
        return tuple((step.exponent, step.gained) for step in self.steps)

    @property
    def exponent(self) -> int | None:
        """The first exponent (the information exponent, or the generative one); None where none was found."""
        return self.steps[0].exponent if self.steps else None

    @property
    def leap(self) -> int | None:
        """The largest exponent; None where the sequence is not complete."""
        return max((step.exponent for step in self.steps), default=None) if self.complete else None

    @property
    def exactness(self) -> Exactness:
        """The weakest exactness of its steps; ``undecided`` where the sequence is not complete."""
        order: tuple[Exactness, ...] = ("exact", "quadrature", "measured", "undecided")
        if not self.complete:
            return "undecided"
        return max((step.exactness for step in self.steps), key=order.index, default="exact")

    def __str__(self) -> str:
        steps = ", then ".join(f"{k} (+{m})" for k, m in self.pairs) or "none"
        left = self.unseen.shape[1]
        return steps + (f"; {left} direction(s) not seen up to degree {self.highest_degree}" if left else "")


@dataclass(frozen=True)
class WeakRecovery:
    """The threshold ``alpha_c`` of weak recovery at ``n = alpha d`` samples.

    0 where a direction is seen at first order (``E[z | y] != 0``: any alpha > 0 recovers something), infinity where
    the generative exponent is above 2, otherwise ``1 / alpha_c = max over M >= 0, |M|_F = 1, of |E[G M G]|_F`` with
    ``G(y) = E[z z^T - I | y]`` (Troiani et al., arXiv 2405.15480); for one direction ``E[E[z^2 - 1 | y]^2]``.
    """

    alpha: float
    evidence: Evidence


@dataclass(frozen=True, eq=False)
class Symmetries:
    """Orthogonal maps that leave the target unchanged.

    ``elements`` (variables, variables) each satisfy ``f(g z) = f(z)`` up to ``residual`` (relative to the norm);
    ``rotations`` are antisymmetric generators of continuous symmetries; ``words`` says what was found. The list need
    not be the whole group: each element is a proof by itself.
    """

    elements: tuple[Array, ...]
    rotations: tuple[Array, ...]
    residual: float
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Everything that the algebra of one target says about learning it; see :func:`learnability.diagnose`.

    The contract for those who read it:

    - ``text`` is the target as it was given, ``inputs`` ``"gaussian"`` or ``"cube"``, ``variables`` its number of
      variables. ``target`` is its Hermite expansion: exact for a polynomial, otherwise (``function`` is not None) to
      the degree ``expanded_to`` and the error that ``spectrum_evidence`` names. On the cube ``target`` is the
      multilinear polynomial and ``spectrum`` its Walsh weights.
    - *Shape.* ``gradient_covariance`` is ``E[grad f grad f^T]``, ``intrinsic_dimension`` its rank (or the dimension of
      the dependence, where f is not differentiable), ``hidden`` (variables, intrinsic dimension) a basis of the hidden
      subspace; ``mean``, ``norm`` = ``sqrt(E f^2)``; ``spectrum`` maps a degree to its share of the variance.
    - *Exponents.* ``correlational`` and ``generative`` are :class:`LeapSequence`: ``.pairs`` is
      ``((exponent, directions gained), ...)``, ``.exponent`` the first, ``.leap`` the largest, and every step carries
      the argument that fixes it. ``weak_recovery`` is the threshold at n = alpha d.
    - *Traps.* ``reflective_subspace`` (variables, k) is an orthonormal basis of the largest reflective subspace S*,
      ``learnable_subspace`` one of its complement, ``loss_floor`` = ``E|f - E[f | z_W]|^2 / 2`` with W the learnable
      subspace, or an upper bound where ``least_loss_floor``, a lower bound, is below it; ``taylor`` the ranks of the
      simplified flow; ``exact`` says whether dimensions of S* were found in rational arithmetic, ``counted_as_zero``
      the size of what was counted as zero for them, beyond rounding.
    - *Cube.* ``noise_sensitivity`` maps a flip probability to ``P``-weighted disagreement
      ``(1 - Stab_{1-2 delta}) / 2`` of f scaled to variance one; empty for Gaussian inputs.
    - Code that needs values or coefficients of a text takes them where the diagnosis does:
      ``hermite.target_language.parse_target`` gives an expansion or a ``FunctionTarget`` (callable on numpy arrays and
      torch tensors), ``hermite.function_expansion.expand`` the expansion of the latter with its error.
    - ``rows()`` gives (name, text, how it is known, source) for pages; ``str`` is one screen for a person.
    """

    text: str
    inputs: Literal["gaussian", "cube"]
    target: HermiteExpansion
    function: FunctionTarget | None
    activation: str
    mean: float
    norm: float
    hidden: Array
    gradient_covariance: Array
    spectrum: Mapping[int, float]
    spectrum_evidence: Evidence
    symmetries: Symmetries
    correlational: LeapSequence
    generative: LeapSequence
    weak_recovery: WeakRecovery | None
    learnable_subspace: Array
    reflective_subspace: Array
    loss_floor: float
    exact: bool
    taylor: TaylorRanks | None
    noise_sensitivity: Mapping[float, float]
    label_noise: float = 0.0
    expanded_to: int | None = None
    least_loss_floor: float | None = None
    counted_as_zero: float = 0.0

    @property
    def deciding_share(self) -> float:
        """The least share of the variance by which a direction joins a correlational step; NaN where none does."""
        return min((step.weakest for step in self.correlational.steps), default=math.nan)

    @property
    def variables(self) -> int:
        """The number of variables that the text has."""
        return self.target.variables

    @property
    def intrinsic_dimension(self) -> int:
        """The number of directions that the target depends on."""
        return self.hidden.shape[1]

    @property
    def leaps(self) -> tuple[int, ...]:
        """The exponents of the correlational steps, in the order of learning."""
        return tuple(step.exponent for step in self.correlational.steps)

    @property
    def information_exponent(self) -> int:
        """The lowest degree above zero that occurs in the target; 0 for a constant."""
        return self.leaps[0] if self.leaps else 0

    @property
    def leap(self) -> int:
        """The largest correlational leap, which decides the time of escape; 0 for a constant."""
        return max(self.leaps, default=0)

    @property
    def generative_exponent(self) -> int | None:
        """The first exponent of the generative sequence."""
        return self.generative.exponent

    @property
    def generative_leap(self) -> int | None:
        """The largest exponent of the generative sequence; None where the sequence is not complete."""
        return self.generative.leap

    @property
    def is_trapped(self) -> bool:
        """Whether there is a reflective subspace other than {0}."""
        return self.reflective_subspace.shape[1] > 0

    @property
    def sgd_exponent(self) -> float:
        """p of ``n ~ d^p`` for online SGD on the correlation loss: max(1, leap - 1)."""
        return max(1.0, self.leap - 1.0)

    @property
    def correlational_exponent(self) -> float:
        """p of the lower bound ``d^p`` for correlational queries: max(1, leap / 2)."""
        return max(1.0, self.leap / 2)

    @property
    def sample_exponent(self) -> float | None:
        """p of ``n = Theta(d^p)`` for the best low-degree method: max(1, generative leap / 2)."""
        return None if self.generative_leap is None else max(1.0, self.generative_leap / 2)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """(name, what is found, how it is known, source) of everything that is found."""
        from learnability.diagnosis.words import rows

        return rows(self)

    def __str__(self) -> str:
        from learnability.diagnosis.words import screen

        return screen(self)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in ("", "answer", "how it is known", "source"))
        body = "".join(
            "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td></tr>".format(*map(html.escape, row))
            for row in self.rows()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def as_dict(self) -> dict[str, Any]:
        """The numbers as plain lists and numbers, for JSON."""
        return {
            "text": self.text,
            "inputs": self.inputs,
            "variables": self.variables,
            "intrinsic_dimension": self.intrinsic_dimension,
            "mean": self.mean,
            "norm": self.norm,
            "spectrum": {str(k): v for k, v in self.spectrum.items()},
            "correlational": [list(pair) for pair in self.correlational.pairs],
            "correlational_exactness": self.correlational.exactness,
            "generative": [list(pair) for pair in self.generative.pairs],
            "generative_exactness": self.generative.exactness,
            "generative_complete": self.generative.complete,
            "alpha_c": None if self.weak_recovery is None else self.weak_recovery.alpha,
            "reflective_dimension": self.reflective_subspace.shape[1],
            "loss_floor": self.loss_floor,
            "noise_sensitivity": {str(k): v for k, v in self.noise_sensitivity.items()},
            "symmetries": list(self.symmetries.words),
        }

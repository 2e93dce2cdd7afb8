"""What an experiment of this study may set. Sample counts are given in units of M d^{p-1}, step sizes in M^{-1/2}
d^{-p/2}.
"""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from learnability.results.contract import Model, Setting

# Neurons of the comparison of engines, whose overlap chain needs as many axes beside the tasks.
COMPARED_NEURONS = 4


class RidgeTarget(Model):
    """y = M^{-1/2} sum_m f_m(<v_m, x>) with f_m = sum_k link[k] h_k (orthonormal Hermite), without the dimension.

    ``coherences``: one Gram matrix <v_m, v_n> = rho for each value (0 is orthonormal). With ``strength_ratio`` s > 1
    every second task has its leading coefficient divided by s, the rest of its unit norm going to degree p + 2, so
    that C_p = s^{2/(p-2)}. ``unnormalised`` multiplies the label by sqrt(p!), He_p in place of h_p.
    With ``random_dimension`` d the directions are independent uniform points of the sphere of R^d instead. ``input``
    is the law of x: there is one, and naming another is answered with the reason.
    """

    tasks: int = Field(ge=1, le=4096)
    link: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0)
    coherences: tuple[float, ...] = (0.0,)
    random_dimension: int | None = Field(default=None, ge=2)
    strength_ratio: float = Field(default=1.0, ge=1.0)
    unnormalised: bool = False
    input: Literal["gaussian"] = "gaussian"

    @field_validator("input", mode="before")
    @classmethod
    def _gaussian(cls, value: Any) -> Any:
        if value != "gaussian":
            raise ValueError(
                "the overlap, decoupled and matched chains and the population flow hold for isotropic Gaussian input "
                "alone, and every experiment is measured against one of them: the input is 'gaussian'"
            )
        return value

    @model_validator(mode="after")
    def _has_information_exponent(self) -> "RidgeTarget":
        if len(self.link) < 4 or any(self.link[:3]) or not any(self.link):
            raise ValueError("link starts with h_0, h_1, h_2, which must be 0, and has a higher coefficient: p > 2")
        if any(not -1 / max(self.tasks - 1, 1) < rho < 1 for rho in self.coherences):
            raise ValueError("coherences must lie in (-1/(tasks-1), 1), where the directions exist")
        if self.random_dimension is not None and (self.random_dimension < self.tasks or self.coherences != (0.0,)):
            raise ValueError("random_dimension is at least the number of tasks, and has no coherences beside it")
        return self

    @property
    def information_exponent(self) -> int:
        return next(k for k, c in enumerate(self.link) if c)


class Superorthogonal(Model):
    """E[f^k h_l] = 0 for 1 <= k <= powers and 1 <= l <= degrees, f a polynomial of one parity."""

    powers: int = Field(default=2, ge=1, le=4)
    degrees: int = Field(default=2, ge=1, le=6)
    digits: int = Field(default=120, ge=30, le=400)


class PhaseOne(Model):
    """Phase I of Algorithm 1: correlation loss, spherical gradient, ReLU, fixed second layer and biases.

    ``bias`` is the bias of all neurons, or uniform on [-1, 1]; ``signs`` random or all equal to +1 or -1.
    ``relative_step`` is delta in eta = delta M^{-1/2} d^{-p/2}. A run has ``steps`` steps of horizon M d^{p-1} /
    steps samples; with ``decay`` the step size falls like 1/t^2 in the second half. ``matched_above``: from this
    dimension on, batches are matched in mean and covariance from ``drawn`` samples.
    """

    neurons: int = Field(ge=1)
    bias: float | Literal["uniform"] = "uniform"
    signs: Literal["random", 1, -1] = "random"
    relative_step: float = Field(default=1.0, gt=0)
    horizon: float = Field(gt=0)
    steps: int = Field(default=2048, ge=1)
    decay: bool = False
    engine: Literal["auto", "full", "decoupled"] = "auto"
    matched_above: int | None = None
    drawn: int = Field(default=256, ge=2)

    @model_validator(mode="after")
    def _one_engine(self) -> "PhaseOne":
        if self.engine != "auto" and self.matched_above is not None:
            raise ValueError(f"engine '{self.engine}' and matched_above = {self.matched_above} exclude each other")
        return self

    def check_room(self, dimension: int, tasks: int) -> None:
        """Raises ValueError where R^dimension has no room for the tasks or for the chain that would run."""
        _check_tasks(dimension, tasks)
        matched = self.matched_above is not None and dimension >= self.matched_above
        if (matched or self.engine == "decoupled") and dimension < tasks + 2:
            chain = "chain of matched batches" if matched else "decoupled chain"
            raise ValueError(
                f"the {chain} needs a dimension of at least tasks + 2 = {tasks + 2}, not {dimension}: "
                "leave engine at auto and matched_above out, and the full engine runs"
            )


def _check_tasks(dimension: int, tasks: int) -> None:
    if dimension < tasks:
        raise ValueError(f"dimension {dimension} is below the number of tasks, {tasks}: directions are independent")


class LocalisationSetting(Setting):
    """Hitting times and final alignments at several dimensions.

    ``tasks``: one run at each dimension for the sum of the first so many of the target's tasks; left out, for all of
    them. Runs of one setting share a job; ``sweep: {tasks: [[8], [16]]}`` gives each number a job of its own.
    """

    target: RidgeTarget
    tasks: tuple[int, ...] = ()
    dimensions: tuple[int, ...] = Field(min_length=1)
    phase_one: PhaseOne
    threshold: float = Field(default=0.5, gt=0, lt=1)
    saved: int = Field(default=120, ge=2)

    @property
    def task_counts(self) -> tuple[int, ...]:
        """The numbers of tasks of the runs."""
        return self.tasks or (self.target.tasks,)

    @model_validator(mode="after")
    def _fits(self) -> "LocalisationSetting":
        for tasks in self.task_counts:
            if not 1 <= tasks <= self.target.tasks:
                raise ValueError(f"tasks = {tasks} is no number of tasks of the target: it has {self.target.tasks}")
            for d in self.dimensions:
                self.phase_one.check_room(d, tasks)
        if len(set(self.tasks)) < len(self.tasks):
            raise ValueError(f"tasks = {list(self.tasks)} names a number twice")
        return self


class FigureOneSetting(Setting):
    """The paper's Figure 1 at its own size, with single-sample steps: He_p, normalised h_p, and an NTK-scaled
    control.
    """

    target: RidgeTarget
    dimension: int = Field(default=64, ge=2)
    width: int = Field(default=8192, ge=1)
    neurons: int = Field(ge=1)
    samples: int = Field(default=1_000_000, ge=1)
    step: float = Field(default=0.3, gt=0)
    control_batch: int = Field(default=64, ge=1)
    saved: int = Field(default=24, ge=2)

    @model_validator(mode="after")
    def _both_labels(self) -> "FigureOneSetting":
        if not self.target.unnormalised:
            raise ValueError("target.unnormalised must be true: the normalised label is derived from it")
        _check_tasks(self.dimension, self.target.tasks)
        return self


class EnginesSetting(Setting):
    """Full SGD, decoupled chain, overlap chain and population flow of four neurons from one start."""

    target: RidgeTarget
    dimension: int = Field(ge=4)
    relative_steps: tuple[float, ...] = (1.0, 0.05)
    horizon: float = Field(default=4.0, gt=0)
    steps: int = Field(default=512, ge=8)
    saved: int = Field(default=24, ge=2)

    @model_validator(mode="after")
    def _fits(self) -> "EnginesSetting":
        least = self.target.tasks + COMPARED_NEURONS
        if self.dimension < least:
            raise ValueError(
                f"dimension {self.dimension} is below the number of overlaps a neuron has: the overlap chain of "
                f"{COMPARED_NEURONS} neurons and {self.target.tasks} tasks needs at least {least}"
            )
        return self


class WidthSetting(Setting):
    """Which task a neuron picks when strengths differ: population flow from uniform starts at dimension d."""

    target: RidgeTarget
    tasks: tuple[int, ...] = Field(min_length=2)
    dimension: int = Field(default=100_000, ge=16)
    neurons: int = Field(ge=16)

    @model_validator(mode="after")
    def _fits(self) -> "WidthSetting":
        if min(self.tasks) < 2:
            raise ValueError("tasks are at least 2: every second task is a weak one")
        if self.dimension <= max(self.tasks):
            raise ValueError(f"dimension {self.dimension} must exceed every number of tasks, {max(self.tasks)} at most")
        return self


class PhaseTwoSetting(Setting):
    """Refit of the second layer after phase I, on fresh samples, beside what it must be compared with."""

    target: RidgeTarget
    dimension: int = Field(ge=4)
    phase_one: PhaseOne
    samples: tuple[int, ...] = Field(min_length=1)
    test_samples: int = Field(default=8000, ge=100)
    features: tuple[Literal["trained", "oracle", "random"], ...] = ("trained", "oracle", "random")
    kernel_samples: tuple[int, ...] = ()
    subset: int | None = Field(default=None, ge=1)
    new_link: tuple[float, ...] | None = None
    bias_range: float = Field(default=3.0, gt=0)

    @model_validator(mode="after")
    def _fits(self) -> "PhaseTwoSetting":
        self.phase_one.check_room(self.dimension, self.target.tasks)
        if self.subset is not None and self.subset > self.target.tasks:
            raise ValueError(f"subset = {self.subset} exceeds the number of tasks, {self.target.tasks}")
        return self


class CoherenceSetting(Setting):
    """Equiangular directions: population flow and SGD over the target's coherences."""

    target: RidgeTarget
    dimension: int = Field(ge=4)
    phase_one: PhaseOne

    @model_validator(mode="after")
    def _fits(self) -> "CoherenceSetting":
        self.phase_one.check_room(self.dimension, self.target.tasks)
        return self


class SuperorthogonalSetting(Setting):
    """Construction of superorthogonal polynomials in multiprecision, and the least degree for which they exist."""

    target: Superorthogonal
    cases: tuple[tuple[int, int, int, int], ...] = ((2, 2, 1, 17), (2, 2, 0, 20), (2, 3, 1, 23))


KINDS: dict[str, type[Setting]] = {
    "localisation": LocalisationSetting,
    "figure_one": FigureOneSetting,
    "engines": EnginesSetting,
    "width": WidthSetting,
    "phase_two": PhaseTwoSetting,
    "coherence": CoherenceSetting,
    "superorthogonal": SuperorthogonalSetting,
}

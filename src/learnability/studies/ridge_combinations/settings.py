"""What the kinds of this study share of their settings: the target and phase I.

Sample counts are in units of M d^{p-1}, step sizes in units of M^{-1/2} d^{-p/2}.
"""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from learnability.results.contract import Model


class RidgeTarget(Model):
    """y = M^{-1/2} sum_m f_m(<v_m, x>) with f_m = sum_k link[k] h_k (orthonormal Hermite), without the dimension.

    ``coherences``: one Gram matrix <v_m, v_n> = rho for each value (0 is orthonormal). With ``strength_ratio`` s > 1
    every second task has its leading coefficient divided by s, the rest of its unit norm going to degree p + 2, so
    that C_p = s^{2/(p-2)}. ``unnormalised`` multiplies the label by sqrt(p!), He_p in place of h_p.
    With ``random_dimension`` d the directions are independent uniform points of the sphere of R^d instead. ``input``
    is the law of x; only ``gaussian`` is accepted.
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
            raise ValueError("link must have coefficient 0 for h_0, h_1 and h_2 and a nonzero one above: p > 2")
        if any(not -1 / max(self.tasks - 1, 1) < rho < 1 for rho in self.coherences):
            raise ValueError("coherences must lie in (-1/(tasks-1), 1), where the directions exist")
        if self.random_dimension is not None and (self.random_dimension < self.tasks or self.coherences != (0.0,)):
            raise ValueError("random_dimension must be at least the number of tasks, and excludes coherences")
        return self

    @property
    def information_exponent(self) -> int:
        """p, the lowest degree of the links."""
        return next(k for k, c in enumerate(self.link) if c)


class PhaseOne(Model):
    """Phase I of Algorithm 1: correlation loss, spherical gradient, ReLU, fixed second layer and biases.

    ``bias`` is the bias of all neurons, or uniform on [-1, 1]; ``signs`` random or all equal to +1 or -1.
    ``relative_step`` is delta in eta = delta M^{-1/2} d^{-p/2}. Phase I takes ``steps`` steps of horizon M d^{p-1} /
    steps samples each; with ``decay`` the step size falls like 1/t^2 in the second half. ``matched_above``: from this
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
        check_tasks(dimension, tasks)
        matched = self.matched_above is not None and dimension >= self.matched_above
        if (matched or self.engine == "decoupled") and dimension < tasks + 2:
            chain = "chain of matched batches" if matched else "decoupled chain"
            raise ValueError(
                f"the {chain} needs a dimension of at least tasks + 2 = {tasks + 2}, not {dimension}: "
                "leave engine at auto and matched_above out, and the full engine runs"
            )


def check_tasks(dimension: int, tasks: int) -> None:
    """Raises ValueError where R^dimension has no room for as many independent directions as there are tasks."""
    if dimension < tasks:
        raise ValueError(f"dimension {dimension} is below the number of tasks, {tasks}: directions are independent")

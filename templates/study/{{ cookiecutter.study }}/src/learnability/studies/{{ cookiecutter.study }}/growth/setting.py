"""What an experiment of the kind may set. Nothing heavy is imported here: it is read before the job graph exists."""

from pydantic import Field

from learnability.results.contract import Model, Setting


class Target(Model):
    """What is learned."""

    information_exponent: int = Field(default=3, ge=2, le=6)


class GrowthSetting(Setting):
    """One sweep over dimensions; all of them are solved in one array."""

    target: Target = Target()
    dimensions: tuple[int, ...] = Field(min_length=2)
    step_size: float = Field(default=0.01, gt=0, le=0.1)
    max_steps: int = Field(default=100_000, ge=1)
    threshold: float = Field(default=0.5, gt=0, lt=1)

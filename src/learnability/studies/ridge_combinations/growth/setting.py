"""The setting of the kind ``growth``."""

from pydantic import Field, model_validator

from learnability.results.contract import Setting
from learnability.studies.ridge_combinations.settings import PhaseOne, RidgeTarget


class GrowthSetting(Setting):
    """Phase I of M = d^gamma tasks, rounded, for every gamma of ``powers`` and every dimension.

    The runs learn the first so many of the target's tasks; ``tasks`` of the target is the largest number that runs.
    """

    target: RidgeTarget
    powers: tuple[float, ...] = Field(min_length=1)
    dimensions: tuple[int, ...] = Field(min_length=2)
    phase_one: PhaseOne
    threshold: float = Field(default=0.5, gt=0, lt=1)
    saved: int = Field(default=120, ge=2)

    def tasks_at(self, power: float, dimension: int) -> int:
        """M = d^gamma, rounded."""
        return round(dimension**power)

    @model_validator(mode="after")
    def _fits(self) -> "GrowthSetting":
        for power in self.powers:
            if not 0 < power < 1:
                raise ValueError(f"powers = {list(self.powers)} must lie between 0 and 1")
            for d in self.dimensions:
                tasks = self.tasks_at(power, d)
                if tasks > self.target.tasks:
                    raise ValueError(f"target.tasks = {self.target.tasks} is below d^{power:g} = {tasks} at d = {d}")
                self.phase_one.check_room(d, tasks)
        if self.phase_one.bias == "uniform":
            raise ValueError("the neurons share one bias, so that their times compare with the flow's: give a number")
        return self

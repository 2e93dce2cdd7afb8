"""The setting of the kind ``localisation``."""

from pydantic import Field, model_validator

from learnability.results.contract import Setting
from learnability.studies.ridge_combinations.settings import PhaseOne, RidgeTarget


class LocalisationSetting(Setting):
    """Hitting times and final alignments at several dimensions.

    ``tasks`` lists numbers of tasks: for each of them, and at each dimension, phase I learns the sum of the first so
    many of the target's tasks; left out, of all of them. The entries share a job; ``sweep: {tasks: [[8], [16]]}`` gives
    each number a job of its own.
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
                raise ValueError(f"tasks = {tasks} must lie between 1 and the number of tasks, {self.target.tasks}")
            for d in self.dimensions:
                self.phase_one.check_room(d, tasks)
        if len(set(self.tasks)) < len(self.tasks):
            raise ValueError(f"tasks = {list(self.tasks)} lists a number twice")
        return self

"""The setting of the kind ``refit``."""

from pydantic import Field, model_validator

from learnability.results.contract import Setting
from learnability.studies.ridge_combinations.settings import RidgeTarget


class RefitSetting(Setting):
    """Ridge refit of the second layer where every neuron stands on a task: the dimension is the number of tasks.

    Neurons are distributed over the tasks as phase I distributes them (equally, or by the winning probability of a weak
    task); a task has ``neurons_per_task`` of them on average. Where all tasks are equally strong, their number also
    grows like sqrt(n) over ``joint_samples``, at ``joint_tasks`` tasks, from ``neurons_per_task`` at 500 samples.
    ``widths`` are numbers of neurons of one task at which the population error of its link is computed by quadrature.
    """

    target: RidgeTarget
    tasks: tuple[int, ...] = Field(min_length=2)
    samples: tuple[int, ...] = Field(min_length=2)
    neurons_per_task: int = Field(default=24, ge=4)
    joint_tasks: int = Field(default=4, ge=2)
    joint_samples: tuple[int, ...] = Field(default=(1000, 2000, 4000, 8000, 16000), min_length=2)
    label_noise: float = Field(default=0.5, ge=0)
    widths: tuple[int, ...] = (8, 16, 32, 64)

    @model_validator(mode="after")
    def _fits(self) -> "RefitSetting":
        if min(self.tasks) < 2:
            raise ValueError(f"tasks = {list(self.tasks)}: at least 2, since every second task is a weak one")
        return self

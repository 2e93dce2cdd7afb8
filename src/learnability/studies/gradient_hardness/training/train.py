"""Training of the kind ``training``: the lecture's Figure 1 and sparse parities."""

import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.status import status_attributes
from learnability.studies.gradient_hardness.parity_training import Job, check_steps
from learnability.studies.gradient_hardness.settings import degree_of
from learnability.studies.gradient_hardness.training.setting import TrainingSetting


def train(setting: TrainingSetting, context: RunContext) -> xr.Dataset:
    """Steps to the goals, how training ended and ``lambda_v`` for each seed and dimension, and the curves over time."""
    results = Job(setting, context).run()
    dimensions = setting.target.dimensions
    by_run, by_check = ("seed", "dimension"), ("seed", "dimension", "time")
    content = {
        "steps": variable(by_run, results["steps"], "steps to the accuracy goal, NaN where it was not reached", "step"),
        "margin_steps": variable(
            by_run, results["margin_steps"], "steps to the loss goal, NaN where it was not reached or not set", "step"
        ),
        "status": xr.Variable(by_run, results["status"], status_attributes()),
        "gradient_norm": variable(by_run, results["gradient_norm"], "lambda_v at the start"),
        "accuracy": variable(by_check, results["accuracy"], "accuracy"),
        "loss": variable(by_check, results["loss"], "hinge loss"),
        "degree": variable("dimension", [degree_of(setting.target.degree, d) for d in dimensions], "parity degree |v|"),
    }
    coordinates = {
        "dimension": variable("dimension", list(dimensions), "input dimension d"),
        "time": variable("time", check_steps(setting.max_steps), "steps of SGD", "step"),
    }
    return xr.Dataset(content, coordinates)

"""Who is localised, which tasks are found, and what counts of a run that diverged: nothing."""

import numpy as np
import pytest

from learnability.results.status import Status
from learnability.studies.ridge_combinations.alignments import tasks_found
from tests.studies.ridge_combinations.cases import analysed, setting_of, trained


def test_a_task_is_found_once_however_many_neurons_are_on_it():
    largest = np.array([[[0.95, 0.99, 0.5, 0.92], [0.1, 0.95, 0.2, 0.3], [0.1, 0.2, 0.2, np.nan]]])
    task = np.array([[[2, 2, 1, 0], [3, 0, 1, 2], [0, 0, 0, 0]]])
    np.testing.assert_array_equal(tasks_found(largest, task), [[2, 1, np.nan]])


@pytest.mark.parametrize(
    ("kind", "changes", "counted"),
    [
        ("localisation", {"phase_one": {"relative_step": 1e42}}, "localised"),
        ("phase_two", {"phase_one": {"relative_step": 1e42}}, "localised"),
        ("figure_one", {"samples": 2000, "step": 1e9}, "control"),
    ],
)
def test_a_step_size_that_diverges_is_recorded_and_counts_as_nothing(kind, changes, counted):
    """Spherical steps diverge only where they overflow, those of the control sooner: a status, NaN, and no zero
    that could support a claim.
    """
    setting = setting_of(kind, **changes)
    result = trained(kind, setting)
    status = result["status"].sel(network="NTK control") if kind == "figure_one" else result["status"]
    assert (status.values == Status.DIVERGED).all()
    values = analysed(kind, (setting, result))[counted]
    assert np.isnan(values.values[-1] if kind == "figure_one" else values.values).all()

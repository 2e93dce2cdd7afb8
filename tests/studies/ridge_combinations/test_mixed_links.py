"""Which neurons follow a link of several degrees: the criterion against the flow of one task."""

import itertools

import numpy as np

from learnability.flows.correlation import CorrelationFlow, trajectory
from learnability.studies.ridge_combinations.mixed_links.theory import all_positive, descends

LINK = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])


def test_the_criterion_is_what_the_flow_of_one_task_does():
    """All 27 patterns from both signs of a small start; one of the two reaches 1 exactly where the criterion holds."""
    for signs in itertools.product((-1, 0, 1), repeat=3):
        student = np.array([0, 0, 0, *signs], dtype=float)
        flow = CorrelationFlow(np.tile(student, (2, 1)), LINK[None], np.eye(1))
        final = trajectory(flow, np.array([[0.02], [-0.02]]), np.array([200.0]), relative_step=0.1)[0]
        assert (np.abs(final).max() > 0.99) == descends(student, LINK, 3), signs


def test_positive_products_are_enough_and_not_needed():
    patterns = [np.array([0, 0, 0, *signs], dtype=float) for signs in itertools.product((-1, 0, 1), repeat=3)]
    positive = [all_positive(c, LINK, 3) for c in patterns]
    allowed = [descends(c, LINK, 3) for c in patterns]
    assert sum(positive) == 2
    assert sum(allowed) == 12
    assert all(a for a, p in zip(allowed, positive, strict=True) if p)

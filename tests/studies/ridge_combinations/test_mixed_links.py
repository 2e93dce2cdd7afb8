"""Which neurons follow a link of several degrees: the criterion against the flow of one task."""

import itertools

import numpy as np

from learnability.flows.correlation import CorrelationFlow, trajectory
from learnability.results.labelled import with_bounds
from learnability.studies.ridge_combinations.mixed_links.claims import CLAIMS
from learnability.studies.ridge_combinations.mixed_links.theory import all_positive, any_negative, descends
from tests.studies.ridge_combinations.cases import analysed, setting_of, trained

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


def test_the_criterion_is_judged_on_neurons_of_which_it_speaks():
    """Without a leading product sigma is undefined: such neurons neither agree nor disagree."""
    setting = setting_of("mixed_links", neurons=32)
    run = trained("mixed_links", setting)
    student, largest = np.zeros(run["student"].shape, dtype=np.int8), np.zeros(run["largest"].shape)
    student[:, :2, 3] = 1  # h_3 alone: R > 0
    largest[:, 0] = 1
    planted = run.assign(student=(run["student"].dims, student), largest=(run["largest"].dims, largest))
    agreement = analysed("mixed_links", (setting, planted))["agreement"].values
    assert agreement[0] == 0.5
    planted["student"].values[:, 2:, 5] = 1  # R > 0, but no leading product
    np.testing.assert_array_equal(analysed("mixed_links", (setting, planted))["agreement"].values, agreement)


def test_of_the_patterns_that_pass_two_are_positive_six_have_zeros_alone_and_four_a_negative_product():
    """A third of what localises contradicts the paper's condition, and is not a matter of zeros."""
    patterns = [np.array([0, 0, 0, *signs], dtype=float) for signs in itertools.product((-1, 0, 1), repeat=3)]
    passing = [c for c in patterns if descends(c, LINK, 3)]
    negative = [any_negative(c, LINK, 3) for c in passing]
    zeros = [not n and not all_positive(c, LINK, 3) for c, n in zip(passing, negative, strict=True)]
    assert (len(passing), sum(zeros), sum(negative)) == (12, 6, 4)


def test_the_note_tells_negative_products_from_zeros():
    """Of four neurons that localise one has all products positive, two a zero and one a negative product."""
    setting = setting_of("mixed_links", neurons=16)
    run = trained("mixed_links", setting)
    student, largest = np.zeros(run["student"].shape, dtype=np.int8), np.zeros(run["largest"].shape)
    student[0, :4, 3:] = [[1, 1, 1], [1, 0, 1], [1, 0, 0], [1, -1, 1]]
    largest[0, :4] = 1
    planted = run.assign(student=(run["student"].dims, student), largest=(run["largest"].dims, largest))
    analysis = with_bounds(analysed("mixed_links", (setting, planted)))
    claim = next(claim for claim in CLAIMS if claim.id == "mixed.not-needed")
    assert claim.measure is not None
    found = claim.measure({"mixed_links": analysis})
    assert found.estimate == 0.75
    assert found.note.startswith("0.25 of the localised neurons have a negative product")

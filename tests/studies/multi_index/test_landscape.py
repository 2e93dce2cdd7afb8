"""Where flows end."""

import numpy as np
import pytest

from learnability.results.claim import NotAtThisScale
from learnability.results.labelled import bounds_of
from learnability.studies.multi_index.landscape.analyse import outcomes
from learnability.studies.multi_index.landscape.claims import (
    extreme,
    joint_success,
    rank_gain,
    smallest,
    trapped,
    trend,
)
from tests.studies.multi_index.runs import analyse, run_of


def test_analysis_counts_every_run() -> None:
    analysis = analyse("landscape", run_of("landscape", 20))
    success = bounds_of(analysis["success"])[0]
    parts = sum(analysis[n] for n in ("frozen", "wrong_frame", "rank_deficient", "unfinished"))
    np.testing.assert_allclose(success + parts, 1)
    np.testing.assert_allclose(success.sel(flow="joint"), 1)
    assert analysis["trend"].shape == (2, 3)
    measured = extreme({"landscape": analysis}, ("mixed_parity",), largest=True)
    assert measured.low <= measured.estimate <= measured.high < 1
    assert trapped({"landscape": analysis}, ("mixed_parity",)).estimate >= 1
    assert joint_success({"landscape": analysis}).low < 1  # exact interval: never degenerate
    # What would contradict both: a joint flow that ends as the planted one does, and a planted one that never is
    # trapped.
    joint = analysis.isel(flow=[0, 0]).assign_coords(flow=analysis["flow"])
    planted = analysis.isel(flow=[1, 1]).assign_coords(flow=analysis["flow"])
    assert joint_success({"landscape": planted}).high < 0.99
    assert trapped({"landscape": joint}, ("mixed_parity",)).estimate == 0
    steepest = trend({"landscape_dimension": analysis})
    assert steepest.low >= 0
    assert steepest.note in ("h3(z1)", "h2(z1) + 0.5*h3(z1)")
    with pytest.raises(NotAtThisScale, match="radial"):
        extreme({"landscape": analysis}, ("radial",), largest=True)
    with pytest.raises(NotAtThisScale, match="ridges"):
        rank_gain({"landscape": analysis}, "rank")
    with pytest.raises(NotAtThisScale, match="h5"):
        smallest({"landscape": analysis}, ("h5(z1)",))


def test_ridges_are_compared_with_one() -> None:
    """Odd ridges trap more often together; the smallest success of named links is that of their worst."""
    links = ["h3(z1)", "h3(z1) + h3(z2)"]
    target = {"family": "odd", "links": links, "parameters": [1, 2]}
    analysis = analyse("landscape", run_of("landscape", 40, target=target, dimensions=[1000]))
    success = bounds_of(analysis["success"])[0].sel(flow="planted").values
    gain = rank_gain({"landscape": analysis}, "odd")
    assert gain.estimate == pytest.approx(success[1] - success[0])
    assert gain.low < gain.estimate < gain.high
    assert gain.note == f"{round(40 * success[0])}, {round(40 * success[1])} of 40 with 2 numbers of ridges"
    assert smallest({"landscape": analysis}, links).estimate == success.min()


def test_outcomes_are_exclusive() -> None:
    status = np.array([1, 16, 16, 16, 3])
    cosines = np.array([[1, 0.01, 1, 1, 0.5], [1, 0.0, 1, 0.2, 0.5]])
    masks = outcomes(status, cosines)
    order = ["success", "frozen", "wrong_frame", "rank_deficient", "unfinished"]
    np.testing.assert_array_equal(np.stack([masks[name] for name in order]), np.eye(5, dtype=bool))

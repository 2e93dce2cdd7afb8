"""The staircase."""

import numpy as np

from tests.studies.multi_index.runs import analyse, run_of


def test_staircase_rests_on_the_predicted_plateaus() -> None:
    analysis = analyse("trajectory", run_of("trajectory", 8, dimensions=[10**3, 10**4, 10**5], last_time=1e9))
    np.testing.assert_allclose(analysis["plateau"][-1, 1, 0], 0.5, atol=1e-3)
    np.testing.assert_allclose(analysis["predicted_plateau"], [1, 0.5, 0], atol=1e-12)
    assert float(analysis["largest_rise"]) < 1e-9
    assert analysis["expected_exponent"].values.tolist() == [0.5, 1]
    np.testing.assert_allclose(analysis["escape_limit"][:, 0], [0.5, 1], atol=0.03)

"""The comparison of the SGD engines."""

import numpy as np

from learnability.results.store import concatenate
from tests.doubles import Context
from tests.studies.ridge_combinations.cases import setting_of, trained


def test_engines_and_flow_start_from_the_same_weights_in_every_seed_batch():
    """The gap to the flow compares seed by seed, whatever the batches."""
    setting = setting_of("engines")
    batches = [trained("engines", setting, Context(seeds)) for seeds in (range(2), range(2, 4))]
    result = concatenate(batches, "seed").isel(time=0)
    flow = result["flow_alignment"].values
    assert np.abs(flow[:2] - flow[2:]).max() > 0.01
    for name in ("alignment", "full_alignment"):
        np.testing.assert_allclose(result[name].values, np.broadcast_to(flow[:, None], result[name].shape), atol=1e-6)

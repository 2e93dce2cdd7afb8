"""Phase I: engines by cost, directions, labels."""

import numpy as np
import torch

from learnability.studies.ridge_combinations.phase_one import choose_engine, directions, label_function
from learnability.studies.ridge_combinations.settings import PhaseOne


def test_engines_are_chosen_by_cost_and_may_be_forced():
    phase = PhaseOne(neurons=4, horizon=1.0)
    assert choose_engine(phase, 16, 64) == "decoupled"
    assert choose_engine(phase, 16, 17) == "full"  # no room for the chain
    assert choose_engine(phase.model_copy(update={"neurons": 1000}), 32, 64) == "full"
    assert choose_engine(phase, 8, 1000) == "decoupled"
    assert choose_engine(phase.model_copy(update={"engine": "full"}), 8, 1000) == "full"
    assert choose_engine(phase.model_copy(update={"matched_above": 500}), 8, 1000) == "matched"


def test_directions_have_the_gram_matrix():
    gram = np.array([[1.0, 0.3], [0.3, 1.0]])
    v = directions(gram, 5)
    torch.testing.assert_close(v @ v.T, torch.as_tensor(gram))


def test_label_of_unequal_links():
    link = np.array([[0, 0, 0, 1.0, 0], [0, 0, 0, 0.6, 0.8]])
    t = torch.randn(10, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x, y = t[:, 0], t[:, 1]
    h3 = [(z**3 - 3 * z) / 6**0.5 for z in (x, y)]
    h4 = (y**4 - 6 * y**2 + 3) / 24**0.5
    torch.testing.assert_close(label_function(link)(t), (h3[0] + 0.6 * h3[1] + 0.8 * h4) / 2**0.5)

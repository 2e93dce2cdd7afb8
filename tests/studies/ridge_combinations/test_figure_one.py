"""The kind ``figure_one``: what counts as a trial."""

import numpy as np
import pytest

from learnability.results.claim import judge
from learnability.results.labelled import with_bounds
from learnability.studies.ridge_combinations.figure_one.claims import CLAIMS
from tests.studies.ridge_combinations.cases import analysed, setting_of, trained


@pytest.mark.parametrize(("localised", "verdict"), [(0, "supported"), (1, "contradicted")])
def test_networks_of_the_control_are_looked_at_one_by_one(localised: int, verdict: str) -> None:
    """The neurons of one network interact: a network of three that localises is not outvoted by the others, nor are
    their neurons trials of an interval."""
    setting = setting_of("figure_one")
    run = trained("figure_one", setting)
    control = np.zeros(run["control_alignment"].shape)
    control[0, -1, :localised, 0] = 0.99
    planted = run.assign(control_alignment=(run["control_alignment"].dims, control))
    analysis = with_bounds(analysed("figure_one", (setting, planted)))
    claim = next(claim for claim in CLAIMS if claim.id == "figure-1.ntk")
    assert claim.measure is not None
    assert claim.rule is not None
    found = claim.measure({"figure_one": analysis})
    assert found.estimate == found.low == found.high == localised / run.sizes["control_neuron"]
    assert judge(claim.rule, found)[0] == verdict


def test_the_neurons_of_each_seed_are_counted_in_the_note() -> None:
    """Seeds see different samples, and differ: two neurons of the first, none of the others."""
    setting = setting_of("figure_one")
    run = trained("figure_one", setting)
    alignment = np.zeros(run["alignment"].shape)
    alignment[0, 0, -1, :2, 0] = 0.99
    planted = run.assign(alignment=(run["alignment"].dims, alignment))
    analysis = with_bounds(analysed("figure_one", (setting, planted)))
    claim = next(claim for claim in CLAIMS if claim.id == "figure-1")
    assert claim.measure is not None
    note = claim.measure({"figure_one": analysis}).note
    assert note == f"{', '.join(['2', *['0'] * (run.sizes['seed'] - 1)])} of {run.sizes['neuron']} neurons by seed"

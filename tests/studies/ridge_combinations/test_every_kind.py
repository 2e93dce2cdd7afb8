"""Every kind of the study through one suite: determinism, labels, seed batches, refusals."""

import pytest

from learnability.results.store import concatenate
from tests.doubles import Context
from tests.studies.ridge_combinations.cases import CASES, analysed, setting_of, trained


@pytest.mark.parametrize("kind", CASES)
def test_every_kind_trains_twice_to_the_same_bytes_and_is_analysed(kind):
    setting = setting_of(kind)
    first, second = (trained(kind, setting) for _ in range(2))
    assert first.identical(second)
    for name, variable in first.data_vars.items():
        assert {"units", "long_name"} <= variable.attrs.keys(), name
        assert variable.dtype.kind in "iufT", name
    analysis = analysed(kind, (setting, first))
    for name, variable in analysis.data_vars.items():
        assert {"units", "long_name"} <= variable.attrs.keys(), name
        assert ("interval" in variable.attrs) == ("bound" in variable.dims), name


@pytest.mark.parametrize("kind", CASES)
def test_two_seed_batches_are_analysed_as_one_run(kind):
    """Drawn at random where a setting can be: nothing that a batch draws may lack the dimension ``seed``."""
    drawn = {"phase_one": {"bias": "uniform", "signs": "random"}} if kind in ("localisation", "coherence") else {}
    setting = setting_of(kind, **drawn)
    batches = [trained(kind, setting, Context(seeds)) for seeds in (range(2), range(2, 4))]
    together = concatenate(batches, "seed")
    assert together["seed"].values.tolist() == [0, 1, 2, 3]
    for seeds, batch in zip(([0, 1], [2, 3]), batches, strict=True):
        assert together.sel(seed=seeds).identical(batch)
    analysis = analysed(kind, (setting, together))
    assert analysis.attrs.get("seeds", 4) == 4
    single = analysed(kind, (setting, batches[0]))
    assert {name: v.dims for name, v in analysis.items()} == {name: v.dims for name, v in single.items()}


@pytest.mark.parametrize(
    ("kind", "over", "message"),
    [
        ("localisation", {"dimensions": [4]}, "below the number of tasks"),
        ("localisation", {"tasks": [2, 9]}, "tasks = 9 must lie between 1 and the number of tasks, 8"),
        ("localisation", {"tasks": [2, 4, 2]}, "lists a number twice"),
        ("localisation", {"dimensions": [9], "phase_one": {"matched_above": 2}}, "tasks \\+ 2 = 10, not 9"),
        ("localisation", {"dimensions": [9], "phase_one": {"engine": "decoupled"}}, "tasks \\+ 2 = 10, not 9"),
        ("localisation", {"phase_one": {"engine": "full", "matched_above": 2}}, "exclude each other"),
        ("localisation", {"target": {"input": "sign"}}, "isotropic Gaussian input"),
        ("engines", {"dimension": 11}, "number of overlaps"),
        ("phase_two", {"dimension": 9, "samples": [10], "subset": 9}, "exceeds the number of tasks"),
        ("coherence", {"dimension": 7}, "below the number of tasks"),
        ("width", {"tasks": [2, 20], "dimension": 20, "neurons": 16}, "must exceed every number of tasks"),
        ("figure_one", {"target": {"unnormalised": True}, "dimension": 7, "neurons": 4}, "below the number of tasks"),
    ],
)
def test_impossible_combinations_are_named_before_the_run(kind, over, message):
    with pytest.raises(ValueError, match=message):
        setting_of(kind, **{**over, "target": {"tasks": 8, **over.get("target", {})}})

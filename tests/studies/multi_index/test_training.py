"""What holds for the training of every kind: reproducible, described, resumed after a kill, right in two batches."""

import numpy as np
import pytest
import xarray as xr

from learnability.flows import compiled_steps
from learnability.results.contract import Run
from learnability.results.store import concatenate
from tests.doubles import Context, Interrupted, MemoryCheckpoint
from tests.studies.multi_index.runs import SETTINGS, analyse, run_of, setting_of, target_of, train


@pytest.mark.parametrize("kind", list(SETTINGS))
def test_training_is_reproducible_and_described(kind: str) -> None:
    first, again = run_of(kind, 4).result, run_of(kind, 4).result
    assert first.sizes["seed"] == 4
    for name, variable in first.data_vars.items():
        assert variable.values.tobytes() == again[name].values.tobytes(), name
        assert {"units", "long_name"} <= set(variable.attrs), name


@pytest.mark.parametrize("kind", ["escape", "trajectory", "samples"])
def test_killed_training_resumes_to_the_same_bytes(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(kind, Context(6))
    monkeypatch.setattr(compiled_steps, "ATTEMPTS", 1)  # look at the checkpoint every sixteen steps
    every, stop = (2, 1) if kind == "samples" else (3, 3)
    checkpoint = MemoryCheckpoint(stop_after=stop, due_every=every)
    with pytest.raises(Interrupted):
        train(kind, Context(6, checkpoint))
    resumed = train(kind, Context(6, checkpoint))
    for name in whole.data_vars:
        assert whole[name].values.tobytes() == resumed[name].values.tobytes(), name


@pytest.mark.parametrize("kind", list(SETTINGS))
def test_two_seed_batches_are_analysed_as_one_run(kind: str) -> None:
    """The batches concatenate, count together, and their order changes nothing but the resampling of intervals."""
    batches = [train(kind, Context(seeds)) for seeds in (range(4), range(4, 8))]
    together = concatenate(batches, "seed")
    assert together.sizes["seed"] == 8
    swapped = together.isel(seed=[*range(4, 8), *range(4)])
    setting = setting_of(kind)
    analysis, again = (analyse(kind, Run(setting, result, target_of(setting))) for result in (together, swapped))
    assert "seed" not in analysis.sizes
    for name, variable in analysis.data_vars.items():
        values, others = (x.isel(bound=0) if "bound" in x.dims else x for x in (variable, again[name]))
        xr.testing.assert_allclose(values, others)
    if "trials" in analysis:
        assert (analysis["trials"] == 8).all()
    elif "seeds" in analysis:
        assert analysis["seeds"].max() == 8
    else:
        assert analysis.attrs["seeds"] == 8


def test_batches_have_random_numbers_of_their_own() -> None:
    first, second = (train("escape", Context(seeds))["escape_time"].values for seeds in (range(4), range(4, 8)))
    assert not np.isin(first[np.isfinite(first)], second).any()

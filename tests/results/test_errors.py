"""The nearest of what is allowed."""

import copy
import pickle
from pathlib import Path

import pytest

from learnability.results.errors import UserError, comma_separated, make_figures, nearest
from learnability.results.integrity import DamagedArtifact, ForeignArtifact, SystemTrouble


@pytest.mark.parametrize(
    ("given", "known", "near"),
    [
        ("latop", ["smoke", "laptop", "paper"], "laptop"),
        ("LAPTOP", ["smoke", "laptop", "paper"], "laptop"),
        ("relu_network", ["relu", "ReLU_network"], "ReLU_network"),
        ("reused_sample", ["online_sgd", "reused_samples"], "reused_samples"),
    ],
)
def test_the_nearest_is_named(given: str, known: list[str], near: str) -> None:
    assert nearest(given, known, "") == f"did you mean {near}?"


@pytest.mark.parametrize("given", ["zzz", "gpu", ""])
def test_nothing_is_suggested_where_nothing_is_near(given: str) -> None:
    assert nearest(given, ["smoke", "laptop", "cpu"], "see --help") == "see --help"


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("results/paper", "make figures SCALE=paper"),
        ("results/laptop/claims.json", "make figures SCALE=laptop"),
        ("/home/me/clone/results/smoke/atlas/figures/map.svg", "make figures SCALE=smoke"),
        ("results/questions/a", "make figures"),
        ("claims.json", "make figures"),
    ],
)
def test_the_command_that_makes_results_names_their_scale(path: str, command: str) -> None:
    assert make_figures(Path(path)) == command


@pytest.mark.parametrize("text", ["a,b", "a, b", " a ,b,", ",a,,b"])
def test_a_list_is_read_as_one_writes_it(text: str) -> None:
    assert comma_separated(text) == ["a", "b"]


@pytest.mark.parametrize(
    "error",
    [
        UserError("config.yaml", "too small", "at least 1", "raise it"),
        DamagedArtifact(Path("a.zarr.zip"), "cut off"),
        ForeignArtifact(Path("a.zarr.zip"), "of another study"),
        SystemTrouble(OSError(28, "no space", "a.zarr.zip")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_out_of_another_process_as_it_was(error: UserError) -> None:
    """A pool of processes hands errors over by pickling; one that fails to unpickle breaks the pool."""
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(same) is type(error)
        assert (same.render(), str(same), vars(same)) == (error.render(), str(error), vars(error))

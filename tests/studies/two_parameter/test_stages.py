"""The stages from a setting to the claims, at a size of seconds."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import judge
from learnability.results.contract import Experiment, Run, Setting
from learnability.studies.two_parameter import analyse, targets, train
from learnability.studies.two_parameter.claims import CLAIMS
from learnability.studies.two_parameter.figures import FIGURES
from learnability.studies.two_parameter.settings import (
    BallSetting,
    ElementarySetting,
    Grid,
    HierarchicalSetting,
    Maps,
    Obstacles,
    PictureSetting,
    SphereSetting,
)


class _NoCheckpoint:
    def load(self) -> None:
        return None

    def due(self) -> bool:
        return False

    def save(self, state: dict) -> None:
        raise AssertionError("never due")


class _Context:
    device = "cpu"
    checkpoint = _NoCheckpoint()

    def __init__(self, seeds: int) -> None:
        self.seeds = range(seeds)

    def stream(self, name: str) -> np.random.Generator:
        return np.random.default_rng([5, *name.encode()])

    def progress(self, done: float, total: float, message: str = "") -> None:
        assert 0 <= done <= total


GRIDS = (
    Grid(series="splitting", rho=(0.15, 0.12)),
    Grid(series="measures", measure=("gaussian",), rho=(0.15, 0.12)),
    Grid(series="depth", depth=(1, 2), rho=(0.12,)),
    Grid(series="dimension", dimension=(4,), depth=(2,), rho=(0.12,)),
    Grid(series="stretch", depth=(2,), rho=(0.12,), stretch=(6.0, 0.6)),
)
SETTINGS: dict[str, tuple[str, Setting, int]] = {
    "learning": ("hierarchical", HierarchicalSetting(target=Maps(grids=GRIDS, samples=1000)), 24),
    "elementary": ("elementary", ElementarySetting(families=("line", "linear")), 60),
    "balls": ("ball", BallSetting(families=("linear",)), 20),
    "spheres": (
        "sphere",
        SphereSetting(
            target=Obstacles(rho=0.12, depth=2, finer_depth=3), radii=(0.4,), spheres_in_boxes=1, max_steps=4000
        ),
        12,
    ),
    "pictures": ("picture", PictureSetting(curve_points=200), 4),
}


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    made = {}
    for name, (_, setting, seeds) in SETTINGS.items():
        target = targets.build(setting.target, np.random.default_rng(0))
        made[name] = Run(setting, target, train.train(setting, target, _Context(seeds)))
    return made


@pytest.fixture(scope="module")
def analyses(runs: dict[str, Run]) -> dict[str, xr.Dataset]:
    rng = np.random.default_rng(1)
    return {name: analyse.analyse(Experiment(name, SETTINGS[name][0]), [run], rng) for name, run in runs.items()}


@pytest.mark.parametrize("name", list(SETTINGS))
def test_every_variable_says_what_it_is(name: str, runs: dict[str, Run], analyses: dict[str, xr.Dataset]) -> None:
    for dataset in (runs[name].target, runs[name].result, analyses[name]):
        for key, variable in dataset.data_vars.items():
            assert {"units", "long_name"} <= set(variable.attrs), key
            assert variable.dtype.kind in "bif", key


def test_all_flows_end_with_a_status_and_f0_is_learned(runs: dict[str, Run]) -> None:
    result = runs["learning"].result
    codes = set(result.status.attrs["flag_values"])
    assert set(np.unique(result.status)) <= codes
    honest = result.stretch.values > 1
    inside = result.guaranteed.values[:, honest]
    assert inside.sum() > 20
    assert result.learned.values[:, honest][inside].all()
    assert result.same_digits.values[:, honest][inside].all()


def test_the_grid_sees_common_random_numbers(runs: dict[str, Run]) -> None:
    """Two maps that differ only in rho are tried on the same targets: their distances at the start agree."""
    again = train.train(runs["learning"].setting, runs["learning"].target, _Context(24))
    xr.testing.assert_identical(again, runs["learning"].result)


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.measure is not None], ids=lambda c: c.id)
def test_every_claim_gives_a_verdict_on_a_tiny_run(claim, analyses: dict[str, xr.Dataset]) -> None:
    verdict, _ = judge(claim.rule, claim.measure(analyses), claim.seeds_needed)
    assert verdict in ("supported", "contradicted", "inconclusive")


@pytest.mark.parametrize("figure", list(FIGURES))
def test_every_figure_is_drawn(figure: str, analyses: dict[str, xr.Dataset]) -> None:
    drawn = FIGURES[figure](analyses)
    assert all(axes.get_title(loc="left") for axes in drawn.axes)


def test_claims_have_the_ids_of_the_table() -> None:
    rows = {
        "main", "guaranteed-boxes", "any-measure", "u-monotone", "depth", "dimension", "stretch", "elementary",
        "one-parameter", "not-dense", "spheres", "figure-4",
    }  # fmt: skip
    assert rows <= {claim.id.split(".")[0] for claim in CLAIMS}
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dimension": (2,)}, "at least 3"),
        ({"rho": (0.5,)}, "0.15"),
        ({"dimension": (3, 4), "depth": (2, 3, 4)}, "go together"),
        ({"depth": (99,)}, "depth"),
    ],
)
def test_impossible_grids_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Grid(series="splitting", **changes)

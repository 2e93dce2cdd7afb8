"""Every kind of the study from a setting to its claims and figures, at a size of seconds."""

import importlib
from functools import cache

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import VERDICTS, Claim, Measurement, NotAtThisScale, OutOfSteps, judge
from learnability.results.contract import Kind, Run, Setting
from learnability.results.labelled import names, with_bounds
from learnability.results.refutation import refutation
from learnability.results.store import concatenate
from learnability.results.style import house_style
from learnability.studies.two_parameter.ball.setting import BallSetting
from learnability.studies.two_parameter.certificate.setting import CertificateSetting
from learnability.studies.two_parameter.elementary.setting import ElementarySetting
from learnability.studies.two_parameter.hierarchical.setting import Grid, HierarchicalSetting, Maps
from learnability.studies.two_parameter.hierarchy.outcome import FlowStatus
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.picture.setting import PictureSetting
from learnability.studies.two_parameter.settings import Obstacles
from learnability.studies.two_parameter.sphere.setting import SphereSetting
from tests.doubles import Context, Interrupted, MemoryCheckpoint

GRIDS = (
    Grid(series="splitting", rho=(0.15, 0.12)),
    Grid(series="measures", measure=("gaussian", "plane"), cuts="chosen", rho=(0.12,)),
    Grid(series="measures", measure=("plane",), rho=(0.12,)),
    Grid(series="depth", depth=(2, 3), rho=(0.12,)),
    Grid(series="dimension", dimension=(4,), depth=(2,), rho=(0.12,)),
    Grid(series="stretch", depth=(2,), rho=(0.12,), stretch=(6.0, 0.6)),
)
SETTINGS: dict[str, tuple[str, Setting, int]] = {
    "learning": ("hierarchical", HierarchicalSetting(target=Maps(grids=GRIDS, samples=1000)), 24),
    "elementary": ("elementary", ElementarySetting(families=("line", "linear")), 60),
    "certificate": (
        "certificate",
        CertificateSetting(target=Obstacles(depth=2), rhos=(0.12,), tolerance=1e-3),
        1,
    ),
    "balls": ("ball", BallSetting(families=("linear",), max_steps=3000), 20),
    "spheres": (
        "sphere",
        SphereSetting(
            target=Obstacles(rho=0.12, depth=2, finer_depth=3), radii=(0.4,), spheres_in_boxes=1, max_steps=4000
        ),
        12,
    ),
    "pictures": ("picture", PictureSetting(curve_points=200), 4),
}
STUDY = "learnability.studies.two_parameter"
FIGURES = (
    "level_curves", "splitting", "any_measure", "mechanism", "distances", "depth_and_dimension", "stretch", "figure_4",
    "sphere",
)  # fmt: skip
CLAIMS: tuple[Claim, ...] = tuple(
    claim for kind, _, _ in SETTINGS.values() for claim in importlib.import_module(f"{STUDY}.{kind}.claims").CLAIMS
)


@cache
def run_of(experiment: str) -> Run:
    """Two seed batches of an experiment, concatenated, with the target artifact where the kind has one."""
    name, setting, seeds = SETTINGS[experiment]
    module = importlib.import_module(f"{STUDY}.{name}")
    kind: Kind = module.KIND
    assert type(setting) is kind.setting
    train = importlib.import_module(f"{STUDY}.{name}.train").train
    batches = [train(setting, Context(range(first, first + seeds), root_seed=5)) for first in (0, seeds)]
    target = None
    if kind.has_target:
        build = importlib.import_module(f"{STUDY}.{name}.targets").build
        target = build(setting.target, np.random.default_rng(0))
    return Run(setting, concatenate(batches, "seed"), target)


@cache
def analysis_of(experiment: str) -> xr.Dataset:
    analyse = importlib.import_module(f"{STUDY}.{SETTINGS[experiment][0]}.analyse").analyse
    return with_bounds(analyse([run_of(experiment)], np.random.default_rng(1)))


@pytest.fixture(scope="module")
def analyses() -> dict[str, xr.Dataset]:
    return {name: analysis_of(name) for name in SETTINGS}


@pytest.mark.parametrize("name", list(SETTINGS))
def test_every_variable_says_what_it_is(name: str) -> None:
    run = run_of(name)
    for dataset in (run.target_artifact, run.result, analysis_of(name)):
        for key, variable in ({} if dataset is None else dataset.data_vars).items():
            assert {"units", "long_name"} <= set(variable.attrs), key
            assert variable.dtype.kind in "bif", key


@pytest.mark.parametrize("name", ["learning", "spheres"])
def test_a_killed_training_goes_on_to_the_same_values(name: str) -> None:
    """The spheres follow three sets of targets in one job: none may take another's checkpoint for its own."""
    kind, setting, seeds = SETTINGS[name]
    train = importlib.import_module(f"{STUDY}.{kind}.train").train
    memory = MemoryCheckpoint(stop_after=2 if name == "spheres" else 1)
    with pytest.raises(Interrupted):
        train(setting, Context(seeds, memory, root_seed=5))
    memory.stop_after = None
    resumed = train(setting, Context(seeds, memory, root_seed=5))
    xr.testing.assert_identical(resumed, run_of(name).result.isel(seed=slice(0, seeds)))


@pytest.mark.parametrize("name", list(SETTINGS))
def test_two_batches_give_every_seed(name: str) -> None:
    seeds = SETTINGS[name][2]
    np.testing.assert_array_equal(run_of(name).result.seed, np.arange(2 * seeds))
    analysis = analysis_of(name)
    if "targets" in analysis:
        assert (analysis.targets == 2 * seeds).all()


def test_all_flows_end_with_a_status_and_f0_is_learned() -> None:
    result = run_of("learning").result
    codes = set(result.status.attrs["flag_values"])
    assert set(np.unique(result.status)) <= codes
    honest = result.stretch.values > 1
    inside = result.guaranteed.values[:, honest]
    assert inside.sum() > 20
    assert result.learned.values[:, honest][inside].all()
    assert result.same_digits.values[:, honest][inside].all()


def test_spheres_of_different_batches_are_counted_apart() -> None:
    """Two batches of 12 seeds share the large sphere; each has a small one of its own."""
    analysis, result = analysis_of("spheres"), run_of("spheres").result
    np.testing.assert_array_equal(analysis.in_box, [False, True, True])
    np.testing.assert_array_equal(analysis.is_tried.sum("seed"), [24, 12, 12])
    np.testing.assert_array_equal(analysis.is_tried[:, 1], np.arange(24) < 12)
    np.testing.assert_array_equal(analysis.centre[1:], result.centre[[0, 12], 1])
    learned = result.learned.values
    expected = [(~learned[:, 0]).sum(), (~learned[:12, 1]).sum(), (~learned[12:, 1]).sum()]
    np.testing.assert_array_equal(analysis.counterexamples, expected)


def _balls(reach: float, distance: float, unresolved: int = 0) -> dict[str, xr.Dataset]:
    """One hierarchical map with a clearance of .001."""
    part = xr.Dataset(
        {
            "largest_reach": ("model", [reach]),
            "least_distance": ("model", [distance]),
            "clearance": ("model", [0.001]),
            "unresolved": ("model", [unresolved]),
            "learned": (("model", "bound"), [[0.0, 0.0, 0.004]]),
            "targets": ((), 1000),
        },
        coords={"model": names("model", ["hierarchical"], "model")},
    )
    return {"balls": with_bounds(part)}


def test_a_flow_through_the_barrier_or_to_its_target_contradicts_theorem_3() -> None:
    claim = next(claim for claim in CLAIMS if claim.id == "not-dense.hierarchical")

    def verdict(analyses: dict[str, xr.Dataset]) -> str:
        return judge(claim.rule, claim.measure(analyses), claim.seeds_needed)[0]  # type: ignore[arg-type, misc]

    assert verdict(_balls(0.4, 0.0096)) == "supported"
    assert verdict(_balls(1.2, 0.0096)) == "contradicted"
    assert verdict(_balls(0.4, 1e-5)) == "contradicted"
    assert verdict(_balls(1.2, 0.0096, unresolved=3)) == "contradicted"
    with pytest.raises(OutOfSteps):
        verdict(_balls(0.4, 0.0096, unresolved=3))
    other = next(claim for claim in CLAIMS if claim.id == "not-dense.elementary")
    with pytest.raises(NotAtThisScale):
        other.measure(_balls(0.4, 0.0096))  # type: ignore[misc]


def test_balls_count_a_hierarchical_map_as_learning_within_its_own_precision() -> None:
    """A flow that passes all stages has learned its target within R_N, far above what is asked of elementary models."""
    run = run_of("balls")
    changed = run.result.copy(deep=True)
    precision = Hierarchy(3, 3, (0.05,)).precision
    changed.status[:2, 0], changed.distance[:2, 0] = FlowStatus.REACHED_END, 0.9 * precision
    analyse = importlib.import_module(f"{STUDY}.ball.analyse").analyse
    found = analyse([Run(run.setting, changed, None)], np.random.default_rng(0))
    assert found.learned.values[:, 0].tolist() == [2 / 40, 0.0]
    claim = next(claim for claim in CLAIMS if claim.id == "not-dense.hierarchical")
    assert "2 of 40 targets learned" in claim.measure({"balls": with_bounds(found)}).note  # type: ignore[misc]


def test_targets_with_no_lost_one_near_contradict_corollary_5_and_open_flows_leave_it_open() -> None:
    claim = next(claim for claim in CLAIMS if claim.id == "not-learnable-dense")
    side, seeds = 0.01, ("seed", np.arange(200))

    def verdict(distance: float, unresolved: int) -> str:
        spheres = xr.Dataset(
            {
                "nearest_lost": ("seed", np.where(np.arange(200) < 120, 0.0, distance)),
                "nearby_unresolved": ("seed", np.full(200, unresolved)),
                "innermost_side": ("seed", np.full(200, side)),
            },
            coords={"seed": seeds},
        )
        assert refutation(claim, {"spheres": spheres})
        return judge(claim.rule, claim.measure({"spheres": spheres}), claim.seeds_needed)[0]  # type: ignore[arg-type, misc]

    assert verdict(1.9 * side, 0) == "inconclusive"  # 200 of 200 is not yet 0.99
    assert verdict(3 * side, 0) == "contradicted"
    assert verdict(np.inf, 1) == "inconclusive"


def test_an_exponent_known_from_below_is_a_bound_and_one_that_decides_nothing_stays_open() -> None:
    claim = next(claim for claim in CLAIMS if claim.id == "one-parameter.line")

    def measurement(low: float) -> Measurement:
        row = xr.Dataset(
            {
                "exponent": (("family", "bound"), [[np.inf, low, np.inf]]),
                "used": ("family", [145]),
                "unresolved": ("family", [0]),
                "predicted": ("family", [2]),
                "targets": ((), 4000),
            },
            coords={"family": names("family", ["line"], "model")},
        )
        return claim.measure({"elementary": with_bounds(row)})  # type: ignore[misc]

    found = measurement(1.6)
    assert (found.estimate, found.low, found.high) == (1.6, 1.6, 3.0)
    assert "at least 1.60" in found.note
    assert judge(claim.rule, found)[0] == "supported"  # type: ignore[arg-type]
    assert judge(claim.rule, measurement(0.3))[0] == "inconclusive"  # type: ignore[arg-type]


def test_only_the_first_four_pictures_have_chosen_targets() -> None:
    points = run_of("pictures").result.target_point.values
    assert points[0].tolist() == [0.31, 0.42]
    assert len(np.unique(points, axis=0)) == 8


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.measure is not None], ids=lambda c: c.id)
def test_every_claim_gives_a_verdict_on_a_tiny_run(claim: Claim, analyses: dict[str, xr.Dataset]) -> None:
    assert claim.measure is not None
    assert claim.rule is not None
    try:
        verdict, _ = judge(claim.rule, claim.measure(analyses), claim.seeds_needed)
    except (NotAtThisScale, OutOfSteps) as open_:
        verdict = "not at this scale" if isinstance(open_, NotAtThisScale) else "out of steps"
    assert verdict in VERDICTS
    assert verdict != "not tested"


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_drawn(figure: str, analyses: dict[str, xr.Dataset]) -> None:
    with house_style():
        drawn = importlib.import_module(f"{STUDY}.figures.{figure}").draw(analyses)
    assert all(axes.get_title(loc="left") for axes in drawn.axes)


def test_claims_have_the_ids_of_the_table() -> None:
    rows = {
        "main", "guaranteed-boxes", "any-measure", "u-monotone", "depth", "dimension", "stretch", "elementary",
        "one-parameter", "not-dense", "not-learnable-dense", "spheres", "figure-4", "mechanism", "open",
    }  # fmt: skip
    assert rows <= {claim.id.split(".")[0] for claim in CLAIMS}
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    assert {claim.figure for claim in CLAIMS} <= {None, *FIGURES}

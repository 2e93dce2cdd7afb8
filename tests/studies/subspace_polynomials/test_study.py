"""The study end to end on tiny sizes: targets, runs, analyses, claims, figures."""

import json
from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr

from learnability.pipeline.config import load_study, plan_experiment
from learnability.results.claim import judge
from learnability.results.contract import Experiment, Run, Setting
from learnability.studies.subspace_polynomials import analyse, figures, targets, train
from learnability.studies.subspace_polynomials.claims import CLAIMS
from learnability.studies.subspace_polynomials.flow_analysis import first_crossing
from learnability.studies.subspace_polynomials.measures import coefficient_of, unlearned_loss
from learnability.studies.subspace_polynomials.settings import KINDS, FlowSetting, HiddenPolynomials, SgdSetting
from learnability.studies.subspace_polynomials.start import sampled_particles

STUDY = "subspace_polynomials"
CONFIG = Path(__file__).parents[3] / "config" / "studies"

#: Sizes that a test can afford; everything else as at the smoke scale.
TINY: dict[str, dict[str, object]] = {
    "reflective_table": {
        "target": {"polynomials": ["z1 + z2 + z1*z3 + z2*z4", "z1 + z1*z2", "z1 + He3(z2)"]},
        "starts": 6,
        "probes": 4,
        "nodes": 14,
        "slice_points": 5,
    },
    "trapping_exact": {"particles": 8, "end_time": 5.0, "save_points": 6},
    "finite_dimension": {"dimensions": [16, 64, 256], "particles": 40, "end_time": 6.0, "save_points": 13},
    "escape_leap_2": {"dimensions": [16, 64, 256], "particles": 40},
    "escape_leap_3": {"dimensions": [16, 64, 256], "particles": 40, "end_time": 80.0, "save_points": 41},
    "coefficient": {"particles": 8, "end_time": 5.0, "save_points": 9},
    "online_sgd": {
        "dimension": 16,
        "neurons": 20,
        "batch_size": 32,
        "step_size": 0.1,
        "end_time": 3.0,
        "save_points": 7,
    },
    "two_stage": {"particles": 60, "curve_points": 21},
    "taylor": {"order": 7},
}


class MemoryCheckpoint:
    """No checkpoint: tests are short."""

    def load(self) -> None:
        return None

    def due(self) -> bool:
        return False

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        raise AssertionError("nothing is due")


class Context:
    """A run context with its own streams."""

    device = "cpu"

    def __init__(self, seeds: int = 2) -> None:
        self.seeds, self.checkpoint = range(seeds), MemoryCheckpoint()

    def stream(self, name: str) -> np.random.Generator:
        return np.random.default_rng([3, *name.encode()])

    def progress(self, done: float, total: float, message: str = "") -> None:
        assert done <= total + 1e-9


def settings_of(name: str) -> list[Setting]:
    block = load_study(CONFIG, STUDY).experiments[name]
    planned = plan_experiment("config", STUDY, name, block, "smoke").settings
    changed = []
    for setting in planned:
        content = json.loads(setting.model_dump_json())
        over = dict(TINY[name])
        over["target"] = {**content["target"], **over.pop("target", {})}  # type: ignore[dict-item]
        changed.append(KINDS[block.kind].model_validate_json(json.dumps({**content, **over})))
    return changed


@pytest.fixture(scope="module")
def analyses() -> dict[str, xr.Dataset]:
    config = load_study(CONFIG, STUDY)
    found = {}
    for name, block in config.experiments.items():
        runs = []
        for setting in settings_of(name):
            target = targets.build(setting.target, np.random.default_rng(0))  # type: ignore[arg-type]
            result = train.train(setting, target, Context())
            assert result.sizes["seed"] == 2
            runs.append(Run(setting, target, result))
        found[name] = analyse.analyse(Experiment(name, block.kind), runs, np.random.default_rng(1))
    return found


def test_every_variable_says_what_it_is(analyses: dict[str, xr.Dataset]) -> None:
    for dataset in analyses.values():
        for variable in dataset.variables.values():
            assert variable.attrs["long_name"]
            assert variable.attrs["units"]
            assert variable.dtype.kind in "iufb"


def test_every_claim_can_be_measured_and_judged(analyses: dict[str, xr.Dataset]) -> None:
    names = set()
    for claim in CLAIMS:
        assert claim.id not in names
        names.add(claim.id)
        assert claim.measure is not None
        assert claim.rule is not None
        judge(claim.rule, claim.measure(analyses), claim.seeds_needed)
        assert claim.figure is None or claim.figure in figures.FIGURES


def test_exact_claims_hold_at_any_size(analyses: dict[str, xr.Dataset]) -> None:
    exact = ("reflective-table", "reflective-table.planted", "not-coordinates", "not-coordinates.learnable-again")
    more = ("trapping-exact", "trapping-exact.floor", "two-stage-decay", "averaging", "averaging.p3", "lambda-scaling")
    last = ("lambda-scaling.p3", "taylor-rank", "taylor-rank.p3", "taylor-rank.tanh", "gap", "gap.moved")
    for claim in CLAIMS:
        if claim.id in (*exact, *more, *last):
            assert claim.measure is not None
            assert claim.rule is not None
            assert judge(claim.rule, claim.measure(analyses))[0] == "supported", claim.id


def test_every_figure_is_drawn_and_stands_in_the_config(analyses: dict[str, xr.Dataset]) -> None:
    assert set(load_study(CONFIG, STUDY).figures) == set(figures.FIGURES)
    with mpl.rc_context({"figure.max_open_warning": 0}):
        for draw in figures.FIGURES.values():
            figure = draw(analyses)
            figure.draw_without_rendering()


def test_the_same_streams_give_the_same_bytes() -> None:
    setting = settings_of("finite_dimension")[0]
    target = targets.build(setting.target, np.random.default_rng(0))  # type: ignore[arg-type]
    first, second = (train.train(setting, target, Context()) for _ in range(2))
    for name in first:
        assert first[name].values.tobytes() == second[name].values.tobytes()


class DyingCheckpoint:
    """Kills the run at its second save, and hands the saved state to the next."""

    def __init__(self) -> None:
        self.state: dict[str, np.ndarray] | None = None
        self.saves = 0

    def load(self) -> dict[str, np.ndarray] | None:
        return self.state

    def due(self) -> bool:
        return True

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        self.state = {name: np.array(value) for name, value in state.items()}
        self.saves += 1
        if self.saves == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["finite_dimension", "reflective_table", "online_sgd"])
def test_a_killed_job_resumes_to_the_same_bytes(name: str) -> None:
    setting = settings_of(name)[0]
    target = targets.build(setting.target, np.random.default_rng(0))  # type: ignore[arg-type]
    whole = train.train(setting, target, Context())
    context = Context()
    context.checkpoint = DyingCheckpoint()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        train.train(setting, target, context)
    resumed = train.train(setting, target, context)
    for variable in whole:
        assert whole[variable].values.tobytes() == resumed[variable].values.tobytes()


def test_a_claim_on_a_target_that_is_left_out_has_no_value(analyses: dict[str, xr.Dataset]) -> None:
    other = {name: dataset.assign_attrs(polynomials=["z1"] * 20) for name, dataset in analyses.items()}
    claim = next(claim for claim in CLAIMS if claim.id == "gap")
    assert claim.measure is not None
    assert np.isnan(claim.measure(other).estimate)


def test_prototype_numbers_of_the_deficit() -> None:
    """floor - L(5) for z1 z2 at d = 32, 128, 512: .050, .018, .0055 (another sample of 600 particles; 25% apart)."""
    setting = FlowSetting(
        target=HiddenPolynomials(polynomials=("z1*z2",)),
        dimensions=(32, 128, 512),
        infinite=False,
        particles=300,
        end_time=5.0,
        save_points=3,
    )
    target = targets.build(setting.target, np.random.default_rng(0))
    result = train.train(setting, target, Context(4))
    deficit = 0.5 - result["loss"].values[:, :, 0, -1].mean(0)
    np.testing.assert_allclose(deficit, [0.050, 0.018, 0.0055], rtol=0.25)


def test_target_artifacts_know_their_subspaces_in_unused_coordinates() -> None:
    family = HiddenPolynomials(polynomials=("z1*z2", "z1 + z1*z2*z3"), variables=4)
    found = targets.build(family, np.random.default_rng(0))
    assert found["trapped_dimension"].values[:, 0].tolist() == [2, 2]
    assert found["used_variables"].values.tolist() == [2, 3]
    assert np.trace(found["trapped_projector"].values[0, 0]) == pytest.approx(2)
    assert not found["trapped_projector"].values[:, :, 3].any()
    turned = targets.build(family.model_copy(update={"rotated": True}), np.random.default_rng(0))
    assert turned["norm_squared"].values == pytest.approx(found["norm_squared"].values)
    assert not turned["trapped_projector"].values[:, :, 3].any()


def test_start_shares_its_numbers_between_dimensions() -> None:
    a, w, r = sampled_particles(40, 3, np.array([16.0, 64.0, np.inf]), np.random.default_rng(0))
    np.testing.assert_allclose(2 * w[1], w[0], rtol=1e-12)
    assert not w[2].any()
    assert (r[2] == 1).all()
    assert a.sum() == pytest.approx(0)
    assert np.sort(np.abs(a[:20])) == pytest.approx((np.arange(20) + 0.5) / 20, abs=0.025)


def test_first_crossing_interpolates_and_says_never() -> None:
    times = np.array([0.0, 1.0, 2.0])
    loss = np.array([[1.0, 0.8, 0.2], [1.0, 1.0, 0.95]])
    assert first_crossing(times, loss, np.array([0.5, 0.5])).tolist() == [1.5, np.inf]


def test_unlearned_loss_is_the_floor_at_one() -> None:
    assert unlearned_loss(np.array([1.0]))[0] == pytest.approx(0.5)
    assert unlearned_loss(np.array([0.0]))[0] == pytest.approx(0.5 * 0.75)
    assert coefficient_of("z1 + z2 + z1*z3 + 0.25*z2*z4") == 0.25


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"polynomials": ["z1 + q"]}, "unknown variable"),
        ({"polynomials": ["z1^9"]}, "degree 9"),
        ({"polynomials": ["z1*z2"], "variables": 1}, "need 2"),
        ({"polynomials": ["3"]}, "degree 0"),
    ],
)
def test_bad_targets_are_named(content: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HiddenPolynomials.model_validate_json(json.dumps(content))


def test_bad_settings_are_named() -> None:
    family = HiddenPolynomials(polynomials=("z1*z2", "z1"))
    with pytest.raises(ValueError, match="exact at d = infinity only"):
        FlowSetting(target=family, dimensions=(64,), start="quadrature")
    with pytest.raises(ValueError, match="odd"):
        FlowSetting(target=family, particles=31)
    with pytest.raises(ValueError, match="neither a dimension"):
        FlowSetting(target=family, infinite=False)
    with pytest.raises(ValueError, match="one polynomial"):
        SgdSetting(target=family)

"""The study from settings to verdicts, at tiny sizes."""

import json
import math
from collections.abc import Mapping

import numpy as np
import pytest
import xarray as xr
from pydantic import ValidationError
from scipy.integrate import quad

from learnability.results.claim import judge
from learnability.results.contract import Experiment, Run, Setting
from learnability.studies.multi_index import theory
from learnability.studies.multi_index.analyse import analyse
from learnability.studies.multi_index.claim_measures import extreme, trend
from learnability.studies.multi_index.claims import CLAIMS
from learnability.studies.multi_index.flow_runs import chosen_form
from learnability.studies.multi_index.landscape_analysis import outcomes
from learnability.studies.multi_index.samples_analysis import crossing_half, isotonic, logistic_half
from learnability.studies.multi_index.settings import KINDS, Target
from learnability.studies.multi_index.targets import build, expansions, leap_exponents
from learnability.studies.multi_index.train import train


class MemoryCheckpoint:
    """Keeps the last state; ``due`` at every ``every``-th question; raises on the ``stop``-th save."""

    def __init__(self, every: int = 10**9, stop: int = 0) -> None:
        self.every, self.stop, self.asked, self.saved = every, stop, 0, 0
        self.state: dict[str, np.ndarray] | None = None

    def load(self) -> dict[str, np.ndarray] | None:
        return self.state

    def due(self) -> bool:
        self.asked += 1
        return self.asked % self.every == 0

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        self.state = {name: np.array(value) for name, value in state.items()}
        self.saved += 1
        if self.saved == self.stop:
            raise KeyboardInterrupt


class Context:
    device = "cpu"

    def __init__(self, seeds: int, checkpoint: MemoryCheckpoint | None = None) -> None:
        self.seeds = range(seeds)
        self.checkpoint = checkpoint or MemoryCheckpoint()
        self.reports: list[float] = []

    def stream(self, name: str) -> np.random.Generator:
        return np.random.default_rng([7, *name.encode()])

    def progress(self, done: float, total: float, message: str = "") -> None:
        self.reports.append(done / total)


SETTINGS: dict[str, dict[str, object]] = {
    "escape": {"target": {"links": ["h2(z1)", "h1(z1) + h1(z1)*h2(z2)"]}, "dimensions": [50, 2000], "flow": "joint"},
    "trajectory": {
        "target": {"links": ["h1(z1) + h1(z1)*h2(z2)"]},
        "dimensions": [200],
        "last_time": 1e6,
        "save_times": 40,
    },
    "landscape": {
        "target": {"family": "mixed_parity", "links": ["h3(z1)", "h2(z1) + 0.5*h3(z1)"]},
        "dimensions": [50, 1000],
        "relative_tolerance": 1e-3,
    },
    "closure": {"target": {"links": ["h1(z1)*h1(z2)"]}, "dimensions": [14], "end_time": 2.0, "save_times": 5},
    "precision": {
        "target": {"links": ["h1(z1) + h1(z1)*h2(z2)"]},
        "dimensions": [100],
        "explicit_dimensions": [20],
        "hermite_degrees": [4, 9],
    },
    "samples": {
        "target": {"links": ["h2(z1)"]},
        "dimension": 5,
        "sample_counts": [8, 64],
        "small_steps": 40,
        "searched_steps": 10,
    },
}


def setting_of(kind: str, **changes: object) -> Setting:
    return KINDS[kind].model_validate_json(json.dumps({**SETTINGS[kind], **changes}))


def run_of(kind: str, seeds: int = 12, **changes: object) -> Run:
    setting = setting_of(kind, **changes)
    target = build(setting.target, np.random.default_rng(0))  # type: ignore[arg-type]
    return Run(setting, target, train(setting, target, Context(seeds)))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"target": {"links": ["h1(x1)"]}}, "unknown variable 'x1'"),
        ({"target": {"links": ["h1(z1)+"]}}, "column 8"),
        ({"target": {"links": ["2"]}}, "constant"),
        ({"target": {"links": ["h1(z2)"]}}, "does not depend on z1"),
        ({"target": {"links": ["h13(z1)"]}}, "at most 12"),
        ({"target": {"links": ["h1(z1)", "h1(z1)"]}}, "twice"),
        ({"target": {"links": ["h1(z2) + h1(z1)"], "variables": 1}}, "unknown variable 'z2'"),
        ({"target": {"links": []}}, "at least 1"),
        ({"dimensions": [-5]}, "greater than or equal"),
        ({"dimensions": ["100"]}, "valid integer"),
        ({"relative_tolerance": 0}, "greater than 0"),
        ({"flow": "both"}, "'joint' or 'planted'"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_config_mistakes_are_refused(changes: dict[str, object], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        setting_of("escape", **changes)


def test_samples_need_rising_counts_and_enough_features() -> None:
    with pytest.raises(ValidationError, match="rise"):
        setting_of("samples", sample_counts=[64, 8])
    with pytest.raises(ValidationError, match="features"):
        setting_of("samples", features=1)


def test_target_artifact_knows_the_link() -> None:
    target = build(Target(links=("h1(z1) + 0.8*h1(z1)*h2(z2)", "h3(z1) + 2")), np.random.default_rng(0))
    assert target["norm"].values == pytest.approx([math.sqrt(1.64), math.sqrt(5)])
    assert target["information_exponent"].values.tolist() == [1, 3]
    assert leap_exponents(target, 0) == [1, 2]
    assert [str(e) for e in expansions(target)] == ["h1(z1) + 0.8*h1(z1)*h2(z2)", "h3(z1)"]
    assert all({"units", "long_name"} <= set(v.attrs) for v in target.data_vars.values())


@pytest.mark.parametrize("kind", list(KINDS))
def test_training_is_reproducible_and_described(kind: str) -> None:
    first, again = run_of(kind, 4).result, run_of(kind, 4).result
    assert first.sizes["seed"] == 4
    for name, variable in first.data_vars.items():
        assert variable.values.tobytes() == again[name].values.tobytes(), name
        assert {"units", "long_name"} <= set(variable.attrs), name


@pytest.mark.parametrize("kind", ["escape", "trajectory", "samples"])
def test_killed_training_resumes_to_the_same_bytes(kind: str) -> None:
    setting = setting_of(kind)
    target = build(setting.target, np.random.default_rng(0))  # type: ignore[arg-type]
    whole = train(setting, target, Context(6))
    checkpoint = MemoryCheckpoint(every=2 if kind == "samples" else 25, stop=1 if kind == "samples" else 3)
    with pytest.raises(KeyboardInterrupt):
        train(setting, target, Context(6, checkpoint))
    resumed = train(setting, target, Context(6, checkpoint))
    for name in whole.data_vars:
        assert whole[name].values.tobytes() == resumed[name].values.tobytes(), name


def test_escape_analysis_fits_exponents() -> None:
    run = run_of("escape", 24, dimensions=[1000, 10**5])
    analysis = analyse(Experiment("escape_joint", "escape"), [run], np.random.default_rng(0))
    assert float(analysis["slope"][0, 0, 0]) == pytest.approx(1, abs=0.05)
    assert analysis["exponent"].values[1].tolist() == [0, 1]
    assert float(analysis["exact_median"][0, 0]) == pytest.approx(theory.pure_median("joint", 2, 1000))


def test_staircase_rests_on_the_predicted_plateaus() -> None:
    run = run_of("trajectory", 6, dimensions=[10**5], last_time=1e9)
    analysis = analyse(Experiment("staircase", "trajectory"), [run], np.random.default_rng(0))
    np.testing.assert_allclose(analysis["plateau"][0, 1, 0], 0.5, atol=1e-3)
    np.testing.assert_allclose(analysis["predicted_plateau"], [1, 0.5, 0], atol=1e-12)
    assert float(analysis["largest_rise"]) < 1e-9


def test_landscape_analysis_counts_every_run() -> None:
    analysis = analyse(Experiment("landscape", "landscape"), [run_of("landscape", 20)], np.random.default_rng(0))
    parts = sum(analysis[n] for n in ("success", "frozen", "wrong_frame", "rank_deficient", "unfinished"))
    np.testing.assert_allclose(parts, 1)
    np.testing.assert_allclose(analysis["success"].sel(flow=0), 1)
    assert analysis["trend"].shape == (2, 3)
    measured = extreme({"landscape": analysis}, ("mixed_parity",), largest=True)
    assert measured.low <= measured.estimate <= measured.high < 1
    assert trend({"landscape_dimension": analysis}).low >= 0


def test_outcomes_are_exclusive() -> None:
    status = np.array([1, 16, 16, 16, 3])
    cosines = np.array([[1, 0.01, 1, 1, 0.5], [1, 0.0, 1, 0.2, 0.5]])
    masks = outcomes(status, cosines)
    order = ["success", "frozen", "wrong_frame", "rank_deficient", "unfinished"]
    np.testing.assert_array_equal(np.stack([masks[name] for name in order]), np.eye(5, dtype=bool))


def test_closure_and_precision_analyses() -> None:
    closure = analyse(Experiment("closure", "closure"), [run_of("closure", 1)], np.random.default_rng(0))
    assert float(closure["difference"].max()) < 1e-9
    precision = analyse(Experiment("precision", "precision"), [run_of("precision", 3)], np.random.default_rng(0))
    assert float(precision["lost"].isel(form=1).max()) == 0
    assert float(precision["hermite_error"].max()) < 1e-14
    assert (precision["evaluations"] > 0).all()


@pytest.mark.parametrize("s", [1, 2, 3, 5])
def test_exact_times_against_quadrature(s: int) -> None:
    joint = quad(lambda m: 1 / (2 * s * m**s * (1 - m)), 0.01, 0.5, epsabs=0, epsrel=1e-11)[0]
    assert float(theory.joint_escape_time(s, 0.01)) == pytest.approx(joint, rel=1e-9)
    planted = quad(lambda x: 1 / (s * x ** (s - 1) * (1 - x**2)), 0.1, math.sqrt(0.5), epsabs=0, epsrel=1e-11)[0]
    assert float(theory.planted_escape_time(s, 0.1)) == pytest.approx(planted, rel=1e-9)


def test_start_quantile_is_that_of_uniform_directions() -> None:
    # d = 3: the cosine is uniform on [-1, 1], so the median of its square is 1/4
    assert theory.start_quantile(3, 0.5) == pytest.approx(0.25)


def test_half_success_estimators_recover_a_logistic_curve() -> None:
    log_counts = np.log([8.0, 16, 32, 64, 128, 256])
    curve = 1 / (1 + np.exp(-2.0 * (log_counts - math.log(40))))
    assert math.exp(float(logistic_half(curve, log_counts))) == pytest.approx(40, rel=0.02)
    assert math.exp(float(crossing_half(curve, log_counts))) == pytest.approx(40, rel=0.05)
    assert np.isnan(logistic_half(np.zeros(6), log_counts))
    assert np.isnan(crossing_half(np.ones(6), log_counts))


def test_isotonic_pools_violators() -> None:
    np.testing.assert_allclose(isotonic(np.array([0.1, 0.5, 0.3, 0.9])), [0.1, 0.4, 0.4, 0.9])


def test_form_is_chosen_by_precision() -> None:
    assert chosen_form("auto", 1, [3], [100]) == "spectral"
    assert chosen_form("auto", 2, [1, 2], [10**4]) == "correlation"
    assert chosen_form("auto", 2, [1, 3], [10**4]) == "spectral"
    assert chosen_form("correlation", 1, [9], [10**9]) == "correlation"


def test_claims_have_unique_ids_and_survive_missing_links() -> None:
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    analysis = analyse(Experiment("escape_joint", "escape"), [run_of("escape", 10)], np.random.default_rng(0))
    found: dict[str, xr.Dataset] = {"escape_joint": analysis, "escape_planted": analysis}
    for claim in CLAIMS:
        if claim.id.startswith("escape-"):
            assert claim.measure is not None
            assert claim.rule is not None
            verdict, _ = judge(claim.rule, claim.measure(found), claim.seeds_needed)
            assert verdict in ("supported", "contradicted", "inconclusive")

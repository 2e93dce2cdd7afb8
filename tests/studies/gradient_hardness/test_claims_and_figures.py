"""The whole study at toy size: every kind through targets, training, analysis, claims and figures."""

import json
import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
import yaml

from learnability.pipeline.config import load_study, plan_experiment
from learnability.results.claim import Measurement, judge
from learnability.results.contract import Experiment, Run
from learnability.studies.gradient_hardness import analyse, figures, targets, theory, train
from learnability.studies.gradient_hardness.analyse_training import analyse_training
from learnability.studies.gradient_hardness.claims import CLAIMS
from learnability.studies.gradient_hardness.settings import KINDS, Parity, TrainingSetting
from learnability.results.style import house_style

CONFIG = Path(__file__).parents[3] / "config/studies"

# What makes the smoke settings smaller still; the shapes stay those of the real thing.
SMALLER = {
    "figure_1_default": {"target": {"dimensions": [4]}, "max_steps": 40, "width": 100},
    "figure_1_rademacher": {"target": {"dimensions": [4, 5]}, "max_steps": 150, "width": 200},
    "figure_1_variants": {"target": {"dimensions": [4, 5]}, "max_steps": 40, "width": 100},
    "sparse_parity": {"max_steps": 20, "width": 50},
    "sine_landscape": {"points_per_unit": 20},
    "drift": {"neurons": 50},
}


class Context:
    device = "cpu"

    class checkpoint:
        load = staticmethod(lambda: None)
        due = staticmethod(lambda: False)

    def __init__(self, seeds: int) -> None:
        self.seeds = range(seeds)

    def stream(self, name: str) -> np.random.Generator:
        return np.random.default_rng([len(name), 5])

    def progress(self, done: float, total: float, message: str = "") -> None:
        assert 0 <= done <= total


@pytest.fixture(scope="module")
def analyses() -> dict[str, xr.Dataset]:
    found = {}
    for name, block in load_study(CONFIG, "gradient_hardness").experiments.items():
        smoke = block.scales["smoke"]
        content = json.loads(json.dumps({**smoke.settings, **SMALLER.get(name, {})}))
        if "target" in smoke.settings and "target" in content:
            content["target"] = {**smoke.settings["target"], **content["target"]}
        changed = smoke.model_copy(update={"settings": content})
        small = block.model_copy(update={"scales": {"smoke": changed}})
        plan = plan_experiment("config", "gradient_hardness", name, small, "smoke")
        runs = []
        for setting in plan.settings:
            target = targets.build(setting.target, np.random.default_rng(0))
            runs.append(Run(setting, target, train.train(setting, target, Context(plan.seeds))))
        found[name] = analyse.analyse(Experiment(name, block.kind), runs, np.random.default_rng(1))
    return found


def test_every_variable_has_units_and_a_name_and_no_text(analyses: dict[str, xr.Dataset]) -> None:
    for name, dataset in analyses.items():
        for key, variable in dataset.variables.items():
            assert {"units", "long_name"} <= set(variable.attrs), (name, key)
            assert variable.dtype.kind in "fiub", (name, key)


def test_every_claim_gives_a_verdict_and_the_exact_ones_theirs(analyses: dict[str, xr.Dataset]) -> None:
    verdicts = {}
    for claim in CLAIMS:
        if claim.measure is not None and claim.rule is not None:
            measurement = claim.measure(analyses)
            assert isinstance(measurement, Measurement)
            verdicts[claim.id] = judge(claim.rule, measurement, claim.seeds_needed)[0]
    supported = (
        "step-identity",
        "halfspace-sign",
        "halfspace-path-norm.corrected",
        "parity-network",
        "sq-parity",
        "sq-cosine.plane",
        "variance-parity.corrected",
        "drift.corrected.attained",
        "drift.analytic",
        "landscape-population",
    )
    contradicted = (
        "step-identity.printed",
        "halfspace-path-norm.printed",
        "variance-parity.printed",
        "drift.printed",
        "drift.printed.constants",
        "drift.corollary.printed",
        "barron-norm.summary",
    )
    assert {name: verdicts[name] for name in supported} == dict.fromkeys(supported, "supported")
    assert {name: verdicts[name] for name in contradicted} == dict.fromkeys(contradicted, "contradicted")


def test_claims_are_well_formed() -> None:
    ids = [claim.id for claim in CLAIMS]
    assert len(ids) == len(set(ids))
    config = yaml.safe_load((CONFIG / "gradient_hardness.yaml").read_text())
    for claim in CLAIMS:
        assert set(claim.experiments) <= set(config["experiments"]), claim.id
        assert claim.figure is None or claim.figure in figures.FIGURES, claim.id
    assert set(config["figures"]) == set(figures.FIGURES)
    assert {block["kind"] for block in config["experiments"].values()} == set(KINDS)


@pytest.mark.parametrize("name", sorted(figures.FIGURES))
def test_every_figure_is_drawn_without_a_warning(name: str, analyses: dict[str, xr.Dataset], tmp_path: Path) -> None:
    mpl.use("agg")
    with house_style(), warnings.catch_warnings():
        warnings.simplefilter("error")
        figures.FIGURES[name](analyses).savefig(tmp_path / "figure.png", dpi=50)


def training_run(steps: list[float], max_steps: int = 100) -> Run:
    """A run at d = 4 with given steps (NaN: censored) and a prediction of 50 steps."""
    setting = TrainingSetting(target=Parity(dimensions=(4,)), max_steps=max_steps)
    count, attributes = len(steps), {"units": "1", "long_name": "x"}
    result = xr.Dataset(
        {
            "steps": (("seed", "dimension"), np.array(steps)[:, None]),
            "margin_steps": (("seed", "dimension"), np.full((count, 1), np.nan)),
            "status": (("seed", "dimension"), np.ones((count, 1), np.int8)),
            "gradient_norm": (("seed", "dimension"), np.full((count, 1), 10.0)),
            "accuracy": (("seed", "dimension", "time"), np.full((count, 1, 2), 0.5)),
            "loss": (("seed", "dimension", "time"), np.full((count, 1, 2), 1.0)),
            "degree": ("dimension", [4]),
        },
        {"dimension": [4], "time": ("time", [0, 100], attributes), "seed": np.arange(count)},
    )
    return Run(setting, xr.Dataset(), result)


def test_censored_runs_count_as_longer_than_the_horizon() -> None:
    nan = np.nan
    case = analyse_training([training_run([10, 20, 30, nan, nan])], np.random.default_rng(0)).isel(case=0)
    assert (float(case["steps"]), float(case["solved"]), float(case["steps_high"])) == (30, 3, np.inf)
    assert float(case["ratio"]) == pytest.approx(30 / 50)
    lost = analyse_training([training_run([10, nan, nan, nan, nan])], np.random.default_rng(0)).isel(case=0)
    assert float(lost["steps"]) == np.inf


def test_lazy_time_and_the_printed_constant() -> None:
    assert theory.lazy_time(0.25, 0.002) == pytest.approx(2000)
    assert theory.lazy_time(0.0, 0.002) == np.inf
    # C_1 (e^{t 2^{-d/2}} - 1) = 1/4 at t = 1, d = 2.
    assert 2 ** theory.log2_printed_constant(np.array(2.0), np.array(1.0), 0.25) == pytest.approx(0.25 / np.expm1(0.5))

"""The whole study at toy size: every kind through training, analysis, claims and figures."""

import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr

from learnability.pipeline.config import PlannedExperiment, load_study, merged, plan_experiment
from learnability.pipeline.kinds import figure_module, kinds_of, stage_module
from learnability.results.contract import Run, Setting
from learnability.results.labelled import with_bounds
from learnability.results.store import concatenate
from learnability.results.style import house_style
from learnability.results.verdicts import rows_of_study
from learnability.studies.gradient_hardness import theory
from tests.doubles import Context

STUDY = "gradient_hardness"
CONFIG = Path(__file__).parents[3] / "config/studies"
FIGURES = sorted(load_study(CONFIG, STUDY).figures)
CLAIMS = [claim for kind in kinds_of(STUDY) for claim in stage_module(STUDY, kind, "claims").CLAIMS]

# What makes the smoke settings smaller still; the shapes stay those of the real thing.
SMALLER = {
    "figure_1_default": {"target": {"dimensions": [4]}, "max_steps": 40, "width": 100},
    "figure_1_lecture": {"target": {"dimensions": [6]}, "max_steps": 20, "width": 50},
    "figure_1_bits": {"max_steps": 40, "width": 100},
    "figure_1_rademacher": {"target": {"dimensions": [4, 5]}, "max_steps": 150, "width": 200},
    "figure_1_variants": {"target": {"dimensions": [4, 5]}, "max_steps": 40, "width": 100},
    "sparse_parity": {"max_steps": 20, "width": 50},
    "sine_landscape": {"points_per_unit": 20},
    "drift": {"neurons": 50},
}


def trained(kind: str, setting: Setting, seeds: range) -> xr.Dataset:
    """The training artifact of one seed batch, as the pipeline makes it."""
    context = Context(seeds)
    result = stage_module(STUDY, kind, "train").train(setting, context)
    assert all(0 <= done <= total for done, total, _ in context.reports)
    return result.assign_coords(seed=("seed", np.array(seeds), {"units": "1", "long_name": "seed"}))


def analysed(kind: str, runs: list[Run]) -> xr.Dataset:
    """The analysis as the pipeline hands it on."""
    return with_bounds(stage_module(STUDY, kind, "analyse").analyse(runs, np.random.default_rng(1)))


def plans() -> dict[str, PlannedExperiment]:
    """Every experiment at a size below the smoke scale's."""
    found = {}
    for name, block in load_study(CONFIG, STUDY).experiments.items():
        smoke = block.scales["smoke"]
        small = smoke.model_copy(update={"settings": merged(smoke.settings, SMALLER.get(name, {}))})
        changed = block.model_copy(update={"scales": {"smoke": small}})
        found[name] = plan_experiment("config", STUDY, name, changed, "smoke")
    return found


@pytest.fixture(scope="module")
def analyses() -> dict[str, xr.Dataset]:
    return {
        name: analysed(plan.kind, [Run(s, trained(plan.kind, s, range(plan.seeds))) for s in plan.settings])
        for name, plan in plans().items()
    }


@pytest.mark.parametrize("kind", kinds_of(STUDY))
def test_two_seed_batches_are_one_result(kind: str) -> None:
    """Whatever has no dimension ``seed`` is the same in both, and the estimates take the seeds of both."""
    setting = {plan.kind: plan.settings[0] for plan in plans().values() if plan.name != "sparse_parity"}[kind]
    if kind == "training":  # which is to reach its goal
        setting = setting.model_copy(
            update={"initialization": "rademacher", "step_size": 0.02, "batch_size": 64, "max_steps": 300}
        )
    parts = [trained(kind, setting, seeds) for seeds in (range(2), range(2, 4))]
    joined = concatenate(parts, "seed")
    assert joined["seed"].values.tolist() == [0, 1, 2, 3]
    drawn = [name for name, values in joined.data_vars.items() if "seed" in values.dims]
    assert not all(np.array_equal(parts[0][name], parts[1][name], equal_nan=True) for name in drawn)
    swapped = joined.isel(seed=[2, 3, 0, 1])
    found, again = (analysed(kind, [Run(setting, result)]) for result in (joined, swapped))
    assert found.sizes["seed"] == 4
    estimates = [name for name, values in found.data_vars.items() if "seeds" in values.attrs.get("interval", "")]
    for name in estimates:
        # The order of the seeds changes no estimate; their number does.
        np.testing.assert_allclose(found[name].isel(bound=0), again[name].isel(bound=0), rtol=1e-12)
    alone = analysed(kind, [Run(setting, parts[0])])
    assert not estimates or not all(found[name].equals(alone[name]) for name in estimates)


def test_every_variable_has_units_and_a_name(analyses: dict[str, xr.Dataset]) -> None:
    for name, dataset in analyses.items():
        for key, variable in dataset.variables.items():
            text = variable.dtype.kind == "T"
            assert ({"long_name"} if text else {"units", "long_name"}) <= set(variable.attrs), (name, key)
            assert variable.dtype.kind in "fiubT", (name, key)
            assert not text or key in ("bound", "initialization", "coding", "law"), (name, key)


def test_every_claim_gives_a_verdict_and_the_exact_ones_theirs(analyses: dict[str, xr.Dataset]) -> None:
    found = rows_of_study(STUDY, CLAIMS, analyses, dict.fromkeys(analyses, ""))
    verdicts = {row["id"].removeprefix(f"{STUDY}/"): row["verdict"] for row in found}
    supported = (
        "step-identity",
        "halfspace-sign",
        "halfspace-path-norm.corrected",
        "parity-network",
        "sq-parity",
        "sq-cosine.plane",
        "variance-parity.outlier",
        "variance-packing.corrected",
        "hinge-bound.premise",
        "halfspace-sign.sigmoid",
        "sq-cosine.printed",
        "sq-cosine.sphere",
        "sq-periodic.square",
        "barron-norm",
        "barron-norm.sharp",
        "barron-norm.summary.sphere",
        "drift.lifted-model",
        "drift.corrected.attained",
        "drift.corollary.corrected",
        "drift.analytic",
        "landscape-population",
    )
    contradicted = (
        "step-identity.printed",
        "halfspace-path-norm.printed",
        "variance-parity.printed",
        "variance-packing.printed",
        "sq-cosine.sign.printed",
        "drift.printed",
        "drift.corollary.printed",
        "barron-norm.summary",
    )
    assert {name: verdicts[name] for name in supported} == dict.fromkeys(supported, "supported")
    elsewhere = (
        "kernel-curse",
        "rademacher-threshold",
        "rademacher-threshold.inverse-root",
        "figure-1.odd-gaussian",
        "figure-1.printed",
        "figure-1.printed.loss",
        "figure-1.start-decides",
        "lazy-time.rademacher.trend",
        "lazy-time.default.trend",
        "figure-1.rademacher",
        "figure-1.extrapolation",
        "sparse-parity.growth",
        "landscape-population.flat",
    )
    assert {name: verdicts[name] for name in contradicted} == dict.fromkeys(contradicted, "contradicted")
    assert {name for name, verdict in verdicts.items() if verdict == "not at this scale"} == set(elsewhere)


def test_claims_stand_with_the_kind_that_they_measure() -> None:
    experiments = load_study(CONFIG, STUDY).experiments
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    for kind in kinds_of(STUDY):
        for claim in stage_module(STUDY, kind, "claims").CLAIMS:
            assert not claim.experiments or experiments[claim.experiments[0]].kind == kind, claim.id
            assert claim.figure is None or claim.figure in FIGURES, claim.id


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn_without_a_warning(name: str, analyses: dict[str, xr.Dataset], tmp_path: Path) -> None:
    mpl.use("agg")
    with house_style(), warnings.catch_warnings():
        warnings.simplefilter("error")
        figure_module(STUDY, name).draw(analyses).savefig(tmp_path / "figure.png", dpi=50)


def test_lazy_time_and_the_printed_constant() -> None:
    assert theory.lazy_time(0.25, 0.002) == pytest.approx(2000)
    assert theory.lazy_time(0.0, 0.002) == np.inf
    # C_1 (e^{t 2^{-d/2}} - 1) = 1/4 at t = 1, d = 2.
    assert 2 ** theory.log2_printed_constant(np.array(2.0), np.array(1.0), 0.25) == pytest.approx(0.25 / np.expm1(0.5))

"""Finite samples."""

import math

import numpy as np
import pytest
import torch
import xarray as xr

from learnability.results.claim import judge
from learnability.results.contract import Run
from learnability.results.status import Status
from learnability.studies.multi_index.links import expansions
from learnability.studies.multi_index.one_variable import escape_time, joint_rate, one_variable
from learnability.studies.multi_index.samples.claims import CLAIMS
from learnability.studies.multi_index.samples.train import labels_of_degree, population_time, sample_count
from learnability.studies.multi_index.theory import start_quantile
from tests.studies.multi_index.runs import analyse, run_of, setting_of, target_of


def test_numbers_of_samples_follow_the_power() -> None:
    assert [sample_count(4, d, 3) for d in (10, 20)] == [400, 1600]


def test_population_time_without_shrinkage_is_that_of_the_joint_flow() -> None:
    setting = setting_of("samples", mehler=0.999999, ridge=1e-9)
    (link,) = expansions(target_of(setting))
    plain = escape_time(lambda mu: joint_rate(one_variable("h2(z1)"), mu), start_quantile(100, 0.5), 0.64)
    assert population_time(setting, link, 100) == pytest.approx(plain, rel=1e-4)  # type: ignore[arg-type]


def test_labels_are_the_link_on_the_first_coordinate() -> None:
    x = torch.tensor([[0.5, 3.0], [-1.0, 0.0]], dtype=torch.float64)
    expected = (x[:, 0] ** 3 - 3 * x[:, 0]) / math.sqrt(6)
    torch.testing.assert_close(labels_of_degree(3, x), expected)


def _pair(seeds: int = 16) -> xr.Dataset:
    return analyse("samples", run_of("samples", seeds), run_of("samples", seeds, alone=True))


def test_more_samples_find_the_direction_more_often() -> None:
    analysis = _pair()
    success = analysis["success"].isel(bound=0).sel(fit="all degrees").isel(dimension=0).values
    assert success[0] < success[-1]
    assert (analysis["undecided"] >= 0).all()


def test_runs_out_of_steps_are_open() -> None:
    run = run_of("samples", 16)
    status = run.result["status"].copy()
    status[:] = int(Status.MAX_STEPS)
    undecided = run.result.assign(status=status, cosine=run.result["cosine"] * 0.5)
    analysis = analyse("samples", Run(run.setting, undecided, run.target_artifact))
    assert analysis["success"].isel(bound=1).max() == 0
    assert analysis["success"].isel(bound=2).min() == 1


def test_a_claim_of_success_can_fail_and_hold() -> None:
    claim = next(claim for claim in CLAIMS if claim.id == "samples.h2.s-1")
    assert claim.measure is not None
    assert claim.rule is not None
    run = run_of("samples", 16, dimensions=[5, 6, 7])
    verdicts = []
    for cosine in (0.0, 1.0):
        made = run.result.assign(cosine=run.result["cosine"] * 0 + cosine)
        made = made.assign(status=made["status"] * 0 + int(Status.REACHED_END))
        analysis = analyse("samples", Run(run.setting, made, run.target_artifact))
        verdicts.append(judge(claim.rule, claim.measure({"samples": analysis}), claim.seeds_needed)[0])
    assert verdicts == ["contradicted", "supported"]
    assert np.isfinite(run.result["time"]).all()

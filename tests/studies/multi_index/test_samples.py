"""Finite samples."""

import math

import numpy as np
import pytest
import torch
import xarray as xr

from learnability.results.claim import NotAtThisScale, judge
from learnability.results.contract import Run
from learnability.results.status import Status
from learnability.studies.multi_index.links import expansions
from learnability.studies.multi_index.one_variable import escape_time, joint_rate, one_variable
from learnability.studies.multi_index.samples.claims import CLAIMS
from learnability.studies.multi_index.samples.train import (
    end_times,
    labels_of_degree,
    median_time,
    population_time,
    sample_count,
)
from learnability.studies.multi_index.theory import start_quantile
from tests.studies.multi_index.runs import analyse, run_of, setting_of, target_of


def test_numbers_of_samples_follow_the_power() -> None:
    assert [sample_count(4, d, 3) for d in (10, 20)] == [400, 1600]


def test_population_time_without_shrinkage_is_that_of_the_joint_flow() -> None:
    setting = setting_of("samples", mehler=0.999999, ridge=1e-9)
    (link,) = expansions(target_of(setting))
    plain = escape_time(lambda mu: joint_rate(one_variable("h2(z1)"), mu), start_quantile(100, 0.5), 0.64)
    assert median_time(setting, link, 100) == pytest.approx(plain, rel=1e-4)  # type: ignore[arg-type]


def test_the_population_flow_arrives_from_every_start_in_time() -> None:
    """A start near the equator has its own horizon: ten times the median's would end one in six before."""
    setting = setting_of("samples")
    (link,) = expansions(target_of(setting))
    cosines = torch.tensor([1e-4, 1e-2, 0.5, 0.9], dtype=torch.float32)
    start = torch.zeros(4, 32, 1)
    start[:, 0, 0], start[:, 1, 0] = cosines, (1 - cosines.square()).sqrt()
    ends = end_times(setting, link, start).numpy()
    own = np.array([population_time(setting, link, float(c) ** 2) for c in cosines.double()])
    assert (ends >= setting.horizon * own * (1 - 1e-12)).all()
    assert ends[-1] == ends[-2] == setting.horizon * median_time(setting, link, 32)
    assert ends[0] > ends[1] > ends[2]


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


def _planted(power: float, seeds: int = 96, dimensions: tuple[int, ...] = (16, 32, 64), root: int = 0) -> Run:
    """Runs on n = C d samples of which each seed succeeds from its own ``8 x d^power`` on, log x normal."""
    multiples = np.array([0.5, 2.0, 8.0, 32.0])
    setting = setting_of("samples", dimensions=list(dimensions), multiples=multiples.tolist())
    rng, d = np.random.default_rng(root), np.array(dimensions, dtype=float)
    threshold = 8 * 16 ** (1 - power) * d[:, None] ** power * np.exp(rng.standard_normal((len(d), seeds)))
    counts = multiples * d[:, None]
    dims = ("dimension", "multiple", "seed")
    won = counts[..., None] >= threshold[:, None]
    result = xr.Dataset(
        {
            "cosine": (dims, won.astype(float)),
            "time": (dims, np.ones(won.shape)),
            "status": (dims, np.full(won.shape, int(Status.REACHED_END))),
            "population_time": ("dimension", np.ones(len(d))),
            "num_samples": (("dimension", "multiple"), counts),
        },
        {"dimension": list(dimensions), "multiple": multiples},
    )
    return Run(setting, result, target_of(setting))


def _verdict(run: Run) -> str:
    claim = next(claim for claim in CLAIMS if claim.id == "samples.h2.s-1")
    assert claim.measure is not None
    assert claim.rule is not None
    return judge(claim.rule, claim.measure({"samples": analyse("samples", run)}), claim.seeds_needed)[0]


def test_the_power_of_the_dimension_decides_the_claim() -> None:
    """Planted laws n ~ d and n ~ d^2, whose changes are more than 6 standard errors from 0; and a law half way between,
    where each of both verdicts comes in 1 to 5 % of the runs: one of them in more than 12 of 100 once in 1,000."""
    assert _verdict(_planted(1.0, seeds=256)) == "supported"
    assert _verdict(_planted(2.0, seeds=256)) == "contradicted"
    between = [_verdict(_planted(1.5, root=root)) for root in range(100)]
    assert max(between.count("supported"), between.count("contradicted")) <= 12


def test_two_dimensions_cannot_tell_the_powers_apart() -> None:
    with pytest.raises(NotAtThisScale, match="3 dimensions"):
        _verdict(_planted(1.0, dimensions=(16, 64)))


def test_runs_out_of_steps_leave_the_claim_open() -> None:
    """At n ~ d, half of the seeds out of steps at the largest dimension: they could be failures, all of them."""
    run = _planted(1.0)
    last = run.result["dimension"] == 64
    lost = last & xr.DataArray(np.arange(run.result.sizes["seed"]) % 2 == 0, dims="seed")
    result = run.result.assign(
        status=run.result["status"].where(~lost, int(Status.MAX_STEPS)), cosine=run.result["cosine"].where(~lost, 0.1)
    )
    assert _verdict(Run(run.setting, result, run.target_artifact)) == "inconclusive"

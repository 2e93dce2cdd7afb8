"""Batches, resumption, bytes and the outcome of real training at small size."""

import numpy as np
import pytest
import torch
import xarray as xr
from scipy import stats

from learnability.hermite.walsh import cube_bits, parity_signs
from learnability.pipeline.streams import stream
from learnability.results.contract import Run
from learnability.results.status import Status
from learnability.sgd.hinge import hinge_state
from learnability.studies.gradient_hardness import parity_training
from learnability.studies.gradient_hardness.gradient_spectrum import coded_inputs, parity_gradient_norm
from learnability.studies.gradient_hardness.initialization import draw_network
from learnability.studies.gradient_hardness.parity_training import (
    Job,
    Problem,
    check_steps,
    cube_counts,
    dense_engine,
    draw_batch,
    draw_batches,
    draw_points,
    evaluation_points,
    make_engine,
    seeded,
    stacked_engine,
    table_engine,
)
from learnability.studies.gradient_hardness.settings import Initialization, Parity
from learnability.studies.gradient_hardness.training.analyse import analyse
from learnability.studies.gradient_hardness.training.setting import TrainingSetting
from tests.doubles import Context, Interrupted, MemoryCheckpoint


def setting_of(**changes: object) -> TrainingSetting:
    target = Parity(dimensions=changes.pop("dimensions", (3, 4)), degree=changes.pop("degree", "full"))  # type: ignore[arg-type]
    fields = {"initialization": "rademacher", "width": 100, "batch_size": 64, "step_size": 0.02, "max_steps": 400}
    return TrainingSetting(target=target, **(fields | changes))  # type: ignore[arg-type]


class SameStreams(Context):
    """Streams that do not depend on the seeds of the batch."""

    def stream(self, name: str) -> np.random.Generator:
        return stream(1, "test", name)


def same(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> bool:
    return all(one[name].tobytes() == two[name].tobytes() for name in one)


def test_training_learns_small_parities_and_repeats_to_the_bit() -> None:
    setting = setting_of(loss_goal=0.1)
    first, second = Job(setting, Context(2)).run(), Job(setting, Context(2)).run()
    assert same(first, second)
    assert (first["status"] == Status.CONVERGED).all()
    assert (first["margin_steps"] >= first["steps"]).all()
    assert (first["steps"] > 0).all()


def test_a_run_does_not_depend_on_the_other_dimensions_and_seeds() -> None:
    wide = Job(setting_of(dimensions=(3, 4)), SameStreams(2)).run()
    narrow = Job(setting_of(dimensions=(4,)), SameStreams(1)).run()
    assert wide["loss"][0, 1].tobytes() == narrow["loss"][0, 0].tobytes()
    # And yet every run has numbers of its own.
    assert np.unique(wide["loss"][:, :, 0]).size == 4


def test_the_accuracy_is_measured_on_points_that_no_run_was_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def kept(*arguments: int, device: str) -> torch.Generator:
        generator = seeded(*arguments, device=device)
        made.append(generator.initial_seed())
        return generator

    monkeypatch.setattr(parity_training, "seeded", kept)
    Job(setting_of(dimensions=(3, 4), max_steps=1), Context(range(3))).run()
    # Of each run the weights and the batches, and the points of each dimension, the same for every seed of it.
    assert len(made) == 2 * 3 * 3
    assert len(set(made)) == 2 * 3 * 2 + 2


@pytest.mark.parametrize("saves", [1, 2, 38, 91])
def test_a_killed_job_resumes_to_the_same_bytes(saves: int) -> None:
    setting = setting_of(max_steps=80)
    whole = Job(setting, Context(2)).run()
    checkpoint = MemoryCheckpoint(stop_after=saves)
    with pytest.raises(Interrupted):
        Job(setting, Context(2, checkpoint)).run()
    resumed = Context(2, checkpoint)
    assert same(Job(setting, resumed).run(), whole)
    assert all(0 <= done <= total for done, total, _ in resumed.reports)


def test_what_the_horizon_cuts_is_censored_and_what_diverges_says_so() -> None:
    cut = Job(setting_of(max_steps=2), Context(2)).run()
    assert (cut["status"] == Status.MAX_STEPS).all()
    assert np.isnan(cut["steps"]).all()
    # The gradient of a kept margin is zero, so only an absurd step leaves the numbers.
    lost = Job(setting_of(step_size=1e30), Context(2)).run()
    assert (lost["status"] == Status.DIVERGED).all()


def test_the_loss_goal_ends_where_it_is_told_to() -> None:
    results = Job(setting_of(loss_goal=0.01, largest_loss_goal_dimension=3), Context(2)).run()
    assert np.isnan(results["margin_steps"][:, 1]).all()
    assert (results["margin_steps"][:, 0] > results["steps"][:, 0]).all()


def test_check_steps_are_increasing_and_end_at_the_horizon() -> None:
    steps = check_steps(5000)
    gaps = np.diff(steps)
    assert (steps[0], steps[-1]) == (0, 5000)
    assert (gaps >= 1).all()
    assert (gaps <= np.maximum(1, steps[:-1] / 32)).all()


def test_counts_over_the_cube_are_multinomial() -> None:
    """4,000 batches of 24 over 8 cells: chi-squared of the counts of a cell against the binomial, and of a
    pair's covariance. p above 1e-4 each (false alarm 1e-3 over the eight cells, fixed seed)."""
    generator = torch.Generator().manual_seed(9)
    draws = [cube_counts(torch.randint(8, (24,), generator=generator), 8) for _ in range(4000)]
    counts = torch.stack(draws).numpy().astype(int)
    assert (counts.sum(1) == 24).all()
    edges = np.arange(0, 9)
    law = stats.binom.pmf(edges[:-1], 24, 1 / 8)
    for cell in counts.T:
        seen = np.array([(cell == k).sum() for k in edges[:-1]])
        expected = np.append(law, 1 - law.sum()) * 4000
        assert stats.chisquare(np.append(seen, 4000 - seen.sum()), expected).pvalue > 1e-4
    covariance = np.cov(counts[:, 0], counts[:, 1])[0, 1]
    assert covariance == pytest.approx(-24 / 64, abs=0.25)


@pytest.mark.parametrize("dimension", [4, 8])
def test_merged_and_plain_batches_are_the_same_rows(dimension: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """4 bits: every point of the cube with its count. 8 bits: only the points that were drawn. Against the
    rows themselves."""
    setting = setting_of(dimensions=(dimension,))
    merged = draw_batch(Problem.of(setting, dimension, "cpu"), torch.Generator().manual_seed(1))
    monkeypatch.setattr(parity_training, "ENUMERATED", 0)
    plain = draw_batch(Problem.of(setting, dimension, "cpu"), torch.Generator().manual_seed(1))
    assert len(plain.labels) == 64
    assert len(merged.labels) == 16 if dimension == 4 else len(merged.labels) <= 64
    for column in range(dimension + 1):
        for function in (lambda b, c=column: b.inputs[:, c], lambda b, c=column: b.inputs[:, c] * b.labels):
            one, two = ((function(b) * b.counts).sum() * b.scale for b in (merged, plain))
            assert torch.isclose(one, two, atol=1e-6)
    assert float(merged.counts.sum()) * merged.scale == pytest.approx(1)


@pytest.mark.parametrize("coding", ["sign", "bit"])
@pytest.mark.parametrize("dimension", [3, 8, 15])
def test_points_with_counts_are_the_rows_of_the_dense_batch(dimension: int, coding: str) -> None:
    problem = Problem.of(setting_of(dimensions=(dimension,), degree=3, coding=coding), dimension, "cpu")
    points = draw_points(problem, torch.Generator().manual_seed(1))
    rows = draw_batch(problem, torch.Generator().manual_seed(1))
    bits = (torch.from_numpy(points.points)[:, None] >> torch.arange(dimension)) & 1
    inputs = bits.float() if coding == "bit" else 1 - 2 * bits.float()
    assert np.unique(points.points).size == points.points.size
    assert points.counts.sum() * points.scale == pytest.approx(1)
    found = (inputs * torch.from_numpy(points.counts * points.labels)[:, None]).sum(0)
    wanted = (rows.inputs[:, :-1] * (rows.counts * rows.labels)[:, None]).sum(0)
    assert torch.equal(found, wanted)


@pytest.mark.parametrize(("dimension", "coding"), [(4, "sign"), (9, "bit"), (14, "sign")])
def test_all_engines_take_the_same_steps(dimension: int, coding: str) -> None:
    """20 steps: same points from the same generator, so the networks differ by rounding only."""
    setting = setting_of(dimensions=(dimension,), coding=coding, initialization="default", step_size=0.05)
    results = []
    for engine in (dense_engine, table_engine, stacked_engine):
        network = draw_network("default", dimension, 100, torch.Generator().manual_seed(0))
        draws, evaluation = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
        made = engine(Problem.of(setting, dimension, "cpu"), network, evaluation)
        state = made.advance(hinge_state(network), torch.empty(20), draws)
        results.append((state, made.observe(state)))
    for state, observed in results[1:]:
        for one, two in zip(results[0][0], state, strict=True):
            assert torch.allclose(one, two, rtol=0, atol=2e-5)
        for name, tolerance in (("accuracy", 2e-3), ("loss", 1e-5)):
            assert results[0][1][name].item() == pytest.approx(observed[name].item(), abs=tolerance)


@pytest.mark.parametrize("dimension", [4, 9, 14])
def test_stacked_batches_are_those_that_one_draw_after_the_other_gives(dimension: int) -> None:
    problem = Problem.of(setting_of(dimensions=(dimension,)), dimension, "cpu")
    stacked, draws = draw_batches(problem, 3, torch.Generator().manual_seed(1)), torch.Generator().manual_seed(1)
    for k in range(3):
        batch = draw_batch(problem, draws)
        assert stacked.scale == batch.scale
        assert stacked.counts[k].sum() == batch.counts.sum()
        for weight in (batch.labels, torch.ones_like(batch.labels)):
            other = stacked.labels[k] if weight is batch.labels else torch.ones_like(stacked.labels[k])
            found = (stacked.inputs[k] * (stacked.counts[k] * other)[:, None]).sum(0)
            assert torch.equal(found, (batch.inputs * (batch.counts * weight)[:, None]).sum(0))


def test_the_engine_goes_by_the_sizes() -> None:
    chosen = []
    for dimension, batch_size in ((4, 64), (20, 2000), (20, 32), (30, 2000)):
        setting = setting_of(dimensions=(dimension,), batch_size=batch_size, degree=3)
        network = draw_network("default", dimension, 100, torch.Generator())
        problem = Problem.of(setting, dimension, "cpu")
        chosen.append(make_engine(problem, network, torch.Generator()).name)
    assert chosen == ["cube", "cube", "hinge", "hinge"]


def test_accuracy_is_measured_on_the_whole_cube_or_on_a_sample() -> None:
    generator = torch.Generator().manual_seed(0)
    small = Problem.of(setting_of(dimensions=(5,)), 5, "cpu")
    assert len(evaluation_points(small, generator).labels) == 32
    large = Problem.of(setting_of(dimensions=(40,), degree=3, coding="bit"), 40, "cpu")
    points = evaluation_points(large, generator)
    assert points.inputs.shape == (4096, 41)
    assert set(points.inputs.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(points.labels, (-1.0) ** points.inputs[:, :3].sum(1))


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
    return Run(setting, result)


def test_censored_runs_count_as_longer_than_the_horizon() -> None:
    nan = np.nan
    case = analyse([training_run([10, 20, 30, nan, nan])], np.random.default_rng(0)).isel(case=0)
    assert (float(case["steps"][0]), float(case["solved"]), float(case["steps"][2])) == (30, 3, np.inf)
    assert float(case["ratio"][0]) == pytest.approx(30 / 50)
    lost = analyse([training_run([10, nan, nan, nan, nan])], np.random.default_rng(0)).isel(case=0)
    assert float(lost["steps"][0]) == np.inf


def linearised_time(initialization: Initialization, dimension: int, generator: torch.Generator) -> float:
    """Steps to full accuracy over ``T = 1/(step size lambda_v)`` of the network linearised at its start: width, batch,
    step size, hinge loss and full parity of Figure 1, the output on the whole cube moved by the start's kernel."""
    step_size, batch = 0.002, 2000
    network = draw_network(initialization, dimension, 2000, generator, dtype=torch.float64)
    bits = cube_bits(torch.arange(2**dimension), dimension, torch.float64)
    inputs, labels = coded_inputs(bits, "sign"), parity_signs(bits, dimension)
    z = inputs @ network.weights.T
    active = (z > 0).double()
    by_weights = ((active * network.readout**2) @ active.T) * (inputs @ inputs.T)
    kernel = (z.relu() @ z.relu().T + by_weights + 1).numpy()
    output, sign = (z.relu() @ network.readout + network.offset).numpy(), labels.numpy()
    expected = 1 / (step_size * parity_gradient_norm(network, dimension, "sign"))
    assert expected == pytest.approx(4.0**dimension / (step_size * (sign @ kernel @ sign)), rel=1e-6)
    rng, steps = np.random.default_rng(int(torch.randint(2**62, (), generator=generator))), 0
    while not (sign * output > 0).all():
        counts = rng.multinomial(batch, np.full(sign.size, 1 / sign.size)) / batch
        output = output + step_size * kernel @ (counts * sign * (sign * output < 1))
        steps += 1
        assert steps < 20 * expected
    return steps / expected


@pytest.mark.parametrize(
    ("initialization", "times"),
    [("default", {4: 0.53, 5: 0.61, 6: 0.72}), ("rademacher", {4: 0.71, 6: 0.64, 8: 0.66})],
)
def test_the_linearised_network_is_right_before_its_margin_of_one(
    initialization: Initialization, times: dict[int, float]
) -> None:
    """T is no time of full accuracy: the linearised network is right on all points before it, and what is learned
    before T shows no feature learning. Median of seven starts, within 0.15 (three standard errors) of the README's,
    of fifteen (fixed seed)."""
    generator = torch.Generator().manual_seed(12)
    for dimension, time in times.items():
        found = [linearised_time(initialization, dimension, generator) for _ in range(7)]
        assert np.median(found) == pytest.approx(time, abs=0.15), dimension
        assert np.median(found) < 1

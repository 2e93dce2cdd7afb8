"""Times of questions against closed forms and against the network with all its weights."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr
from scipy.special import betaincinv

from learnability.flows.closed import solve_closed
from learnability.flows.multi_index import haar_correlations
from learnability.hermite.function_target import Link
from learnability.hermite.target_language import parse
from learnability.pipeline.direct import analyses
from learnability.pipeline.questions import Question
from learnability.sgd import subspace
from learnability.sgd.full import full_engine, network_state, random_directions
from learnability.sgd.loop import run
from learnability.sgd.problem import TwoLayerProblem
from learnability.studies.atlas.answer import answers, called, learned_together
from learnability.studies.atlas.problem import expansion_of
from learnability.studies.atlas.settings import LinkPoints, Target


def median_of_square(dimension: int) -> float:
    """Median time of the joint flow of h2: ``d mu = 4 mu^2 (1 - mu) dt`` from the median of Beta(1/2, (d-1)/2)."""
    start = float(betaincinv(0.5, (dimension - 1) / 2, 0.5))

    def primitive(mu: float) -> float:
        return math.log(mu / (1 - mu)) - 1 / mu

    return (primitive(0.5) - primitive(start)) / 4


@pytest.fixture(scope="module")
def square() -> dict[str, xr.Dataset]:
    return dict(analyses(Question(targets=("h2(z1)",), dimension=200, seeds=256), root_seed=1))


def test_the_median_time_is_that_of_the_closed_form_within_its_error(square: dict[str, xr.Dataset]) -> None:
    """Four standard errors of a median of 256 (false alarm 6e-5): ranks 128 +- 32, hence quantiles 0.375 to 0.625."""
    times = square["times"].sel(flow="joint").isel(target=0, dimension=0)
    low, middle, high = (float(x) for x in times["escape_time"].isel(angle=0))
    assert low < median_of_square(200) < high
    starts = haar_correlations((200,), 1, 256, np.random.default_rng(2))
    solved = solve_closed(parse("h2(z1)"), "joint", starts, (200,)).crossing_time[0].numpy()
    near = np.quantile(solved, [0.375, 0.625])
    assert near[0] < median_of_square(200) < near[1]
    assert near[0] < middle < near[1]


def test_the_answer_says_what_was_found(square: dict[str, xr.Dataset]) -> None:
    (answer,) = answers(square)
    assert answer.target == "h2(z1)"
    assert [row[0] for row in answer.times] == ["direction 1, link refitted", "direction 1, link known"]
    assert any("log d" in sentence for sentence in answer.verdict)


def test_directions_that_are_learned_side_by_side_are_one_line() -> None:
    """Their times agree within a hundredth at every dimension; what most starts never reach is inf for both."""
    first, second = (
        np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]),
        np.array([[4.0, 5.0, np.inf], [40.0, 50.0, np.inf]]),
    )
    later = second * [[1.005], [1.02]]
    times = xr.Dataset(
        {
            "escape_time": (("angle", "dimension", "quantile"), np.stack([first, second, second * 1.005, later])),
            "directions": ((), 4),
        }
    )
    groups = learned_together(times)
    assert groups == [range(1), range(1, 3), range(3, 4)]
    assert [called(group) for group in groups] == ["direction 1", "directions 2 to 3", "direction 4"]


def test_what_is_learned_together_has_one_row_unless_targets_are_compared(square: dict[str, xr.Dataset]) -> None:
    times = xr.concat([square["times"], square["times"]], "angle", data_vars="minimal")
    times["directions"] = times["directions"] * 2
    (alone,) = answers({**square, "times": times})
    assert [row[0] for row in alone.times] == ["directions 1 to 2, link refitted", "directions 1 to 2, link known"]
    both = {name: xr.concat([one, one], "target") for name, one in {**square, "times": times}.items()}
    for compared in answers(both):
        assert [row[0][:12] for row in compared.times] == ["direction 1,", "direction 2,"] * 2


def test_half_of_the_starts_of_an_odd_planted_link_are_trapped() -> None:
    """h3: the correlation must be positive. 256 starts, five standard errors (false alarm 6e-7)."""
    found = analyses(Question(targets=("h3(z1)",), dimension=100, seeds=256), root_seed=1)["times"]
    share = float(found["trapped"].sel(flow="planted").isel(target=0, dimension=0)[0])
    assert abs(share - 0.5) < 5 * 0.5 / 16
    assert float(found["unresolved"].sum()) == 0


def test_samples_of_the_chain_are_those_of_the_whole_network() -> None:
    """The overlap chain and the d-dimensional engine, 24 runs each: medians within a factor of two."""
    torch.set_num_threads(1)
    target, dimension, chains = parse("h2(z1)"), 60, 24
    samples, _ = subspace.samples_to_learn(
        target, dimension, subspace.Budget(200_000, 8, chains), np.random.default_rng(3)
    )
    step_size, batch = subspace.schedule(2, dimension)
    problem = TwoLayerProblem(label=lambda z: subspace.polynomial(target, z), activation=subspace.RELU)
    rng = np.random.default_rng(4)
    generator = torch.Generator().manual_seed(5)
    bias = torch.from_numpy(rng.uniform(0.3, 1, (chains, 8)) * rng.choice([-1.0, 1.0], (chains, 8)))
    signs = torch.tensor([1.0, -1.0] * 4, dtype=torch.float64)
    state = network_state(random_directions((chains, 8, dimension), generator, torch.float64), signs, bias)
    engine = full_engine(problem, torch.eye(dimension, dtype=torch.float64)[:1], batch)
    engine = replace(engine, observe=lambda s: {"cosine": subspace.smallest_cosine(s.weights, 1)})
    grid = np.unique(np.geomspace(10, 1000, 60).astype(int))
    seen = run(engine, state, grid, lambda n: np.full(len(n), step_size), generator)
    reached = seen.observed["cosine"] > subspace.LEARNED
    whole = np.where(reached.any(0), grid[reached.argmax(0)] * batch, math.inf)
    ratio = np.quantile(samples, 0.5, method="inverted_cdf") / np.quantile(whole, 0.5, method="inverted_cdf")
    assert 0.5 < ratio < 2


def test_a_link_by_its_values_has_the_expansion_of_its_function() -> None:
    """What flows see of h3, as a table of 321 points, and of the polynomial itself."""
    link = Link.from_callable(lambda z: (z**3 - 3 * z) / 6**0.5)
    points = LinkPoints(name="g", z=link.z, values=link.values)
    table = expansion_of(Target(text="g(z1)", links=(points,)))
    assert set(table.coefficients) == {(3,)}
    assert table.coefficients[(3,)] == pytest.approx(1, abs=1e-4)

"""The atlas: the search for n, exponents and what is pooled over targets, against laws that are planted."""

import math
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from learnability.pipeline.config import load_study
from learnability.pipeline.direct import DirectContext
from learnability.results.claim import NotAtThisScale, judge
from learnability.results.contract import Run
from learnability.results.labelled import names, with_bounds
from learnability.results.store import concatenate
from learnability.studies.atlas import theory
from learnability.studies.atlas.check.methods import counts
from learnability.studies.atlas.exponents.analyse import analyse
from learnability.studies.atlas.exponents.claims import CLAIMS
from learnability.studies.atlas.exponents.search import FIRST, RESOLUTION, samples_needed
from learnability.studies.atlas.exponents.setting import ExponentsSetting
from learnability.studies.atlas.exponents.train import train
from learnability.studies.atlas.problem import known_of
from learnability.studies.atlas.scaling import middle_half
from learnability.studies.atlas.settings import Target

METHODS = ("online_sgd", "reused_samples", "partial_trace", "u_statistic")
LEAPS = [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3), (4, 1), (4, 2), (4, 4)]


@pytest.mark.parametrize("threshold", [3, 16, 17, 100, 777, 4000])
def test_the_search_finds_a_threshold_within_its_resolution(threshold: int) -> None:
    found = samples_needed(lambda n: n >= threshold, 8192)
    assert max(threshold, FIRST) <= found <= max(RESOLUTION * threshold + 1, FIRST)


def test_what_is_not_learned_within_the_samples_is_infinite() -> None:
    asked: list[int] = []
    assert math.isinf(samples_needed(lambda n: bool(asked.append(n)), 1000))
    assert asked == [16, 32, 64, 128, 256, 512]


def test_a_pass_is_looked_at_in_steps_of_the_resolution() -> None:
    assert counts(FIRST, 64, RESOLUTION)[0] == FIRST
    assert counts(FIRST, 64, RESOLUTION)[-1] == 64
    grid = counts(FIRST, 10_000, RESOLUTION)
    np.testing.assert_allclose(np.diff(np.log(grid[8:])), math.log(RESOLUTION), atol=0.02)


def test_the_middle_half_is_that_of_a_trimmed_mean_and_bears_a_quarter_that_did_not_learn() -> None:
    rng = np.random.default_rng(2)
    samples = np.exp(rng.standard_normal((3, 16)))
    ordered = np.sort(np.log(samples), axis=-1)
    np.testing.assert_allclose(middle_half(samples), np.exp(ordered[:, 4:12].mean(axis=-1)))
    # Ten seeds: the third and the eighth count half.
    few = np.log(np.arange(1.0, 11))
    expected = math.exp((few[3:7].sum() + (few[2] + few[7]) / 2) / 5)
    assert float(middle_half(np.arange(10.0, 0, -1))) == pytest.approx(expected)
    samples[0, :4] = samples[1, :5] = math.inf
    assert np.isfinite(middle_half(samples)).tolist() == [True, False, True]


def test_the_middle_half_varies_less_than_the_median() -> None:
    """The ratio of variances of 20 normal draws is 0.8; 4000 of them put it within 0.06 with less than 1e-3 outside."""
    draws = np.exp(np.random.default_rng(4).standard_normal((4000, 20)))
    ratio = np.log(middle_half(draws)).var() / np.median(np.log(draws), axis=-1).var()
    assert ratio == pytest.approx(0.8, abs=0.06)


def tiny(**given: object) -> ExponentsSetting:
    base = {"target": {"texts": ("h1(z1)",)}, "methods": ("partial_trace", "online_sgd"), "dimensions": {"1": (16, 64)}}
    return ExponentsSetting.model_validate({**base, "kernel_dimensions": {}, **given})


def test_a_method_runs_on_its_first_seeds_alone_whatever_the_batches() -> None:
    setting = tiny(most_seeds={"online_sgd": 5})
    assert [setting.asked("online_sgd", range(*ends)) for ends in ((0, 4), (4, 8), (8, 12))] == [4, 1, 0]
    assert setting.asked("partial_trace", range(4, 8)) == 4
    parts = [
        train(setting, DirectContext(1, ("atlas", "test", str(a)), range(a, a + 4), lambda _: None)).assign_coords(
            seed=np.arange(a, a + 4)
        )
        for a in (0, 4)
    ]
    joined = concatenate(parts, "seed")
    ran = np.isfinite(joined["samples"].values[0]).all(axis=1)
    assert ran.tolist() == [[True] * 8, [True] * 5 + [False] * 3]
    found = analyse([Run(setting, joined)], np.random.default_rng(0))
    assert found["seeds"].values.tolist() == [8, 5]
    assert np.isfinite(found["exponent"].values).all()


def test_what_can_have_no_exponent_is_not_run_to_the_end() -> None:
    """Of 8 seeds 2 may fail: after the third the others are not asked. With no number declared, half of the batch."""
    lost = tiny(most_online=10_000, dimensions={"1": (4096, 4096)}, methods=("online_sgd",))
    seeds = range(8)
    assert lost.model_copy(update={"most_seeds": {"online_sgd": 8}}).bearable("online_sgd", seeds) == 2
    assert lost.model_copy(update={"most_seeds": {}}).bearable("online_sgd", seeds) == 4
    result = train(lost, DirectContext(1, ("atlas", "lost"), seeds, lambda _: None))
    assert np.isinf(result["samples"].values[0, 0, 0]).all()
    assert np.isnan(result["samples"].values[0, 0, 1]).all()


def planted(bend: float = 0.0, follow: float = 1.0) -> xr.Dataset:
    """48 seeds with exact power laws of each method's own leap, times a lognormal factor; ``bend`` is added to every
    exponent, and ``follow`` multiplies what an exponent has above 1."""
    rng, dimensions = np.random.default_rng(3), np.array([16, 32, 64])
    predicted = np.array(
        [[theory.law(m, s if theory.OWN_LEAP[m] == "correlational" else k) for m in METHODS] for s, k in LEAPS]
    )
    exponent = 1 + follow * (predicted - 1) + bend
    noise = np.exp(0.15 * rng.standard_normal((*exponent.shape, 3, 48)))
    samples = 5 * dimensions[:, None] ** exponent[..., None, None] * noise
    over = ("target", "method")
    columns = {
        "leap": [s for s, _ in LEAPS],
        "generative_leap": [k for _, k in LEAPS],
        "generative_exponent": [min(k, 2) for _, k in LEAPS],
        "link": [True] * len(LEAPS),
    }
    result = xr.Dataset(
        {
            "samples": ((*over, "place", "seed"), samples),
            "dimension": ((*over, "place"), np.broadcast_to(dimensions, (*exponent.shape, 3)).copy()),
            "predicted": (over, predicted),
            **{name: ("target", values) for name, values in columns.items()},
        },
        {"target": names("target", [f"target {i}" for i in range(len(LEAPS))], "target"),
         "method": names("method", METHODS, "method")},
    )  # fmt: skip
    found = analyse([Run(tiny(most_seeds={}), result)], np.random.default_rng(0))
    return with_bounds(found).assign_attrs(seeds=48)


def verdicts(data: xr.Dataset) -> dict[str, str]:
    said: dict[str, str] = {}
    for claim in CLAIMS:
        assert claim.measure is not None
        assert claim.rule is not None
        try:
            said[claim.id] = judge(claim.rule, claim.measure({"exponents": data}), claim.seeds_needed)[0]
        except NotAtThisScale:
            said[claim.id] = "not at this scale"
    return said


def test_planted_laws_are_read_off() -> None:
    data = planted()
    np.testing.assert_allclose(data["exponent"].values[..., 0], data["predicted"].values, atol=0.35)
    for method in METHODS:
        one = data.sel({"method": method})
        assert abs(float(one["offset"][0])) < 0.1
        assert float(one["slope"][0]) == pytest.approx(1, abs=0.3)
        assert float(one["preference"][0]) == pytest.approx(1, abs=0.5)
    assert float(data["gain"][0]) == pytest.approx(np.mean([s - 2 for s, k in LEAPS if s >= 3 and k <= 2]), abs=0.2)
    here = {i: said for i, said in verdicts(data).items() if "kernel" not in i and "best" not in i}
    assert set(here.values()) == {"supported"}


def test_a_law_that_is_off_by_more_than_half_a_step_is_contradicted() -> None:
    said = verdicts(planted(bend=0.7))
    assert {said[f"offset.{method}"] for method in METHODS} == {"contradicted"}
    assert {said[f"slope.{method}"] for method in ("online_sgd", "partial_trace", "u_statistic")} == {"supported"}


def test_methods_that_all_need_the_same_contradict_slopes_map_and_gain() -> None:
    said = verdicts(planted(follow=0.0))
    assert {verdict for i, verdict in said.items() if i.startswith("slope") and "kernel" not in i} == {"contradicted"}
    assert said["map.online_sgd"] == said["gain.second_look"] == "contradicted"


def test_methods_and_targets_that_were_not_run_are_not_at_this_scale() -> None:
    said = verdicts(planted())
    assert said["offset.kernel_ridge"] == said["offset.best_transform"] == "not at this scale"


def test_a_linear_target_takes_a_number_of_samples_proportional_to_the_dimension() -> None:
    """The mean of ``y x`` has the cosine ``1 / sqrt(1 + (d + 1) / n)`` about: 0.8 at ``n = 1.8 (d + 1)``."""
    setting = ExponentsSetting.model_validate(
        {
            "target": {"texts": ("h1(z1)",)},
            "methods": ("partial_trace", "online_sgd"),
            "dimensions": {"1": (16, 64)},
            "kernel_dimensions": {},
        }
    )
    context = DirectContext(1, ("atlas", "test"), range(8), lambda _: None)
    result = train(setting, context)
    needed = np.median(result["samples"].values, axis=-1)[0]
    assert result["dimension"].values[0].tolist() == [[16, 64], [16, 64]]
    np.testing.assert_allclose(needed[0] / (1.8 * np.array([17, 65])), 1, atol=0.4)
    np.testing.assert_allclose(np.log(needed[1, 1] / needed[1, 0]) / math.log(4), 1, atol=0.45)
    again = train(setting, context)
    assert again.identical(result)


def test_the_targets_of_the_atlas_fill_the_plane() -> None:
    """24 targets; every pair of leaps that the README's table has."""
    block = load_study(Path("config/studies"), "atlas").experiments["exponents"]
    texts = [text for group in block.sweep["target"] for text in group["texts"]]
    assert len(set(texts)) == 24
    known = [known_of(Target(text=text)) for text in texts]
    leaps = {(max(k for k, _ in one.correlational), max(k for k, _ in one.generative)) for one in known}
    assert leaps == {(1, 1), (2, 1), (3, 1), (4, 1), (2, 2), (3, 2), (4, 2), (3, 3), (4, 4)}

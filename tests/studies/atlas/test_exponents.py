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
JUDGED = ("supported", "contradicted", "inconclusive")
LEAPS = [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3), (4, 1), (4, 2), (4, 4)]


@pytest.mark.parametrize("threshold", [3, 16, 17, 100, 777, 4000])
def test_the_search_finds_a_threshold_within_its_resolution(threshold: int) -> None:
    found = samples_needed(lambda n: n >= threshold, 8192)
    assert max(threshold, FIRST) <= found <= max(RESOLUTION * threshold + 1, FIRST)


def test_what_is_not_learned_within_the_samples_is_infinite() -> None:
    asked: list[int] = []
    assert math.isinf(samples_needed(lambda n: bool(asked.append(n)), 1000))
    assert asked == [16, 32, 64, 128, 256, 512, 1000]


@pytest.mark.parametrize(("threshold", "most"), [(90, 100), (100, 100), (2, 5), (513, 1000)])
def test_the_search_goes_to_the_last_number_and_not_beyond(threshold: int, most: int) -> None:
    found = samples_needed(lambda n: n >= threshold, most)
    assert threshold <= found <= most
    assert found <= max(RESOLUTION * threshold + 1, min(FIRST, most))


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


def planted(bend: float = 0.0, follow: float = 1.0, methods: tuple[str, ...] = METHODS) -> xr.Dataset:
    """48 seeds with exact power laws of each method's own leap, times a lognormal factor; ``bend`` is added to every
    exponent, and ``follow`` multiplies what an exponent has above 1. A kernel has the degree of the correlational
    leap. The samples are the attribute ``samples``."""
    rng, dimensions = np.random.default_rng(3), np.array([16, 32, 64])
    predicted = np.array([[own_law(m, s, k) for m in methods] for s, k in LEAPS])
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
            "dimension": ((*over, "place"), np.broadcast_to(dimensions, (*exponent.shape, 3)).copy()),
            "predicted": (over, predicted),
            **{name: ("target", values) for name, values in columns.items()},
        },
        {"target": names("target", [f"target {i}" for i in range(len(LEAPS))], "target"),
         "method": names("method", methods, "method")},
    )  # fmt: skip
    return pooled_of(samples, result)


def own_law(method: str, leap: int, generative: int) -> float:
    if method == "kernel_ridge":
        return float(leap)
    return theory.law(method, leap if theory.OWN_LEAP[method] == "correlational" else generative)


def pooled_of(samples: np.ndarray, known: xr.Dataset) -> xr.Dataset:
    """The analysis of these samples (target, method, place, seed), of targets that are ``known``."""
    given = ("dimension", "predicted", "leap", "generative_leap", "generative_exponent", "link")
    result = known[list(given)].drop_attrs().assign(samples=(("target", "method", "place", "seed"), samples))
    found = analyse([Run(tiny(most_seeds={}), result)], np.random.default_rng(0))
    return with_bounds(found).assign_attrs(seeds=48, samples=samples)


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
        assert np.nanmax(np.abs(one["offset"].values[:, 0])) < 0.15
        assert float(one["slope"][0]) == pytest.approx(1, abs=0.3)
        assert float(one["preference"][0]) == pytest.approx(1, abs=0.5)
    assert float(data["gain"][0]) == pytest.approx(np.mean([s - 2 for s, k in LEAPS if s >= 3 and k <= 2]), abs=0.2)
    here = {i: said for i, said in verdicts(data).items() if "kernel" not in i and "best" not in i}
    assert set(here.values()) == {"supported"}


def test_every_law_is_judged_by_itself() -> None:
    """An exponent of 1 whatever the law: seven targets of p = 1 do not hide the two of the other laws."""
    data = planted(follow=0.0)
    for method in METHODS:
        one = data.sel({"method": method})
        laws, counts = one["law"].values, one["law_targets"].values
        np.testing.assert_allclose(one["offset"].values[counts > 0, 0], (1 - laws)[counts > 0], atol=0.1)
    assert {verdicts(data)[f"offset.{method}"] for method in METHODS} == {"contradicted"}
    claim = next(claim for claim in CLAIMS if claim.id == "offset.u_statistic")
    assert claim.measure is not None
    found = claim.measure({"exponents": data})
    assert found.estimate == pytest.approx(1, abs=0.05)
    assert [f"at p = {law}" in found.note for law in ("1 (7 targets)", "1.5 (1 target)", "2 (1 target)", "3")] == [
        True,
        True,
        True,
        False,
    ]


def test_deviations_of_opposite_signs_do_not_cancel() -> None:
    """A flat exponent of 2 lies on average on the laws 1, 2 and 3."""
    data = planted(follow=0.0, bend=1.0)
    offset = data.sel({"method": "online_sgd"})["offset"].values[:, 0]
    assert float(np.nanmean(offset)) == pytest.approx(0, abs=0.05)
    assert verdicts(data)["offset.online_sgd"] == "contradicted"


def test_what_resampled_seeds_leave_open_has_no_end() -> None:
    """12 of 48 seeds, the most that may, have not learned at the last dimension of the target of the largest law."""
    whole = planted()
    samples = whole.attrs["samples"].copy()
    samples[6, 0, 2, :12] = math.inf  # (4, 1) of online SGD
    data = pooled_of(samples, whole)
    one, before = data.sel({"method": "online_sgd"}), whole.sel({"method": "online_sgd"})
    for name, (values, known) in {
        "offset": (one["offset"].sel(law=3).values, before["offset"].sel(law=3).values),
        "slope": (one["slope"].values, before["slope"].values),
    }.items():
        middle, low, high = values
        assert np.isfinite([middle, low]).all(), name
        assert math.isinf(high), name
        assert np.isfinite(known).all(), name
    samples[6, 0, 2, :12] = whole.attrs["samples"][6, 0, 2, :12]
    samples[0, 0, 2, :12] = math.inf  # (1, 1): a small law, whose exponent lowers the slope
    slope = pooled_of(samples, whole).sel({"method": "online_sgd"})["slope"].values
    assert (np.isinf(slope[1]), np.isfinite(slope[2])) == (True, True)
    said = verdicts(data)
    assert said["offset.online_sgd"] == said["gain.second_look"] == "inconclusive"


def test_a_kernel_is_compared_with_the_number_of_polynomials_at_its_dimensions() -> None:
    """C(d + 2, 2) = (d + 1)(d + 2)/2 at d = 12 and 24: 91 and 325; p as d grows."""
    assert theory.polynomials_exponent(2, (12, 24)) == pytest.approx(math.log(325 / 91) / math.log(2))
    assert theory.polynomials_exponent(3, (10**6, 10**7)) == pytest.approx(3, abs=1e-4)
    data = planted(methods=("kernel_ridge",), bend=-0.4)
    expected = data["expected"].values[:, 0]
    degrees = data["predicted"].values[:, 0]
    for degree, found in zip(degrees, expected, strict=True):
        assert found == pytest.approx(theory.polynomials_exponent(int(degree), (16, 32, 64)))
    shift = [law - 0.4 - theory.polynomials_exponent(int(law), (16, 32, 64)) for law in np.unique(degrees)]
    np.testing.assert_allclose(data["offset"].values[0, :, 0], shift, atol=0.1)


def test_the_gain_says_on_which_dimensions_it_rests() -> None:
    claim = next(claim for claim in CLAIMS if claim.id == "gain.second_look")
    assert claim.measure is not None
    data = planted()
    assert claim.measure({"exponents": data}).note == "4 targets, theory 1.50 on them; d = 16 to 64 and 16 to 64"
    less = claim.measure({"exponents": data.assign(gain=data["gain"] - 0.5)}).note
    assert less.startswith("4 targets, theory 1.50 on them (outside the interval); ")


def test_what_fourteen_seeds_do_not_decide_asks_for_more() -> None:
    data = planted(methods=(*METHODS, "best_transform"))
    few = data.assign(seeds=data["seeds"] * 0 + 14)
    needed = ("slope.reused_samples", "slope.best_transform", "map.best_transform", "map.online_sgd")
    said, before = verdicts(few), verdicts(data)
    for name in needed:
        assert (said[name], before[name]) == ("inconclusive", "supported"), name
        claim = next(claim for claim in CLAIMS if claim.id == name)
        assert claim.measured.endswith("asked of 48 seeds, since 14 do not decide it")
    assert said["slope.u_statistic"] == "supported"


def test_what_is_pooled_names_the_targets_that_have_a_law_but_no_exponent() -> None:
    data = planted()
    exponent, predicted = data["exponent"].copy(), data["predicted"].copy()
    exponent[2, 0] = exponent[4, 0] = predicted[4, 0] = math.nan
    claim = next(claim for claim in CLAIMS if claim.id == "offset.online_sgd")
    assert claim.measure is not None
    note = claim.measure({"exponents": data.assign(exponent=exponent, predicted=predicted)}).note
    assert note.endswith("without 1 that have a law, but are not learned often enough here: target 2")
    assert "without" not in claim.measure({"exponents": data}).note


def test_the_claim_of_the_map_is_about_the_difference_and_its_note_has_both_coefficients() -> None:
    claim = next(claim for claim in CLAIMS if claim.id == "map.u_statistic")
    assert claim.measure is not None
    data = planted()
    found, response = claim.measure({"exponents": data}), data["response"].sel({"method": "u_statistic"})
    other, own = (float(response.isel(notion=place, bound=0)) for place in (0, 1))
    assert found.estimate == pytest.approx(own - other)
    assert f"correlational {other:.3f} [" in found.note
    assert f"generative {own:.3f} [" in found.note
    assert "than the correlational one" in claim.statement
    assert "larger by at least 1/2" in claim.statement


def test_a_law_that_is_off_by_more_than_half_a_step_is_contradicted() -> None:
    said = verdicts(planted(bend=0.7))
    assert {said[f"offset.{method}"] for method in METHODS} == {"contradicted"}
    assert {said[f"slope.{method}"] for method in ("online_sgd", "partial_trace", "u_statistic")} == {"supported"}


def test_methods_that_all_need_the_same_contradict_slopes_map_and_gain() -> None:
    said = verdicts(planted(follow=0.0))
    assert {verdict for i, verdict in said.items() if i.startswith("slope") and verdict in JUDGED} == {"contradicted"}
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

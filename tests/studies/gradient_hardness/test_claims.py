"""What the claims say, of what evidence, and that their rules follow what was measured: on made-up analyses."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from learnability.pipeline.kinds import kinds_of, stage_module
from learnability.results.claim import Claim, Measurement, NotAtThisScale, OutOfSteps, judge
from learnability.results.contract import Run
from learnability.results.labelled import with_bounds
from learnability.studies.gradient_hardness import sine_risk
from learnability.studies.gradient_hardness.gradient_spectrum import full_parity_over_mean
from learnability.studies.gradient_hardness.landscape.analyse import analyse as analyse_landscape
from learnability.studies.gradient_hardness.measuring import OUTLIER_DIMENSIONS
from learnability.studies.gradient_hardness.settings import Parity
from learnability.studies.gradient_hardness.theory import minima_density
from learnability.studies.gradient_hardness.training.analyse import analyse as analyse_training
from learnability.studies.gradient_hardness.training.setting import TrainingSetting

STUDY = "gradient_hardness"
CLAIMS: dict[str, Claim] = {
    claim.id: claim for kind in kinds_of(STUDY) for claim in stage_module(STUDY, kind, "claims").CLAIMS
}
NOISE = np.exp(0.05 * np.array([-1.0, 0.5, 0.0, 1.0, -0.5]))


def trainings(
    dimensions: list[int],
    steps: np.ndarray,
    degree: str | int = "full",
    horizon: int = 10**9,
    predicted: np.ndarray | float = np.nan,
    initialization: str = "default",
) -> xr.Dataset:
    """The analysis of runs that took ``steps`` (seed, dimension), NaN where they did not learn."""
    setting = TrainingSetting(
        target=Parity(dimensions=tuple(int(d) for d in dimensions), degree=degree),
        max_steps=horizon,
        initialization=initialization,  # type: ignore[arg-type]
    )
    count, attributes = len(steps), {"units": "1", "long_name": "x"}
    by_run, by_check = ("seed", "dimension"), ("seed", "dimension", "time")
    result = xr.Dataset(
        {
            "steps": (by_run, steps),
            "margin_steps": (by_run, np.full(steps.shape, np.nan)),
            "status": (by_run, np.ones(steps.shape, np.int8)),
            "gradient_norm": (by_run, 1 / (setting.step_size * np.broadcast_to(predicted, steps.shape))),
            "accuracy": (by_check, np.full((*steps.shape, 2), 0.5)),
            "loss": (by_check, np.full((*steps.shape, 2), 1.0)),
            "degree": ("dimension", dimensions if degree == "full" else [degree] * len(dimensions)),
        },
        {"dimension": dimensions, "time": ("time", [0, 100], attributes), "seed": np.arange(count)},
    )
    return with_bounds(analyse_training([Run(setting, result)], np.random.default_rng(0)))


def measured(name: str, experiment: str, analysis: xr.Dataset) -> tuple[Measurement, str]:
    claim = CLAIMS[name]
    assert claim.measure is not None
    assert claim.rule is not None
    found = claim.measure({experiment: analysis})
    return found, judge(claim.rule, found, claim.seeds_needed)[0]


@pytest.mark.parametrize(("exponent", "verdict"), [(1.4, "supported"), (4.0, "contradicted")])
def test_the_growth_of_sparse_parities_is_judged_by_its_exponent(exponent: float, verdict: str) -> None:
    d = np.array([20, 30, 50])
    noise = NOISE[:, None] * np.stack([np.ones(5), NOISE, NOISE[::-1]], 1)
    found, judged = measured("sparse-parity.growth", "sparse_parity", trainings(list(d), noise * d**exponent, degree=3))
    slopes = [np.polyfit(np.log(d), np.log(row), 1)[0] for row in noise * d**exponent]
    half = stats.t.ppf(0.975, 4) * stats.sem(slopes)
    assert (found.estimate, found.high - found.low) == pytest.approx((np.mean(slopes), 2 * half))
    assert judged == verdict


def test_the_growth_of_sparse_parities_needs_three_dimensions_and_every_run() -> None:
    with pytest.raises(NotAtThisScale):
        measured("sparse-parity.growth", "sparse_parity", trainings([20], NOISE[:, None] * 700, degree=3))
    steps = NOISE[:, None] * np.array([700.0, 1200, 2400])
    steps[0, 2] = np.nan
    with pytest.raises(OutOfSteps):
        measured("sparse-parity.growth", "sparse_parity", trainings([20, 30, 50], steps, degree=3))


def test_small_dimensions_are_no_evidence_of_what_is_learned_at_twenty() -> None:
    steps = np.tile([50.0, 150, 600, np.nan], (5, 1))
    analysis = trainings([4, 6, 12, 20], steps, horizon=6000)
    assert measured("figure-1.rademacher", "figure_1_rademacher", analysis)[1] == "contradicted"
    steps[2, 3] = 2500
    found, verdict = measured("figure-1.rademacher", "figure_1_rademacher", trainings([4, 6, 12, 20], steps))
    assert (found.estimate, found.seeds, verdict) == (1, 5, "supported")


def test_both_starts_are_compared_over_the_same_steps() -> None:
    """A run of a longer horizon that learns after 6,000 steps has not learned by then."""
    late = trainings([20], np.array([[2500.0], [3400], [16200], [2700], [np.nan]]), horizon=20000)
    never = trainings([20], np.full((5, 1), np.nan), horizon=6000)
    claim = CLAIMS["figure-1.start-decides"]
    assert claim.measure is not None
    assert claim.rule is not None
    found = claim.measure({"figure_1_rademacher": late, "figure_1_lecture": never})
    assert (found.estimate, found.note) == (3, "3 of 5 from the Rademacher start and 0 of 5 from the default start")
    # As soon as one run of the default start learns, the start does not decide.
    all_fast, one_slow = np.full((5, 1), 2500.0), np.array([[5000.0], *[[np.nan]] * 4])
    for slow in (one_slow, all_fast * 2):
        analyses = {"figure_1_rademacher": trainings([20], all_fast), "figure_1_lecture": trainings([20], slow)}
        assert judge(claim.rule, claim.measure(analyses), claim.seeds_needed)[0] == "contradicted"
    found, _ = measured("figure-1.rademacher", "figure_1_rademacher", late)
    assert (found.estimate, found.note) == (3, "of 5 runs; 4 by 20000")


def test_the_factor_between_both_starts_is_said_at_every_dimension() -> None:
    slow = trainings([4, 6, 8], NOISE[:, None] * np.array([900.0, 2300, 3000]))
    fast = trainings([4, 6, 8, 10], NOISE[:, None] * np.array([100.0, 100, 100, 100]))
    claim = CLAIMS["figure-1.initialization"]
    assert claim.measure is not None
    found = claim.measure({"figure_1_default": slow, "figure_1_rademacher": fast})
    assert (found.estimate, found.note) == (pytest.approx(30), "the last of 9 at d = 4, 23 at d = 6, 30 at d = 8")


def test_no_claim_of_the_predicted_time_names_a_cause() -> None:
    for name, claim in CLAIMS.items():
        if name.startswith("lazy-time"):
            assert "features" not in claim.statement + claim.expected, name
            assert "falls behind" not in claim.statement + claim.expected, name


def test_an_odd_parity_from_zero_biases_takes_longer_than_its_neighbours() -> None:
    steps = NOISE[:, None] * np.array([120.0, 9000, 1500])
    runs = trainings([4, 5, 6], steps, horizon=20000, initialization="gaussian")
    found, verdict = measured("figure-1.odd-gaussian", "figure_1_variants", runs)
    assert (found.estimate, verdict) == (pytest.approx(6), "supported")
    assert found.note == "median steps 120 at d = 4, 1500 at d = 6, 9000 at d = 5"
    steps[:, 1] = np.nan  # the horizon is a lower bound
    cut, verdict = measured(
        "figure-1.odd-gaussian",
        "figure_1_variants",
        trainings([4, 5, 6], steps, horizon=5000, initialization="gaussian"),
    )
    assert (cut.estimate, verdict) == (pytest.approx(5000 / 1500), "supported")
    assert cut.note.endswith("5000 at d = 5, 5 runs beyond the horizon")
    steps[:, 1] = 1500
    equal = trainings([4, 5, 6], steps, horizon=20000, initialization="gaussian")
    assert measured("figure-1.odd-gaussian", "figure_1_variants", equal)[1] == "inconclusive"
    with pytest.raises(NotAtThisScale):
        measured(
            "figure-1.odd-gaussian", "figure_1_variants", trainings([4, 5], steps[:, :2], initialization="gaussian")
        )


def ratios(growth: float, horizon: int = 10**9, lost: int | None = None) -> xr.Dataset:
    """Runs with measured over predicted steps ~ d^growth, one of them censored at the place ``lost``."""
    d = np.array([4, 8, 12, 20])
    predicted = 10.0 * d**2
    steps = NOISE[:, None] * predicted * (d / 4) ** growth
    if lost is not None:
        steps[0, lost] = np.nan
    return trainings(list(d), steps, horizon=horizon, predicted=predicted)


def test_a_censored_run_at_the_largest_dimension_is_a_lower_bound_of_the_trend() -> None:
    name, experiment = "lazy-time.rademacher.trend", "figure_1_rademacher"
    whole, verdict = measured(name, experiment, ratios(0.5))
    assert (verdict, whole.low > 1.25, whole.note) == ("contradicted", True, "from d = 4 to 20, as d^0.50")
    # 8944 steps are predicted from the growth; a horizon of 20000 is beyond them.
    cut, verdict = measured(name, experiment, ratios(0.5, horizon=20000, lost=3))
    assert verdict == "contradicted"
    assert cut.note.endswith("a lower bound, for 1 runs beyond the horizon count as the horizon")
    for undecided in (ratios(0.0, horizon=20000, lost=3), ratios(0.5, horizon=20000, lost=1)):
        with pytest.raises(OutOfSteps):
            measured(name, experiment, undecided)


@pytest.mark.parametrize(("bend", "verdict"), [(1.0, "supported"), (0.5, "contradicted")])
def test_the_outlier_is_judged_by_its_least_growth_at_the_largest_width(bend: float, verdict: str) -> None:
    """What the smaller widths do is not judged."""
    d = np.array(OUTLIER_DIMENSIONS)
    whole = np.stack([np.zeros(d.size), np.array([full_parity_over_mean(int(at), 2000) for at in d])])
    analysis = xr.Dataset(
        {"outlier": (("outlier_width", "outlier_dimension"), bend * whole)},
        {"outlier_width": [16, 2000], "outlier_dimension": d},
    )
    found, judged = measured("variance-parity.outlier", "gradient_variance", analysis)
    assert (found.estimate, judged) == (pytest.approx(0.675 * bend, abs=0.001), verdict)
    if bend == 1:
        assert found.note.startswith("times the class mean: 0.78 at d = 10, 5.5 at d = 14, 1.8e+02 at d = 20")
        assert found.note.endswith("0.68 bits at d = 10, 0.95 at d = 60")


def noise_costs(cost: np.ndarray) -> xr.Dataset:
    """The analysis of predicted steps that noise multiplies by e^cost, (dimension, noise 0.1 and 1)."""
    d, levels = np.array([8, 10, 12, 14]), [0.0, 0.1, 1.0]
    norm = np.ones((5, d.size, 3))
    norm[..., 1:] = np.exp(-cost * NOISE[:, None, None])
    result = xr.Dataset(
        {"gradient_norm": (("seed", "dimension", "noise_level"), norm)},
        {"dimension": d, "noise_level": levels},
        {"step_size": 0.002},
    )
    setting = stage_module(STUDY, "initialization_noise", "setting").InitializationNoiseSetting(
        target=Parity(dimensions=tuple(d.tolist())), noise_levels=tuple(levels)
    )
    analyse = stage_module(STUDY, "initialization_noise", "analyse").analyse
    return with_bounds(analyse([Run(setting, result)], np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("power", "threshold", "root"),
    [(1, "supported", "supported"), (2, "supported", "contradicted"), (0.5, "contradicted", "contradicted")],
)
def test_what_noise_costs_is_judged_by_its_logarithm_over_the_dimension(
    power: float, threshold: str, root: str
) -> None:
    """A scale of 1/d, the power 2, has a quotient of 14/8; a power of d has less than one."""
    d = np.array([8, 10, 12, 14])
    analysis = noise_costs((d / 8.0)[:, None] ** power * 8 * np.array([0.022, 0.56]))
    found, judged = measured("rademacher-threshold", "rademacher_threshold", analysis)
    assert (found.estimate, judged) == (pytest.approx(1.75 ** (power - 1)), threshold)
    assert found.note.startswith("log(factor)/d: 0.56 at d = 8")
    found, judged = measured("rademacher-threshold.inverse-root", "rademacher_threshold", analysis)
    assert (found.estimate, judged) == (pytest.approx(1.75 ** (power - 1)), root)
    assert found.note.startswith("log(factor)/(d sigma^2) at sigma = 0.1: 2.2 at d = 8")
    with pytest.raises(NotAtThisScale):
        measured("rademacher-threshold", "rademacher_threshold", analysis.isel(dimension=[0, 3]))


@pytest.mark.parametrize(("share", "verdict"), [(0.6, "supported"), (0.7, "contradicted")])
def test_the_kernel_s_own_share_is_what_is_judged(share: float, verdict: str) -> None:
    shares = np.array([[0.8, share], [0.8, share - 0.01], [0.8, share - 0.02]])
    analysis = xr.Dataset({"cube_share": (("seed", "dimension"), shares)}, {"dimension": [4, 10]})
    found, judged = measured("kernel-curse", "kernel_predictor", analysis)
    assert (found.estimate, judged) == (share, verdict)
    assert found.note.endswith(f"unseen points {0.5 / (1 - share):.2f} at d = 10, where predicting 0 has 1")
    assert CLAIMS["kernel-curse"].source.startswith("this study")
    with pytest.raises(NotAtThisScale):
        measured("kernel-curse", "kernel_predictor", analysis.isel(dimension=[0]))


def test_the_sizes_of_the_packings_are_said() -> None:
    ratio = [0.9, 0.99, np.nan]
    analysis = xr.Dataset(
        {
            "largest_packing": ("packing_dimension", [8.0, 36, 1488]),
            "packing_corrected_ratio": ("packing_dimension", ratio),
        },
        {"packing_dimension": [2, 3, 6]},
    )
    found, judged = measured("variance-packing.corrected", "orthonormal_classes", analysis)
    assert (found.estimate, found.note, judged) == (0.99, "n = 8 at d = 2, 36 at d = 3", "supported")
    assert "read as |inner products|" in CLAIMS["variance-packing.printed"].statement
    for name in ("printed", "corrected"):
        assert "|inner products| at most 1/n^2" in CLAIMS[f"variance-packing.{name}"].statement


def test_identities_are_tests_and_no_claims() -> None:
    assert not {"hinge-bound", "variance-parity.factor", "variance-parity.corrected"} & set(CLAIMS)


def test_the_extrapolation_has_the_error_of_its_seeds_and_the_exponent_of_the_last_dimensions() -> None:
    d = np.array([4, 5, 6, 7, 8])
    mixed = np.stack([np.roll(NOISE, k) for k in range(5)], 1)
    found, _ = measured("figure-1.extrapolation", "figure_1_default", trainings(list(d), mixed**0.01 * d**4.0))
    assert found.low == pytest.approx(20**4, rel=0.02)
    assert found.high > 20**5
    noisy, _ = measured("figure-1.extrapolation", "figure_1_default", trainings(list(d), mixed * d**4.0))
    assert noisy.low < 0.8 * found.low
    # The exponent falls from 6 to 3: the power law of all d says more than that of the last three.
    falling = 300 * np.array([0.1, 1, 1.2**6, 1.2**6 * (7 / 6) ** 3, 1.2**6 * (8 / 6) ** 3])
    found, verdict = measured("figure-1.extrapolation", "figure_1_default", trainings(list(d), mixed**0.01 * falling))
    assert found.low == pytest.approx(falling[-1] * 2.5**3, rel=0.02)
    assert verdict == "inconclusive"


def test_the_extrapolation_ends_before_the_first_dimension_with_a_censored_run() -> None:
    d, mixed = [5, 6, 7, 8], np.stack([np.roll(NOISE, k) for k in range(4)], 1)
    steps = mixed * np.array(d) ** 4.0
    steps[0, 3] = np.nan
    whole, _ = measured(
        "figure-1.extrapolation", "figure_1_default", trainings(d[:3], mixed[:, :3] * np.array(d[:3]) ** 4.0)
    )
    assert measured("figure-1.extrapolation", "figure_1_default", trainings(d, steps))[0] == whole
    steps[0, 2] = np.nan
    cut, verdict = measured("figure-1.extrapolation", "figure_1_default", trainings(d, steps))
    assert (np.isnan(cut.estimate), verdict) == (True, "inconclusive")
    with pytest.raises(NotAtThisScale):
        measured("figure-1.extrapolation", "figure_1_default", trainings([4, 5], mixed[:, :2] * 100))


def landscape(density: np.ndarray) -> xr.Dataset:
    """The analysis of samples with these densities of minima over Kac-Rice, (seed, frequency, sample size)."""
    frequency, sizes = np.array([1.0, 2.0, 4.0]), np.array([30, 100, 300, 1000])
    axes = ("seed", "frequency", "sample_size")
    ones = np.ones(density.shape)
    result = xr.Dataset(
        {
            "minima": (axes, density * minima_density(frequency)[:, None]),
            "area": (axes, ones),
            "deviation": (axes, ones / np.sqrt(sizes)),
            "depth": (axes, ones / np.sqrt(sizes)),
            "population_minima": ("frequency", np.full(3, 2.0)),
            "flat_fraction": ("frequency", 1 - 0.2 / frequency**2),
            "empirical_risk": (("seed", "w1", "w2"), np.ones((len(density), 2, 2))),
        },
        {"frequency": frequency, "sample_size": sizes, "w1": [-2.0, 2.0]},
    )
    setting = stage_module(STUDY, "landscape", "setting").LandscapeSetting(
        target={"frequencies": tuple(frequency)}, sample_sizes=tuple(int(size) for size in sizes)
    )
    return with_bounds(analyse_landscape([Run(setting, result)], np.random.default_rng(0)))


def test_the_density_of_minima_is_judged_where_the_risk_is_a_gaussian_field() -> None:
    """Whatever thirty points give; Student's interval of the seeds."""
    noise = 1 + 0.02 * np.random.default_rng(0).standard_normal((5, 3, 4))
    low, high = noise.copy(), noise.copy()
    low[..., 0], high[..., 0] = 0.2, 3
    found, verdict = measured("landscape-empirical", "sine_landscape", landscape(low))
    assert found == measured("landscape-empirical", "sine_landscape", landscape(high))[0]
    means = noise[..., 1:].mean((1, 2))
    interval = stats.t.interval(0.95, 4, means.mean(), stats.sem(means))
    assert (found.estimate, found.low, found.high) == pytest.approx((means.mean(), *interval))
    assert verdict == "supported"
    assert measured("landscape-empirical", "sine_landscape", landscape(0.5 * noise))[1] == "contradicted"


def test_both_minima_of_the_population_risk_stand_where_they_are_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The points of the grid nearest to w* and to 0; of a risk whose well is elsewhere one is not."""
    found, verdict = measured("landscape-population", "sine_landscape", landscape(np.ones((5, 3, 4))))
    assert (found.estimate, verdict) == (0, "supported")
    risk = sine_risk.population_risk
    monkeypatch.setattr(sine_risk, "population_risk", lambda grid, target, L: risk(grid, 1.1 * target, L))
    found, verdict = measured("landscape-population", "sine_landscape", landscape(np.ones((5, 3, 4))))
    assert (found.estimate, verdict) == (1, "contradicted")


def test_the_flat_area_has_a_limit_with_its_uncertainty() -> None:
    found, verdict = measured("landscape-population.flat", "sine_landscape", landscape(np.ones((5, 3, 4))))
    assert (found.estimate, verdict) == (pytest.approx(-2), "supported")


def test_evidence_is_what_its_definition_says() -> None:
    """A certificate is an identity of integers or of a closed form; draws and witnesses are none."""
    exact = {name for name, claim in CLAIMS.items() if claim.evidence == "exact"}
    assert exact == {
        "step-identity",
        "step-identity.printed",
        "parity-network",
        "parity-network.neurons",
        "parity-network.path-norm",
        "sq-parity",
        "sq-cosine.sign.printed",
        "sq-cosine.plane",
        "variance-parity.outlier",
    }


def test_what_no_source_states_is_this_study_s() -> None:
    for name in ("sparse-parity.growth", "rademacher-threshold.inverse-root", "figure-1.extrapolation"):
        assert CLAIMS[name].source.startswith("this study"), name
    assert not [name for name in CLAIMS if name.startswith("sparse-parity.d")]
    corollary = [claim for name, claim in CLAIMS.items() if name.startswith("drift.corollary")]
    assert [(claim.form, claim.source.partition(",")[0]) for claim in corollary] == [
        ("printed", "lecture"),
        ("corrected", "this study"),
    ]

"""The empirical flow of h2 in its Krylov space."""

import json
import math

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp
from scipy.stats import ks_2samp

from learnability.hermite.basis import gauss_hermite, hermite_basis
from learnability.results.claim import NotAtThisScale, judge
from learnability.results.contract import Run
from learnability.results.labelled import with_bounds
from learnability.studies.multi_index.empirical_flow.analyse import analyse
from learnability.studies.multi_index.empirical_flow.claims import CLAIMS, success_beyond_the_sign
from learnability.studies.multi_index.empirical_flow.flow import (
    EmpiricalFlow,
    population_time,
    share_of_positive_fits,
    share_that_follows,
)
from learnability.studies.multi_index.empirical_flow.sampling import Krylov, draw_krylov
from learnability.studies.multi_index.empirical_flow.setting import EmpiricalFlowSetting
from learnability.studies.multi_index.empirical_flow.train import train
from learnability.studies.multi_index.one_variable import escape_time, joint_rate, one_variable
from tests.doubles import Context


def _second_moment(dimension: int, count: int, rng: np.random.Generator) -> np.ndarray:
    x = rng.standard_normal((count, dimension))
    y = (x[:, 0] ** 2 - 1) / math.sqrt(2)
    return ((x.T * y) @ x / count - y.mean() * np.eye(dimension)) / math.sqrt(2)


def _statistics(krylov: Krylov) -> list[float]:
    flow = EmpiricalFlow(krylov)
    size = float(krylov.matrix[0, 1])
    return [float(krylov.matrix[0, 0]), size, float(krylov.overlaps[2]), float(krylov.matrix[2, 2]), flow.final]


@pytest.mark.parametrize(("dimension", "steps"), [(7, 7), (30, 8)])
def test_the_space_has_the_law_of_simulated_samples(dimension: int, steps: int) -> None:
    """Five statistics of the Krylov space over 1,000 draws against Lanczos' on d-dimensional samples: p above 1e-4
    each, so that a fault-free code fails for one seed in 1,000."""
    cosine, count, rng = 0.4, 90, np.random.default_rng(dimension)
    start = np.zeros(dimension)
    start[:2] = cosine, math.sqrt(1 - cosine**2)
    drawn, simulated = [], []
    for _ in range(1000):
        drawn.append(_statistics(draw_krylov(cosine, dimension, count, steps, rng)))
        moment, basis = _second_moment(dimension, count, rng), [start]
        for _ in range(steps - 1):
            image = moment @ basis[-1]
            for _ in range(2):
                image -= np.array(basis).T @ (np.array(basis) @ image)
            basis.append(image / np.linalg.norm(image))
        q = np.array(basis)
        simulated.append(_statistics(Krylov(q @ moment @ q.T, q[:, 0])))
    for one, other in zip(np.transpose(drawn), np.transpose(simulated), strict=True):
        assert ks_2samp(one, other).pvalue > 1e-4


def test_escape_time_against_an_integrated_flow() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        moment = _second_moment(5, 400, rng)
        start = np.array([0.3, *rng.standard_normal(4)])
        start[1:] *= math.sqrt(1 - 0.09) / np.linalg.norm(start[1:])
        frame, _ = np.linalg.qr(np.column_stack([start, np.eye(5)[:, 1:]]))
        frame *= np.sign(frame[:, 0] @ start)
        flow = EmpiricalFlow(Krylov(frame.T @ moment @ frame, frame[0]))

        def velocity(_: float, w: np.ndarray, moment: np.ndarray = moment) -> np.ndarray:
            fit = w @ moment @ w
            return np.asarray(2 * fit * (moment @ w - fit * w))

        def escaped(_: float, w: np.ndarray) -> float:
            return float(w[0] ** 2 - 0.5)

        escaped.terminal = True  # type: ignore[attr-defined]
        solution = solve_ivp(velocity, (0, 300), start, events=escaped, rtol=1e-10, atol=1e-12)
        expected = solution.t_events[0][0] if solution.t_events[0].size else math.inf
        assert flow.escape_time() == pytest.approx(expected, rel=1e-7)
        if math.isinf(expected):
            assert abs(solution.y[0, -1]) == pytest.approx(flow.final, abs=1e-3)


def test_population_flow() -> None:
    link = one_variable("h2(z1)")
    for energy in (1e-5, 0.01, 0.3):
        assert population_time(energy) == pytest.approx(escape_time(lambda mu: joint_rate(link, mu), energy), rel=1e-10)
        target = np.sqrt([energy, 1 - energy])
        exact = Krylov(np.outer(target, target), target)
        assert EmpiricalFlow(exact).escape_time() == pytest.approx(population_time(energy), rel=1e-9)
    assert population_time(0.6) == 0.0


def test_variance_of_the_fit() -> None:
    nodes, weights = gauss_hermite(12)
    z, t = np.meshgrid(nodes, nodes, indexing="ij")
    mu = 0.37
    product = (hermite_basis(z, 2)[..., 2] * hermite_basis(math.sqrt(mu) * z + math.sqrt(1 - mu) * t, 2)[..., 2]) ** 2
    assert (np.outer(weights, weights) * product).sum() - mu**2 == pytest.approx(1 + 8 * mu + 5 * mu**2)


def test_shares_of_theory() -> None:
    """The coin, and the limit law by 400,000 draws, within 4 standard errors."""
    assert share_of_positive_fits(10**6, 32e6) == pytest.approx(0.5, abs=0.01)
    assert share_of_positive_fits(10**4, 16e8) == pytest.approx(share_of_positive_fits(10**6, 16e12), abs=0.001)
    rng = np.random.default_rng(0)
    rho = rng.standard_normal(400_000) / (2 * rng.chisquare(1, 400_000))
    ratio = np.full(len(rho), math.inf)
    ratio[rho > -1] = np.log1p(rho[rho > -1]) / rho[rho > -1]
    for error in (0.1, 0.25):
        assert share_that_follows(4, error) == pytest.approx((np.abs(ratio - 1) <= error).mean(), abs=0.0032)


def _analysis(seeds: int = 64, **changes: object) -> xr.Dataset:
    given = {"dimensions": [8, 16], "multiples": [16], "power": 2, "directions": 8, **changes}
    setting = EmpiricalFlowSetting.model_validate_json(json.dumps(given))
    return with_bounds(analyse([Run(setting, train(setting, Context(seeds)))], np.random.default_rng(0)))


def test_a_few_directions_suffice() -> None:
    assert (_analysis(16, dimensions=[64], directions=16)["truncation"] < 1e-8).all()


def test_claims_can_hold_and_fail() -> None:
    linear = _analysis(dimensions=[16, 1200], multiples=[32], power=1)
    square = _analysis()
    analyses = {"empirical_flow": linear, "empirical_flow_fixed": linear, "empirical_flow_square": square}
    counts = linear["success_count"]
    all_of_them = linear.assign(
        dict.fromkeys(("success_count", "weak_recovery_count"), counts * 0 + linear.attrs["seeds"])
    )
    always = {
        "empirical_flow": all_of_them,
        "empirical_flow_fixed": all_of_them,
        "empirical_flow_square": square.assign(followed_count=square["followed_count"] * 0),
    }
    none_of_them = linear.assign(dict.fromkeys(("success_count", "weak_recovery_count"), counts * 0))
    never = {**always, "empirical_flow": none_of_them, "empirical_flow_fixed": none_of_them}
    verdicts = {}
    for claim in CLAIMS:
        assert claim.measure is not None
        assert claim.rule is not None
        verdicts[claim.id] = [judge(claim.rule, claim.measure(data), claim.seeds_needed)[0] for data in (always, never)]
        assert math.isfinite(claim.measure(analyses).estimate)
    assert verdicts == {
        "samples.h2.alone": ["supported", "contradicted"],
        "samples.h2.coin": ["contradicted", "contradicted"],
        "samples.h2.fixed-ratio": ["contradicted", "supported"],
        "samples.h2.follows": ["contradicted", "contradicted"],
    }
    small = dict.fromkeys(analyses, linear.isel(dimension=slice(1)))
    for claim in CLAIMS[1:3]:
        with pytest.raises(NotAtThisScale):
            claim.measure(small)  # type: ignore[misc]


def test_the_coin_is_judged_at_every_dimension() -> None:
    """The interval holds for all dimensions together, and one dimension that is off contradicts."""
    linear = _analysis(512, dimensions=[16, 1200], multiples=[32], power=1, directions=6)
    signs = linear["predicted_success"].values[:, 0]
    for off, verdict in (((0.0, 0.0), "supported"), ((0.2, 0.0), "contradicted"), ((0.0, -0.2), "contradicted")):
        counts = np.rint(512 * (signs + off))[:, None]
        data = linear.assign(success_count=(linear["success_count"].dims, counts))
        found = success_beyond_the_sign({"empirical_flow": data})
        assert found.estimate == pytest.approx(max(map(abs, off)), abs=2e-3)
        assert judge(CLAIMS[1].rule, found)[0] == verdict  # type: ignore[arg-type]


def test_settings_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="must rise"):
        EmpiricalFlowSetting(dimensions=(16, 16), multiples=(1.0,), power=1)

"""Escape times."""

import math

import pytest
import xarray as xr
from scipy.integrate import quad

from learnability.results.claim import NotAtThisScale, judge
from learnability.studies.multi_index import theory
from learnability.studies.multi_index.closed_flows import batches_by_form, chosen_form
from learnability.studies.multi_index.escape.claims import CLAIMS
from tests.doubles import Context
from tests.studies.multi_index.runs import analyse, run_of, train


@pytest.mark.parametrize("flow", ["joint", "planted"])
def test_a_dimension_alone_gives_what_it_gives_beside_others(flow: str) -> None:
    """To the rounding of another batch: 1e-13 of an escape time, more of the time of the end, where the loss is flat.

    Both forms of the joint flow are in use.
    """
    dimensions = [50, 2000, 10**8]
    links = ["h2(z1)", "h1(z1) + h1(z1)*h2(z2)" if flow == "joint" else "h2(z1) + h2(z2)"]
    changes = {"flow": flow, "target": {"links": links}}
    together = train("escape", Context(6), dimensions=dimensions, **changes)
    alone = [train("escape", Context(6), dimensions=[d], **changes) for d in dimensions]
    joined = xr.concat(alone, "dimension", data_vars="minimal", coords="minimal", compat="equals", join="exact")
    assert set(joined.data_vars) == set(together.data_vars)
    assert joined["dimension"].values.tolist() == dimensions
    for name, whole in together.data_vars.items():
        part = joined[name].transpose(*whole.dims)
        if name in ("steps", "status"):
            xr.testing.assert_equal(part, whole)
        else:
            xr.testing.assert_allclose(part, whole, rtol=1e-9 if name == "end_time" else 1e-12, atol=1e-12)


def test_analysis_fits_exponents() -> None:
    analysis = analyse("escape", run_of("escape", 24, dimensions=[1000, 10**5]))
    assert float(analysis["slope"][0, 0, 0]) == pytest.approx(1, abs=0.05)
    assert analysis["exponent"].values[1].tolist() == [0, 1]
    assert float(analysis["exact_median"][0, 0]) == pytest.approx(theory.pure_median("joint", 2, 1000))


@pytest.mark.parametrize("s", [1, 2, 3, 5])
def test_exact_times_against_quadrature(s: int) -> None:
    joint = quad(lambda m: 1 / (2 * s * m**s * (1 - m)), 0.01, 0.5, epsabs=0, epsrel=1e-11)[0]
    assert float(theory.joint_escape_time(s, 0.01)) == pytest.approx(joint, rel=1e-9)
    planted = quad(lambda x: 1 / (s * x ** (s - 1) * (1 - x**2)), 0.1, math.sqrt(0.5), epsabs=0, epsrel=1e-11)[0]
    assert float(theory.planted_escape_time(s, 0.1)) == pytest.approx(planted, rel=1e-9)


def test_start_quantile_is_that_of_uniform_directions() -> None:
    # d = 3: the cosine is uniform on [-1, 1], so the median of its square is 1/4
    assert theory.start_quantile(3, 0.5) == pytest.approx(0.25)


def test_form_is_chosen_by_precision() -> None:
    assert chosen_form("auto", 1, [3], [100]) == "spectral"
    assert chosen_form("auto", 2, [1, 2], [10**4]) == "correlation"
    assert chosen_form("auto", 2, [1, 3], [10**4]) == "spectral"
    assert chosen_form("correlation", 1, [9], [10**9]) == "correlation"
    assert batches_by_form("auto", 2, [1, 3], [10**4, 100, 1000]) == [[0], [1, 2]]
    assert batches_by_form("spectral", 2, [1, 3], [10**4, 100, 1000]) == [[0, 1, 2]]


def test_claims_survive_missing_links() -> None:
    analysis = analyse("escape", run_of("escape", 10))
    found = {"escape_joint": analysis, "escape_planted": analysis}
    missing = 0
    for claim in CLAIMS:
        assert claim.measure is not None
        assert claim.rule is not None
        try:
            verdict, _ = judge(claim.rule, claim.measure(found), claim.seeds_needed)
        except NotAtThisScale:
            missing += 1
        else:
            assert verdict in ("supported", "contradicted", "inconclusive")
    assert missing == len(CLAIMS) - 5  # two links of joint claims, one of planted ones, and the two of large d

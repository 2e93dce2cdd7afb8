"""Escape times."""

import pytest
import xarray as xr

from learnability.flows.closed import chosen_form
from learnability.results.claim import NotAtThisScale, judge
from learnability.results.contract import Run
from learnability.studies.multi_index import theory
from learnability.studies.multi_index.closed_flows import batches_by_form
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


def test_analysis_has_local_exponents_of_both_saddles() -> None:
    analysis = analyse("escape", run_of("escape", 24, dimensions=[10**4, 10**5, 10**6]))
    assert analysis["last_limit"][:, 0].values == pytest.approx([1, 1], abs=0.01)
    assert float(analysis["first_limit"][1, 0]) == pytest.approx(0.5, abs=0.01)
    assert analysis["exponent"].values[1].tolist() == [0, 1]
    widths = analysis["last_limit"][:, 2] - analysis["last_limit"][:, 1]
    assert (widths > 0).all()


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


def test_the_exponent_of_a_wrong_law_is_contradicted() -> None:
    """Times of a saddle that is left in d^1.1 in place of d."""
    run = run_of("escape", 40, dimensions=[10**4, 10**5, 10**6])
    slower = run.result.assign(escape_time=run.result["escape_time"] * run.result["dimension"] ** 0.1)
    found = {"escape_joint": analyse("escape", Run(run.setting, slower, run.target_artifact))}
    claims = {claim.id: claim for claim in CLAIMS}
    verdicts = {}
    for claim in (claims["escape-joint.r2-s2"], claims["escape-joint.r2-s3"]):
        assert claim.measure is not None
        assert claim.rule is not None
        try:
            verdicts[claim.id] = judge(claim.rule, claim.measure(found), claim.seeds_needed)[0]
        except NotAtThisScale:
            verdicts[claim.id] = "missing"
    assert verdicts == {"escape-joint.r2-s2": "contradicted", "escape-joint.r2-s3": "missing"}

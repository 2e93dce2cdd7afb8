"""The accuracy of the closed flows."""

import numpy as np
import pytest
import xarray as xr

from learnability.hermite.target_language import parse
from learnability.hermite.tensors import symmetric_tensors
from learnability.results.claim import NotAtThisScale, judge
from learnability.results.contract import Run
from learnability.studies.multi_index.closure.claims import CLAIMS, difference
from learnability.studies.multi_index.closure.train import closed_velocities, direct_flow
from learnability.studies.multi_index.precision.analyse import starts
from learnability.studies.multi_index.precision.claims import lost, turned_away
from tests.studies.multi_index.runs import analyse, run_of


def test_the_flow_closes() -> None:
    analysis = analyse("closure", run_of("closure", 1))
    assert float(analysis["difference"].max()) < 1e-9
    assert 0 < float(analysis["field_difference"].max()) < 1e-11
    found = difference({"closure": analysis}, "joint")
    assert judge(CLAIMS[0].rule, found)[0] == "supported"  # type: ignore[arg-type]


def test_another_field_is_not_the_closed_one() -> None:
    """The planted field of the same link is off by its own size on the joint flow's path."""
    tensors = symmetric_tensors(parse("h1(z1)*h1(z2)"))
    rng = np.random.default_rng(0)
    frame, start = (np.linalg.qr(rng.standard_normal((14, 2)))[0] for _ in range(2))
    path, velocities = direct_flow(tensors, False, frame, start, np.linspace(0.1, 1, 5))
    np.testing.assert_allclose(closed_velocities(tensors, False, path), velocities, rtol=1e-10)
    assert np.abs(closed_velocities(tensors, True, path) - velocities).max() > 0.1 * np.abs(velocities).max()


def test_the_spectral_form_keeps_its_precision() -> None:
    run = run_of("precision", 3)
    analysis = analyse("precision", run)
    assert float(analysis["lost"].sel(form="spectral").max()) == 0
    assert turned_away({"precision": analysis}).estimate == 0
    with pytest.raises(NotAtThisScale):
        lost({"precision": analysis}, "spectral")
    assert float(analysis["hermite_error"].max()) < 1e-14
    assert (analysis["evaluations"] > 0).all()

    # Evaluations beyond the limit are missing in the analysis.
    counts = run.result["evaluations"].copy()
    counts.loc[{"method": "RK45"}] = [[np.inf, np.nan, np.nan]]
    again = analyse("precision", Run(run.setting, run.result.assign(evaluations=counts), run.target))
    assert np.isnan(again["evaluations"].sel({"method": "RK45"})).all()
    assert np.isfinite(again["evaluations"].sel({"method": "LSODA"})).all()


def test_a_start_counts_once_over_the_dimensions() -> None:
    """Against the claim: lost at any deep dimension by the spectral form, at all of them by the form in M."""
    off = np.zeros((1, 2, 2, 3, 4), dtype=bool)
    off[0, :, 1, 1:, 0] = True  # the first start at both deep dimensions
    off[0, :, 1, 2, 1] = True  # the second at one of them
    off[0, :, 1, 0, 2] = True  # the third where the saddle is not deep
    deep = np.array([[False, True, True]])
    names = {"form": ["correlation", "spectral"], "frame": ["axes", "rotated"]}
    data = xr.Dataset(starts(off, deep), names, attrs={"seeds": 4})
    assert lost({"precision": data}, "correlation").estimate == 0.25
    assert lost({"precision": data}, "spectral").estimate == 0.5
    assert turned_away({"precision": data}).estimate == 0.75
    shallow = xr.Dataset(starts(off, ~deep.any(keepdims=True) & deep), names, attrs={"seeds": 4})
    with pytest.raises(NotAtThisScale):
        lost({"precision": shallow}, "spectral")

"""The accuracy of the closed flows."""

import numpy as np

from learnability.results.contract import Run
from tests.studies.multi_index.runs import analyse, run_of


def test_the_flow_closes() -> None:
    analysis = analyse("closure", run_of("closure", 1))
    assert float(analysis["difference"].max()) < 1e-9


def test_the_spectral_form_keeps_its_precision() -> None:
    run = run_of("precision", 3)
    analysis = analyse("precision", run)
    assert float(analysis["lost"].sel(form="spectral").max()) == 0
    assert float(analysis["hermite_error"].max()) < 1e-14
    assert (analysis["evaluations"] > 0).all()

    # Evaluations beyond the limit are missing in the analysis.
    counts = run.result["evaluations"].copy()
    counts.loc[{"method": "RK45"}] = [[np.inf, np.nan, np.nan]]
    again = analyse("precision", Run(run.setting, run.result.assign(evaluations=counts), run.target))
    assert np.isnan(again["evaluations"].sel({"method": "RK45"})).all()
    assert np.isfinite(again["evaluations"].sel({"method": "LSODA"})).all()

"""The analyses of all experiments at tiny sizes, once for all tests."""

import pytest
import xarray as xr

from tests.doubles import Context
from tests.studies.subspace_polynomials.tiny import EXPERIMENTS, analyse, settings_of, train


@pytest.fixture(scope="package")
def analyses() -> dict[str, xr.Dataset]:
    found = {}
    for name, block in EXPERIMENTS.items():
        settings = settings_of(name)
        results = [train(block["kind"], setting, Context(2)) for setting in settings]
        found[name] = analyse(block["kind"], settings, results)
    return found

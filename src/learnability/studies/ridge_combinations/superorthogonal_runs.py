"""The construction as a training job: one row for every case (powers, degrees, parity, degree)."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.studies.ridge_combinations.settings import SuperorthogonalSetting
from learnability.studies.ridge_combinations.superorthogonal import least_eigenvalue, minimal_degree, solve

_LARGEST = 29


def train(setting: SuperorthogonalSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Residuals and fourth moments of the cases; the least eigenvalue over the degree for K = L = 2."""
    rng = context.stream("init")
    solutions = []
    for i, case in enumerate(setting.cases):
        solutions.append(solve(*case, setting.target.digits, rng))
        context.progress(i + 1, len(setting.cases))
    degrees = np.arange(3, _LARGEST)
    values = np.array([least_eigenvalue(int(n), int(n) % 2) for n in degrees])
    data = {
        "residual": (("case",), [s.residual for s in solutions], "largest |E[f^k h_l]| / |f^k|, multiprecision"),
        "start_residual": (("case",), [s.start_residual for s in solutions], "the same for the float64 solution"),
        "fourth_moment": (("case",), [s.fourth_moment for s in solutions], "E f^4 at E f^2 = 1"),
        "case_definition": (("case", "entry"), np.array(setting.cases), "powers, degrees, parity, degree"),
        "minimal_degree": (("parity",), [minimal_degree(0), minimal_degree(1)], "least degree, K = L = 2"),
        "least_eigenvalue": (("degree",), values, "least eigenvalue of E[h_i (x^2-1) h_j], K = L = 2"),
    }
    dataset = xr.Dataset({n: (d, np.asarray(v), {"units": "1", "long_name": t}) for n, (d, v, t) in data.items()})
    dataset.attrs["coefficients"] = [" ".join(s.coefficients) for s in solutions]
    return dataset.expand_dims(seed=list(context.seeds)[:1]).assign_coords(parity=[0, 1], degree=degrees)

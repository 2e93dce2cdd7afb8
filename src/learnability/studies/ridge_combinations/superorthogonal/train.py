"""The construction as a training job: one row for every case (powers, degrees, parity, degree)."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.studies.ridge_combinations.superorthogonal.polynomials import least_eigenvalue, minimal_degree, solve
from learnability.studies.ridge_combinations.superorthogonal.setting import SuperorthogonalSetting

_LARGEST = 29


def train(setting: SuperorthogonalSetting, context: RunContext) -> xr.Dataset:
    """Residuals and fourth moments of the cases; the least eigenvalue over the degree for K = L = 2.

    One construction a batch, which all of its seeds carry: a polynomial either satisfies its conditions or does not.
    """
    rng = context.stream("init")
    solutions = []
    for i, case in enumerate(setting.cases):
        solutions.append(solve(*case, setting.target.digits, rng))
        context.progress(i + 1, len(setting.cases))
    degrees = np.arange(3, _LARGEST)
    values = [least_eigenvalue(int(n), int(n) % 2) for n in degrees]
    residuals, starts = ([getattr(s, name) for s in solutions] for name in ("residual", "start_residual"))
    coefficients = np.array([" ".join(s.coefficients) for s in solutions], dtype=np.dtypes.StringDType())
    data = {
        "residual": variable("case", residuals, "largest |E[f^k h_l]| / |f^k|, multiprecision"),
        "start_residual": variable("case", starts, "the same for the float64 solution"),
        "fourth_moment": variable("case", [s.fourth_moment for s in solutions], "E f^4 at E f^2 = 1"),
        "coefficients": variable("case", coefficients, "coefficients on the free degrees, decimal"),
        "case_definition": variable(("case", "entry"), np.array(setting.cases), "powers, degrees, parity, degree"),
        "minimal_degree": variable("parity", [minimal_degree(0), minimal_degree(1)], "least degree, K = L = 2"),
        "least_eigenvalue": variable("degree", values, "least eigenvalue of E[h_i (x^2-1) h_j], K = L = 2"),
    }
    coords = {
        "parity": names("parity", ("even", "odd"), "parity of the polynomial"),
        "entry": names("entry", ("powers", "degrees", "parity", "degree"), "what defines a case"),
        "degree": degrees,
    }
    return xr.Dataset(data).expand_dims(seed=list(context.seeds)).assign_coords(coords)

"""Least degrees, and one decision for every case (powers, degrees, parity, degree), as a training job."""

import math
from functools import partial

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.results.sections import Arrays, Section, Sections
from learnability.results.status import status_attributes
from learnability.studies.ridge_combinations.superorthogonal.polynomials import (
    Outcome,
    cancellation,
    decide,
    least_degree,
    least_eigenvalue,
)
from learnability.studies.ridge_combinations.superorthogonal.setting import SuperorthogonalSetting

_LARGEST = 29
_CONDITIONS = (2, 3)


def _decided(case: tuple[int, int, int, int], digits: int, rng: np.random.Generator, _: Section) -> Arrays:
    powers, degrees, parity, degree = case
    decision = decide(powers, degrees, parity, degree, digits, rng)
    certificate = decision.certificate
    text = certificate.coefficients if certificate else []
    left = cancellation(powers, degrees, parity, text, degree) if certificate else math.nan
    return {
        "outcome": np.array(decision.outcome, np.int8),
        "scaled_residual": np.array(decision.scaled_residual),
        "cancellation": np.array(left),
        "radius": np.array(certificate.radius if certificate else math.nan),
        "kurtosis": np.array(certificate.kurtosis if certificate else (math.nan, math.nan)),
        "coefficients": np.array(" ".join(text)),
    }


def train(setting: SuperorthogonalSetting, context: RunContext) -> xr.Dataset:
    """Decisions with their certificates; the least degrees for K = 2 and the eigenvalue that decides them.

    One decision a case and batch, which all of its seeds carry: a polynomial exists or does not. Each case is a section
    of the checkpoint, with random starts of its own.
    """
    cases = ["-".join(map(str, case)) for case in setting.cases]
    sections = Sections(context, dict.fromkeys(cases, 1.0))
    results = []
    for name, case in zip(cases, setting.cases, strict=True):
        decided = partial(_decided, case, setting.target.digits, context.stream(f"init/{name}"))
        results.append(sections.result(name, decided))

    def stacked(name: str) -> np.ndarray:
        return np.stack([result[name] for result in results])

    degrees = np.arange(3, _LARGEST)
    values = [least_eigenvalue(int(n), int(n) % 2) for n in degrees]
    least = [[least_degree(ell, parity) for parity in (0, 1)] for ell in _CONDITIONS]
    codes = {outcome.name.lower(): int(outcome) for outcome in Outcome}
    data = {
        "status": xr.Variable("case", stacked("outcome"), status_attributes(codes)),
        "scaled_residual": variable("case", stacked("scaled_residual"), "E[f^k h_l] over its positive part, float64"),
        "cancellation": variable("case", stacked("cancellation"), "largest |E[f^k h_l]| / E|f^k h_l|"),
        "radius": variable("case", stacked("radius"), "certified distance of the exact solution, per coefficient"),
        "kurtosis": variable(("case", "end"), stacked("kurtosis"), "enclosure of E f^4 / (E f^2)^2"),
        "coefficients": variable(
            "case", stacked("coefficients").astype(np.dtypes.StringDType()), "coefficients on the free degrees, decimal"
        ),
        "case_definition": variable(("case", "entry"), np.array(setting.cases), "powers, degrees, parity, degree"),
        "least_degree": variable(("conditions", "parity"), least, "least degree at which E[f^2 h_2] takes both signs"),
        "least_eigenvalue": variable("degree", values, "least eigenvalue of E[h_i (x^2-1) h_j], L = 2"),
    }
    coords = {
        "conditions": variable("conditions", list(_CONDITIONS), "L, the largest l"),
        "parity": names("parity", ("even", "odd"), "parity of the polynomial"),
        "entry": names("entry", ("powers", "degrees", "parity", "degree"), "what defines a case"),
        "end": names("end", ("lower", "upper"), "end of the enclosure"),
        "degree": degrees,
    }
    return xr.Dataset(data).expand_dims(seed=list(context.seeds)).assign_coords(coords)

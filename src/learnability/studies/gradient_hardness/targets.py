"""Targets with what is known of them exactly."""

import math
from functools import singledispatch

import numpy as np
import xarray as xr

from learnability.results.contract import Model
from learnability.studies.gradient_hardness.settings import (
    AllParities,
    DriftModels,
    HalfspaceClass,
    OrthonormalClasses,
    Parity,
    SineNeuron,
    degree_of,
)


def build(target: Model, rng: np.random.Generator) -> xr.Dataset:
    """The target of a setting. Nothing here is random: the coordinates are exchangeable, so v is the first of
    them."""
    return _build(target)


def _variable(dims: str | tuple[str, ...], values: object, long_name: str, units: str = "1") -> tuple:
    return dims, np.asarray(values), {"units": units, "long_name": long_name}


def _by_dimension(dimensions: tuple[int, ...], variables: dict[str, tuple[list, str]]) -> xr.Dataset:
    content = {name: _variable("dimension", values, label) for name, (values, label) in variables.items()}
    return xr.Dataset(content, {"dimension": _variable("dimension", list(dimensions), "input dimension d")})


@singledispatch
def _build(target: Model) -> xr.Dataset:
    raise TypeError(f"no target is built from {type(target).__name__}")


@_build.register
def _(target: Parity) -> xr.Dataset:
    degrees = [degree_of(target.degree, d) for d in target.dimensions]
    return _by_dimension(
        target.dimensions,
        {
            "parity_degree": (degrees, "number of coordinates in the parity |v|"),
            "log2_parities": (list(target.dimensions), "log2 of the size of the class of parities"),
            "path_norm": ([6.0 * k * k + 1 for k in degrees], "path norm of the parity as a merged ReLU network"),
        },
    )


@_build.register
def _(target: AllParities) -> xr.Dataset:
    return _by_dimension(
        target.dimensions, {"parities": ([2**d for d in target.dimensions], "size of the class of parities")}
    )


@_build.register
def _(target: HalfspaceClass) -> xr.Dataset:
    return _by_dimension(
        target.dimensions, {"intersections": (list(target.intersections), "number k of halfspaces in the intersection")}
    )


@_build.register
def _(target: OrthonormalClasses) -> xr.Dataset:
    frequencies = [math.sqrt(d) for d in target.cosine_dimensions]
    return _by_dimension(target.cosine_dimensions, {"frequency": (frequencies, "length of w in cos(2 pi w.x)")})


@_build.register
def _(target: DriftModels) -> xr.Dataset:
    class_sizes = [float(d) for d in target.lifted_dimensions]
    return _by_dimension(
        target.lifted_dimensions, {"log2_parities": (class_sizes, "log2 of the size of the class of parities")}
    )


@_build.register
def _(target: SineNeuron) -> xr.Dataset:
    direction = [math.cos(target.angle), math.sin(target.angle)]
    return xr.Dataset(
        {
            "direction": _variable("coordinate", direction, "direction w* of the target"),
            "frequency": _variable("index", list(target.frequencies), "frequency L in sin(2 pi L w.x)"),
        }
    )

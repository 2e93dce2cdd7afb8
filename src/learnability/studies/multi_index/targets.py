"""Target artifacts: the links of a setting with everything known of them exactly."""

import json

import numpy as np
import xarray as xr

from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.tensors import leaps
from learnability.hermite.target_language import parse
from learnability.studies.multi_index.settings import Target

_MEANINGS = {
    "coefficient": ("Hermite coefficient, orthonormal", "1"),
    "multi_index": ("degree of the term in each variable; -1 beyond the last term", "1"),
    "num_variables": ("number of variables of the link", "1"),
    "norm": ("norm of the link, sqrt(E f^2)", "1"),
    "mean": ("mean of the link, E f", "1"),
    "information_exponent": ("lowest degree present", "1"),
    "leap_exponent": ("exponent of each saddle in the order of learning; 0 beyond the last", "1"),
    "leap_directions": ("number of directions learned at each saddle", "1"),
}


def build(target: Target, rng: np.random.Generator) -> xr.Dataset:
    """Coefficients, norms, information exponents and leaps of the links. Nothing is drawn: ``rng`` is not used."""
    return build_expansions([parse(text, target.variables) for text in target.links], list(target.links))


def build_expansions(links: list[HermiteExpansion], texts: list[str] | None = None) -> xr.Dataset:
    """The target artifact of links that are already expanded; ``texts`` are their names."""
    terms = max(len(link.coefficients) for link in links)
    r = max(link.variables for link in links)
    saddles = [leaps(link.centred()) for link in links]
    columns = {
        "coefficient": (("link", "term"), np.zeros((len(links), terms))),
        "multi_index": (("link", "term", "variable"), np.full((len(links), terms, r), -1)),
        "leap_exponent": (("link", "saddle"), np.zeros((len(links), r), dtype=np.int64)),
        "leap_directions": (("link", "saddle"), np.zeros((len(links), r), dtype=np.int64)),
        "num_variables": (("link",), np.array([link.variables for link in links])),
        "norm": (("link",), np.array([link.norm for link in links])),
        "mean": (("link",), np.array([link.mean for link in links])),
        "information_exponent": (("link",), np.array([link.information_exponent for link in links])),
    }
    for i, link in enumerate(links):
        for j, (index, value) in enumerate(link.coefficients.items()):
            columns["coefficient"][1][i, j] = value
            columns["multi_index"][1][i, j, :] = index + (0,) * (r - link.variables)
        for j, (exponent, directions) in enumerate(saddles[i]):
            columns["leap_exponent"][1][i, j], columns["leap_directions"][1][i, j] = exponent, directions
    variables = {
        name: (dims, values, {"long_name": _MEANINGS[name][0], "units": _MEANINGS[name][1]})
        for name, (dims, values) in columns.items()
    }
    expanded = [str(link) for link in links]
    attributes = {"links": json.dumps(texts or expanded), "expansions": json.dumps(expanded)}
    return xr.Dataset(variables, coords={"link": np.arange(len(links))}, attrs=attributes)


def expansions(target: xr.Dataset) -> list[HermiteExpansion]:
    """The links of a target artifact, centred."""
    links = []
    for i in range(target.sizes["link"]):
        r = int(target["num_variables"][i])
        indices = target["multi_index"].values[i, :, :r]
        terms = zip(indices, target["coefficient"].values[i], strict=True)
        coefficients = {tuple(int(k) for k in index): float(a) for index, a in terms if index.min() >= 0}
        links.append(HermiteExpansion(r, coefficients).centred())
    return links


def link_texts(target: xr.Dataset) -> list[str]:
    """The links as they stand in the config."""
    return list(json.loads(target.attrs["links"]))


def leap_exponents(target: xr.Dataset, link: int) -> list[int]:
    """The exponent of every direction of a link, in the order of learning."""
    exponents = target["leap_exponent"].values[link].tolist()
    directions = target["leap_directions"].values[link].tolist()
    return [s for s, number in zip(exponents, directions, strict=True) for _ in range(number)]

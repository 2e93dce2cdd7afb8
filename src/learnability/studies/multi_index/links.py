"""Links, and the target artifact of a setting: its links with everything known of them exactly."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.target_language import parse
from learnability.hermite.tensors import leaps
from learnability.results.labelled import names, texts, variable
from learnability.studies.multi_index.settings import Target


def build(target: Target, rng: np.random.Generator) -> xr.Dataset:
    """Coefficients, norms, information exponents and leaps of the links. Nothing is drawn: ``rng`` is not used."""
    return build_expansions([parse(text, target.variables) for text in target.links], target.links)


def build_expansions(links: Sequence[HermiteExpansion], written: Sequence[str] | None = None) -> xr.Dataset:
    """The target artifact of links that are already expanded; ``written`` are their texts in the config."""
    terms = max(len(link.coefficients) for link in links)
    r = max(link.variables for link in links)
    coefficients, indices = np.zeros((len(links), terms)), np.full((len(links), terms, r), -1)
    exponents, directions = (np.zeros((len(links), r), dtype=np.int64) for _ in range(2))
    for i, link in enumerate(links):
        for j, (index, value) in enumerate(link.coefficients.items()):
            coefficients[i, j], indices[i, j] = value, index + (0,) * (r - link.variables)
        for j, saddle in enumerate(leaps(link.centred())):
            exponents[i, j], directions[i, j] = saddle
    expanded = [str(link) for link in links]
    return xr.Dataset(
        {
            "coefficient": variable(("link", "term"), coefficients, "Hermite coefficient, orthonormal"),
            "multi_index": variable(
                ("link", "term", "variable"), indices, "degree of the term in each variable; -1 beyond the last term"
            ),
            "leap_exponent": variable(
                ("link", "saddle"), exponents, "exponent of each saddle in the order of learning; 0 beyond the last"
            ),
            "leap_directions": variable(("link", "saddle"), directions, "number of directions learned at each saddle"),
            "num_variables": variable("link", [link.variables for link in links], "number of variables of the link"),
            "norm": variable("link", [link.norm for link in links], "norm of the link, sqrt(E f^2)"),
            "mean": variable("link", [link.mean for link in links], "mean of the link, E f"),
            "information_exponent": variable(
                "link", [link.information_exponent for link in links], "lowest degree present"
            ),
        },
        coords={
            "link": names("link", written or expanded, "link, as in the config"),
            "expansion": names("link", expanded, "link, expanded in orthonormal Hermite polynomials"),
        },
    )


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
    return texts(target["link"])


def leap_exponents(target: xr.Dataset, link: int) -> list[int]:
    """The exponent of every direction of a link, in the order of learning."""
    exponents = target["leap_exponent"].values[link].tolist()
    directions = target["leap_directions"].values[link].tolist()
    return [s for s, number in zip(exponents, directions, strict=True) for _ in range(number)]

"""Claims on what is reflective; nothing is trained."""

import numpy as np

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Equals, Measurement
from learnability.results.measuring import entry, exactly, largest, smallest
from learnability.studies.subspace_polynomials.theory import OURS, PAPER

TABLE = "reflective_table"
SWAPPED = "z1 + z2 + z1*z3 + z2*z4"


def _disagreements(analyses: Analyses) -> Measurement:
    table = analyses[TABLE]
    misses, total = int((table["agree"] == 0).sum()), table["agree"].size
    return Measurement.exact(misses, f"{total} combinations of target, rotation and activation")


def _coordinate_search(analyses: Analyses) -> Measurement:
    """How many of three conditions fail: the dimension of S*, the subspace, and its being off the coordinates."""
    row = entry(analyses[TABLE], "target", SWAPPED).sel(activation_class="smooth").isel(rotated=0)
    dimension, defect = int(row["trapped_dimension"]), float(row["coordinate_defect"])
    found = row["trapped_projector"].values
    expected = np.zeros(found.shape)
    expected[:4, :4] = np.kron(np.eye(2), [[0.5, -0.5], [-0.5, 0.5]])
    distance = float(np.abs(found - expected).max())
    note = f"dim S* = {dimension}, projectors {distance:.1g} apart, smallest defect {defect:.3g}"
    return Measurement.exact(int(dimension != 2) + int(not distance <= 1e-12) + int(not defect >= 1e-2), note)


CLAIMS = (
    Claim(
        id="reflective-table",
        source=f"{PAPER}, reflective property; closure: this study",
        statement="The closure gives the largest reflective subspace: definition, closure and Grassmann search agree.",
        measured="combinations of target, rotation and activation class where any of the three disagrees",
        rule=Equals(0, 0),
        measure=_disagreements,
        experiments=("reflective_table",),
        expected="0",
        figure="reflective_table",
        evidence="existence",
    ),
    Claim(
        id="reflective-table.residual",
        source=f"{PAPER}, reflective property",
        statement="The definition of the reflective property holds to rounding on S*, which the closure gives.",
        measured="largest residual of the definition on S*, named and planted targets",
        rule=AtMost(1e-12),
        measure=largest(exactly(TABLE, lambda t: t["residual"].max()), exactly(TABLE, lambda t: t["planted_residual"])),
        experiments=("reflective_table",),
        expected="<= 1e-12",
        figure="reflective_table",
        evidence="existence",
    ),
    Claim(
        id="reflective-table.larger",
        source=f"{PAPER}, reflective property",
        statement="No subspace larger than S*, which the closure gives, is reflective.",
        measured="smallest residual on a larger subspace, and smallest defect that a search finds above dim S*",
        rule=AtLeast(1e-2),
        measure=smallest(
            exactly(TABLE, lambda t: t["residual_larger"].min()), exactly(TABLE, lambda t: t["search_above"].min())
        ),
        experiments=("reflective_table",),
        expected="> 1e-2",
        figure="reflective_table",
        evidence="existence",
    ),
    Claim(
        id="reflective-table.planted",
        source=OURS,
        statement="The closure finds every planted reflective subspace of random targets.",
        measured="planted subspaces missed",
        rule=Equals(0, 0),
        measure=exactly(TABLE, lambda t: t["planted_misses"]),
        experiments=("reflective_table",),
        expected="0",
        evidence="existence",
    ),
    Claim(
        id="not-coordinates",
        source=f"{PAPER}, basis-free against the merged-staircase property; example: this study",
        statement=f"{SWAPPED}, a merged staircase, is trapped in span{{e1-e2, e3-e4}}; no coordinate search sees it.",
        measured="how many of three conditions fail: dim S* = 2, by the rational closure; the projector onto S* is "
        "that onto span{e1-e2, e3-e4}, within 1e-12; subspaces spanned by coordinate axes have defects of .01 or more",
        rule=Equals(0, 0),
        measure=_coordinate_search,
        experiments=("reflective_table",),
        expected="0",
        figure="reflective_table",
        evidence="existence",
    ),
)

"""The profile functions of one cell, as tables of cubics.

A cell is crossed by ``a`` in [0, 1]: a = 0 is the valley between two fingers, a = 1 the middle of a finger's tip.
Three functions of ``a`` describe what a stage does to the aligned piece in the cell:

- *position* G: where along the piece (in cell widths) the point with this ``a`` moves,
- *tooth* T: its height (in cell widths) when the piece has been gathered into a tooth,
- *finger* S: how much of the finger's length it takes when the tip has been spread.

Zones: valley, flank (straight slope), bend, **wedge**, tip bend, tip. In the wedge, and only there, the functions
follow the next stage's coordinate C: the finger's side is an aligned piece again. G, T and S are C^{1,1} across all
zones."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from learnability.studies.two_parameter.hierarchy.sizes import Stage

VALLEY, FLANK, BEND, WEDGE, TIP_BEND, TIP, MARGIN, OUTSIDE = range(8)
ZONES: Final = ("valley", "flank", "bend", "wedge", "tip bend", "tip", "margin", "outside")
FUNCTIONS: Final = ("position", "tooth", "finger")
MARGIN_SHIFT: Final = 2.0
"""The margins are treated as one more cell on either side, whose ``a`` is shifted by this to keep its zones apart."""


@dataclass(frozen=True)
class Profiles:
    """G, T and S of one stage: in zone z, ``f(a) = sum_i coefficients[z, f, i] (a - origins[z])^i + follow[z, f] C``.

    ``edges`` (7,) are the ends of the zones, ``origins`` (8,), ``coefficients`` (8, 3, 4), ``follow`` (8, 3).
    """

    edges: np.ndarray
    origins: np.ndarray
    coefficients: np.ndarray
    follow: np.ndarray

    def zone(self, a: np.ndarray) -> np.ndarray:
        """The zone of each a."""
        return np.searchsorted(self.edges, a, side="right")

    def __call__(self, a: np.ndarray, below: np.ndarray | float) -> np.ndarray:
        """G, T, S at ``a`` (shape (3, ...)) where the next stage's coordinate is ``below``."""
        zone = self.zone(np.asarray(a))
        t = np.asarray(a) - self.origins[zone]
        powers = np.stack([np.ones_like(t), t, t**2, t**3], axis=-1)
        values = np.einsum("...fi,...i->f...", self.coefficients[zone], powers)
        return values + np.moveaxis(self.follow[zone], -1, 0) * below

    def wedge_coordinate(self, a: np.ndarray) -> np.ndarray:
        """q_{n+1}: the wedge stretched to [0, 1]."""
        start, end = self.edges[BEND], self.edges[WEDGE]
        return (np.asarray(a) - start) / (end - start)


def make_profiles(stage: Stage) -> Profiles:
    """The table of a stage; the cubics are those of the module's picture in ``docs/guides/two_parameter_map.md``."""
    gaps, r, w = stage.gaps, stage.rounding, stage.tip_length
    p0, p1, p2, wt, pv = stage.flank_end, stage.wedge_start, stage.wedge_end, gaps.tip_rounding, gaps.valley
    g1, g2, g3, spread = stage.slope, stage.wedge_slope, stage.tip_slope, stage.spread_slope
    start, tooth, finger = stage.side_position, stage.tooth_at_wedge, stage.finger_at_wedge
    full = finger + 1
    tip_position = [1 - gaps.tip, g2, (g3 - g2) / (2 * w), 0.0]
    tip_tooth = [tooth + gaps.tilt, g2, (g3 - 2 * g2) / (2 * w), -(g3 - g2) / (3 * w**2)]
    table: dict[int, tuple[float, list[float], list[float], list[float]]] = {
        VALLEY: (0.0, [0.0, g1], [0.0, 0.0, g1 / (2 * pv)], [0.0]),
        FLANK: (0.0, [0.0, g1], [-g1 * pv / 2, g1], [0.0]),
        BEND: (
            p0,
            [g1 * p0, g1, (g2 - g1) / (2 * r)],
            [g1 * p0 - g1 * pv / 2, g1, (g2 - g1) / (2 * r)],
            [0.0, 0.0, spread / (2 * r)],
        ),
        WEDGE: (p1, [start], [tooth], [finger]),
        TIP_BEND: (p2, tip_position, tip_tooth, [full, spread, -spread / (2 * wt)]),
        TIP: (p2, tip_position, tip_tooth, [full + spread * wt / 2]),
        **_margin_zones(stage),
    }
    coefficients = np.zeros((len(ZONES), 3, 4))
    for zone, (_, *functions) in table.items():
        for f, row in enumerate(functions):
            coefficients[zone, f, : len(row)] = row
    follow = np.zeros((len(ZONES), 3))
    follow[WEDGE] = gaps.tilt, gaps.tilt, 1.0
    edges = np.array([pv, p0, p1, p2, p2 + wt, MARGIN_SHIFT, MARGIN_SHIFT + _margin_in_cells(stage)])
    return Profiles(edges, np.array([table[zone][0] for zone in range(len(ZONES))]), coefficients, follow)


def _margin_in_cells(stage: Stage) -> float:
    """Length of a margin's curved part in cells."""
    return stage.cells * stage.gaps.margin / (1 - stage.margins)


def _margin_zones(stage: Stage) -> dict[int, tuple[float, list[float], list[float], list[float]]]:
    """The margin as a cell: over a length m next to the cells the slope goes from s to 1, and stays 1 further out.

    At distance x from the cells the coordinate is ``s x - (s - 1) x^2 / (2m)`` away from them.
    """
    m, s, pitch, cells = stage.gaps.margin, stage.edge_slope, stage.pitch, _margin_in_cells(stage)
    per_cell = m / cells
    inner = [0.0, s * per_cell / pitch, -(s - 1) * per_cell**2 / (2 * m * pitch)]
    outer = [stage.edge / pitch, per_cell / pitch]
    return {MARGIN: (MARGIN_SHIFT, inner, [0.0], [0.0]), OUTSIDE: (MARGIN_SHIFT + cells, outer, [0.0], [0.0])}

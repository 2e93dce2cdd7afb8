"""The sizes of the hierarchical map: what each stage splits, how wide its cells are, how long its fingers.

The construction behind Theorem 6 of Yarotsky (arXiv 2402.17089) is infinite and C-infinity. Ours has ``N`` stages
and is C^{1,1}; every length below is ours, chosen so that the guaranteed set has nearly full measure for a small
``rho``.

Stage ``n = 1..N`` acts on two coordinates of the target space, ``along = (n-1) mod d`` and ``across = n mod d``. At
its start the level curve inside a box is a straight *aligned piece* of length ``L_n`` along the first coordinate,
outside the box near an edge. The box is cut along it into ``M_n`` cells of width ``h_n``; every cell grows a tooth,
and the tooth's tip a finger of length ``E_n`` across, whose sides are the aligned pieces of stage ``n + 1``.

Where the cuts between cells stand is free up to a shift by one period, two cells: the *phase*, one number in [0, 1) a
stage. The removed set is a fixed part of every period, so that its mass, averaged over the phase, is that part of mu
whatever mu is: some phase loses no more (:mod:`.cuts` looks for it)."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

END_OF_TAIL = 0.15
"""The last ramp of a stage ends this far (in units of the next stage's length) inside the next stage."""


@dataclass(frozen=True)
class Gaps:
    """The small lengths of a stage, in cell widths (``tip``, ``tilt``, ``valley``, ``far``) or in units of v.

    ``tip`` half-width of a finger's tip, ``tilt`` lean of a finger's sides (without it they would be parallel to
    the level lines and nothing would drive u), ``valley`` and ``tip_rounding`` lengths of the roundings, ``far``
    gap between a finger and the far side of its box, ``margin`` the part of each digit's interval that carries no
    finger."""

    tip: float
    tilt: float
    valley: float
    far: float
    tip_rounding: float
    margin: float

    @classmethod
    def proportional(cls, rho: float) -> "Gaps":
        """All gaps shrink with the splitting parameter, so that the lost mass is O(rho) per stage."""
        return cls(
            tip=0.8 * rho, tilt=0.4 * rho, valley=0.4 * rho, far=0.2 * rho, tip_rounding=0.2 * rho, margin=0.04 * rho
        )


@dataclass(frozen=True)
class Stage:
    """One stage: coordinates, cells, profile constants and lengths.

    ``slope`` and ``wedge_slope`` are g1 and g2, the slopes of the position G in the valley's flank and in the wedge;
    ``tip_slope`` (g3) is its slope at the end of the tip; ``spread_slope`` (cS) the slope of the finger function S.
    ``tooth_at_wedge`` (T at p1) and ``finger_at_wedge`` (S at p1) are the values where the wedge begins.
    """

    along: int
    across: int
    cells: int
    width: float
    length: float
    room: float
    gaps: Gaps
    flank_end: float
    wedge_start: float
    wedge_end: float
    slope: float
    wedge_slope: float
    tip_slope: float
    spread_slope: float
    tooth_at_wedge: float
    finger_at_wedge: float
    finger: float
    edge_slope: float
    edge: float
    pitch: float
    slack: float
    phase: float

    @property
    def first_margin(self) -> float:
        """Length in q of the margin before the first cell: the curved part, then the share of the slack."""
        return self.gaps.margin + self.phase * self.slack

    @property
    def margins(self) -> float:
        """Length in q of both margins."""
        return 2 * self.gaps.margin + self.slack

    @property
    def first_edge(self) -> float:
        """Where on the piece (in its lengths) the first cell begins."""
        return self.edge + self.phase * self.slack

    @property
    def rounding(self) -> float:
        """Length r of the rounding between flank and wedge."""
        return self.wedge_start - self.flank_end

    @property
    def tip_length(self) -> float:
        """Length w of the tip zone."""
        return 1 - self.wedge_end

    @property
    def next_length(self) -> float:
        """Length of the aligned pieces that this stage leaves: finger plus the tilt's projection."""
        return self.finger + self.width * self.gaps.tilt

    @property
    def piece_start(self) -> float:
        """Height at which the next aligned piece begins (twice the cell width unless the finger is too short)."""
        return self.width * self.tooth_at_wedge + self.finger * self.finger_at_wedge

    @property
    def box_top(self) -> float:
        """Height of the upper edge of the guaranteed box above the old piece."""
        return self.piece_start + (1 - self.edge) * self.next_length

    @property
    def zoom(self) -> float:
        """V_{n+1} / V_n: the part of v's interval that a finger's side keeps."""
        return (self.wedge_end - self.wedge_start) * (1 - self.margins) / self.cells

    @property
    def side_position(self) -> float:
        """Where in its cell (in widths, from the valley) a finger's side stands."""
        return 1 - self.gaps.tip - self.gaps.tilt


def make_stage(
    along: int, across: int, length: float, room: float, rho: float, gaps: Gaps, last: bool, phase: float | None = None
) -> Stage:
    """The stage that cuts a piece of the given length with fingers that fit into the given room.

    The number of cells is the least even one with ``width <= rho * room``. The rounding r, the slope g1 and the
    finger depend on each other: a damped fixed-point iteration finds them. Without a phase the cells fill the piece;
    with one, two cell widths of it stay free, ``phase`` of them before the first cell.

    Raises:
        ValueError: rho is too large for the fingers to fit.
    """
    p0, p2 = 0.2, 0.85
    tip, tilt, m = gaps.tip, gaps.tilt, gaps.margin
    tip_length = 1 - p2
    r, slack = 0.02, 0.0
    for _ in range(500):
        p1 = p0 + r
        spread = 1 / (p2 - p1)
        g2 = tilt * spread
        g1 = (1 - tip - tilt - g2 * r / 2) / (p0 + r / 2)
        margins = 2 * m + slack
        edge_slope = g1 * (1 - margins + m) / (1 - margins + g1 * m)
        edge = m * (1 + edge_slope) / 2
        free = 0 if phase is None else 2
        cells = 2 * max(1, math.ceil((1 - 2 * edge) * length / (2 * rho * room) - free / 2 - 1e-9))
        pitch = (1 - 2 * edge) / (cells + free)
        slack = free * pitch
        width = length * pitch
        tooth = 1 - tip - tilt - g1 * gaps.valley / 2
        g3 = 2 * tip / tip_length - g2
        tip_rise = g2 * tip_length / 2 + (g3 - g2) * tip_length / 6
        # The first cell of the next stage shall begin two widths above the old piece, as in the paper.
        start = max(0.2 * width, width * (2 - tooth) - (0.0 if last else edge * room))
        finger = (room - width * (tooth + tilt + tip_rise) - start) / (1 + spread * gaps.tip_rounding / 2)
        if finger <= 0 or g3 <= 0:
            raise ValueError(f"no room for the fingers: rho = {rho:g} is too large")
        r = 0.7 * r + 0.3 * 2 * (start / finger) / spread
        if r > p2 - p0 - 0.05:
            raise ValueError(f"no room for the wedge: rho = {rho:g} is too large")
    return Stage(
        along, across, cells, width, length, room, gaps, p0, p1, p2, g1, g2, g3, spread, tooth, start / finger, finger,
        edge_slope, edge, pitch, slack, phase or 0.0,
    )  # fmt: skip


@dataclass(frozen=True)
class Hierarchy:
    """All sizes of a map R^2 -> R^d with N stages on the root box [low, high]^d.

    ``rho`` is the splitting parameter of every stage, or one value a stage (the last one repeats). ``stretch`` is
    kappa: a stage lasts ``2 U_n`` in u with ``U_n = kappa B V_n / L_n``. ``phases`` (N) in [0, 1) shifts the cuts of
    every stage; without them the cells fill each piece from end to end. The start is ``u = v = 0``.

    Raises ValueError for fewer than two dimensions or one stage, an empty box, and phases that are not one number in
    [0, 1) a stage."""

    dimension: int
    depth: int
    rho: tuple[float, ...]
    stretch: float = 6.0
    low: float = 0.0
    high: float = 1.0
    descent: float = 12.0
    drop: float = 1.0
    clearance: float = 0.01
    phases: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.dimension < 2 or self.depth < 1:
            raise ValueError("a hierarchy needs at least two dimensions and one stage")
        if self.high <= self.low:
            raise ValueError("the root box is empty")
        if self.phases and not (len(self.phases) == self.depth and 0 <= min(self.phases) <= max(self.phases) < 1):
            raise ValueError("phases: one number in [0, 1) a stage, or none")

    @property
    def side(self) -> float:
        """Side of the root box."""
        return self.high - self.low

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The N stages, outermost first."""
        d, rho = self.dimension, self.rho
        room = [self.side * (1 + self.clearance) * 1.02] * d
        length, stages = self.side, []
        for n in range(1, self.depth + 1):
            split = rho[min(n, len(rho)) - 1]
            gaps = Gaps.proportional(split)
            along, across = (n - 1) % d, n % d
            phase = self.phases[n - 1] if self.phases else None
            stage = make_stage(along, across, length, room[across], split, gaps, last=n == self.depth, phase=phase)
            room[along] = stage.width * (stage.side_position - gaps.far)
            length = stage.next_length
            stages.append(stage)
        return tuple(stages)

    def stage_lengths(self, first: int = 1) -> np.ndarray:
        """U_first, ..., U_N, U_{N+1} := U_N in units of V_first: half the length of a stage in u."""
        stages = self.stages[first - 1 :]
        units = np.cumprod([1.0, *(stage.zoom for stage in stages[:-1])])
        half = np.array([self.stretch * stage.room / stage.length for stage in stages]) * units
        return np.append(half, half[-1])

    def stage_starts(self, first: int = 1) -> np.ndarray:
        """u_first, ..., u_{N+1} in units of V_first, from u = 0 at the start (first = 1) or at the stage's own
        start."""
        origin = self.descent if first == 1 else 0.0
        return origin + np.concatenate(([0.0], np.cumsum(2 * self.stage_lengths(first)[:-1])))

    @property
    def end(self) -> float:
        """The u at which the last stage is complete."""
        return float(self.stage_starts()[-1] + 0.9 * END_OF_TAIL * self.stage_lengths()[-1])

    @cached_property
    def box_sides(self) -> np.ndarray:
        """Sides of the innermost boxes: the last width along each coordinate that was split, the root's side else."""
        sides = np.full(self.dimension, self.side)
        for stage in self.stages:
            sides[stage.along] = stage.width
        sides[self.last_coordinate] = self.stages[-1].next_length
        return sides

    @property
    def last_coordinate(self) -> int:
        """The coordinate along which the innermost pieces lie."""
        return self.stages[-1].across

    @property
    def precision(self) -> float:
        """R_N: diameter of an innermost box transverse to its aligned piece. Meaningful for N >= d - 1."""
        return float(np.linalg.norm(np.delete(self.box_sides, self.last_coordinate)))

"""Certificates in ball arithmetic: a lower bound on the measure of F0, and the sign of du/dt along trajectories.

The sizes of a map are double-precision numbers and are taken as exact: they define the map. Everything computed from
them is enclosed in balls (Arb), so that a comparison that succeeds is proved.

**u never falls.** Let ``g = -dL/du = du/dt``. On the curve ``g = 0`` its change along the flow is ``g' = -L_uv dv/dt``,
since u stands still there. So where g starts at 0 or above, it stays there as long as at every point passed either
``g >= 0``, or ``-L_uv dv/dt > 0``. Both are decided on boxes that cover a tube around a computed trajectory."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from flint import arb, ctx, fmpz

from learnability.studies.two_parameter.hierarchy import frames
from learnability.studies.two_parameter.hierarchy.compiled_flow import trajectory
from learnability.studies.two_parameter.hierarchy.frames import FrameTable
from learnability.studies.two_parameter.hierarchy.guaranteed import cell_range, equilibrium_shifts
from learnability.studies.two_parameter.hierarchy.levels import LEVEL_ROWS, PROFILE_ROWS
from learnability.studies.two_parameter.hierarchy.profiles import MARGIN_SHIFT, WEDGE, ZONES
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy, Stage

PRECISION = 128
"""Bits: the measure of the removed set falls to 1e-6, sizes of cells to 1e-18 of the root box."""

Jet = tuple[arb, arb, arb, arb, arb, arb]
Force = tuple[arb, arb, arb, arb, arb]


def least_measure(hierarchy: Hierarchy) -> float:
    """A proved lower bound on the part of the root cube (Lebesgue measure) that lies in F0.

    F0 holds the boxes whose cells lie whole in the windows that coarser stages leave, for every lean of the fingers;
    their number is a product over the stages, and their volume a product of lengths. For N <= d - 1 no cell is cut.
    """
    before, ctx.prec = ctx.prec, PRECISION
    try:
        bound = _least_measure(hierarchy)
        return float(np.nextafter(float(bound.lower()), 0.0))
    finally:
        ctx.prec = before


def _least_measure(h: Hierarchy) -> arb:
    side, above = arb(h.high) - arb(h.low), arb(h.clearance) * (arb(h.high) - arb(h.low))
    lengths, tilts = [side] * h.dimension, [side, *[arb(0)] * (h.dimension - 1)]
    windows: list[tuple[arb, arb] | None] = [None] * h.dimension
    split: dict[int, tuple[Stage, float]] = {}
    count = arb(1)
    for stage, shift in zip(h.stages, equilibrium_shifts(h).tolist(), strict=True):
        k, j = stage.along, stage.across
        near, far = (arb(x) for x in cell_range(stage, shift))
        window = windows[k]
        count *= stage.cells if window is None else _whole_cells(stage, near, far, window)
        pitch, piece = arb(stage.pitch), arb(stage.next_length)
        lengths[k] = (far - near) * pitch * tilts[k]
        split[k] = stage, shift
        low, high = 2 * arb(stage.width), arb(stage.box_top)
        if j in split:
            cell, lean = split[j][0], arb(split[j][1])
            side_of = arb(cell.side_position)
            low = _larger(low, arb(cell.width) * (arb(cell.gaps.tilt) + lean))
            high = _smaller(high, arb(cell.width) * (side_of - arb(cell_range(cell, split[j][1])[0])))
        else:
            low, high = _larger(low, above), _smaller(high, side + above)
        lengths[j] = high - low
        lean = tilts[j] * pitch * (1 + arb(stage.gaps.tilt)) / piece
        start = arb(stage.piece_start)
        windows[j] = (low - start) / piece + lean, (high - start) / piece - lean
        tilts = [tilt * pitch * arb(stage.gaps.tilt) for tilt in tilts]
        # The lean of coarser fingers may stretch or shorten the piece: the shorter length is a lower bound.
        tilts[j] = piece - tilts[j]
    for length in lengths:
        count *= length / side
    return count


def _larger(a: arb, b: arb) -> arb:
    return b if b > a else a


def _smaller(a: arb, b: arb) -> arb:
    return b if b < a else a


def _whole_cells(stage: Stage, near: arb, far: arb, window: tuple[arb, arb]) -> int:
    """How many cells keep their part [near, far] inside the window of the piece: a number that is proved to fit."""
    low, high = ((edge - arb(stage.first_edge)) / arb(stage.pitch) for edge in window)

    def ends(cell: int) -> tuple[arb, arb]:
        return (cell + 1 - far, cell + 1 - near) if cell % 2 else (cell + near, cell + far)

    first = max(0, int(low.lower().floor().unique_fmpz() or fmpz(0)) - 2)
    last = min(stage.cells - 1, int(high.upper().ceil().unique_fmpz() or fmpz(0)) + 2)
    while first <= last and not ends(first)[0] >= low:
        first += 1
    while last >= first and not ends(last)[1] <= high:
        last -= 1
    return max(0, last - first + 1)


@dataclass(frozen=True)
class Strip:
    """A parallelogram along a segment of a trajectory: ``u = u_c + x``, ``q = q_c + slope x + y``, |x| <= half,
    |y| <= width, in units of a frame."""

    q: float
    u: float
    slope: float
    half: float
    width: float

    def halves(self) -> "tuple[Strip, Strip]":
        """The two halves along the segment."""
        x = self.half / 2
        return tuple(replace(self, q=self.q + s * self.slope * x, u=self.u + s * x, half=x) for s in (-1, 1))  # type: ignore[return-value]


@dataclass(frozen=True)
class Rise:
    """What is proved of du/dt along one trajectory: the strips that cover its tube, those on which du/dt >= 0, those
    on which it can only rise through 0, those undecided, and whether the trajectory passes all stages."""

    strips: int
    positive: int
    inward: int
    undecided: int
    finished: bool


DEEPEST = 8
"""How often a strip is halved before it counts as undecided."""


def certify_rise(hierarchy: Hierarchy, target: np.ndarray, tolerance: float, max_steps: int) -> Rise:
    """Decide the sign of du/dt on a tube around the computed trajectory to ``target`` (d).

    The tube covers the segments between accepted steps; its half width in q is the error allowed for a step, and one
    part in a hundred of what the segment moves.
    """
    before, ctx.prec = ctx.prec, PRECISION
    try:
        counts, end = np.zeros(4, dtype=int), False
        for row, reduced, points in trajectory(FrameTable((hierarchy,)), target, tolerance, max_steps):
            field = Field(row, reduced)
            for (q0, u0, *scale), (q1, u1, *_) in pairwise(points):
                half = abs(u1 - u0) / 2
                width = tolerance * scale[0] + 0.01 * abs(q1 - q0)
                slope = (q1 - q0) / (u1 - u0) if u1 != u0 else 0.0
                counts += _decide(field, Strip((q0 + q1) / 2, (u0 + u1) / 2, slope, half, width), DEEPEST)
            end = bool(points[-1][1] >= row[frames.END])
        strips, positive, inward, undecided = counts.tolist()
        return Rise(strips, positive, inward, undecided, end)
    finally:
        ctx.prec = before


def _decide(field: "Field", strip: Strip, depth: int) -> np.ndarray:
    """The counts of :class:`Rise` for a strip and its halves."""
    decided = _sign(field, strip)
    if decided is None and depth > 0:
        return np.sum([_decide(field, half, depth - 1) for half in strip.halves()], axis=0)
    return np.array([1, decided is True, decided is False, decided is None], dtype=int)


def _sign(field: "Field", strip: Strip) -> bool | None:
    """True where du/dt >= 0 on the strip, False where it can only rise through 0, None where undecided.

    With ``g = du/dt``, ``f = dv/dt`` and ``k = L_vv / L_uv`` at the centre, f equals ``f - k g`` on the curve g = 0.
    Both g and ``f - k g`` are enclosed by the mean-value theorem: the map is C^{1,1}, so that the hull of its second
    derivatives over all zones that the strip meets will do.
    """
    across = abs(strip.slope) * strip.half + strip.width
    q, u = arb(strip.q, across), arb(strip.u, strip.half)
    hulls = [field.force(part, part.q, u) for part in field.smooth_parts(q, u)]
    rise, qq, qu, uu = (_hull([jet[i] for jet in hulls]) for i in (1, 2, 3, 4))
    if rise >= 0:
        return True
    at, level = arb(strip.q), arb(strip.u)
    centre = field.force(next(iter(field.smooth_parts(at, level))), at, level)
    along, sideways = arb(0, strip.half), arb(0, strip.width)
    slope = arb(strip.slope)
    if centre[1] + (qu * slope + uu) * along + qu * sideways >= 0:
        return True
    if not (centre[3] > 0 or centre[3] < 0):
        return None
    ratio = (centre[2] / centre[3]).mid()
    by_q, by_u = qq - ratio * qu, qu - ratio * uu
    inward = centre[0] - ratio * centre[1] + (by_q * slope + by_u) * along + by_q * sideways
    return False if qu * inward > 0 else None


def _hull(balls: list[arb]) -> arb:
    hull = balls[0]
    for ball in balls[1:]:
        hull = hull.union(ball)
    return hull


@dataclass(frozen=True)
class Part:
    """A part of a rectangle on which the map is one polynomial in q: balls of q and u, cell and zone of each level."""

    q: arb
    u: arb
    outer: tuple[int, int]
    inner: tuple[int, int] | None


class Field:
    """The reduced loss of one frame and one target on balls: the formulas of :mod:`.compiled_flow`, enclosed."""

    def __init__(self, row: np.ndarray, reduced: np.ndarray) -> None:
        self.row = row
        self.c = [arb(x) if np.isfinite(x) else arb(0) for x in row.tolist()]
        self.r = [arb(x) for x in reduced.tolist()]

    def smooth_parts(self, q: arb, u: arb) -> list[Part]:
        """The parts of a rectangle, cut where a cell or a zone of either level ends."""
        parts = []
        for low, high, digit in self._pieces(0, q.lower(), q.upper()):
            q = low.union(high)
            if digit[1] != WEDGE or u <= self.c[frames.KNOTS.start + 4]:
                parts.append(Part(q, u, digit, None))
                continue
            a, b = (self._wedge(0, digit, x) for x in (low, high))
            slope = (1 - 2 * (digit[0] % 2)) * self.c[1] * self.c[4]
            for inner_low, inner_high, inner in self._pieces(LEVEL_ROWS, *((a, b) if slope > 0 else (b, a))):
                ends = [low + (x - a) / slope for x in (inner_low, inner_high)]
                parts.append(Part(ends[0].union(ends[1]), u, digit, inner))
        return parts

    def force(self, part: Part, q: arb, u: arb) -> Force:
        """The force -grad in (q, u) and its derivative (qq, qu, uu) on the ball (q, u) inside the part."""
        c, r = self.c, self.r
        zero = arb(0)
        nothing: Jet = (zero,) * 6
        below = inner = nothing
        odd = part.outer[0] % 2
        if part.outer[1] == WEDGE:
            slope = (1 - 2 * odd) * c[1] * c[4]
            q2 = self._wedge(0, part.outer, q)
            if part.inner is None:
                below = (q2, slope, zero, zero, zero, zero)
            else:
                deeper = nothing
                if part.inner[1] == WEDGE:
                    inside = (1 - 2 * (part.inner[0] % 2)) * c[LEVEL_ROWS + 1] * slope * c[LEVEL_ROWS + 4]
                    deeper = (self._wedge(LEVEL_ROWS, part.inner, q2), inside, zero, zero, zero, zero)
                below, inner = self._refine(1, q2, slope, u, part.inner, deeper)
        C, F = self._refine(0, q, arb(1), u, part.outer, below)
        G = inner
        D = self._ramp(frames.RAMPS - 1, u)
        lean, own = r[4:7], r[7]
        next_own, falls = r[8] + r[9] * (1 - 2 * odd), r[10:13]
        residual = [
            r[0] - (lean[0] * C[0] + own * F[0] + falls[0] * D[0]),
            r[1] - (lean[1] * C[0] + next_own * G[0] + falls[1] * D[0]),
            r[2] - lean[2] * C[0],
            r[3] - falls[2] * D[0],
        ]
        descent = (zero, zero, D[1], zero, zero, D[2])
        rows = [
            [lean[0] * C[i] + own * F[i] + falls[0] * descent[i] for i in range(6)],
            [lean[1] * C[i] + next_own * G[i] + falls[1] * descent[i] for i in range(6)],
            [lean[2] * C[i] for i in range(6)],
            [falls[2] * descent[i] for i in range(6)],
        ]

        def dot(i: int) -> arb:
            return sum((x * row[i] for x, row in zip(residual, rows, strict=True)), zero)

        def gauss(i: int, j: int) -> arb:
            return sum((row[i] * row[j] for row in rows), zero)

        return dot(1), dot(2), dot(3) - gauss(1, 1), dot(4) - gauss(1, 2), dot(5) - gauss(2, 2)

    def _pieces(self, level: int, low: arb, high: arb) -> list[tuple[arb, arb, tuple[int, int]]]:
        """The pieces (low, high, (cell, zone)) of an interval of the level's coordinate."""
        c, row = self.c, self.row
        start, per_unit, cells = c[level], c[level + 1], int(row[level + 2])
        z_low, z_high = ((x - start) * per_unit for x in (low, high))
        first, last = (int(np.floor(float(z.mid()) + e)) for z, e in ((z_low, -1e-9), (z_high, 1e-9)))
        pieces = []
        for cell in range(min(max(first, -1), cells), min(max(last, -1), cells) + 1):
            odd, margin = cell % 2, not 0 <= cell < cells
            edges = [x - (MARGIN_SHIFT if margin else 0) for x in row[level + 7 : level + 14].tolist()]
            cuts = [-np.inf, *edges, np.inf]
            for zone in range(len(ZONES)):
                a, b = cuts[zone], cuts[zone + 1]
                if margin:
                    a = max(a, 0.0)
                else:
                    a, b = max(a, 0.0), min(b, 1.0)
                if a >= b:
                    continue
                # a runs from the valley: mirrored in odd cells.
                ends = (cell + 1 - b, cell + 1 - a) if odd else (cell + a, cell + b)
                left, right = z_low, z_high
                if np.isfinite(ends[0]) and arb(ends[0]) > left:
                    left = arb(ends[0])
                if np.isfinite(ends[1]) and arb(ends[1]) < right:
                    right = arb(ends[1])
                if not left > right:
                    pieces.append((left / per_unit + start, right / per_unit + start, (cell, zone)))
        return pieces

    def _position(self, level: int, digit: tuple[int, int], q: arb) -> arb:
        """The position a in the cell, from its valley; shifted in the margins as in the tables."""
        cell, odd = digit[0], digit[0] % 2
        z = (q - self.c[level]) * self.c[level + 1] - cell
        margin = not 0 <= cell < int(self.row[level + 2])
        return odd + (1 - 2 * odd) * z + (MARGIN_SHIFT if margin else 0)

    def _wedge(self, level: int, digit: tuple[int, int], q: arb) -> arb:
        """The next level's coordinate."""
        return (self._position(level, digit, q) - self.c[level + 3]) * self.c[level + 4]

    def _ramp(self, k: int, u: arb) -> tuple[arb, arb, arb]:
        """Value, first and second derivative of ramp k on a ball: the value is monotone, the first concave."""
        low, high = self._ramp_at(k, u.lower()), self._ramp_at(k, u.upper())
        c, at, n = self.c, frames.KNOTS.start + k, frames.RAMPS
        height = c[at + 5 * n]
        value, slope = low[0].union(high[0]), low[1].union(high[1])
        rise, fall = (u - c[at]) * c[at + 3 * n], (u - c[at + 2 * n]) * c[at + 4 * n]
        curve = arb(0)
        if not (rise <= 0 or rise >= 1):
            curve = curve.union(height * c[at + 3 * n])
            if rise > 0 and rise < 1:
                curve = height * c[at + 3 * n]
        if not (fall <= 0 or fall >= 1):
            curve = -height * c[at + 4 * n] if fall > 0 and fall < 1 else curve.union(-height * c[at + 4 * n])
        if not (rise < 1 or fall > 0):
            slope = slope.union(height)
        return value, slope, curve

    def _ramp_at(self, k: int, u: arb) -> tuple[arb, arb]:
        """Value and slope of ramp k at a point."""
        c, at, n = self.c, frames.KNOTS.start + k, frames.RAMPS
        rise, fall, height, flat = c[at + 3 * n], c[at + 4 * n], c[at + 5 * n], c[at + 6 * n]
        x, z = (u - c[at]) * rise, (u - c[at + 2 * n]) * fall
        if x <= 0:
            return arb(0), arb(0)
        if z >= 1:
            return height * (1 / (2 * rise) + flat + 1 / (2 * fall)), arb(0)
        if x < 1:
            return height * x * x / (2 * rise), height * x
        if z <= 0:
            return height * (1 / (2 * rise) + (u - c[at + n])), height
        return height * (1 / (2 * rise) + flat + z * (1 - z / 2) / fall), height * (1 - z)

    def _refine(self, level: int, q: arb, slope: arb, u: arb, digit: tuple[int, int], below: Jet) -> tuple[Jet, Jet]:
        """Jets of a level's coordinate C and of its finger."""
        c, row, k = self.c, level * LEVEL_ROWS, 4 * level
        cell, odd = digit[0], digit[0] % 2
        at = frames.SCALES.stop + PROFILE_ROWS * (level * len(ZONES) + digit[1])
        a = self._position(row, digit, q)
        t, a_slope, pitch = a - c[at], (1 - 2 * odd) * c[row + 1] * slope, (1 - 2 * odd) * c[row + 6]
        omega, alpha = self._ramp(k, u), self._ramp(k + 1, u)
        early, late = self._ramp(k + 2, u), self._ramp(k + 3, u)
        spread = early[0] + late[0], early[1] + late[1], early[2] + late[2]
        g, tooth, finger = (self._cubic(at + 1 + i, t) for i in range(3))
        zero = arb(0)
        step: Jet = (
            pitch * (g[0] + c[at + 13] * below[0]) + c[row + 5] + c[row + 6] * (cell + odd) - q,
            pitch * (g[1] * a_slope + c[at + 13] * below[1]) - slope,
            pitch * c[at + 13] * below[2],
            pitch * (g[2] * a_slope * a_slope + c[at + 13] * below[3]),
            pitch * c[at + 13] * below[4],
            pitch * c[at + 13] * below[5],
        )
        moved = _times(omega, step)
        coordinate = _plus(moved, (q, slope, zero, zero, zero, zero))
        tooth_part = _times(alpha, _following(tooth, a_slope, c[at + 14], below))
        finger_part = _times(spread, _following(finger, a_slope, c[at + 15], below))
        return coordinate, _plus(tooth_part, finger_part)

    def _cubic(self, at: int, t: arb) -> tuple[arb, arb, arb]:
        c0, c1, c2, c3 = (self.c[at + 3 * i] for i in range(4))
        return ((c3 * t + c2) * t + c1) * t + c0, (3 * c3 * t + 2 * c2) * t + c1, 6 * c3 * t + 2 * c2


def _times(f: tuple[arb, arb, arb], g: Jet) -> Jet:
    """The jet of f(u) g(u, v)."""
    value, v, u, vv, uv, uu = g
    return (
        f[0] * value, f[0] * v, f[0] * u + f[1] * value, f[0] * vv, f[0] * uv + f[1] * v,
        f[0] * uu + 2 * f[1] * u + f[2] * value,
    )  # fmt: skip


def _plus(f: Jet, g: Jet) -> Jet:
    """The sum of two jets."""
    return f[0] + g[0], f[1] + g[1], f[2] + g[2], f[3] + g[3], f[4] + g[4], f[5] + g[5]


def _following(cubic: tuple[arb, arb, arb], slope: arb, follow: arb, below: Jet) -> Jet:
    """The jet of a profile: a cubic of the position, whose slope in v is given, plus a multiple of the next level."""
    zero, (value, first, second) = arb(0), cubic
    moved = [follow * x for x in below]
    own: Jet = (value, first * slope, zero, second * slope * slope, zero, zero)
    return _plus(own, (moved[0], moved[1], moved[2], moved[3], moved[4], moved[5]))

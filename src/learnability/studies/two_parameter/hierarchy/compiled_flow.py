"""Gradient flow on the hierarchical map, one target after another in a compiled loop: the implementation for a CPU.

The algorithm is that of :mod:`.batched_flow`, control by control, on the constants of the same frame table. A scalar
loop needs no gathering, looks only at the zone and the ramps that are at work, and lets no target wait for another.
Frames reduce the loss to four numbers (:mod:`.hierarchy.frames`); their moving parts are the jets (value, v, u, vv,
uv, uu) of the coordinate C and of two fingers. All arrays are made before the first step of a target. Jets are inlined:
a step takes only the force of its middle stage, and there the second derivatives are then not computed.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, from_numpy, int64, zeros

from learnability.compiled.loops import compiled, inlined
from learnability.flows.tableaux import ROS23
from learnability.results.contract import Checkpoint
from learnability.studies.two_parameter.hierarchy import frames, outcome
from learnability.studies.two_parameter.hierarchy.frames import FrameTable, enter
from learnability.studies.two_parameter.hierarchy.levels import LEVEL_ROWS, PROFILE_ROWS
from learnability.studies.two_parameter.hierarchy.outcome import FlowStatus, Outcome, Progress
from learnability.studies.two_parameter.hierarchy.profiles import MARGIN_SHIFT, WEDGE, ZONES

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
Three = tuple[float, float, float]
Jet = tuple[float, float, float, float, float, float]
Digit = tuple[float, float, float, int]
Tableau = tuple[float, ...]
Coordinates = tuple[Array, Array, Array]
"""Offset, tilt and sign (d) of a target, or of all (n, d)."""

# A frame's row: the constants of the frame table, then the profiles of its two levels, zone by zone.
_LEVEL: Final = LEVEL_ROWS
_KNOT, _RAMPS = frames.KNOTS.start, frames.RAMPS
_THRESHOLD, _SCALE, _PROFILE = frames.THRESHOLDS.start, frames.SCALES.start, frames.SCALES.stop
_ENTRY, _ZONES, _WEDGE, _SHIFT = PROFILE_ROWS, len(ZONES), WEDGE, MARGIN_SHIFT

# The state of a target, and its reduced loss: goals (4), leans (3), signs (3), descents (3), the fixed part.
(
    _Q, _U, _LOSS, _FQ, _FU, _QQ, _QU, _UU, _STEP, _TOLERANCE, _ALLOWED, _UNIT, _TIME, _IN_FRAME, _FALL, _STEPS,
    _REJECTED, _BEFORE, _ANCHOR_Q, _ANCHOR_U, _ANCHOR_FRAME,
) = range(21)  # fmt: skip
_GOAL, _LEAN, _SIGN, _FALLS, _FIXED = 0, 4, 7, 10, 13
COLUMNS: Final = 9
"""Columns of a result before the digits: status, distance, time, steps, rejected, fall, frame, q, u."""
CHUNK: Final = 64
"""Targets between two looks at progress and checkpoint."""

_REACHED_END, _CONVERGED, _DIVERGED = int(FlowStatus.REACHED_END), int(FlowStatus.CONVERGED), int(FlowStatus.DIVERGED)
_MAX_STEPS, _TRAPPED, _LEFT = int(FlowStatus.MAX_STEPS), int(FlowStatus.TRAPPED), int(FlowStatus.LEFT_THE_BOX)
_BELOW = int(FlowStatus.BELOW_ROUNDING)


@inlined
def _ramp(c: Array, k: int, u: float) -> Three:
    """Ramp k of the frame at u: value, first and second derivative."""
    at = _KNOT + k
    rise, height = c[at + 3 * _RAMPS], c[at + 5 * _RAMPS]
    x = (u - c[at]) * rise
    if x <= 0:
        return 0.0, 0.0, 0.0
    fall, flat = c[at + 4 * _RAMPS], c[at + 6 * _RAMPS]
    z = (u - c[at + 2 * _RAMPS]) * fall
    if z >= 1:
        return height * (0.5 / rise + flat + 0.5 / fall), 0.0, 0.0
    if x < 1:
        return height * x * x / (2 * rise), height * x, height * rise
    if z <= 0:
        return height * (0.5 / rise + (u - c[at + _RAMPS])), height, 0.0
    return height * (0.5 / rise + flat + z * (1 - z / 2) / fall), height * (1 - z), -height * fall


@inlined
def _read_digit(c: Array, at: int, q: float) -> Digit:
    """Cell, parity, position in the cell and zone of q at the level whose constants start at ``at``."""
    z = (q - c[at]) * c[at + 1]
    cell = min(max(math.floor(z), -1.0), c[at + 2])
    odd = cell - 2 * math.floor(0.5 * cell)
    a = odd + (1 - 2 * odd) * (z - cell)
    if cell < 0 or cell >= c[at + 2]:
        a += _SHIFT
    zone = 0
    while zone < _ZONES - 1 and a >= c[at + 7 + zone]:
        zone += 1
    return cell, odd, a, zone


@inlined
def _cubic(c: Array, at: int, t: float) -> Three:
    """Value, first and second derivative of a profile's cubic, its powers three places apart."""
    c1, c3 = c[at + 3], c[at + 9] * t
    square = c3 + c[at + 6]
    return (square * t + c1) * t + c[at], (c3 + 2 * square) * t + c1, 4 * c3 + 2 * square


@inlined
def _times(f: Three, g: Jet) -> Jet:
    """The jet of f(u) g(u, v) from (f, f', f'') and the jet of g."""
    f0, f1, f2 = f
    value, v, u, vv, uv, uu = g
    return f0 * value, f0 * v, f0 * u + f1 * value, f0 * vv, f0 * uv + f1 * v, f0 * uu + 2 * f1 * u + f2 * value


@inlined
def _plus(f: Jet, g: Jet) -> Jet:
    """The sum of two jets, or of two ramps with their derivatives, entry by entry."""
    return f[0] + g[0], f[1] + g[1], f[2] + g[2], f[3] + g[3], f[4] + g[4], f[5] + g[5]


@inlined
def _refine(c: Array, level: int, q: float, slope: float, u: float, digit: Digit, below: Jet) -> tuple[Jet, Jet]:
    """Jets of a level's coordinate C and of its finger, from the jet of the coordinate below (zero outside the wedge).

    ``C = q + omega (edge + pitch (b + G) - q)``, with ``b + 1 - G`` in odd cells; the finger is ``alpha T + e S``.
    The profiles G, T, S are cubics of the position in the cell plus a multiple of the coordinate below.
    """
    cell, odd, a, zone = digit
    row, k = level * _LEVEL, 4 * level
    at = _PROFILE + _ENTRY * (level * _ZONES + zone)
    t, a_slope, pitch = a - c[at], (1 - 2 * odd) * c[row + 1] * slope, (1 - 2 * odd) * c[row + 6]
    omega, (alpha, alpha1, alpha2) = _ramp(c, k, u), _ramp(c, k + 1, u)
    (e, e1, e2), (late, late1, late2) = _ramp(c, k + 2, u), _ramp(c, k + 3, u)
    e, e1, e2 = e + late, e1 + late1, e2 + late2
    (g, g_v, g_vv), (tooth, tooth_v, tooth_vv) = _cubic(c, at + 1, t), _cubic(c, at + 2, t)
    side, side_v, side_vv = _cubic(c, at + 3, t)
    follow, curve = pitch * c[at + 13], a_slope * a_slope
    value, v, by_u, vv, uv, uu = below
    step = (
        pitch * g + follow * value + c[row + 5] + c[row + 6] * (cell + odd) - q,
        pitch * g_v * a_slope + follow * v - slope, follow * by_u,
        pitch * g_vv * curve + follow * vv, follow * uv, follow * uu,
    )  # fmt: skip
    moved = _times(omega, step)
    own = (
        alpha * tooth + e * side, (alpha * tooth_v + e * side_v) * a_slope, alpha1 * tooth + e1 * side,
        (alpha * tooth_vv + e * side_vv) * curve, (alpha1 * tooth_v + e1 * side_v) * a_slope,
        alpha2 * tooth + e2 * side,
    )  # fmt: skip
    f, g = c[at + 14], c[at + 15]
    weight = (alpha * f + e * g, alpha1 * f + e1 * g, alpha2 * f + e2 * g)
    return _plus(moved, (q, slope, 0.0, 0.0, 0.0, 0.0)), _plus(own, _times(weight, below))


@inlined
def _inner(c: Array, q: float, slope: float, u: float) -> tuple[Jet, Jet]:
    """Jets of the inner level's coordinate and finger."""
    if u <= c[_KNOT + 4]:  # before its staircase, the first of its ramps
        return (q, slope, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    digit = _read_digit(c, _LEVEL, q)
    below = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    if digit[3] == _WEDGE:
        wedge = c[_LEVEL + 4]
        a_slope = (1 - 2 * digit[1]) * c[_LEVEL + 1] * slope
        below = ((digit[2] - c[_LEVEL + 3]) * wedge, a_slope * wedge, 0.0, 0.0, 0.0, 0.0)
    return _refine(c, 1, q, slope, u, digit, below)


@inlined
def loss_jet(c: Array, r: Array, q: float, u: float) -> Jet:
    """Loss 1/2 |f - Phi|^2, force -grad in (q, u) and its derivative -Hessian (qq, qu, uu), in frame units."""
    digit = _read_digit(c, 0, q)
    odd = digit[1]
    below = inner = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    if digit[3] == _WEDGE:
        slope = (1 - 2 * odd) * c[1] * c[4]
        below, inner = _inner(c, (digit[2] - c[3]) * c[4], slope, u)
    (C, C_v, C_u, C_vv, C_uv, C_uu), (F, F_v, F_u, F_vv, F_uv, F_uu) = _refine(c, 0, q, 1.0, u, digit, below)
    G, G_v, G_u, G_vv, G_uv, G_uu = inner
    D, D_u, D_uu = _ramp(c, _RAMPS - 1, u)
    lean0, lean1, lean2 = r[_LEAN], r[_LEAN + 1], r[_LEAN + 2]
    fall0, fall1, fall3 = r[_FALLS], r[_FALLS + 1], r[_FALLS + 2]
    own, next_own = r[_SIGN], r[_SIGN + 1] + r[_SIGN + 2] * (1 - 2 * odd)
    r0 = r[_GOAL] - (lean0 * C + own * F + fall0 * D)
    r1 = r[_GOAL + 1] - (lean1 * C + next_own * G + fall1 * D)
    r2, r3 = r[_GOAL + 2] - lean2 * C, r[_GOAL + 3] - fall3 * D
    v0, v1, v2 = lean0 * C_v + own * F_v, lean1 * C_v + next_own * G_v, lean2 * C_v
    u0, u1 = lean0 * C_u + own * F_u + fall0 * D_u, lean1 * C_u + next_own * G_u + fall1 * D_u
    u2, u3 = lean2 * C_u, fall3 * D_u
    on_C, on_F, on_G = lean0 * r0 + lean1 * r1 + lean2 * r2, own * r0, next_own * r1
    on_D = fall0 * r0 + fall1 * r1 + fall3 * r3
    return (
        0.5 * (r0 * r0 + r1 * r1 + r2 * r2 + r3 * r3) + r[_FIXED],
        v0 * r0 + v1 * r1 + v2 * r2,
        u0 * r0 + u1 * r1 + u2 * r2 + u3 * r3,
        on_C * C_vv + on_F * F_vv + on_G * G_vv - (v0 * v0 + v1 * v1 + v2 * v2),
        on_C * C_uv + on_F * F_uv + on_G * G_uv - (v0 * u0 + v1 * u1 + v2 * u2),
        on_C * C_uu + on_F * F_uu + on_G * G_uu + on_D * D_uu - (u0 * u0 + u1 * u1 + u2 * u2 + u3 * u3),
    )


@inlined
def _scales(c: Array, u: float) -> tuple[float, float]:
    """The scale of a step in q and in u."""
    regime = 0
    while regime < 4 and u >= c[_THRESHOLD + regime]:
        regime += 1
    return c[_SCALE + regime], c[_SCALE + 5 + regime]


@compiled
def _step(c: Array, r: Array, s: Array, t: Tableau) -> None:
    """One adaptive step of ode23s with the controls of :func:`.batched_flow.advance_one_step`, in place."""
    gamma, a21, c21, c31, c32, m1, m2, e1, e2, e3 = t
    q, u, h, fq, fu = s[_Q], s[_U], s[_STEP], s[_FQ], s[_FU]
    shift = 1 / (gamma * h)
    a, b, d = shift - s[_QQ], -s[_QU], shift - s[_UU]
    definite = a * d > b * b
    scale = 1 / (a * d - b * b)
    q1, u1 = (d * fq - b * fu) * scale, (a * fu - b * fq) * scale
    at = loss_jet(c, r, q + a21 * q1, u + a21 * u1)
    gq, gu = at[1] + c21 / h * q1, at[2] + c21 / h * u1
    q2, u2 = (d * gq - b * gu) * scale, (a * gu - b * gq) * scale
    new_q, new_u = q + (m1 * q1 + m2 * q2), u + (m1 * u1 + m2 * u2)
    new = loss_jet(c, r, new_q, new_u)
    gq, gu = new[1] + (c31 * q1 + c32 * q2) / h, new[2] + (c31 * u1 + c32 * u2) / h
    q3, u3 = (d * gq - b * gu) * scale, (a * gu - b * gq) * scale
    in_q, in_u = _scales(c, u)
    moved_q, moved_u = (new_q - q) / in_q, (new_u - u) / in_u
    error_q = abs(e1 * q1 + e2 * q2 + e3 * q3) / max(s[_TOLERANCE] * in_q, outcome.ROUNDING * abs(q))
    error_u = abs(e1 * u1 + e2 * u2 + e3 * u3) / max(s[_TOLERANCE] * in_u, outcome.ROUNDING * abs(u))
    error = max(error_q, error_u)
    lost = math.isnan(error_q) or math.isnan(error_u)
    too_far = max(abs(moved_q) / 0.3, abs(moved_u) / 0.05)
    if too_far > 1:
        error = max(error, 1.5 * too_far)
    sound = definite and new[0] <= s[_LOSS] * (1 + 1e-7) and not lost
    s[_STEPS] += 1
    if not definite or lost or error > 1e8 or (not sound and error <= 1):
        s[_STEP] = 0.25 * h
    else:
        s[_STEP] = h * min(max(0.8 * max(error, 1e-9) ** (-1 / 3), 0.2), 3.0)
    if sound and error <= 1:
        s[_TIME] += h * s[_UNIT]
        s[_IN_FRAME] += h
        s[_FALL] = max(s[_FALL], -moved_u)
        s[_Q], s[_U] = new_q, new_u
        s[_LOSS], s[_FQ], s[_FU], s[_QQ], s[_QU], s[_UU] = new
    else:
        s[_REJECTED] += 1


@compiled
def reduce_target(c: Array, whole: Whole, dimension: int, coordinates: Coordinates, side: float, r: Array) -> None:
    """Write the four numbers on which the loss depends, as :func:`.hierarchy.frames._reduced` does."""
    (offset, tilt, sign), along, one, two = coordinates, whole[2], whole[3], whole[4]
    falling = 1 if c[frames.HEIGHT] > 0 else 0
    lean, count = 0.0, 0
    for j in range(dimension):
        if j != one and j != two:
            lean += tilt[j] * tilt[j]
            count += falling * (j != along)
    lean, fall = math.sqrt(lean), math.sqrt(count)
    towards = mean = fixed = 0.0
    for j in range(dimension):
        if j != one and j != two:
            towards += offset[j] * tilt[j] / lean if lean > 0 else 0.0
            mean += offset[j] / fall if falling * (j != along) else 0.0
    for j in range(dimension):
        if j != one and j != two:
            rest = offset[j] - (tilt[j] / lean * towards if lean > 0 else 0.0)
            rest -= mean / fall if falling * (j != along) else 0.0
            fixed += rest * rest
    # With d = 2 the second finger's side depends on the digit that is being chosen now: sign = s1 + s2 parity.
    live = two == along and dimension == 2
    r[_GOAL], r[_GOAL + 1], r[_GOAL + 2], r[_GOAL + 3] = offset[one], offset[two], towards, mean
    r[_LEAN], r[_LEAN + 1], r[_LEAN + 2] = tilt[one], tilt[two], lean
    r[_SIGN], r[_SIGN + 1], r[_SIGN + 2] = sign[one], 0.0 if live else sign[two], -side if live else 0.0
    r[_FALLS], r[_FALLS + 1] = float(falling * (one != along)), float(falling * (two != along))
    r[_FALLS + 2], r[_FIXED] = fall, 0.5 * fixed


@compiled
def _start(c: Array, r: Array, s: Array, q: float, u: float) -> None:
    """Evaluate the loss at a point that a step did not lead to."""
    s[_Q], s[_U] = q, u
    s[_LOSS], s[_FQ], s[_FU], s[_QQ], s[_QU], s[_UU] = loss_jet(c, r, q, u)


@compiled
def _enter_finger(c: Array, whole: Whole, dimension: int, digit: Digit, coordinates: Coordinates, side: float) -> float:
    """Coordinates in the next frame (:func:`.hierarchy.frames.advance`), in place; returns the side of its piece."""
    (offset, tilt, sign), (cell, odd, _, _), along, across = coordinates, digit, whole[2], whole[3]
    mirror, pitch = 1 - 2 * odd, c[6]
    start = c[5] + pitch * (cell + odd + mirror * c[frames.SIDE])
    own = sign[across]
    for j in range(dimension):
        offset[j] -= tilt[j] * start - (c[frames.HEIGHT] if j != along else 0.0)
        tilt[j] *= mirror * pitch * c[frames.TILT]
    offset[across] -= own * c[frames.START]
    tilt[across] += own * c[frames.LENGTH]
    sign[along] = side if odd > 0 else -side
    return own


@compiled
def _stalled(c: Array, s: Array, frame: int) -> bool:
    """Whether the target has not moved since the last look; sets the anchor anew."""
    in_q, in_u = _scales(c, s[_U])
    still = abs(s[_Q] - s[_ANCHOR_Q]) / in_q < 1e-6 and abs(s[_U] - s[_ANCHOR_U]) / in_u < 1e-8
    still = still and s[_ANCHOR_FRAME] == frame
    s[_ANCHOR_Q], s[_ANCHOR_U], s[_ANCHOR_FRAME] = s[_Q], s[_U], frame
    return still


@compiled
def _adapt_tolerance(s: Array) -> None:
    """Tighten the tolerance where steps chatter, let it come back to what was asked elsewhere."""
    if s[_REJECTED] - s[_BEFORE] > outcome.CHATTER * outcome.WINDOW:
        s[_TOLERANCE] = max(0.2 * s[_TOLERANCE], 1e-10)
    else:
        s[_TOLERANCE] = min(1.5 * s[_TOLERANCE], s[_ALLOWED])
    s[_BEFORE] = s[_REJECTED]


@compiled
def _verdict(c: Array, s: Array, left: bool, stalled: bool, max_steps: int) -> int:
    """The status, RUNNING if the flow goes on; what stands first outweighs the rest."""
    smallest = c[frames.SMALLEST]
    if s[_U] >= c[frames.END]:
        return _REACHED_END
    if left:
        return _LEFT
    if s[_LOSS] < outcome.ZERO_LOSS * smallest:
        return _CONVERGED
    if s[_STEP] < 1e-14:
        return _DIVERGED
    if s[_STEP] * smallest > outcome.LONG or s[_IN_FRAME] * smallest > 100 * outcome.LONG or stalled:
        resolved = s[_ALLOWED] * _scales(c, s[_U])[0] >= outcome.ROUNDING * abs(s[_Q])
        return _TRAPPED if resolved else _BELOW
    return _MAX_STEPS if s[_STEPS] >= max_steps else outcome.RUNNING


@compiled
def _change_frame(
    rows: Array, whole: Whole, frame: int, dimension: int, coordinates: Coordinates, side: float, s: Array, r: Array
) -> tuple[bool, float, float]:
    """Move to the next frame. Returns whether it has left its box, the cell and the side."""
    c, digit = rows[frame], _read_digit(rows[frame], 0, s[_Q])
    if digit[3] != _WEDGE:
        return True, digit[0], side
    side = _enter_finger(c, whole[frame], dimension, digit, coordinates, side)
    reduce_target(rows[frame + 1], whole[frame + 1], dimension, coordinates, side, r)
    zoom = c[frames.ZOOM]
    _start(rows[frame + 1], r, s, (digit[2] - c[3]) * c[4], (s[_U] - c[frames.ORIGIN]) / zoom)
    s[_STEP] /= zoom**2
    s[_UNIT] *= zoom**2
    # Counted afresh: in the finer units of the next frame the time spent so far would look endless.
    s[_IN_FRAME] = 0.0
    return False, digit[0], side


@compiled
def _follow(
    rows: Array, whole: Whole, frame: int, dimension: int, coordinates: Coordinates, s: Array, t: Tableau,
    max_steps: int, digits: Array,
) -> tuple[int, int]:  # fmt: skip
    """The flow of one target from its first frame; writes the digits that are final. Returns status and frame."""
    c, r, side, count, status = rows[frame], np.empty(14), 1.0, 0, outcome.RUNNING
    reduce_target(c, whole[frame], dimension, coordinates, side, r)
    _start(c, r, s, 0.5, 0.0)
    while status == outcome.RUNNING:
        for _ in range(outcome.CHECK):
            if s[_U] < c[frames.END]:
                _step(c, r, s, t)
        count += outcome.CHECK
        if count % outcome.WINDOW == 0:
            _adapt_tolerance(s)
        left = False
        if s[_U] > c[frames.NEXT]:
            left, cell, side = _change_frame(rows, whole, frame, dimension, coordinates, side, s, r)
            if not left:
                digits[whole[frame, 5] - 1] = cell
                frame += 1
                c = rows[frame]
        stalled = count % outcome.STALL == 0 and _stalled(c, s, frame)
        status = _verdict(c, s, left, stalled, max_steps)
    return status, frame


@compiled
def follow_all(
    rows: Array, whole: Whole, first: Whole, dimensions: Whole, coordinates: Coordinates, tolerance: Array,
    t: Tableau, max_steps: int, results: Array,
) -> None:  # fmt: skip
    """The flows of n targets; ``results`` (n, 9 + N) receives how each ended.

    ``rows`` (frames, numbers) and ``whole`` (frames, 6) are the frame table, ``first`` and ``dimensions`` (n) the
    targets' first frames and numbers of coordinates, ``t`` the coefficients of
    :data:`~learnability.flows.tableaux.ROS23`."""
    s, (offset, tilt, sign) = np.empty(21), coordinates
    for i in range(len(first)):
        s[:] = 0.0
        s[_STEP], s[_UNIT], s[_TOLERANCE], s[_ALLOWED] = 1e-3, 1.0, tolerance[i], tolerance[i]
        s[_ANCHOR_Q:] = -1.0
        digits, own = results[i, COLUMNS:], (offset[i], tilt[i], sign[i])
        digits[:] = -9.0
        status, frame = _follow(rows, whole, first[i], dimensions[i], own, s, t, max_steps, digits)
        c, q, n = rows[frame], s[_Q], whole[frame, 5] - 1
        for level in range(min(2, len(digits) - n)):
            cell, _, a, _ = _read_digit(c, level * _LEVEL, q)
            digits[n + level] = cell
            q = (a - c[level * _LEVEL + 3]) * c[level * _LEVEL + 4]
        results[i, 0], results[i, 1], results[i, 2] = status, math.sqrt(2 * s[_LOSS]), s[_TIME]
        results[i, 3], results[i, 4], results[i, 5] = s[_STEPS], s[_REJECTED], s[_FALL]
        results[i, 6], results[i, 7], results[i, 8] = whole[frame, 5], s[_Q], s[_U]


def trajectory(
    table: FrameTable, target: Array, tolerance: float, max_steps: int
) -> "list[tuple[Array, Array, list[tuple[float, ...]]]]":
    """The accepted points of the flow to one target (d) of the table's first hierarchy, frame by frame.

    For each frame: its row, the reduced target (14), and the points (q, u) with the scale of a step there in q, u."""
    rows, whole, t = frame_rows(table), _by_target(table.whole), _coefficients()
    entered = enter(table, from_numpy(target[:, None].copy()), zeros(1, dtype=int64))
    dimension, frame, side = len(target), 0, 1.0
    own = tuple(_by_target(x)[0].copy() for x in (entered.offset, entered.tilt, entered.sign))
    coordinates: Coordinates = (own[0], own[1], own[2])
    s, r = np.zeros(21), np.zeros(14)
    s[_STEP], s[_UNIT], s[_TOLERANCE], s[_ALLOWED] = 1e-3, 1.0, tolerance, tolerance
    reduce_target(rows[0], whole[0], dimension, coordinates, side, r)
    _start(rows[0], r, s, 0.5, 0.0)

    def here() -> tuple[float, ...]:
        return (float(s[_Q]), float(s[_U]), *_scales(rows[frame], s[_U]))

    parts = [(rows[0], r.copy(), [here()])]
    while s[_STEPS] < max_steps and s[_U] < rows[frame][frames.END] and s[_STEP] > 1e-14:
        before = s[_REJECTED]
        _step(rows[frame], r, s, t)
        if s[_REJECTED] == before:
            parts[-1][2].append(here())
        if s[_STEPS] % outcome.WINDOW == 0:
            _adapt_tolerance(s)
        if s[_U] > rows[frame][frames.NEXT]:
            left, _, side = _change_frame(rows, whole, frame, dimension, coordinates, side, s, r)
            if left:
                break
            frame += 1
            parts.append((rows[frame], r.copy(), [here()]))
    return parts


def _coefficients() -> Tableau:
    """Those of ROS23; its third stage stands at the new point, so two evaluations make a step."""
    weights, (_, (c21,), (c31, c32)) = ROS23.weights, ROS23.coupling
    if ROS23.argument[2] != weights[:2] or weights[2] != 0:
        raise ValueError("the third stage must be taken at the new point")
    return (ROS23.gamma, ROS23.argument[1][0], c21, c31, c32, *weights[:2], *ROS23.error)


def frame_rows(table: FrameTable) -> Array:
    """(frames, numbers): what the loop reads of each frame, contiguous."""
    constants, profiles = table.constants.numpy(), table.profiles.numpy()
    columns = table.whole[:2].numpy()
    blocks = [profiles[:, start : start + _ZONES].T.ravel() for start in columns.T.ravel()]
    return np.concatenate([constants.T, np.array(blocks).reshape(len(constants.T), -1)], axis=1)


def compiled_flow(
    table: FrameTable,
    targets: Tensor,
    families: Tensor,
    tolerance: Tensor,
    max_steps: int = 100_000,
    progress: Progress | None = None,
    checkpoint: Checkpoint | None = None,
) -> Outcome:
    """:func:`~.flow.gradient_flow` of targets (d, n) in one thread, in chunks of targets that a killed run keeps.

    The result of a target depends on nothing but the target. A chunk takes targets from all over the list, whose first
    may be the easy ones: so each takes as long as another, and the progress is true.
    """
    n, rows, whole = targets.shape[1], frame_rows(table), _by_target(table.whole)
    results = np.zeros((n, COLUMNS + table.depth))
    saved, begin, chunks = checkpoint.load() if checkpoint is not None else None, 0, -(-n // CHUNK)
    if saved is not None:
        begin, results = int(saved["done"]), saved["results"]
    for number in range(begin, chunks):
        part = slice(number, None, chunks)
        entered = enter(table, targets[:, part], families[part])
        coordinates = _by_target(entered.offset), _by_target(entered.tilt), _by_target(entered.sign)
        first, dimensions = entered.column.numpy(), entered.used.sum(dim=0).numpy()
        allowed, ends = tolerance[part].contiguous().numpy(), results[part].copy()
        follow_all(rows, whole, first, dimensions, coordinates, allowed, _coefficients(), max_steps, ends)
        results[part] = ends
        if progress is not None:
            progress(number + 1, chunks)
        if checkpoint is not None and checkpoint.due():
            checkpoint.save({"done": np.array(number + 1), "results": results})
    status, distance, time, steps, rejected, fall, frame, q, u = results[:, :COLUMNS].T.copy()
    digits = results[:, COLUMNS:].T.copy()
    return Outcome(status, distance, time, steps, rejected, fall, digits, frame, np.stack([q, u]))


def _by_target(values: Tensor) -> np.ndarray:
    return np.ascontiguousarray(values.numpy().T)

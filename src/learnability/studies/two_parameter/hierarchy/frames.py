"""Local frames: the same map, written in the units of the stage that a trajectory is passing.

A frame F sees stages F and F + 1. What the coarser stages did is final there: coordinate j of Phi is
``base_j + tilt_j C_F``, and only two coordinates carry fingers. So ``|f - Phi|^2`` depends on the target through four
numbers, whatever d is: the two coordinates with fingers, the projection of the others on the tilt, and (in the first
frame) their mean, which feels the descent. The rest is a constant. Parameters are measured in units of ``V_F``, times
in ``V_F^2``: the flow is exactly the same, and nothing underflows at any depth.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import torch
from torch import Tensor

from learnability.studies.two_parameter.hierarchy import jets
from learnability.studies.two_parameter.hierarchy.levels import (
    LEVEL_ROWS,
    level_jets,
    pack_level,
    profile_table,
    read_digit,
)
from learnability.studies.two_parameter.hierarchy.map import descent_height, stage_knots
from learnability.studies.two_parameter.hierarchy.profiles import ZONES, make_profiles
from learnability.studies.two_parameter.hierarchy.ramps import OFF, ON, descent_ramp, first_staircase, stage_ramps
from learnability.studies.two_parameter.hierarchy.sizes import END_OF_TAIL, Hierarchy

SWITCH: Final = 0.6
"""The next frame takes over this far (in units of its stage's half length) inside its own stage."""
NEVER: Final = float("inf")
RAMPS: Final = 9
"""Ramps of a frame: omega, alpha, spread and tail of its two stages, and the descent."""
KNOTS: Final = slice(2 * LEVEL_ROWS, 2 * LEVEL_ROWS + 7 * RAMPS)
REST: Final = KNOTS.stop
END, NEXT, SMALLEST, SIDE, TILT, START, LENGTH, ZOOM, ORIGIN, HEIGHT = range(REST, REST + 10)
"""Among them: the u at which the last stage is complete and that at which the next frame takes over (infinite where
there is none), and the square of the smallest length in the frame, with whose inverse flow times are compared."""
THRESHOLDS: Final = slice(REST + 10, REST + 14)
SCALES: Final = slice(REST + 14, REST + 24)
"""Rows of a frame's constants: two levels, the knots (7, RAMPS), single numbers, the regimes of the step scale."""


def _frame_constants(h: Hierarchy, first: int) -> np.ndarray:
    """All numbers of frame ``first`` that do not depend on the target."""
    stages = h.stages[first - 1 : first + 1]
    single = len(stages) == 1
    pair = (stages[0], stages[0]) if single else stages
    times = stage_ramps(h, first)[:2]
    starts, halves, zoom = h.stage_starts(first), h.stage_lengths(first), stages[0].zoom
    omega = [first_staircase(h) if first == 1 else ON, OFF if single else times[0].refine]
    packed = []
    for i, stage in enumerate(pair):
        packed += stage_knots(stage, times[min(i, len(times) - 1)], omega[i], float(i < len(stages)))
    height = descent_height(h) if first == 1 else 0.0
    packed.append(jets.pack_knots(descent_ramp(h) if first == 1 else OFF, -height))
    last = first + 1 >= h.depth
    end = starts[-1] + 0.9 * END_OF_TAIL * halves[-1] if last else NEVER
    switch = NEVER if last else starts[1] + SWITCH * halves[1]
    smallest = min(stages[0].length, *(stage.room for stage in stages)) ** 2
    rest = [end, switch, smallest, stages[0].side_position, stages[0].gaps.tilt, stages[0].piece_start]
    rest += [stages[0].next_length, zoom, starts[1], height]
    levels = [pack_level(stage, make_profiles(stage)) for stage in pair]
    knots = np.array(packed).T.ravel()
    return np.concatenate([*levels, knots, rest, *_step_scales(h, first)])


def _step_scales(h: Hierarchy, first: int) -> tuple[list[float], list[float]]:
    """Where in u the scale of a step changes (4), and the five scales of q, then of u.

    A step is measured in u by the length of its stage, in q by a cell of the finest staircase that is switched on.
    """
    starts, halves = h.stage_starts(first), h.stage_lengths(first)
    stages = h.stages[first - 1 : first + 2]
    cells = [1 / stage.cells for stage in stages]
    late = [0.6 * x for x in cells[1:]] + [1.0]
    q0 = cells[0]
    begin = starts[0] if first == 1 else -NEVER
    before = h.descent if first == 1 else halves[0]
    if len(stages) == 1:
        return [begin, NEVER, NEVER, NEVER], [q0] * 5 + [before] + [halves[0]] * 4
    q1 = stages[0].zoom * cells[1]
    thresholds = [begin, starts[0] + 1.89 * halves[0], starts[1], starts[1] + 1.89 * halves[1]]
    in_q = [q0, q0, q0 * late[0], q1, q1 * (late[1] if len(stages) == 3 else 1.0)]
    return thresholds, [*in_q, before, halves[0], halves[0], halves[1], halves[1]]


class FrameTable:
    """The frames of one or several hierarchies, one column a frame, as tensors on a device.

    ``constants`` (rows, frames), ``whole`` (4, frames) the integers: level columns of the profile table, coordinates
    ``along`` F, ``across`` F, ``across`` F + 1. ``first[i]`` is the column of hierarchy i's first frame.
    """

    def __init__(self, hierarchies: tuple[Hierarchy, ...], device: str | torch.device = "cpu") -> None:
        self.hierarchies = hierarchies
        self.dimension = max(h.dimension for h in hierarchies)
        self.depth = max(h.depth for h in hierarchies)
        columns: list[np.ndarray] = []
        whole: list[list[int]] = []
        self.first: list[int] = []
        level = 0
        for h in hierarchies:
            self.first.append(len(columns))
            for f in range(1, max(1, h.depth - 1) + 1):
                a, b = h.stages[f - 1], h.stages[min(f, h.depth - 1)]
                second = a.along if h.depth == 1 else b.across
                width = len(ZONES)
                columns.append(_frame_constants(h, f))
                whole.append(
                    [width * (level + f - 1), width * (level + min(f, h.depth - 1)), a.along, a.across, second, f]
                )
            level += h.depth
        self.constants = torch.tensor(np.stack(columns, axis=1), device=device)
        self.whole = torch.tensor(np.array(whole).T.copy(), device=device)
        stages = tuple(stage for h in hierarchies for stage in h.stages)
        self.profiles = torch.tensor(profile_table(stages), device=device)


@dataclass
class Frames:
    """The frame of every target of a batch; targets are the last axis.

    ``column`` of the frame table; ``offset`` (d, n) the target minus the base, ``tilt`` (d, n), ``sign`` (d, n) the
    side on which fingers grow and ``side`` (n) that of the last piece; ``digits`` (N, n) fixed so far (-9: not
    yet). Reduced: ``goal``, ``lean``, ``descends`` (4, n), ``signs`` (3, n), and ``constant`` (n), the part of the
    loss that is fixed."""

    column: Tensor
    constants: Tensor
    whole: Tensor
    offset: Tensor
    tilt: Tensor
    sign: Tensor
    side: Tensor
    used: Tensor
    digits: Tensor
    goal: Tensor
    lean: Tensor
    descends: Tensor
    signs: Tensor
    constant: Tensor

    def select(self, index: Tensor) -> "Frames":
        """The targets with the given indices."""
        return Frames(*(getattr(self, field.name).index_select(-1, index) for field in fields(self)))

    def put(self, index: Tensor, part: "Frames") -> None:
        """Replace the targets with the given indices, in place."""
        for field in fields(self):
            getattr(self, field.name).index_copy_(-1, index, getattr(part, field.name))

    def step_scale(self, u: Tensor) -> Tensor:
        """The scale (2, n) of a step in (q, u)."""
        regime = (u >= self.constants[THRESHOLDS]).sum(dim=0)
        scales = self.constants[SCALES].unflatten(0, (2, 5))
        return scales.gather(1, regime.expand(2, 1, -1))[:, 0]


@dataclass
class LossJet:
    """Loss 1/2 |f - Phi|^2 (n), downhill force -grad (2, n) and its derivative -Hessian (3, n: qq, qu, uu).

    All in frame units; the parameters are ordered (q, u).
    """

    loss: Tensor
    force: Tensor
    force_slope: Tensor | None


def loss_jet(table: FrameTable, frames: Frames, point: Tensor, order: int = 2) -> LossJet:
    """The loss and its derivatives at ``point`` (2, n) = (q, u), of order 1 or 2."""
    q, u = point
    constants, levels = frames.constants, (slice(0, LEVEL_ROWS), slice(LEVEL_ROWS, 2 * LEVEL_ROWS))
    ramps = jets.ramps(u, constants[KNOTS].unflatten(0, (7, RAMPS)), order)
    coordinate, fingers, digits = level_jets(
        [constants[rows] for rows in levels], [frames.whole[0], frames.whole[1]], table.profiles, ramps, q, order
    )
    model = frames.lean * coordinate.unsqueeze(1)
    model[:, 0] += frames.signs[0] * fingers[0]
    model[:, 1] += (frames.signs[1] + frames.signs[2] * (1 - 2 * digits[0].odd)) * fingers[1]
    descent = frames.descends * ramps[:, -1:]
    model[jets.VALUE] += descent[0]
    model[jets.U] += descent[1]
    residual = frames.goal - model[jets.VALUE]
    loss = 0.5 * (residual * residual).sum(dim=0) + frames.constant
    force = (model[jets.V : jets.U + 1] * residual).sum(dim=1)
    if order == 1:
        return LossJet(loss, force, None)
    model[jets.UU] += descent[2]
    by_q, by_u = model[jets.V], model[jets.U]
    gauss_newton = torch.stack([by_q * by_q, by_q * by_u, by_u * by_u])
    return LossJet(loss, force, (model[jets.VV :] * residual - gauss_newton).sum(dim=1))


def enter(table: FrameTable, targets: Tensor, families: Tensor) -> Frames:
    """The first frames of targets (d, n); ``families`` (n) says which hierarchy each belongs to.

    Coordinates beyond a hierarchy's own dimension are ignored.
    """
    d, n = targets.shape
    columns = torch.tensor(table.first, device=targets.device)[families]

    def numbers(of: list[float]) -> Tensor:
        return torch.tensor(of, dtype=torch.float64, device=targets.device)[families]

    coordinate = torch.arange(d, device=targets.device)[:, None]
    used = coordinate < numbers([float(h.dimension) for h in table.hierarchies])
    is_first = coordinate == 0
    above = numbers([h.high + h.clearance * h.side + descent_height(h) for h in table.hierarchies])
    base = torch.where(is_first, numbers([h.low for h in table.hierarchies]), above)
    tilt = torch.where(is_first, numbers([h.side for h in table.hierarchies]), torch.zeros_like(base))
    offset = torch.where(used, targets - base, torch.zeros_like(base))
    digits = torch.full((table.depth, n), -9.0, dtype=torch.float64, device=targets.device)
    minus = -torch.ones_like(offset)
    return _reduced(table, columns, offset, tilt, minus, -minus[0], used, digits)


def _reduced(
    table: FrameTable,
    column: Tensor,
    offset: Tensor,
    tilt: Tensor,
    sign: Tensor,
    side: Tensor,
    used: Tensor,
    digits: Tensor,
) -> Frames:
    """Project the loss on the four numbers that move: two fingers, the tilt, the descent."""
    constants, whole = table.constants.index_select(1, column), table.whole.index_select(1, column)
    coordinate = torch.arange(offset.shape[0], device=offset.device)[:, None]
    along, one, two = (coordinate == whole[i] for i in (2, 3, 4))
    falls = (used & ~along & (constants[HEIGHT] > 0)).double()
    rest = (used & ~one & ~two).double()

    def pick(values: Tensor, where: Tensor) -> Tensor:
        return (values * where).sum(dim=0)

    def unit(vector: Tensor) -> tuple[Tensor, Tensor]:
        norm = torch.linalg.vector_norm(vector, dim=0)
        return norm, vector / torch.where(norm > 0, norm, torch.ones_like(norm))

    lean_norm, lean_unit = unit(rest * tilt)
    fall_norm, fall_unit = unit(rest * falls)
    towards, mean = pick(offset, lean_unit), pick(offset, fall_unit)
    left = rest * offset - lean_unit * towards - fall_unit * mean
    zero = torch.zeros_like(mean)
    # With d = 2 the second finger's side depends on the digit that is being chosen now: sign = s1 + s2 parity.
    live = two & along & (coordinate < 2) & (used.sum(dim=0) == 2)
    signs = torch.stack([pick(sign, one), pick(sign, two & ~live), pick(-side, live)])
    goal = torch.stack([pick(offset, one), pick(offset, two), towards, mean])
    lean = torch.stack([pick(tilt, one), pick(tilt, two), lean_norm, zero])
    descends = torch.stack([pick(falls, one), pick(falls, two), zero, fall_norm])
    fixed = 0.5 * (left * left).sum(dim=0)
    reduced = (goal, lean, descends, signs, fixed)
    return Frames(column, constants, whole, offset, tilt, sign, side, used, digits, *reduced)


def advance(table: FrameTable, frames: Frames, point: Tensor) -> tuple[Frames, Tensor, Tensor, Tensor]:
    """The next frames of targets whose outer stage is final.

    Returns the frames, the points (2, n) in their units, the ratio V_{F+1} / V_F, and whether the point is in the
    wedge of the outer stage: outside it the next frame means nothing, the target has left its box.
    """
    constants, whole = frames.constants, frames.whole
    digit = read_digit(constants[:LEVEL_ROWS], whole[0], point[0], torch.ones_like(point[0]))
    cell, odd, inside, q = digit.cell, digit.odd, digit.inside, digit.q
    coordinate = torch.arange(frames.offset.shape[0], device=q.device)[:, None]
    along, across = coordinate == whole[2], coordinate == whole[3]
    edge, pitch = constants[5], constants[6]
    mirror = 1 - 2 * odd
    # C_F = start + slope C_{F+1} on the side of the finger that the digit names.
    start = edge + pitch * (cell + odd + mirror * constants[SIDE])
    slope = mirror * pitch * constants[TILT]
    falls = frames.used & ~along
    own_sign = (frames.sign * across).sum(dim=0)
    offset = frames.offset - frames.tilt * start + falls * constants[HEIGHT] - across * own_sign * constants[START]
    tilt = frames.tilt * slope + across * own_sign * constants[LENGTH]
    sign = torch.where(along, torch.where(odd > 0, frames.side, -frames.side), frames.sign)
    digits = torch.where(
        torch.arange(frames.digits.shape[0], device=q.device)[:, None] == whole[5] - 1, cell, frames.digits
    )
    zoom = constants[ZOOM]
    moved = torch.stack([q, (point[1] - constants[ORIGIN]) / zoom])
    following = _reduced(table, frames.column + 1, offset, tilt, sign, own_sign, frames.used, digits)
    return following, moved, zoom, inside


def final_digits(table: FrameTable, frames: Frames, q: Tensor) -> Tensor:
    """All digits (N, n) at the end of a run, the last two read off from q."""
    digits = frames.digits.clone()
    row = torch.arange(digits.shape[0], device=q.device)[:, None]
    slope = torch.ones_like(q)
    for i in range(2):
        level = frames.constants[i * LEVEL_ROWS : (i + 1) * LEVEL_ROWS]
        digit = read_digit(level, frames.whole[i], q, slope)
        digits = torch.where(row == frames.whole[5] - 1 + i, digit.cell, digits)
        q, slope = digit.q, digit.q_slope
    return digits

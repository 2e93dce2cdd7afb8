"""One level of the hierarchy at work: digits of v on the way down, profiles and staircase on the way up.

Everything is vectorised over targets (the last axis) and the same for one map and for a batch in which every target
sits at its own level of its own map: a level's numbers come packed in a tensor (LEVEL_ROWS, targets or 1).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from learnability.studies.two_parameter.hierarchy import jets
from learnability.studies.two_parameter.hierarchy.profiles import MARGIN_SHIFT, WEDGE, ZONES, Profiles, make_profiles
from learnability.studies.two_parameter.hierarchy.sizes import Stage

_SCALARS: Final = 7
LEVEL_ROWS: Final = _SCALARS + 7
PROFILE_ROWS: Final = 16


def pack_level(stage: Stage, profiles: Profiles) -> np.ndarray:
    """The numbers (LEVEL_ROWS,) of a stage: first margin, cells per unit of q, cells, wedge, first edge, pitch; then
    zone edges."""
    wedge, per_unit = stage.wedge_end - stage.wedge_start, stage.cells / (1 - stage.margins)
    scalars = [
        stage.first_margin, per_unit, stage.cells, stage.wedge_start, 1 / wedge, stage.first_edge, stage.pitch,
    ]  # fmt: skip
    return np.array([*scalars, *profiles.edges])


def pack_profiles(profiles: Profiles) -> np.ndarray:
    """The profile table (PROFILE_ROWS, 8): origin, then the coefficients 0..3 of G, T, S, then how they follow C."""
    coefficients = profiles.coefficients.transpose(2, 1, 0).reshape(12, len(ZONES))
    return np.concatenate([profiles.origins[None], coefficients, profiles.follow.T])


def profile_table(stages: tuple[Stage, ...]) -> np.ndarray:
    """The profile tables of several stages side by side: stage i has the columns 8i .. 8i+7."""
    return np.concatenate([pack_profiles(make_profiles(stage)) for stage in stages], axis=1)


@dataclass
class Digit:
    """One digit of v and what lies below it.

    ``cell`` b (-1 and M are the margins), ``odd`` its parity, ``a`` the position in the cell from valley to tip
    (margins shifted), ``slope`` da/dv, ``column`` of the profile table, ``inside`` whether the point is in the
    wedge, and the next coordinate ``q`` with its derivative ``q_slope`` (meaningful in the wedge only)."""

    cell: Tensor
    odd: Tensor
    a: Tensor
    slope: Tensor
    column: Tensor
    inside: Tensor
    q: Tensor
    q_slope: Tensor


def read_digit(level: Tensor, columns: Tensor, q: Tensor, q_slope: Tensor) -> Digit:
    """Split q = q_n into a cell and the position in it.

    ``b = floor(M (q - m) / (1 - margins))`` with m the first margin, ``a`` the remainder, mirrored in odd cells so
    that a = 0 is always a valley.
    """
    margin, per_unit, cells, wedge_start, wedge_scale = level[:5]
    z = (q - margin) * per_unit
    cell = torch.minimum(torch.floor(z).clamp(min=-1), cells)
    odd = cell - 2 * torch.floor(0.5 * cell)
    mirror = 1 - 2 * odd
    in_margin = (-cell).clamp(0, 1) + (cell - cells + 1).clamp(min=0)
    a = odd + mirror * (z - cell) + MARGIN_SHIFT * in_margin
    slope = mirror * per_unit * q_slope
    zone = (a >= level[_SCALARS:]).sum(dim=0)
    return Digit(
        cell, odd, a, slope, columns + zone, zone == WEDGE, (a - wedge_start) * wedge_scale, slope * wedge_scale
    )


def profile_jets(table: Tensor, digit: Digit, below: Tensor) -> tuple[Tensor, Tensor]:
    """Jets (rows, 3, targets) of G, T and S, and 1 in the wedge, 0 elsewhere.

    ``below`` (rows, targets) is the jet of the next level's coordinate.
    """
    entry = table.gather(1, digit.column.expand(PROFILE_ROWS, -1))
    t, (c0, c1, c2, c3) = digit.a - entry[0], entry[1:13].unflatten(0, (4, 3))
    out = entry[13:] * below.unsqueeze(1)
    cubic = c3 * t
    square = cubic + c2
    out[jets.VALUE] += (square * t + c1) * t + c0
    if out.shape[0] >= 3:
        out[jets.V] += ((cubic + 2 * square) * t + c1) * digit.slope
    if out.shape[0] == 6:
        out[jets.VV] += (4 * cubic + 2 * square) * digit.slope**2
    return out, entry[-1]


def refine(
    level: Tensor, digit: Digit, profiles: Tensor, q: Tensor, q_slope: Tensor, ramps: Tensor
) -> tuple[Tensor, Tensor]:
    """Jets of the level's coordinate and of its tooth and finger, ``ramps`` (3, 4, ...) = omega, alpha, spread, tail.

    The staircase: ``C = q + omega (edge + pitch (b + G) - q)`` in even cells, with ``b + 1 - G`` in odd ones. The
    amplitudes of tooth and finger are folded into the ramps. Returns C (rows, targets) and their sum (rows, targets).
    """
    edge, pitch = level[5], level[6]
    step = profiles.clone()
    step[:, 0] *= pitch * (1 - 2 * digit.odd)
    step[jets.VALUE, 0] += edge + pitch * (digit.cell + digit.odd) - q
    if step.shape[0] >= 3:
        step[jets.V, 0] -= q_slope
    weights = torch.stack([ramps[:, 0], ramps[:, 1], ramps[:, 2] + ramps[:, 3]], dim=1)
    parts = jets.times_function_of_u(step, weights)
    coordinate = parts[:, 0].clone()
    coordinate[jets.VALUE] += q
    if step.shape[0] >= 3:
        coordinate[jets.V] += q_slope
    return coordinate, parts[:, 1] + parts[:, 2]


def level_jets(
    levels: list[Tensor], columns: list[Tensor], table: Tensor, ramps: Tensor, q: Tensor, order: int
) -> tuple[Tensor, list[Tensor], list[Digit]]:
    """Jets of the outermost coordinate C and of every level's finger, of order 0, 1 or 2.

    ``levels[i]`` (LEVEL_ROWS, ...), ``columns[i]`` the first column of the level's profiles in ``table``, ``ramps``
    (3, 4 len(levels), ...). A level's finger exists only where all levels above it are in the wedge.
    """
    slope = torch.ones_like(q)
    starts, digits = [], []
    for level, column in zip(levels, columns, strict=True):
        starts.append((q, slope))
        digits.append(read_digit(level, column, q, slope))
        q, slope = digits[-1].q, digits[-1].q_slope
    coordinate = jets.of_v(q, slope, order)
    fingers: list[Tensor] = []
    for i in reversed(range(len(levels))):
        profiles, in_wedge = profile_jets(table, digits[i], coordinate)
        # The finger function S follows the next coordinate with weight one in the wedge and zero elsewhere.
        fingers = [in_wedge * finger for finger in fingers]
        coordinate, own = refine(levels[i], digits[i], profiles, *starts[i], ramps[:, 4 * i : 4 * i + 4])
        fingers.insert(0, own)
    return coordinate, fingers, digits

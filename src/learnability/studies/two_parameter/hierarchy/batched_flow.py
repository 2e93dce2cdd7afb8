"""Gradient flow on the hierarchical map in whole arrays of targets: the implementation for a GPU and for recordings.

It is also what tests hold the compiled loop against. Every target has its own step size, frame and tolerance; finished
targets leave the batch."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from learnability.flows.solver import combine, step_stages
from learnability.flows.tableaux import ROS23
from learnability.results.contract import Checkpoint
from learnability.studies.two_parameter.hierarchy import outcome as controls
from learnability.studies.two_parameter.hierarchy.frames import (
    END,
    NEXT,
    SMALLEST,
    Frames,
    FrameTable,
    LossJet,
    advance,
    enter,
    final_digits,
    loss_jet,
)
from learnability.studies.two_parameter.hierarchy.outcome import RUNNING, FlowStatus, Outcome, Progress


@dataclass
class Flow:
    """The state of a batch; targets are the last axis, parameters (q, u) in units of each target's frame.

    ``unit`` is the flow time of one frame time, ``fall`` the largest decrease of u in one step (in stage lengths).
    """

    frames: Frames
    point: Tensor
    loss: Tensor
    force: Tensor
    force_slope: Tensor
    step: Tensor
    tolerance: Tensor
    allowed: Tensor
    unit: Tensor
    time: Tensor
    in_frame: Tensor
    fall: Tensor
    steps: Tensor
    rejected: Tensor
    target: Tensor
    anchor: Tensor
    rejected_before: Tensor

    def select(self, index: Tensor) -> "Flow":
        """The targets with the given indices."""
        rest = (getattr(self, f.name).index_select(-1, index) for f in fields(self)[1:])
        return Flow(self.frames.select(index), *rest)


def _start(table: FrameTable, targets: Tensor, families: Tensor, tolerance: Tensor, index: Tensor) -> Flow:
    frames = enter(table, targets, families)
    n = targets.shape[1]
    point = torch.zeros((2, n), dtype=torch.float64, device=targets.device)
    point[0] = 0.5
    jet = loss_jet(table, frames, point)
    zero, one = torch.zeros_like(jet.loss), torch.ones_like(jet.loss)
    assert jet.force_slope is not None
    return Flow(
        frames, point, jet.loss, jet.force, jet.force_slope, 1e-3 * one, tolerance.clone(), tolerance, one, zero,
        zero.clone(), zero.clone(), zero.clone(), zero.clone(), index, torch.full_like(targets[:1].repeat(3, 1), -1.0),
        zero.clone(),
    )  # fmt: skip


def _attempt(table: FrameTable, flow: Flow) -> tuple[Tensor, LossJet, Tensor, Tensor]:
    """One step of ode23s: the new points, the jet there, the local error (2, n), and where the matrix is definite."""
    last: list[LossJet] = []

    def force_at(point: Tensor) -> Tensor:
        # The third stage stands at the new point: its jet with the Hessian opens the next step.
        jet = loss_jet(table, flow.frames, point, order=2 if last else 1)
        last.append(jet)
        return jet.force

    slope = flow.force_slope
    jacobian = slope[[0, 1, 1, 2]].view(2, 2, -1)
    shift = 1 / (ROS23.gamma * flow.step)
    definite = (shift - slope[0]) * (shift - slope[2]) > slope[1] * slope[1]
    stages = step_stages(ROS23, force_at, flow.point, flow.force, jacobian, flow.step)
    return flow.point + combine(ROS23.weights, stages), last[-1], combine(ROS23.error, stages), definite


def advance_one_step(table: FrameTable, flow: Flow) -> None:
    """One adaptive step of every target, in place.

    A step is accepted when its error is below the tolerance in units of the stage (u) and of a cell (q), or not to be
    told from rounding, when it moves by less than 0.05 stages and 0.3 cells, and when the loss does not rise."""
    point, jet, error, definite = _attempt(table, flow)
    assert jet.force_slope is not None
    scale = flow.frames.step_scale(flow.point[1])
    moved = (point - flow.point) / scale
    allowed = torch.maximum(flow.tolerance * scale, controls.ROUNDING * flow.point.abs())
    error = (error.abs() / allowed).amax(dim=0)
    too_far = torch.maximum(moved[0].abs() / 0.3, moved[1].abs() / 0.05)
    error = torch.where(too_far > 1, torch.maximum(error, 1.5 * too_far), error)
    sound = definite & (jet.loss <= flow.loss * (1 + 1e-7)) & ~error.isnan()
    running = flow.point[1] < flow.frames.constants[END]
    accept = sound & (error <= 1) & running
    factor = (0.8 * error.clamp(min=1e-9) ** (-1 / 3)).clamp(0.2, 3.0)
    refused = ~definite | (error > 1e8) | (~sound & (error <= 1)) | error.isnan()
    flow.time += torch.where(accept, flow.step * flow.unit, 0.0)
    flow.in_frame += torch.where(accept, flow.step, 0.0)
    flow.fall = torch.where(accept, torch.maximum(flow.fall, -moved[1]), flow.fall)
    flow.steps += running
    flow.rejected += running & ~accept
    flow.step = flow.step * torch.where(refused, 0.25, factor)
    flow.point = torch.where(accept, point, flow.point)
    flow.loss = torch.where(accept, jet.loss, flow.loss)
    flow.force = torch.where(accept, jet.force, flow.force)
    flow.force_slope = torch.where(accept, jet.force_slope, flow.force_slope)


def _change_frames(table: FrameTable, flow: Flow) -> Tensor:
    """Move the targets whose outer stage is final to their next frame; True where a target has left its box."""
    left = torch.zeros_like(flow.loss, dtype=torch.bool)
    index = (flow.point[1] > flow.frames.constants[NEXT]).nonzero()[:, 0]
    if not len(index):
        return left
    frames, point, zoom, inside = advance(table, flow.frames.select(index), flow.point[:, index])
    left[index[~inside]] = True
    index, frames, point, zoom = index[inside], frames.select(inside.nonzero()[:, 0]), point[:, inside], zoom[inside]
    jet = loss_jet(table, frames, point)
    assert jet.force_slope is not None
    flow.frames.put(index, frames)
    flow.point[:, index] = point
    flow.loss[index], flow.force[:, index], flow.force_slope[:, index] = jet.loss, jet.force, jet.force_slope
    flow.step[index] /= zoom**2
    flow.unit[index] *= zoom**2
    # Counted afresh: in the finer units of the next frame the time spent so far would look endless.
    flow.in_frame[index] = 0.0
    return left


def _verdicts(flow: Flow, left: Tensor, max_steps: int, stalled: Tensor) -> Tensor:
    """The status of each target, RUNNING where it goes on."""
    status = torch.full_like(flow.loss, RUNNING)
    smallest = flow.frames.constants[SMALLEST]
    trapped = (flow.step * smallest > controls.LONG) | (flow.in_frame * smallest > 100 * controls.LONG) | stalled
    scale = flow.frames.step_scale(flow.point[1])[0]
    below = trapped & (flow.allowed * scale < controls.ROUNDING * flow.point[0].abs())
    for mask, code in (
        (flow.steps >= max_steps, FlowStatus.MAX_STEPS),
        (trapped, FlowStatus.TRAPPED),
        (below, FlowStatus.BELOW_ROUNDING),
        (flow.step < 1e-14, FlowStatus.DIVERGED),
        (flow.loss < controls.ZERO_LOSS * smallest, FlowStatus.CONVERGED),
        (left, FlowStatus.LEFT_THE_BOX),
        (flow.point[1] >= flow.frames.constants[END], FlowStatus.REACHED_END),
    ):
        status = torch.where(mask, int(code), status)
    return status


def _stalled(flow: Flow) -> Tensor:
    """Whether a target has not moved, in units of its stage and cell, since the last look; sets the anchor anew."""
    here = torch.cat([flow.point, flow.frames.column[None].double()])
    scale = flow.frames.step_scale(flow.point[1])
    distance = ((here - flow.anchor)[:2] / scale).abs()
    still = (distance[0] < 1e-6) & (distance[1] < 1e-8) & (here[2] == flow.anchor[2])
    flow.anchor = here
    return still


def _adapt_tolerance(flow: Flow) -> None:
    """Tighten the tolerance of targets that chatter, and let it come back to what was asked where they do not."""
    chatters = flow.rejected - flow.rejected_before > controls.CHATTER * controls.WINDOW
    relaxed = torch.minimum(1.5 * flow.tolerance, flow.allowed)
    flow.tolerance = torch.where(chatters, (0.2 * flow.tolerance).clamp(min=1e-10), relaxed)
    flow.rejected_before = flow.rejected.clone()


def _record(table: FrameTable, flow: Flow, status: Tensor, outcome: Outcome) -> None:
    """Write the targets of a (finished) flow into the outcome."""
    ends = {
        "status": status,
        "distance": (2 * flow.loss).sqrt(),
        "time": flow.time,
        "steps": flow.steps,
        "rejected": flow.rejected,
        "fall": flow.fall,
        "digits": final_digits(table, flow.frames, flow.point[0]),
        "frame": flow.frames.whole[5],
        "point": flow.point,
    }
    at = flow.target.cpu().numpy()
    for name, value in ends.items():
        getattr(outcome, name)[..., at] = value.cpu().numpy()


def _save(flow: Flow, outcome: Outcome, count: int) -> dict[str, np.ndarray]:
    """The state for a checkpoint, its arrays named ``frames.*``, ``flow.*`` and ``outcome.*``."""
    tensors = {f"frames.{name}": value for name, value in vars(flow.frames).items()}
    tensors |= {f"flow.{name}": value for name, value in vars(flow).items() if name != "frames"}
    done = {f"outcome.{name}": value for name, value in vars(outcome).items()}
    return {**{name: value.cpu().numpy() for name, value in tensors.items()}, **done, "count": np.array(count)}


def _resume(arrays: Mapping[str, np.ndarray], device: torch.device) -> tuple[Flow, Outcome, int]:
    """The inverse of :func:`_save`."""

    def part(prefix: str) -> dict[str, np.ndarray]:
        return {name.removeprefix(prefix): np.array(arrays[name]) for name in arrays if name.startswith(prefix)}

    def tensors(prefix: str) -> dict[str, Tensor]:
        return {name: torch.from_numpy(value).to(device) for name, value in part(prefix).items()}

    flow = Flow(Frames(**tensors("frames.")), **tensors("flow."))
    return flow, Outcome(**part("outcome.")), int(arrays["count"])


def batched_flow(
    table: FrameTable,
    targets: Tensor,
    families: Tensor,
    tolerance: Tensor,
    max_steps: int = 100_000,
    progress: Progress | None = None,
    checkpoint: Checkpoint | None = None,
) -> Outcome:
    """:func:`~.flow.gradient_flow` of targets (d, n): all of them advance together until each has ended."""
    n = targets.shape[1]
    saved = checkpoint.load() if checkpoint is not None else None
    if saved is not None:
        flow, outcome, count = _resume(saved, targets.device)
    else:
        flow = _start(table, targets, families, tolerance, torch.arange(n, device=targets.device))
        outcome, count = Outcome.empty(table.depth, n), 0
    while flow.target.numel():
        for _ in range(controls.CHECK):
            advance_one_step(table, flow)
        count += controls.CHECK
        if count % controls.WINDOW == 0:
            _adapt_tolerance(flow)
        left = _change_frames(table, flow)
        stalled = _stalled(flow) if count % controls.STALL == 0 else torch.zeros_like(left)
        status = _verdicts(flow, left, max_steps, stalled)
        finished = status != RUNNING
        if finished.any():
            at = finished.nonzero()[:, 0]
            _record(table, flow.select(at), status[at], outcome)
            flow = flow.select((~finished).nonzero()[:, 0])
        if progress is not None:
            progress(n - flow.target.numel(), n)
        if checkpoint is not None and checkpoint.due():
            checkpoint.save(_save(flow, outcome, count))
    return outcome


def record_flow(
    table: FrameTable, targets: Tensor, families: Tensor, tolerance: Tensor, steps: int, every: int = 4
) -> tuple[Tensor, Tensor]:
    """Times (records, n) and points (records, 2, n) = (q, u) of flows that stay in their first frame (N <= 2)."""
    flow = _start(table, targets, families, tolerance, torch.arange(targets.shape[1], device=targets.device))
    times, points = [flow.time], [flow.point]
    for count in range(1, steps + 1):
        advance_one_step(table, flow)
        if count % controls.WINDOW == 0:
            _adapt_tolerance(flow)
        if count % every == 0:
            times.append(flow.time.clamp(max=1e300))
            points.append(flow.point)
            flow.step.clamp_(max=1e17)
    return torch.stack(times), torch.stack(points)

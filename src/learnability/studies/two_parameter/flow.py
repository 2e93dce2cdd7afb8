"""Gradient flow on the hierarchical map for batches of targets: L-stable, adaptive, in local frames.

Flow times reach 1e8 and more while cells are crossed in steps of 1e-3: an explicit method is hopeless, and no
common step size serves two targets. Every target has its own step size, frame and tolerance.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from torch import Tensor

from learnability.flows.rosenbrock import ROS23
from learnability.results.contract import Checkpoint
from learnability.studies.two_parameter.batched_flow import batched_flow
from learnability.studies.two_parameter.compiled_flow import COLUMNS, follow_all
from learnability.studies.two_parameter.hierarchy.frames import FrameTable, enter
from learnability.studies.two_parameter.hierarchy.profiles import ZONES
from learnability.studies.two_parameter.outcome import Outcome

CHUNK: Final = 64
"""Targets between two looks at progress and checkpoint of the compiled loop."""


def gradient_flow(
    table: FrameTable,
    targets: Tensor,
    families: Tensor,
    tolerance: Tensor,
    max_steps: int = 100_000,
    progress: Callable[[float, float], None] | None = None,
    checkpoint: Checkpoint | None = None,
) -> Outcome:
    """Follow dw/dt = -grad 1/2 |f - Phi(w)|^2 from w = 0 for targets (d, n) of the given families (n).

    ``tolerance`` (n) is the local error allowed per step in units of a stage and of a cell; it must lie well below
    ``0.4 rho^2``, the weakest drive of u. A loose tolerance is also slower: the steps chatter. With a checkpoint a
    killed run resumes to the same bytes. On the CPU a compiled loop follows target by target
    (:mod:`.compiled_flow`), elsewhere whole arrays advance together (:mod:`.batched_flow`)."""
    engine = compiled_flow if targets.device.type == "cpu" else batched_flow
    return engine(table, targets, families, tolerance, max_steps, progress, checkpoint)


def _coefficients() -> tuple[float, ...]:
    """Those of ROS23; its third stage stands at the new point, so two evaluations make a step."""
    weights, (_, (c21,), (c31, c32)) = ROS23.weights, ROS23.coupling
    if ROS23.argument[2] != weights[:2] or weights[2] != 0:
        raise ValueError("the third stage must stand at the new point")
    return (ROS23.gamma, ROS23.argument[1][0], c21, c31, c32, *weights[:2], *ROS23.error)


def frame_rows(table: FrameTable) -> np.ndarray:
    """(frames, numbers): what the loop reads of each frame, contiguous."""
    constants, profiles = table.constants.numpy(), table.profiles.numpy()
    columns = table.whole[:2].numpy()
    blocks = [profiles[:, start : start + len(ZONES)].T.ravel() for start in columns.T.ravel()]
    return np.concatenate([constants.T, np.array(blocks).reshape(len(constants.T), -1)], axis=1)


def compiled_flow(
    table: FrameTable,
    targets: Tensor,
    families: Tensor,
    tolerance: Tensor,
    max_steps: int = 100_000,
    progress: Callable[[float, float], None] | None = None,
    checkpoint: Checkpoint | None = None,
) -> Outcome:
    """:func:`gradient_flow` on the CPU, in one thread, in chunks of targets that a killed run keeps.

    The result of a target depends on nothing but the target."""
    n, rows, whole = targets.shape[1], frame_rows(table), _by_target(table.whole)
    results = np.zeros((n, COLUMNS + table.depth))
    saved, begin = checkpoint.load() if checkpoint is not None else None, 0
    if saved is not None:
        begin = int(saved["done"])
        results[:begin] = saved["results"]
    for start in range(begin, n, CHUNK):
        part = slice(start, min(start + CHUNK, n))
        entered = enter(table, targets[:, part], families[part])
        coordinates = _by_target(entered.offset), _by_target(entered.tilt), _by_target(entered.sign)
        first, dimensions = entered.column.numpy(), entered.used.sum(dim=0).numpy()
        follow_all(
            rows,
            whole,
            first,
            dimensions,
            coordinates,
            tolerance[part].numpy(),
            _coefficients(),
            max_steps,
            results[part],
        )
        if progress is not None:
            progress(part.stop, n)
        if checkpoint is not None and checkpoint.due():
            checkpoint.save({"done": np.array(part.stop), "results": results[: part.stop]})
    status, distance, time, steps, rejected, fall, frame, q, u, *digits = torch.from_numpy(results.T.copy())
    return Outcome(status, distance, time, steps, rejected, fall, torch.stack(digits), frame, torch.stack([q, u]))


def _by_target(values: Tensor) -> np.ndarray:
    return np.ascontiguousarray(values.numpy().T)

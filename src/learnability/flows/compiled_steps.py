"""The solver's steps by the loop of :mod:`learnability.flows.compiled_tape`, on the state of a solution."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from learnability.flows import compiled_tape
from learnability.flows.compiled_tape import Program, Samples, Table
from learnability.flows.solver import FlowState, SolverOptions, unsettled

ATTEMPTS = 2**17
"""Attempted steps of all samples together between two looks of a monitor: a fraction of a second for small flows."""


@dataclass(frozen=True)
class CompiledSteps:
    """The steps of one flow."""

    program: Program

    def start(self, state: Tensor, chart: Tensor, options: SolverOptions) -> FlowState:
        """The state of a solution at time zero; the first step settles it."""
        unseen = state.new_full((self.program.r + 1, state.shape[1]), math.nan)
        state, chart = (array.clone(memory_format=torch.contiguous_format) for array in (state, chart))
        return unsettled(state, chart, unseen, options)

    def advance(self, options: SolverOptions, flow: FlowState) -> Tensor:
        """A block of attempted steps of every active sample, in place; codes of how those ended that did."""
        code = np.empty(flow.index.numel(), dtype=np.int64)
        names = ("index" if name == "places" else name for name in Samples._fields)
        arrays = Samples(*(getattr(flow, name).numpy() for name in names))
        attempts = max(16, ATTEMPTS // len(code))
        compiled_tape.advance(self.program, _table(options, self.program.r + 1), arrays, attempts, code)
        return torch.from_numpy(code)


@lru_cache(maxsize=16)
def _table(options: SolverOptions, observables: int) -> Table:
    return compiled_tape.table(
        options.tableau,
        options.relative_tolerance,
        options.absolute_tolerance,
        options.end_time,
        options.max_steps,
        options.levels or (math.nan,) * observables,
        options.save_times,
    )

"""Captured CUDA graphs of a pure step: no launch gaps, random numbers drawn on the device.

A step that cannot be captured (an operation that synchronises with the host) falls back to eager calls and says so.
"""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Advance = Callable[[Any, Tensor, torch.Generator], Any]


def _clone(state: Any) -> Any:
    return type(state)(*(tensor.clone() for tensor in state))


def _overwrite(static: Any, new: Any) -> None:
    for target, source in zip(static, new, strict=True):
        target.copy_(source)


class CapturedAdvance:
    """``advance`` for ``steps`` steps, replayed from one graph on static tensors.

    The generator is registered with the graph, so that every replay draws new numbers and moves its state on.
    """

    def __init__(self, advance: Advance, state: Any, steps: int, generator: torch.Generator) -> None:
        self.steps = steps
        self._state = _clone(state)
        self._rates = torch.zeros(self.steps, dtype=state[0].dtype, device=state[0].device)
        before = generator.get_state()
        self._warm_up(advance, generator)
        generator.set_state(before)
        self._graph = torch.cuda.CUDAGraph()
        self._graph.register_generator_state(generator)
        with torch.cuda.graph(self._graph):
            _overwrite(self._state, advance(self._state, self._rates, generator))
        generator.set_state(before)

    def _warm_up(self, advance: Advance, generator: torch.Generator) -> None:
        # Libraries allocate their workspaces and compile on first use, which a capture does not allow.
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(2):
                advance(_clone(self._state), self._rates, generator)
        torch.cuda.current_stream().wait_stream(side)

    def __call__(self, state: Any, rates: Tensor) -> Any:
        """The state after ``steps`` steps. The result lives in the graph's own tensors until the next call."""
        if state is not self._state:
            _overwrite(self._state, state)
        self._rates.copy_(rates)
        self._graph.replay()
        return self._state


def captured(advance: Advance, state: Any, steps: int, generator: torch.Generator) -> CapturedAdvance | None:
    """The captured step on a CUDA device; None on the CPU and where capture fails."""
    if state[0].device.type != "cuda":
        return None
    try:
        return CapturedAdvance(advance, state, steps, generator)
    except RuntimeError as error:
        torch.cuda.synchronize()
        warnings.warn(f"the step runs eagerly, since it cannot be captured: {error}", RuntimeWarning, stacklevel=2)
        return None

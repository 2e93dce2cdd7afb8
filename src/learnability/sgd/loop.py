"""The loop of every SGD engine: saved steps, step sizes, an early end, divergence, checkpoints. Written once.

An engine is a pure ``advance``: (state, step sizes, generator) -> state, over whole blocks of consecutive steps. A
state is a NamedTuple of tensors whose first axis is the replica. Engines differ in their state and agree in what they
observe.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from learnability.results.contract import Checkpoint
from learnability.results.status import Status
from learnability.sgd.cuda_graphs import Advance, captured

# Steps that are captured in one graph, and the fewest blocks.
_STEPS_PER_GRAPH, _BLOCKS_PER_GRAPH = 64, 8
S = TypeVar("S", bound=tuple[Tensor, ...])


@dataclass(frozen=True)
class Engine:
    """One way to run SGD. ``advance`` takes as many steps as there are step sizes, a multiple of ``block``; ``settle``
    puts a state in its normal form, at least every ``chunk`` blocks: rows that are stored unnormalised grow by a factor
    a step, and 64 steps keep them far from overflow.

    ``observe`` gives, under the same names for every engine: ``alignment`` (replica, neuron, task), <w_j, v_m>;
    ``squared_norm`` (replica, neuron), |w_j|^2; ``second_layer`` and ``bias`` (replica, neuron).
    """

    name: str
    advance: Advance
    settle: Callable[[Any], Any]
    observe: Callable[[Any], dict[str, Tensor]]
    block: int = 1
    chunk: int = 64


@dataclass(frozen=True)
class Trajectory:
    """What a run saved. ``steps`` (saved,), up to the one at which it stopped; ``observed`` name -> (saved, replica,
    ...), NaN after a divergence.

    ``status`` (replica,) is a code of :mod:`learnability.results.status`; ``diverged_at`` (replica,) the step at
    which divergence was seen, -1 where there was none; ``state`` the last state.
    """

    engine: str
    steps: np.ndarray
    observed: dict[str, np.ndarray]
    status: np.ndarray
    diverged_at: np.ndarray
    state: Any


def own(state: S) -> S:
    """A copy of a state that may be changed in place."""
    return type(state)(*(tensor.clone(memory_format=torch.contiguous_format) for tensor in state))


def saved_steps(last: int, count: int, first: int = 1, block: int = 1) -> np.ndarray:
    """0 and about ``count`` steps from ``first`` to ``last`` on a logarithmic grid, rounded up to whole blocks."""
    grid = np.geomspace(max(first, 1), last, count)
    return np.unique(np.concatenate([[0], np.ceil(grid / block).astype(np.int64) * block]))


def _lost(state: Any, bound: float) -> Tensor:
    """Replicas with an entry that is not finite or larger than ``bound``: (replica,)."""
    worst = [tensor.abs().flatten(1).amax(1) for tensor in state if tensor[0].numel()]
    return ~(torch.stack(worst).amax(0) <= bound)  # NaN compares false, and amax hands it on


def _struck_out(state: Any, lost: Tensor) -> Any:
    """The state with NaN in the lost replicas."""
    nan = torch.tensor(torch.nan, dtype=state[0].dtype, device=state[0].device)
    return type(state)(*(torch.where(lost.view(-1, *[1] * (t.ndim - 1)), nan, t) for t in state))


class _Run:
    """The moving parts of one run: state, divergence, what was saved so far."""

    def __init__(self, engine: Engine, state: Any, generator: torch.Generator, bound: float) -> None:
        self.engine, self.state, self.generator, self.bound = engine, state, generator, bound
        self.step = 0
        self.diverged_at = torch.full((state[0].shape[0],), -1, dtype=torch.int64, device=state[0].device)
        self.observed: dict[str, list[np.ndarray]] = {}
        blocks = max(_BLOCKS_PER_GRAPH, _STEPS_PER_GRAPH // engine.block)
        self._graph = captured(engine.advance, state, engine.block * blocks, generator)

    def observe(self) -> None:
        for name, value in self.engine.observe(self.state).items():
            self.observed.setdefault(name, []).append(value.cpu().numpy().copy())

    def chunk(self, step_sizes: np.ndarray) -> None:
        """Advance over ``step_sizes``, then settle and look for divergence."""
        rates = torch.as_tensor(step_sizes, dtype=self.state[0].dtype, device=self.state[0].device)
        done = 0
        while done < len(rates):
            if self._graph is not None and len(rates) - done >= self._graph.steps:
                self.state = self._graph(self.state, rates[done : done + self._graph.steps])
                done += self._graph.steps
            else:
                self.state = self.engine.advance(self.state, rates[done:], self.generator)
                done = len(rates)
        self.step += done
        self.state = self.engine.settle(self.state)
        lost = _lost(self.state, self.bound)
        self.diverged_at = torch.where(lost & (self.diverged_at < 0), self.step, self.diverged_at)
        self.state = _struck_out(self.state, lost)

    def to_arrays(self) -> dict[str, np.ndarray]:
        arrays = {f"state{i}": tensor.cpu().numpy() for i, tensor in enumerate(self.state)}
        arrays |= {f"observed/{name}": np.stack(values) for name, values in self.observed.items()}
        return arrays | {
            "step": np.asarray(self.step),
            "diverged_at": self.diverged_at.cpu().numpy(),
            "generator": self.generator.get_state().numpy(),
        }

    def from_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        device = self.state[0].device
        tensors = [torch.as_tensor(arrays[f"state{i}"]).to(device) for i in range(len(self.state))]
        self.state = type(self.state)(*tensors)
        prefix = "observed/"
        self.observed = {k.removeprefix(prefix): list(v) for k, v in arrays.items() if k.startswith(prefix)}
        self.step = int(arrays["step"])
        self.diverged_at = torch.as_tensor(arrays["diverged_at"]).to(device)
        self.generator.set_state(torch.as_tensor(arrays["generator"]))


def run(
    engine: Engine,
    state: Any,
    steps: Sequence[int] | np.ndarray,
    step_size: Callable[[np.ndarray], np.ndarray],
    generator: torch.Generator,
    *,
    stop: Callable[[dict[str, np.ndarray]], bool] | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[float, float], None] | None = None,
    bound: float = 1e6,
) -> Trajectory:
    """Run ``engine`` from ``state`` and observe it at ``steps`` (increasing, multiples of the engine's block).

    ``step_size`` maps step numbers (n,) to step sizes (n,). A replica with an entry above ``bound`` in absolute
    value, or not finite, counts as diverged; it is NaN from then on. ``stop`` sees what was observed at each saved
    step, and the run ends, converged, at the first one where it is true. A run resumed from its checkpoint gives the
    same bytes as one that was not interrupted. Raises ValueError where the steps do not fit the engine.
    """
    grid = np.asarray(steps, dtype=np.int64)
    if grid.size == 0 or (np.diff(grid) <= 0).any() or (grid % engine.block).any():
        raise ValueError(f"saved steps must increase and be multiples of the engine's block ({engine.block})")
    moving = _Run(engine, state, generator, bound)
    stored = checkpoint.load() if checkpoint else None
    if stored is not None:
        moving.from_arrays(stored)
    seen, ended = len(next(iter(moving.observed.values()), ())), False
    for target in grid[seen:]:
        while moving.step < target:
            length = min(int(target) - moving.step, engine.chunk * engine.block)
            moving.chunk(step_size(np.arange(moving.step, moving.step + length)))
            if progress:
                progress(float(moving.step), float(grid[-1]))
            if checkpoint and checkpoint.due():
                checkpoint.save(moving.to_arrays())
        moving.observe()
        ended = stop is not None and stop({name: values[-1] for name, values in moving.observed.items()})
        if ended:
            break
    diverged_at = moving.diverged_at.cpu().numpy()
    end = Status.CONVERGED if ended else Status.REACHED_END
    codes = np.where(diverged_at >= 0, Status.DIVERGED, end).astype(np.int8)
    observed = {name: np.stack(values) for name, values in moving.observed.items()}
    seen = len(next(iter(observed.values())))
    return Trajectory(engine.name, grid[:seen], observed, codes, diverged_at, moving.state)

"""Initial particles of the mean-field flow, and the flows of all targets from them as one batch."""

from collections.abc import Mapping

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from learnability.flows.mean_field import MeanFieldFlow, MeanFieldProblem, Particles
from learnability.flows.solver import Controls, Observer, Solution, Stop, integrate
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.status import status_attributes
from learnability.studies.subspace_polynomials.hidden_polynomials import expansions

Array = NDArray[np.float64]


def paired_second_layer(pairs: int, rng: np.random.Generator) -> Array:
    """a ~ U[0, 1], one draw in each of ``pairs`` equal strata, followed by the negatives: (2 pairs,)."""
    a = (np.arange(pairs) + rng.random(pairs)) / pairs
    return np.concatenate([a, -a])


def sampled_particles(
    count: int, variables: int, dimensions: Array, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """One seed: a (n,), w_V (dimension, n, p) and |w_perp| (dimension, n) for sqrt(d) w ~ N(0, I_d).

    Pairs (a, w), (-a, w), so the network is zero at the start. All dimensions share a and the normals behind w_V
    (common random numbers); at d = infinity w_V = 0 and |w_perp| = 1.
    """
    pairs = count // 2
    a = paired_second_layer(pairs, rng)
    normals = rng.standard_normal((pairs, variables))
    inside, radius = [], []
    for d in dimensions:
        if np.isinf(d):
            w, r = np.zeros((pairs, variables)), np.ones(pairs)
        else:
            w, r = normals / np.sqrt(d), np.sqrt(rng.chisquare(d - variables, pairs) / d)
        inside.append(np.concatenate([w, w]))
        radius.append(np.concatenate([r, r]))
    return a, np.stack(inside), np.stack(radius)


def sampled_seeds(
    seeds: int, count: int, variables: int, dimensions: Array, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """:func:`sampled_particles` of several seeds, stacked along a first axis."""
    drawn = [sampled_particles(count, variables, dimensions, rng) for _ in range(seeds)]
    a, w, r = (np.stack(values) for values in zip(*drawn, strict=True))
    return a, w, r


class FlowBatch:
    """Mean-field flows of all targets, one batch in the order seed, dimension, target.

    They start at a (seed, n), w_V (seed, dimension, n, p) and r (seed, dimension, n) with the weights (n,), and are
    observed at equally spaced times from 0 to the end.
    """

    axes = ("seed", "dimension", "target")

    def __init__(
        self,
        target: xr.Dataset,
        dimensions: Array,
        start: tuple[Array, Array, Array],
        weights: Array,
        times: Array,
        device: str,
    ) -> None:
        self.target, self.dimensions, self.times, self.device = target, dimensions, times, device
        polynomials, (a, w, r) = expansions(target), start
        seeds, each = len(a), len(dimensions)
        self.shape = seeds, each, len(polynomials)
        self.mass = torch.as_tensor(weights, device=device)
        second_layer = np.broadcast_to(a[:, None], (seeds, each, a.shape[1]))
        self.start = Particles(self._spread(second_layer), self._spread(w), self._spread(r), self.mass).packed()
        everywhere = np.tile(np.repeat(dimensions, len(polynomials)), seeds)
        self.flow = MeanFieldFlow(MeanFieldProblem(polynomials * (seeds * each), everywhere), self.mass)

    def _spread(self, values: Array) -> Tensor:
        """(seed, dimension, ...) to the batch."""
        wide = np.broadcast_to(values[:, :, None], (*self.shape, *values.shape[2:]))
        return torch.as_tensor(wide.reshape(-1, *values.shape[2:]).copy(), device=self.device)

    def repeated(self, name: str) -> Tensor:
        """A variable of the target artifact, for every flow of the batch."""
        values = torch.as_tensor(self.target[name].sel(activation_class="smooth").values, device=self.device)
        return values.repeat(self.shape[0] * self.shape[1], *[1] * (values.ndim - 1))

    def solve(self, tolerance: float, observe: Observer, context: RunContext, stop: Stop | None = None) -> Solution:
        """The solved flows."""
        return integrate(
            self.flow,
            self.start,
            torch.as_tensor(self.times, device=self.device),
            observe,
            controls=Controls(relative=tolerance, absolute=1e-3 * tolerance),
            stop=stop,
            store=context.checkpoint,
            progress=context.progress,
        )

    def result(self, solution: Solution, observed: Mapping[str, str], further: Mapping[str, str]) -> xr.Dataset:
        """Curves (seed, dimension, target, time) of what was ``observed``, by name with what it is, the status of
        each flow, and ``further`` fields of the solution (seed, dimension, target)."""
        curves = solution.observables.cpu().numpy().reshape(*self.shape, len(self.times), len(observed))
        status = solution.status.cpu().numpy().astype(np.int8).reshape(self.shape)
        return xr.Dataset(
            {
                **{
                    name: variable((*self.axes, "time"), curves[..., i], text)
                    for i, (name, text) in enumerate(observed.items())
                },
                "status": xr.Variable(self.axes, status, status_attributes()),
                **{
                    name: variable(self.axes, getattr(solution, name).cpu().numpy().reshape(self.shape), text)
                    for name, text in further.items()
                },
            },
            coords={
                "dimension": variable("dimension", self.dimensions, "input dimension"),
                "target": self.target["target"],
                "time": variable("time", self.times, "flow time", "flow time"),
            },
        )

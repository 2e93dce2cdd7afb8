"""Training: the joint flow, watched where it passes.

With G = V diag(mu) V^T the flow ``dG = (I - G) S G + G S (I - G)`` gives ``dmu_i/dt = 2 mu_i (1 - mu_i) v_i^T S
v_i``: a singular value falls where, and only where, ``v_i^T S v_i < 0``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from learnability.flows.multi_index import haar_correlations
from learnability.flows.multi_index_spectral import SpectralFlow, observed_gram
from learnability.flows.small_matrices import multiply, transpose
from learnability.flows.solver import Problem
from learnability.hermite.tensors import symmetric_tensors
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.studies.multi_index.closed_flows import Piece, flow_piece, solve_pieces
from learnability.studies.multi_index.links import expansions, link_texts
from learnability.studies.multi_index.monotone.setting import MonotoneSetting
from learnability.studies.multi_index.settings import FlowSetting

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Watched:
    """A joint flow that also observes the entries of G."""

    problem: Problem

    @property
    def logarithmic(self) -> bool:
        return self.problem.logarithmic

    def field(self, state: Tensor, chart: Tensor) -> Tensor:
        return self.problem.field(state, chart)

    def linearise(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        return self.problem.linearise(state, chart)

    def settle(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        return self.problem.settle(state, chart)

    def observe(self, state: Tensor, chart: Tensor) -> Tensor:
        if isinstance(self.problem, SpectralFlow):
            gram = observed_gram(self.problem, state, chart)
        else:
            r = math.isqrt(len(state))
            matrix = state.view(r, r, -1)
            gram = multiply(matrix, transpose(matrix))
        return torch.cat([gram.reshape(-1, state.shape[1]), self.problem.observe(state, chart)])

    def outcome(self, state: Tensor, chart: Tensor, observed: Tensor, speed: Tensor) -> Tensor:
        return self.problem.outcome(state, chart, observed, speed)


def pulls(tensors: Mapping[int, Array], correlations: Array) -> Array:
    """``v_i^T S v_i / |S|`` (point, i) at the points G (point, r, r), ``S = sum_k k T_k(G, ..., G, .) : T_k``.

    S by plain contraction of the target's tensors, apart from what the solver uses.
    """
    points, r, _ = correlations.shape
    slope = np.zeros_like(correlations)
    for degree, tensor in tensors.items():
        flat = tensor.reshape(r, -1)
        moved = np.broadcast_to(flat, (points, *flat.shape))
        for _ in range(degree - 1):  # contract the next axis with G, and put it last
            cycled = np.einsum("piac,pab->picb", moved.reshape(points, r, r, -1), correlations)
            moved = cycled.reshape(points, r, -1)
        slope += degree * moved @ flat.T
    slope = (slope + slope.swapaxes(1, 2)) / 2
    vectors = np.linalg.eigh(correlations)[1]
    size = np.maximum(np.linalg.norm(slope, axis=(1, 2)), np.finfo(float).tiny)
    return np.asarray(np.einsum("pai,pab,pbi->pi", vectors, slope, vectors) / size[:, None])


def train(setting: MonotoneSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """The least pull on a singular value along every run, and the largest fall of a cosine in one step."""
    links = expansions(target)
    rng = context.stream("init")
    times = tuple(np.geomspace(1e-2, setting.last_time, setting.save_times).tolist())
    pieces: list[Piece] = []
    for i, link in enumerate(links):
        starts = haar_correlations([setting.dimension], link.variables, len(context.seeds), rng)
        for tolerance in setting.tolerances:
            flow = FlowSetting(
                target=setting.target,
                dimensions=(setting.dimension,),
                relative_tolerance=tolerance,
                max_steps=setting.max_steps,
            )
            piece = flow_piece(flow, target, i, "joint", starts, context.device, times)
            levels = (math.nan,) * (link.variables**2 + link.variables + 1)
            watched = Watched(piece.problem)
            pieces.append(replace(piece, problem=watched, options=replace(piece.options, levels=levels), again=None))
    states = solve_pieces(pieces, context)
    shape = (len(links), len(setting.tolerances), len(context.seeds))
    least, fall = np.full(shape, math.nan), np.full(shape, math.nan)
    for place, flow_state in zip(np.ndindex(shape[:2]), states, strict=True):
        link = links[place[0]]
        r = link.variables
        saved = np.moveaxis(flow_state.saved.cpu().numpy()[:, : r * r], -1, 1)
        passed = np.isfinite(saved).all(axis=-1)
        values = np.full((*passed.shape, r), math.inf)
        values[passed] = pulls(symmetric_tensors(link), saved[passed].reshape(-1, r, r))
        least[place] = values.min(axis=(0, 2))
        fall[place] = flow_state.largest_fall[r * r : r * r + r].amax(dim=0).cpu().numpy()
    dims = ("link", "tolerance", "seed")
    return xr.Dataset(
        {
            "least_pull": variable(dims, least, "least v^T S v / |S| over directions and times of a run"),
            "largest_fall": variable(dims, fall, "largest fall of a cosine in one step"),
        },
        coords={
            "link": names("link", link_texts(target), "link"),
            "tolerance": variable("tolerance", np.array(setting.tolerances), "relative tolerance of the solver"),
        },
    )

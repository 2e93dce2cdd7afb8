"""Phase I of Algorithm 1 at one dimension: problem, engine by cost, start, schedule."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from learnability.flows.correlation import CorrelationFlow, trajectory
from learnability.hermite.activations import RELU, hermite_sum, relu_expansion
from learnability.hermite.basis import hermite_columns
from learnability.sgd.chain import decoupled_engine, large_batch_engine, random_chain
from learnability.sgd.full import full_engine, network_state, random_directions
from learnability.sgd.loop import Engine
from learnability.sgd.problem import TwoLayerProblem
from learnability.studies.ridge_combinations.settings import PhaseOne

# Costs in multiply-adds of a matrix product, measured on a CPU: a normal number, and a sample of a neuron in the chain
# (its number included, its products with the tasks apart).
_DRAW_COST = 48
_NEURON_COST = 130
# And what a step costs apart from its samples, for the seeds of a batch together.
_STEP_COST = 1e6

BIAS_RANGE = 3.0
"""Phase II draws biases uniformly up to this size, of either sign."""


def label_function(link: np.ndarray) -> Callable[[Tensor], Tensor]:
    """M^{-1/2} sum_m f_m(t_m) for link coefficients (task, degree + 1)."""
    scale = 1 / np.sqrt(len(link))
    if (link == link[0]).all():
        common = [float(c) for c in link[0]]
        return lambda t: scale * hermite_sum(t, common).sum(-1)

    def label(t: Tensor) -> Tensor:
        beta = torch.as_tensor(link).to(t)
        columns = hermite_columns(t, link.shape[1] - 1)
        return scale * torch.stack([(h * beta[:, k]).sum(-1) for k, h in enumerate(columns)]).sum(0)

    return label


def directions(gram: np.ndarray, dimension: int | None = None) -> Tensor:
    """Unit rows (task, dimension) with the given Gram matrix, in the first axes; square without ``dimension``."""
    lower = torch.linalg.cholesky(torch.as_tensor(gram, dtype=torch.float64))
    missing = 0 if dimension is None else dimension - len(gram)
    return torch.nn.functional.pad(lower, (0, missing))


def choose_engine(setting: PhaseOne, tasks: int, dimension: int) -> str:
    """The cheaper engine a sample: full steps draw d numbers and make 2 d multiply-adds a neuron, chain steps draw M
    numbers and one more for each neuron, and make 2 M multiply-adds a neuron."""
    if setting.matched_above is not None and dimension >= setting.matched_above:
        return "matched"
    if setting.engine != "auto":
        return setting.engine
    full, chain = _full_cost(setting, dimension), _chain_cost(setting, tasks)
    return "decoupled" if chain < full and dimension >= tasks + 2 else "full"


def _full_cost(setting: PhaseOne, dimension: int) -> float:
    return dimension * (_DRAW_COST + 2 * setting.neurons)


def _chain_cost(setting: PhaseOne, tasks: int) -> float:
    return tasks * _DRAW_COST + setting.neurons * (_NEURON_COST + 2 * tasks)


def batch_size(setting: PhaseOne, tasks: int, dimension: int, exponent: int) -> int:
    """Samples of a step: the horizon M d^{p-1} over the steps."""
    return max(1, round(setting.horizon * tasks * dimension ** (exponent - 1) / setting.steps))


def work(setting: PhaseOne, tasks: int, dimension: int, exponent: int) -> float:
    """What phase I costs at one dimension beside others, in multiply-adds of a matrix product."""
    batch, kind = batch_size(setting, tasks, dimension, exponent), choose_engine(setting, tasks, dimension)
    drawn = min(setting.drawn, batch) if kind == "matched" else batch
    sample = _full_cost(setting, dimension) if kind == "full" else _chain_cost(setting, tasks)
    return setting.steps * (_STEP_COST + drawn * sample)


@dataclass(frozen=True)
class Plan:
    """Phase I at one dimension: engine, start, steps and what a step is worth in samples."""

    engine: Engine
    state: Any
    batch_size: int
    step_size: Callable[[np.ndarray], np.ndarray]
    signs: Tensor
    biases: Tensor


def neurons(setting: PhaseOne, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Signs and biases (neuron,) of the student, the same for every seed of the batch."""
    draws = torch.rand(2, setting.neurons, generator=generator)
    random = torch.where(draws[0] < 0.5, -1.0, 1.0)
    signs = random if setting.signs == "random" else torch.full_like(draws[0], setting.signs)
    biases = 2 * draws[1] - 1 if setting.bias == "uniform" else torch.full_like(draws[1], float(setting.bias))
    return signs, biases


def decaying(step_size: float, steps: int, decay: bool) -> Callable[[np.ndarray], np.ndarray]:
    """Constant, or falling as (n / T')^{-2} after T' = steps / 2."""

    def schedule(n: np.ndarray) -> np.ndarray:
        late = np.maximum(n / (steps / 2), 1.0) if decay else np.ones(len(n))
        return step_size / late**2

    return schedule


def plan(
    setting: PhaseOne,
    target: xr.Dataset,
    dimension: int,
    replicas: int,
    generator: torch.Generator,
    device: str,
    tasks: int | None = None,
    coherence: int = 0,
    label_noise: float = 0.0,
) -> Plan:
    """Phase I of ``setting`` at one dimension with ``replicas`` independent seeds, on ``device``.

    It learns the first ``tasks`` tasks of the target artifact, at the coherence of this number, from labels with normal
    noise of deviation ``label_noise``. The start comes from a generator of the CPU: it is the same on every device.
    """
    link, gram = target["link"].values[:tasks], target["gram"].values[coherence, :tasks, :tasks]
    exponent, tasks = int(target["information_exponent"]), len(gram)
    problem = TwoLayerProblem(label_function(link), RELU, label_noise=label_noise)
    batch = batch_size(setting, tasks, dimension, exponent)
    per_sample = setting.relative_step / (np.sqrt(tasks) * dimension ** (exponent / 2))
    signs, biases = neurons(setting, generator)
    kind = choose_engine(setting, tasks, dimension)
    if kind == "full":
        frame = directions(gram, dimension).float().to(device)
        engine = full_engine(problem, frame, batch)
        weights = random_directions((replicas, setting.neurons, dimension), generator)
        state: Any = network_state(weights, signs, biases)
    else:
        frame = directions(gram).to(device)
        state = random_chain(replicas, signs, biases, tasks, dimension, generator)
        engine = decoupled_engine(problem, frame, batch, dimension)
        if kind == "matched":
            drawn = min(setting.drawn, batch)
            engine = large_batch_engine(problem, frame, link, batch, drawn, dimension, signs, biases)
    schedule = decaying(batch * per_sample, setting.steps, setting.decay)
    state = type(state)(*(tensor.to(device) for tensor in state))
    return Plan(engine, state, batch, schedule, signs, biases)


def population_flow(
    planned: Plan, target: xr.Dataset, start: np.ndarray, times: np.ndarray, coherence: int = 0
) -> np.ndarray:
    """Alignments (time, seed, neuron, task) of the population flow at ``times``, from the starts (seed, neuron, task)
    of SGD.
    """
    tasks = start.shape[-1]
    link, gram = target["link"].values[:tasks], target["gram"].values[coherence, :tasks, :tasks]
    alpha = relu_expansion(planned.biases.cpu().double().numpy(), link.shape[1] - 1)
    student = np.tile(alpha * planned.signs.cpu().double().numpy()[:, None], (len(start), 1))
    followed = trajectory(CorrelationFlow(student, link, gram), start.reshape(-1, tasks), times, relative_step=0.1)
    return followed.reshape(-1, *start.shape)


def summarised(engine: Engine) -> Engine:
    """The engine observed through the two largest absolute alignments of every neuron and their task."""

    def observe(state: Any) -> dict[str, Tensor]:
        alignment = engine.observe(state)["alignment"].abs()
        top = alignment.topk(min(2, alignment.shape[-1]), dim=-1)
        second = top.values[..., -1] if alignment.shape[-1] > 1 else torch.zeros_like(top.values[..., 0])
        return {"largest": top.values[..., 0], "second": second, "task": top.indices[..., 0]}

    return replace(engine, observe=observe)

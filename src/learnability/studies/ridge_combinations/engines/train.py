"""Full SGD, decoupled chain, overlap chain and population flow from the same starts."""

from typing import Any

import numpy as np
import torch
import xarray as xr

from learnability.flows.correlation import CorrelationFlow, trajectory
from learnability.hermite.activations import RELU, relu_expansion
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.results.sections import Arrays, Section, Sections
from learnability.results.status import status_attributes
from learnability.sgd.chain import ChainState, decoupled_engine, task_factor
from learnability.sgd.full import full_engine, network_state, random_directions
from learnability.sgd.loop import Engine, run
from learnability.sgd.overlap import overlap_engine, overlap_state
from learnability.sgd.problem import TwoLayerProblem
from learnability.statistics.random import torch_generator
from learnability.studies.ridge_combinations.engines.setting import EnginesSetting
from learnability.studies.ridge_combinations.phase_one import decaying, directions, label_function

# Biases of the COMPARED_NEURONS, for which the setting makes room.
BIASES = (-1.0, -1.0, -0.6, 1.0)
SIGNS = (1.0, 1.0, 1.0, -1.0)


def _start(setting: EnginesSetting, replicas: int, generator: torch.Generator) -> torch.Tensor:
    return random_directions((replicas, len(BIASES), setting.dimension), generator, torch.float64)


def _engine(
    name: str, problem: TwoLayerProblem, frame: torch.Tensor, batch: int, weights: torch.Tensor
) -> tuple[Engine, Any]:
    dimension = weights.shape[-1]
    if name != "overlap":  # each engine in the precision that the study gives it
        weights, frame = weights.float(), frame.float()
    signs, biases = (torch.tensor(v, dtype=weights.dtype, device=weights.device) for v in (SIGNS, BIASES))
    if name == "full":
        return full_engine(problem, frame, batch), network_state(weights, signs, biases)
    if name == "overlap":
        return overlap_engine(problem, frame, batch, dimension), overlap_state(weights, frame, signs, biases)
    basis = torch.linalg.solve_triangular(task_factor(frame).to(frame), frame, upper=False)
    inside = weights @ basis.mT
    rest = (weights - inside @ basis).norm(dim=-1)
    state = ChainState(inside, rest, signs.expand(rest.shape), biases.expand(rest.shape))
    return decoupled_engine(problem, frame, batch, dimension), state


def _alignment(
    setting: EnginesSetting, target: xr.Dataset, context: RunContext, name: str, delta: float, section: Section
) -> Arrays:
    exponent, tasks = int(target["information_exponent"]), target.sizes["task"]
    generator = torch_generator(context.stream("init"), context.device)
    weights = _start(setting, len(context.seeds), generator)
    # The same span of flow time for every relative step: samples go as 1 / delta.
    samples = setting.horizon / delta * tasks * setting.dimension ** (exponent - 1)
    batch = max(1, round(samples / setting.steps))
    problem = TwoLayerProblem(label_function(target["link"].values), RELU)
    frame = directions(target["gram"].values[0], setting.dimension).to(generator.device)
    engine, state = _engine(name, problem, frame, batch, weights)
    per_step = batch * delta / (np.sqrt(tasks) * setting.dimension ** (exponent / 2))
    steps = np.unique(np.linspace(0, setting.steps, setting.saved).astype(int))
    data = torch_generator(context.stream(f"data/{name}/{delta:g}"), context.device)
    schedule = decaying(per_step, setting.steps, decay=False)
    result = run(engine, state, steps, schedule, data, checkpoint=section, progress=section.progress)
    alignment = result.observed["alignment"].swapaxes(0, 1).astype(np.float64)
    return {"alignment": alignment, "time": steps * per_step, "status": result.status}


def _flow(setting: EnginesSetting, target: xr.Dataset, context: RunContext, times: np.ndarray) -> np.ndarray:
    """Alignments (seed, time, neuron, task) of the population flow from the same starts."""
    generator = torch_generator(context.stream("init"), context.device)
    weights = _start(setting, len(context.seeds), generator).cpu().numpy()
    gram, link = target["gram"].values[0], target["link"].values
    frame = directions(gram, setting.dimension).numpy()
    start = (weights @ frame.T).reshape(-1, len(gram))
    student = relu_expansion(np.array(BIASES), link.shape[1] - 1) * np.array(SIGNS)[:, None]
    flow = CorrelationFlow(np.tile(student, (len(weights), 1)), link, gram)
    kappa = trajectory(flow, start, times[1:])
    both = np.concatenate([start[None], kappa])
    return np.moveaxis(both.reshape(len(times), len(weights), len(BIASES), len(gram)), 0, 1)


def train(setting: EnginesSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """The setting's engines at the first relative step, the full engine at the others, and the flow."""
    first = setting.relative_steps[0]
    pairs = [(name, first) for name in setting.engines], [("full", delta) for delta in setting.relative_steps]
    # Samples of a run go as 1 / delta; the flow takes about as long as one run.
    sections = Sections(context, {"flow": 1 / first} | {f"{n}-{d:g}": 1 / d for some in pairs for n, d in some})

    def alignment(name: str, delta: float) -> Arrays:
        return sections.result(
            f"{name}-{delta:g}", lambda section: _alignment(setting, target, context, name, delta, section)
        )

    by_engine, by_step = ([alignment(*pair) for pair in some] for some in pairs)
    times = by_engine[0]["time"]
    flow = sections.result("flow", lambda _: {"alignment": _flow(setting, target, context, times)})["alignment"]

    def stacked(results: list[Arrays], name: str = "alignment") -> np.ndarray:
        return np.stack([result[name] for result in results], axis=1)

    rest = ("time", "neuron", "task")
    data = {
        "alignment": variable(("seed", "engine", *rest), stacked(by_engine), "<w_j, v_m> at the first relative step"),
        "full_alignment": variable(("seed", "relative_step", *rest), stacked(by_step), "<w_j, v_m> of the full engine"),
        "flow_alignment": variable(("seed", *rest), flow, "<w_j, v_m> of the population flow"),
        "status": xr.Variable(("seed", "engine"), stacked(by_engine, "status"), status_attributes()),
        "full_status": xr.Variable(("seed", "relative_step"), stacked(by_step, "status"), status_attributes()),
    }
    coords = {
        "seed": list(context.seeds),
        "relative_step": list(setting.relative_steps),
        "engine": names("engine", setting.engines, "SGD engine"),
        "time": variable("time", times, "step size x samples", "flow time"),
    }
    attributes = {"dimension": setting.dimension, "horizon": setting.horizon}
    return xr.Dataset(data, coords=coords, attrs=attributes)

"""On CUDA (captured graphs, numbers drawn on the device) the engines have the law they have on the CPU.

Kolmogorov-Smirnov on six statistics of 2,500 replicas for each engine; false-alarm rate 1% for the file (Bonferroni),
with fixed seeds. Skipped where there is no CUDA device.
"""

import math
import warnings

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from learnability.hermite.activations import RELU, hermite_series
from learnability.sgd.chain import decoupled_engine, random_chain
from learnability.sgd.full import full_engine, network_state, random_directions
from learnability.sgd.loop import run
from learnability.sgd.overlap import overlap_engine, random_overlaps
from learnability.sgd.problem import TwoLayerProblem
from learnability.sgd.single_sample import single_sample_engine

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

CUBIC = hermite_series([0, 0, 0, 1.0])
DIMENSION, NEURONS, TASKS, STEPS, REPLICAS = 20, 4, 2, 40, 2500
ENGINES = ("full", "single", "single, float32", "overlap", "decoupled")
ALPHA = 0.01 / (6 * len(ENGINES))


def _label(projections: torch.Tensor) -> torch.Tensor:
    return CUBIC.value(projections).sum(-1) / math.sqrt(TASKS)


def _alignment(name: str, device: str, seed: int) -> np.ndarray:
    generator = torch.Generator(device).manual_seed(seed)
    dtype = torch.float32 if name.endswith("float32") else torch.float64  # on a GPU a kernel of its own
    directions = torch.eye(TASKS, DIMENSION, dtype=dtype, device=device)
    second = torch.tensor([1.0, -1.0, 1.0, 0.5], dtype=dtype, device=device)
    bias = torch.tensor([-1.0, 0.3, 0.0, 0.7], dtype=dtype, device=device)
    problem = TwoLayerProblem(
        _label, RELU, "squared" if name in ("full", "overlap") else "correlation", label_noise=0.3
    )
    if name.startswith(("full", "single")):
        start = random_directions((REPLICAS, NEURONS, DIMENSION), generator, dtype)
        state = network_state(start, second, bias)
        engine = full_engine(problem, directions, 8) if name == "full" else single_sample_engine(problem, directions, 8)
    elif name == "overlap":
        state = random_overlaps(REPLICAS, second, bias, TASKS, DIMENSION, generator)
        engine = overlap_engine(problem, directions, 8, DIMENSION)
    else:
        state = random_chain(REPLICAS, second, bias, TASKS, DIMENSION, generator)
        engine = decoupled_engine(problem, directions, 8, DIMENSION)
    return run(engine, state, [STEPS], lambda n: np.full(len(n), 0.2), generator).observed["alignment"][-1]


@pytest.mark.parametrize("name", ENGINES)
def test_cuda_has_the_law_of_the_cpu(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # a step that falls back to eager calls fails the test
        cuda = _alignment(name, "cuda", 1)
    cpu = _alignment(name, "cpu", 2)
    for j, m in ((0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (3, 1)):
        assert ks_2samp(cuda[:, j, m], cpu[:, j, m]).pvalue > ALPHA, (j, m)

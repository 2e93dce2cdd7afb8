"""Steps of ReLU networks on fresh Gaussian samples, on the CPU: threads draw, project and step together.

The thread that asks finds the labels, which are Python's, and the others follow it through one compiled call for all
steps: a thread that has to ask for the interpreter between two groups of steps sleeps until it is free, and to be woken
takes as long as several steps of a small network.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learnability.sgd.normal_numbers import SharedSamples, draw_and_project
from learnability.sgd.compiled.full import correlation_steps, squared_steps
from learnability.sgd.compiled.steps import TILE, NetworkSteps, array
from learnability.sgd.problem import TwoLayerProblem, labels
from learnability.compiled.loops import reordered
from learnability.compiled.blas import one_blas_thread
from learnability.compiled.threads import meet, one_torch_thread, threads_for, together

# What a group of steps counts: a meeting of the drawing threads, the segments they took, then the meetings where the
# room is free, the projections and the labels are there, and those of the steps.
_COUNTERS = 6


@reordered
def _follow(thread, threads, counters, seeds, samples, network, x, label, step_sizes, tile, coupled):  # type: ignore[no-untyped-def]
    """All groups of steps in a thread that does not find the labels. ``x`` and ``label`` have room for one group."""
    numbers, rows, directions, projections = samples
    common, first, last, scale, outputs = network
    parameters, rates, spherical, unit = common
    for group in range(len(counters)):
        sizes = step_sizes[group * len(x) : (group + 1) * len(x)]
        count, here = len(sizes), counters[group]
        if group > 0:
            meet(here[2:], threads)
        used, drawn = count * (len(rows) // len(x)), count * (len(numbers) // len(x))
        part = numbers[:drawn], seeds[group], rows[:used], directions, projections[:used]
        draw_and_project(*part, here, thread, threads)
        meet(here[3:], threads)
        meet(here[4:], threads)
        steps = parameters, x[:count], label[:count], sizes, rates, spherical, unit
        if coupled:
            squared_steps(*steps, first, last, scale, outputs, here[5:], threads)
        else:
            correlation_steps(*steps, tile, first, last)


def sampled_steps(
    problem: TwoLayerProblem,
    parameters: tuple[Tensor, Tensor, Tensor, Tensor],
    x: Tensor,
    directions: Tensor,
    step_sizes: Tensor,
    generator: torch.Generator,
) -> None:
    """Steps of :func:`full_step` in place on (weights, scale, second layer, bias), all contiguous, in groups of samples
    for which ``x`` (step, replica, batch, dimension) has room.

    Directions as in :class:`SharedSamples`, other shapes as in :meth:`NetworkSteps.share`.
    """
    threads = threads_for(parameters[0].numel() * x.shape[2])
    samples, network = SharedSamples(x, directions), NetworkSteps(problem, parameters, x.shape[2], threads)
    label, groups = x.new_empty(x.shape[:-1]), step_sizes.split(len(x))
    seeds = np.zeros(len(groups), np.uint64)
    seeds[0] = samples.seed(generator)

    def lead(counters: NDArray[np.int64]) -> None:
        for i, sizes in enumerate(groups):
            count, here = len(sizes), counters[i]
            if i:
                meet(here[2:], threads)
            samples.draw(count, seeds[i], threads - 1, threads, here)
            meet(here[3:], threads)
            label[:count] = labels(problem, samples.projections(count, generator), generator)
            if i + 1 < len(groups):
                seeds[i + 1] = samples.seed(generator)
            meet(here[4:], threads)
            network.share(threads - 1, x[:count], label[:count], sizes, here[5:])

    def member(thread: int, counters: NDArray[np.int64]) -> None:
        counters = counters.reshape(len(groups), _COUNTERS)
        if thread == threads - 1:
            lead(counters)
            return
        arrays = x.numpy(), label.numpy(), array(step_sizes)
        network_arguments, coupled = network.arguments(thread), problem.loss == "squared"
        _follow(thread, threads, counters, seeds, samples.arrays, network_arguments, *arrays, TILE, coupled)

    with one_torch_thread(), one_blas_thread():
        together(member, threads, _COUNTERS * len(groups))

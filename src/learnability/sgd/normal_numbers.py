"""Standard normal numbers of :mod:`learnability.compiled.normal_numbers` from a torch generator.

Every call takes 64 bits of the generator as its seed. The state of the torch generator is the only state there is: a
checkpoint that holds it gives the same bytes again.
"""

import numpy as np
import torch
from torch import Tensor

from learnability.compiled.blas import multiply, one_blas_thread
from learnability.compiled.loops import reordered
from learnability.compiled.normal_numbers import fill

_FEW = 2048  # below as many numbers torch's own loop is as fast, since a call has a fixed cost


@reordered
def _project(samples, directions, projections):  # type: ignore[no-untyped-def]
    multiply(samples, directions, projections, True, False)


def _is_ours(out: Tensor) -> bool:
    return out.device.type == "cpu" and out.dtype in (torch.float32, torch.float64) and out.numel() >= _FEW


def standard_normal(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    """A tensor of independent standard normal numbers, with the dtype and on the device of ``like``."""
    return fill_normal(like.new_empty(shape), generator)


def fill_normal(out: Tensor, generator: torch.Generator) -> Tensor:
    """``out`` (contiguous) filled with independent standard normal numbers.

    A few numbers, and all of them away from the CPU or in other dtypes than float32 and float64, are torch's.
    """
    if not _is_ours(out):
        return out.normal_(generator=generator)
    seed = int(torch.randint(-(2**63), 2**63 - 1, (), generator=generator).item())
    fill(out.view(-1).numpy(), np.uint64(seed % 2**64))
    return out


def normal_samples(out: Tensor, directions: Tensor, generator: torch.Generator) -> Tensor:
    """``out`` (..., dimension) filled with standard normal samples; the result is their projections (..., task).

    ``directions`` is V, (task, dimension), or has leading axes that broadcast with those of ``out``.
    """
    fill_normal(out, generator)
    if not _is_ours(out) or directions.ndim != 2:
        return torch.matmul(out, directions.mT)
    projections = out.new_empty(*out.shape[:-1], len(directions))
    rows = out.view(-1, out.shape[-1]), directions.contiguous(), projections.view(-1, len(directions))
    with one_blas_thread():
        _project(*(tensor.numpy() for tensor in rows))
    return projections

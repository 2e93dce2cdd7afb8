"""Steps on a GPU in as few kernels as possible: what torch.compile makes of a pure step, and numbers drawn ahead.

A step of SGD on a GPU takes the time of its launches, not that of its arithmetic: about 50 kernels of 1.5 to 3
microseconds each at the sizes of the studies, a third of them to draw one batch and its labels. The loop captures many
steps in one graph (:mod:`learnability.sgd.cuda_graphs`), the engines draw the numbers of all of them at once, and the
element-wise passes between two matrix products become one kernel each here.
"""

import importlib.util
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

# Numbers that are drawn at once for the steps of one call on a GPU: 256 MB in float32.
_GPU_ENTRIES = 1 << 26
# Sizes and labels for which one process compiles the same step, each in a few seconds; torch would stop at 8.
_VERSIONS = 256


def steps_at_once(numbers: int, like: Tensor, cached: int = 0) -> int:
    """For how many steps, each of so many ``numbers``, an engine draws at once.

    On a GPU as many as fit into its room; on a CPU as many as stay in cache (``cached`` numbers), one by default.
    """
    return max(1, (_GPU_ENTRIES if like.is_cuda else cached) // numbers)


def has_triton() -> bool:
    """Whether the compiler of GPU kernels that torch.compile uses is installed (PyTorch for CUDA brings it)."""
    return importlib.util.find_spec("triton") is not None


class _Fused:
    """A pure step and what was compiled from it; where that fails, with a warning, the step itself."""

    def __init__(self, step: Callable[..., Any]) -> None:
        self._step = step
        self._compiled: Callable[..., Any] | None = torch.compile(step, dynamic=False, fullgraph=True)

    def __call__(self, *arguments: Any) -> Any:
        if self._compiled is None:
            return self._step(*arguments)
        try:
            with torch._dynamo.config.patch(recompile_limit=_VERSIONS):
                return self._compiled(*arguments)
        except torch._dynamo.exc.TorchDynamoException as error:
            self._compiled = None
            first = str(error).strip().splitlines()[0]
            warnings.warn(f"the step runs kernel by kernel, since it cannot be compiled: {first}", stacklevel=2)
            return self._step(*arguments)


_fused = cache(_Fused)


def fused(step: Callable[..., Any], like: Tensor) -> Callable[..., Any]:
    """``step``, compiled where its tensors are on a GPU as ``like`` is, and Triton is installed.

    A step is a pure function of tensors, and of values that stay the same during a run.
    """
    return _fused(step) if like.is_cuda and has_triton() else step

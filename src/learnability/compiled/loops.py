"""Loops that are compiled for the CPU: where each sample takes a path of its own, a scalar loop beats whole arrays.

Machine code is cached on disk. The cache of a function sees changes of its own file only, so compiled functions that
call one another stand in one file. The exceptions are the settled pieces of this module and of
:mod:`learnability.compiled.blas`, and constants of other modules, which are frozen when a loop is compiled: after a
change there, empty ``__pycache__``. Jobs of the pipeline keep a cache for each fingerprint of what compiled loops
reach (:func:`learnability.pipeline.fingerprint.machine_code_fingerprint`).
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """The function compiled on its first call, with IEEE arithmetic as written: no reordering, no contraction of
    divisions; division by zero gives inf or NaN as in NumPy.
    """
    return cast(F, numba.njit(cache=True, error_model="numpy", nogil=True)(function))


def inlined(function: F) -> F:
    """As :func:`compiled`, but made a part of every caller, which then leaves out the results that it does not use. The
    arithmetic is the same, and so are the bytes.
    """
    return cast(F, numba.njit(cache=True, error_model="numpy", nogil=True, forceinline=True)(function))


def reordered(function: F) -> F:
    """As :func:`compiled`, but sums may be reordered and a product contracted with the sum it enters, so that loops
    over arrays use vector instructions. Infinities and NaN keep their meaning. The order is fixed when the loop is
    compiled: the same bytes on the same kind of processor.
    """
    flags = {"contract", "reassoc", "nsz", "arcp"}
    return cast(F, numba.njit(cache=True, error_model="numpy", nogil=True, fastmath=flags)(function))


def contracted(function: F) -> F:
    """As :func:`compiled`, but a product may be contracted with the sum it enters; sums keep their order. For error
    terms that another order of additions would lose.
    """
    flags = {"contract", "nsz", "arcp"}
    return cast(F, numba.njit(cache=True, error_model="numpy", nogil=True, fastmath=flags)(function))


@compiled
def assign(target, source):  # type: ignore[no-untyped-def]
    """``target[:] = source`` for vectors, whose first entries are taken where it is longer; for compiled code.

    The assignment itself brings an error message, whose formatting of text takes four seconds to compile.
    """
    for i in range(len(target)):
        target[i] = source[i]

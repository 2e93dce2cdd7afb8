"""Threads for compiled loops, which run without the interpreter's lock.

:func:`in_threads` cuts independent work into ranges. Where the threads need one another's results at every step,
:func:`together` starts all of them and :func:`meet` lets them wait for one another inside the compiled loop: a
thousandth of the time that a return to Python takes. A thread that is slow to wake up costs nothing where the others
:func:`take` its work.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache, partial
from threading import Lock
from typing import Any

import numpy as np
import torch
from numba import types
from numba.extending import intrinsic

from learnability.compiled.loops import compiled

# Multiply-adds that are worth a second thread.
WORTH_A_THREAD = 1 << 22
# Looks at the counter before a waiting thread gives its core away.
_PATIENCE = 2000
# A counter beyond every goal.
_PAST_ALL = 1 << 62
_GIVE_WAY = types.ExternalFunction("sched_yield", types.int32())
_teams = Lock()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def _at_once(calls: Sequence[Callable[[], None]]) -> None:
    """All calls at the same time, the last one in the thread that asks."""
    others = [_pool(len(calls) - 1).submit(call) for call in calls[:-1]]
    try:
        calls[-1]()
    finally:
        wait(others)
    for other in others:
        other.result()


@contextmanager
def one_torch_thread(wanted: bool = True) -> Iterator[None]:
    """torch keeps to one thread where ``wanted``; its number of threads is as before at the end.

    Small operations cost less that way, and torch's idle threads take the cores from ours for a while after a call.
    """
    threads = torch.get_num_threads()
    if not wanted or threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def threads_for(work: int) -> int:
    """torch's number of threads, or one where ``work`` (multiply-adds) is not worth more."""
    return torch.get_num_threads() if work >= WORTH_A_THREAD else 1


def in_threads(call: Callable[[int, int], None], count: int, unit: int, work: int) -> None:
    """``call`` on ranges of 0..count that start at multiples of ``unit``, one for each thread that the work is
    worth."""
    threads = min(threads_for(work), -(-count // unit))
    if threads <= 1:
        call(0, count)
        return
    length = -(-count // (threads * unit)) * unit
    _at_once([partial(call, start, min(start + length, count)) for start in range(0, count, length)])


def together(call: Callable[[int, Any], None], threads: int, count: int = 1) -> None:
    """``call(thread, counters)`` in ``threads`` threads that all run at the same time, with counters, (count,), to
    :func:`meet` at or to :func:`take` work from. The last thread is the one that asks.

    Where one of them fails, the others are let pass, and the first error is raised.
    """
    counters = np.zeros(count, np.int64)
    failures: list[BaseException] = []

    def member(thread: int) -> None:
        try:
            call(thread, counters)
        except BaseException as failure:
            failures.append(failure)
            counters[:] = _PAST_ALL

    if threads == 1:
        member(0)
    else:
        with _teams:  # two teams that share a pool could each wait for a thread that the other one holds
            _at_once([partial(member, thread) for thread in range(threads)])
    if failures:
        raise failures[0]


@intrinsic
def _add_one(typing, counter):  # type: ignore[no-untyped-def]
    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        one = context.get_constant(types.int64, 1)
        return builder.atomic_rmw("add", array.data, one, "seq_cst")

    return types.int64(counter), code


@intrinsic
def _seen(typing, counter):  # type: ignore[no-untyped-def]
    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.load_atomic(array.data, "acquire", 8)

    return types.int64(counter), code


@compiled
def take(queue):  # type: ignore[no-untyped-def]
    """The next number of 0, 1, 2, ..., which no other thread has taken. ``queue`` is a counter of :func:`together`."""
    return _add_one(queue)  # type: ignore[call-arg]


@compiled
def meet(counter, goal):  # type: ignore[no-untyped-def]
    """Wait until ``goal`` arrivals were counted, this one included. What the others wrote before is then visible.

    ``counter`` is one of :func:`together`, (1,); the goal of the n-th meeting there is n times the number of threads.
    For compiled code, which may be this function alone: the interpreter is free meanwhile.
    """
    _add_one(counter)  # type: ignore[call-arg]
    looks = 0
    while _seen(counter) < goal:
        looks += 1
        if looks > _PATIENCE:
            _GIVE_WAY()

"""Side-by-side timing: candidates take turns in one run, and the result is a table of ratios with intervals.

Ratios survive a noisy machine better than seconds do, since every round times all candidates close together.
"""

import importlib.metadata
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

# Seconds before a call: threads of the last candidate's library spin for a while and would take the next one's cores.
_PAUSE = 0.05

ENOUGH = 15.0
"""Seconds in timed rounds after which a candidate sits out: slow ones are timed in fewer rounds, at least in one."""


@dataclass(frozen=True)
class Timing:
    """Seconds of one candidate in each round; empty with a ``note`` for one that did not run."""

    name: str
    seconds: tuple[float, ...]
    note: str = ""

    @property
    def median(self) -> float:
        return float(np.median(self.seconds)) if self.seconds else float("nan")


def take_turns(
    candidates: Mapping[str, Callable[[], object]],
    rounds: int = 5,
    warm_up: int = 1,
    steps: Mapping[str, int] | None = None,
) -> list[Timing]:
    """Time every candidate once a round. One that fails is reported with its error and left out, and one that has
    taken :data:`ENOUGH` seconds in timed rounds takes no further turn.

    With ``steps``, the number of steps in a call of each candidate, times are those of one step: a candidate whose
    step is short takes more of them a call, so that what is timed is its steady state and not its start.
    """
    whole: dict[str, list[float]] = {name: [] for name in candidates}
    notes: dict[str, str] = {}
    for turn in range(warm_up + rounds):
        for name, candidate in candidates.items():
            if name in notes or sum(whole[name]) > ENOUGH:
                continue
            time.sleep(_PAUSE)
            start = time.perf_counter()
            try:
                candidate()
            except Exception as error:  # a peer that fails is a finding, not the end of the comparison
                notes[name] = f"failed: {type(error).__name__}: {str(error).splitlines()[0][:80] if str(error) else ''}"
                continue
            if turn >= warm_up:
                whole[name].append(time.perf_counter() - start)
    per_step = {name: tuple(s / (steps[name] if steps else 1) for s in taken) for name, taken in whole.items()}
    return [Timing(name, per_step[name] if name not in notes else (), notes.get(name, "")) for name in candidates]


def ratio(peer: Timing, ours: Timing) -> tuple[float, float, float]:
    """Median of peer / ours over the rounds that both took, with the quartiles of these rounds."""
    if not peer.seconds or not ours.seconds:
        return (float("nan"),) * 3
    both = min(len(peer.seconds), len(ours.seconds))  # who sits out does so from some round on
    quotients = np.array(peer.seconds[:both]) / np.array(ours.seconds[:both])
    low, middle, high = np.quantile(quotients, [0.25, 0.5, 0.75])
    return float(middle), float(low), float(high)


def print_ratios(title: str, timings: Sequence[Timing], ours: str) -> None:
    """A table: candidate, median time, how many times ours (median and quartiles over the rounds)."""
    base = next(timing for timing in timings if timing.name == ours)
    print(f"\n{title}")
    print(f"  {'candidate':34s} {'median':>12s} {'times ours':>12s}  [quartiles]")
    for timing in timings:
        if timing.note:
            print(f"  {timing.name:34s} {timing.note}")
            continue
        middle, low, high = ratio(timing, base)
        print(f"  {timing.name:34s} {1e3 * timing.median:9.3f} ms {middle:12.2f}  [{low:.2f}, {high:.2f}]")


RECORD = "LEARNABILITY_BENCH_RECORD"
"""The file to which the rows of the summary go, one JSON object a line; set by ``python -m benchmarks``."""


def record(engine: str, row: str, timings: Sequence[Timing], ours: str = "ours") -> None:
    """Keep the lead of each candidate whose name begins with ``ours`` over its best peer, for the table of all engines.

    The lead is the ratio of times in the same round (median and quartiles over the rounds). All others are peers,
    without those that failed. Where every peer failed there is no lead.
    """
    mine = [timing for timing in timings if timing.name.startswith(ours)]
    peers = [timing for timing in timings if not timing.name.startswith(ours) and timing.seconds]
    for own in mine:
        best = min(peers, key=lambda peer: ratio(peer, own)[0], default=None)
        lead = ratio(best, own) if best is not None else (float("inf"),) * 3
        keep(engine, row, own.name, own.median, best.name if best is not None else "none finished", lead)


def keep(engine: str, row: str, own: str, seconds: float, peer: str, lead: tuple[float, float, float]) -> None:
    """One row of the table of all engines: whose time (seconds), over which peer, and how many times ours it takes."""
    if place := os.environ.get(RECORD):
        line = {"engine": engine, "row": row, "ours": own, "seconds": seconds, "peer": peer, "lead": lead}
        if not np.isfinite(lead[0]):
            line["lead"] = None  # strict JSON knows no infinity
        with open(place, "a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")


def print_environment(*packages: str) -> None:
    """Versions, threads and processor: what a reader needs to compare."""
    versions = []
    for name in ("numpy", "torch", *packages):
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} missing")
    threads = os.environ.get("OMP_NUM_THREADS", "default")
    print(
        f"python {platform.python_version()}, {', '.join(versions)}; {os.cpu_count()} cores, OMP_NUM_THREADS={threads}"
    )

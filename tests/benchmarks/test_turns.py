"""Who takes turns with whom in a comparison, and for how long."""

import time

import pytest

from benchmarks import compare
from benchmarks.compare import ratio, take_turns


def test_a_slow_candidate_sits_out_and_is_compared_on_the_rounds_that_both_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, calls = 0.0, {"quick": 0, "slow": 0}

    def passes(name: str, seconds: float) -> None:
        nonlocal clock
        clock += seconds * (2 if name == "quick" and calls[name] > 2 else 1)
        calls[name] += 1

    monkeypatch.setattr(time, "perf_counter", lambda: clock)
    monkeypatch.setattr(compare, "_PAUSE", 0.0)
    turns = {"quick": lambda: passes("quick", 1.0), "slow": lambda: passes("slow", 10.0)}
    quick, slow = take_turns(turns, rounds=5, warm_up=1)
    assert calls == {"quick": 6, "slow": 3}
    assert quick.seconds == (1.0, 1.0, 2.0, 2.0, 2.0)
    assert slow.seconds == (10.0, 10.0)
    assert ratio(slow, quick) == (10.0, 10.0, 10.0)

"""Where CPU time goes: parts of a job add up to what the process used, and the tables to the sum of the logs."""

import time
from pathlib import Path

import pytest

from learnability.pipeline import spent
from learnability.pipeline.stopwatch import PARTS, Stopwatch, cpu_seconds, parts_in
from learnability.results.errors import UserError


def burn(seconds: float) -> None:
    end = cpu_seconds() + seconds
    while cpu_seconds() < end:
        sum(range(1000))


def test_parts_follow_one_another_and_add_up() -> None:
    watch = Stopwatch()
    watch.begin("computing")
    burn(0.05)
    watch.begin("writing")
    time.sleep(0.05)  # a wait is no CPU time
    found = watch.spent()
    assert sum(found.values()) == pytest.approx(cpu_seconds(), abs=0.02)
    assert 0.04 < found["computing"] < 0.2
    assert found["writing"] < 0.04
    assert found["imports"] == 0


def test_compilation_is_taken_out_of_the_part_in_which_it_happens() -> None:
    import numba

    watch = Stopwatch()
    watch.listen_to_compiler()
    watch.begin("computing")
    before = cpu_seconds()
    inner = numba.njit(lambda x: x + 1)
    outer = numba.njit(lambda x: inner(x) * inner(x))
    assert outer(2.0) == 9
    gone = cpu_seconds() - before
    found = watch.spent()
    assert found["compilation"] > 0.01
    assert found["computing"] + found["compilation"] == pytest.approx(gone, abs=0.02)
    assert outer(3.0) == 16
    assert watch.spent()["compilation"] == found["compilation"]


def test_the_last_run_in_a_log_counts() -> None:
    watch = Stopwatch()
    assert parts_in("") is None
    assert parts_in(f"{watch.line()}\nCPU by part: " + ", ".join(f"{part} 1.50 s" for part in PARTS)) == dict.fromkeys(
        PARTS, 1.5
    )


def test_tables_add_up(tmp_path: Path) -> None:
    results = tmp_path / "results/laptop"
    with pytest.raises(UserError, match=r"where its time went\n.*make figures SCALE=laptop"):
        spent.table(results, 3)
    jobs = {
        "a/one/train/0123456789/seeds0-4": 4.0,
        "a/one/analysis": 1.0,
        "b/two/targets/0123456789": 0.5,
        "b/figures/map": 2.0,
    }
    for name, seconds in jobs.items():
        log = results / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("CPU by part: " + ", ".join(f"{part} {seconds:.2f} s" for part in PARTS) + "\n")
    lines = spent.table(results, 2).splitlines()
    totals = {line.split()[0]: line.split()[1:3] for line in lines if line}
    assert totals["train"] == ["1", "24.0"]
    assert totals["figures"] == ["1", "12.0"]
    assert totals["b"] == ["2", "15.0"]
    assert totals["a/one/train/0123456789/seeds0-4"] == []  # its numbers stand below it
    assert lines[lines.index("a/one/train/0123456789/seeds0-4") + 1].split()[:2] == ["1", "24.0"]
    assert max(map(len, lines)) <= 80
    assert "a/one/analysis" not in totals  # the two longest are listed
    assert " ".join(lines[-2:]).startswith("45 s of CPU in 4 jobs: starting 17%")

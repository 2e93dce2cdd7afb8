"""What every reader owes to whatever a stranger gives it: an answer or one short message, soon and in little memory."""

import os
import time
from collections.abc import Callable

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

SECONDS = float(os.environ.get("FUZZ_SECONDS", "20"))
"""Of all fuzzing together."""

MOST_SECONDS = 2.0  # of CPU time
MOST_LINES = 20
MOST_CHARACTERS = 4000


def within_bounds(read: Callable[[], object], refusal: type[Exception]) -> str:
    """What is wrong with how ``read`` ends: too late, another error, or too long a message; empty if nothing."""
    start = time.process_time()
    said = ""
    try:
        read()
    except refusal as error:
        said = str(error)
    except Exception as error:  # anything else would be a traceback
        return f"{type(error).__name__}: {str(error)[:200]}"
    seconds = time.process_time() - start
    if seconds > MOST_SECONDS:
        return f"took {seconds:.1f} s"
    if len(said) > MOST_CHARACTERS or said.count("\n") >= MOST_LINES:
        return f"a message of {len(said)} characters and {said.count(chr(10)) + 1} lines"
    return ""


def fuzz(strategy: SearchStrategy[object], problem: Callable[[object], str], share: float) -> int:
    """Try examples for this share of :data:`SECONDS`, in rounds of fixed seeds; how many were tried."""
    deadline, round_, tried = time.monotonic() + share * SECONDS, 0, 0

    def check(example: object) -> None:
        nonlocal tried
        tried += 1
        assert not (found := problem(example)), found

    while time.monotonic() < deadline:
        limits = settings(max_examples=40, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        seed(round_)(limits(given(strategy)(check)))()
        round_ += 1
    return tried

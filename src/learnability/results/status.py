"""How a run ended. Every run of every study carries one of these codes."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Status(IntEnum):
    """Codes are stable: they stand in artifacts. Studies number codes of their own from 16."""

    REACHED_END = 0
    CONVERGED = 1  # before its end time
    DIVERGED = 2  # the state stopped being finite, or no step size was accepted; what follows is NaN
    MAX_STEPS = 3  # before its end: neither converged nor trapped


def status_attributes(extra: Mapping[str, int] | None = None) -> dict[str, Any]:
    """CF attributes of an int8 variable of status codes; ``extra`` adds a study's own names and codes."""
    codes = {status.name.lower(): int(status) for status in Status} | dict(extra or {})
    return {
        "units": "1",
        "long_name": "how the run ended",
        "flag_values": list(codes.values()),
        "flag_meanings": " ".join(codes),
    }

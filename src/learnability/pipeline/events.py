"""What a run tells whoever follows it: one JSON object a line, in the file that ``LEARNABILITY_EVENTS`` names.

Jobs write their progress and their failure, the workflow engine (through its logger plugin) what it planned, started
and finished. ``make figures`` reads the file and shows one line; without the variable jobs print for themselves.

========== ====================================================================================================
event      fields
========== ====================================================================================================
plan       ``counts``: the number of jobs by rule
info       ``id``, ``rule``, ``wildcards``, ``output``, ``log``: what the job ``id`` of the engine is
started    ``ids``
finished   ``id``
error      ``id`` or None, ``rule``, ``log``, ``message``: the engine gave up a job; ``words`` of the scheduler, if any
progress   ``output``, ``share`` (0 to 1), ``message``
failed     ``output``, ``message``, ``log``: a job explains its own failure
note       ``message``: what the engine wants to be read
========== ====================================================================================================
"""

import json
import os
from pathlib import Path
from typing import Any

VARIABLE = "LEARNABILITY_EVENTS"

EVENTS = ("plan", "info", "started", "finished", "error", "progress", "failed", "note")


def followed() -> Path | None:
    """The file of events, where somebody follows the run."""
    name = os.environ.get(VARIABLE)
    return Path(name) if name else None


def tell(event: str, **fields: Any) -> None:
    """Append one event, if somebody follows the run. A line is written in one call, so that writers never mix.

    It begins with a line break, too: what a full disk left of an earlier one spoils no other.
    """
    path = followed()
    if path is None:
        return
    line = f"\n{json.dumps({'event': event, **fields}, default=str)}\n"
    try:
        with path.open("ab", buffering=0) as stream:
            stream.write(line.encode())
    except OSError:
        pass  # a follower that is gone or out of reach is no reason to stop computing


def read_event(line: bytes) -> dict[str, Any] | None:
    """The event of one line; None for an empty line, and for what a full disk left of one."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.get("event") in EVENTS else None

"""Whether a job runs the code that it was planned with: what is recorded of a result must be what made it."""

from collections.abc import Mapping
from typing import Any

from learnability.pipeline import fingerprint
from learnability.pipeline.kinds import code_of
from learnability.results.errors import UserError


class PlannedCode:
    """The fingerprint that a job was planned with; an empty one (a job started by hand) asks for nothing.

    The first look is to come before the imports of the stage, the second behind them, the last behind its work: then
    an edit that is undone while the job runs is seen, too. A look compares names, sizes and times of the source with
    those of the last one, and takes its fingerprint only where they differ.
    """

    def __init__(self, stage: str, job: Mapping[str, Any], code: str) -> None:
        self._stage, self._job, self._code = stage, job, code
        self._seen: object = None

    def demand(self) -> None:
        """Raise UserError where the source is no longer what the job was planned with."""
        if not self._code:
            return
        state = fingerprint.state_of_source()  # first: whatever changes from here on is for the next look
        if state == self._seen:
            return
        fingerprint.forget()
        now = code_of(self._stage, self._job)
        if now != self._code:
            name = "/".join(self._job[key] for key in ("study", "experiment", "figure") if key in self._job)
            problem = f"the code changed since this run was planned ({self._code}, now {now})"
            raise UserError(f"{self._stage} {name}", problem, remedy="run the same command again")
        self._seen = state

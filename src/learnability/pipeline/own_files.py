"""Files of the project itself that a command writes together: ``docs/verdicts.*``, ``docs/robustness.*``, a new study.

Wherever the command is killed, all are old or all are new: the next command of the project ends what was begun.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from learnability.pipeline.lock import clear_leftovers
from learnability.results import journal

_PROJECT = Path()


def _finish(content: Mapping[str, Any]) -> None:
    """There is nothing to do once the files are in place."""


def replace_together(files: Mapping[str, bytes]) -> None:
    """Replace files of the project; a name is the path from its folder, in which the command runs."""
    with journal.alone(_PROJECT):
        journal.recover(_PROJECT, _finish)
        clear_leftovers(_PROJECT, below=False)
        journal.put(_PROJECT, files, {}, _finish)


def finish_interrupted() -> bool:
    """End a change of the project's files that was interrupted; whether there was one."""
    return journal.end_interrupted(_PROJECT, _finish)

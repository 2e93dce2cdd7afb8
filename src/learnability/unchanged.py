"""``make figures`` where nothing changed since a run that left nothing to do: it says so, without the engine."""

import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from learnability.pipeline import settled
from learnability.pipeline.lock import only_one_run
from learnability.report.summary import describe_figures, summarise


def told(arguments: Mapping[str, str], console: Console) -> bool:
    """Whether there is nothing to do; then the summary of the last run has been printed.

    Raises UserError where another run is at work.
    """
    start = time.monotonic()
    kept = settled.remembered(arguments)
    results = Path("results") / kept["scale"] if kept else None
    if kept is None or results is None or not results.is_dir():
        return False
    with only_one_run(Path(".cache/run.lock")), only_one_run(results / ".lock"):
        if not settled.unchanged(kept):
            return False
        if kept["figures"]:
            describe_figures(kept["figures"], results, console)
        else:
            summarise(results, console)
    seconds = time.monotonic() - start
    console.print(f"nothing to do: every file is what it was after the last run ({seconds:.1f} s)", highlight=False)
    return True

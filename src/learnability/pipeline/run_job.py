"""The entry point of every job: ``python -m learnability.pipeline.run_job STAGE --job JSON --output PATH ...``.

It fixes the number of threads before any numerical library is imported (the bytes of a result depend on it), runs the
stage, and turns whatever goes wrong into one message in the terminal and the job's log.

Inputs are compared with the manifest before the stage reads them, and the code with that of the plan before and after
the stage. Outputs are written beside their places, recorded in the manifest and put in place together, if no other run
has begun in the meantime.
"""

import argparse
import json
import os
import shutil
import sys
import traceback
from pathlib import Path
from typing import Any

from learnability.pipeline import lifeline, surroundings
from learnability.pipeline.lock import demand_lease
from learnability.pipeline.progress import Progress
from learnability.results import manifest
from learnability.results.atomic import Staged
from learnability.results.errors import UserError
from learnability.results.integrity import (
    SYSTEM_ERRORS,
    DamagedArtifact,
    ForeignArtifact,
    SystemTrouble,
    set_aside,
)

STAGES = ("targets", "train", "analyse", "figures", "claims")


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m learnability.pipeline.run_job", description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument(
        "--job", required=True, type=json.loads, help="the job as JSON: study, experiment, setting, seeds"
    )
    parser.add_argument("--code", default="", help="the fingerprint of the code behind the stage")
    parser.add_argument("--scale", default="laptop")
    parser.add_argument("--run", default="", help="which run of how many, for the progress line")
    parser.add_argument("--input", nargs="*", default=[], type=Path)
    parser.add_argument("--output", nargs="+", required=True, type=Path)
    parser.add_argument("--log", type=Path)
    return parser.parse_args(argv)


def _label(arguments: argparse.Namespace) -> str:
    job: dict[str, Any] = arguments.job
    parts = [job["study"], job.get("experiment") or job.get("figure"), job.get("id")]
    name = "/".join(str(part) for part in parts if part)
    seeds = "seeds {}-{}".format(*job["seeds"]) if "seeds" in job else ""
    run = f"run {arguments.run}" if arguments.run else ""
    return " ".join(part for part in (f"[{arguments.stage}]", run, name, seeds) if part)


def _fix_threads(count: int) -> None:
    os.environ |= surroundings.threads(count)


def _fix_machine_code() -> None:
    # Cached machine code does not notice a change in another file; the fingerprint that the workflow sets does.
    name = os.environ.get("LEARNABILITY_MACHINE_CODE", "unnamed")
    os.environ["NUMBA_CACHE_DIR"] = str(Path(".cache/numba", name).resolve())


def _run(arguments: argparse.Namespace, progress: Progress) -> None:
    """Run the stage on staged outputs, and put them in place."""
    progress.watch.begin("imports")
    from learnability.pipeline.planned_code import PlannedCode  # late, as what follows: settings may import numpy

    planned = PlannedCode(arguments.stage, arguments.job, arguments.code)
    planned.demand()
    from learnability.pipeline import stages  # it imports the numerical libraries

    stages.import_code(arguments.stage, arguments.job)
    planned.demand()
    arguments.made_from = {path.as_posix(): manifest.demand_recorded(path) for path in arguments.input}
    staged = Staged(arguments.output)
    places, arguments.output = arguments.output, staged.files
    try:
        finish = stages.STAGES[arguments.stage](arguments, progress)
        planned.demand()
        demand_lease(places[0])
        files = dict(zip(places, staged.files, strict=True))
        manifest.record(files, arguments.stage, arguments.job, arguments.code, arguments.made_from)
        staged.publish()
    except BaseException:
        staged.discard()
        raise
    if finish is not None:
        finish()


_HEALED = "LEARNABILITY_CACHE_HEALED"


def _heal_cache(error: BaseException, argv: list[str] | None) -> None:
    """Start again without the machine code that an earlier crash or a full disk left half-written, once."""
    frames = traceback.extract_tb(error.__traceback__)
    from_cache = any(Path(frame.filename).parts[-3:] == ("numba", "core", "caching.py") for frame in frames)
    if not from_cache or os.environ.get(_HEALED):
        return
    shutil.rmtree(os.environ["NUMBA_CACHE_DIR"], ignore_errors=True)
    os.environ[_HEALED] = "1"
    given = sys.argv[1:] if argv is None else argv
    os.execv(sys.executable, [sys.executable, "-m", "learnability.pipeline.run_job", *given])


def main(argv: list[str] | None = None) -> int:
    """Run one stage; 0 on success, 1 for a failure, which is explained in one message."""
    arguments = _arguments(argv)
    surroundings.settle(os.environ)
    lifeline.watch_at_once()
    _fix_threads(int(arguments.job.get("threads", 1)))
    _fix_machine_code()
    progress = Progress(_label(arguments), arguments.log, output=arguments.output[0])
    try:
        if arguments.log is not None:
            arguments.log.parent.mkdir(parents=True, exist_ok=True)
            arguments.log.write_text("")
        _run(arguments, progress)
    except UserError as error:
        if isinstance(error, DamagedArtifact):
            set_aside(error.path, "edited" if isinstance(error, ForeignArtifact) else "damaged")
        progress.failed(error.render())
        return 1
    except Exception as error:  # a mistake in a study's code: the traceback goes to the log, its end to the terminal
        _heal_cache(error, argv)
        details = traceback.format_exc()
        progress.log_only(details)
        if isinstance(error, OSError) and error.errno in SYSTEM_ERRORS:
            progress.failed(SystemTrouble(error, "running the job").render())
            return 1
        progress.failed(details.strip().splitlines()[-1] + (f" (see {arguments.log})" if arguments.log else ""))
        return 1
    progress.done()
    return 0


if __name__ == "__main__":
    sys.exit(main())

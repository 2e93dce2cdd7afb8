"""The entry point of every job: ``python -m learnability.pipeline.run_job STAGE --job JSON --output PATH ...``.

It fixes the number of threads before any numerical library is imported (the bytes of a result depend on it), runs the
stage, and turns whatever goes wrong into one message in the terminal and the job's log.
"""

import argparse
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from learnability.pipeline import lifeline
from learnability.pipeline.progress import Progress
from learnability.results.errors import UserError
from learnability.results.integrity import DamagedArtifact, set_aside

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
    threads = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS")
    for name in threads:
        os.environ[name] = str(count)


def _fix_machine_code() -> None:
    # Cached machine code does not notice a change in another file; the fingerprint that the workflow sets does.
    name = os.environ.get("LEARNABILITY_MACHINE_CODE", "unnamed")
    os.environ["NUMBA_CACHE_DIR"] = str(Path(".cache/numba", name).resolve())


def main(argv: list[str] | None = None) -> int:
    """Run one stage; 0 on success, 1 for a failure, which is explained in one message."""
    arguments = _arguments(argv)
    lifeline.watch()
    _fix_threads(int(arguments.job.get("threads", 1)))
    _fix_machine_code()
    if arguments.log is not None:
        arguments.log.parent.mkdir(parents=True, exist_ok=True)
        arguments.log.write_text("")
    progress = Progress(_label(arguments), arguments.log, output=arguments.output[0])
    try:
        from learnability.pipeline import stages  # late: it imports the numerical libraries

        stages.STAGES[arguments.stage](arguments, progress)
    except UserError as error:
        if isinstance(error, DamagedArtifact):
            set_aside(error.path)
        progress.failed(error.render())
        return 1
    except Exception:  # a mistake in the code of a study: the traceback goes to the log, its last line to the terminal
        details = traceback.format_exc()
        if arguments.log is not None:
            with arguments.log.open("a", encoding="utf-8") as stream:
                stream.write(details)
        progress.failed(details.strip().splitlines()[-1] + (f" (see {arguments.log})" if arguments.log else ""))
        return 1
    progress.done()
    return 0


if __name__ == "__main__":
    sys.exit(main())

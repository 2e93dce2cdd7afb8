"""A line that a job holds on to: when whoever started the run dies, however it dies, the job ends too.

``make figures`` makes a named pipe and keeps its writing end open; the system closes that end with the process. A job,
or the workflow engine, waits for the end of the pipe in a thread. Where the variable is not set (plain Snakemake, a
node of a cluster) nothing is watched.
"""

import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

VARIABLE = "LEARNABILITY_LIFELINE"


@contextmanager
def held(path: Path) -> Iterator[Path]:
    """Hold the writing end; those who watch end when this process does, or when the block is left."""
    path.unlink(missing_ok=True)
    with ExitStack() as stack:
        try:
            os.mkfifo(path)
        except OSError:  # no pipes on this file system
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="learnability."))) / path.name
            os.mkfifo(path)
        descriptor = os.open(path, os.O_RDWR)  # for writing alone, opening would wait for a reader
        stack.callback(os.close, descriptor)
        stack.callback(path.unlink, missing_ok=True)
        yield path


def watch() -> None:
    """Ask this process to terminate as soon as the writing end is closed."""
    name = os.environ.get(VARIABLE)
    if name:
        threading.Thread(target=_wait, args=(name,), daemon=True, name="lifeline").start()


def _wait(name: str) -> None:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK)  # without a writer, opening must not wait
        os.set_blocking(descriptor, True)
        while os.read(descriptor, 1):
            pass
    except FileNotFoundError:
        pass  # the run is over already
    except OSError:
        return  # no pipes here: better not watched than ended for nothing
    os.kill(os.getpid(), signal.SIGTERM)

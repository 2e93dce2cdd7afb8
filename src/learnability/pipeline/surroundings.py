"""One clean surrounding for the launcher, the workflow engine and every job.

What could change a number, a picture or the course of a run is fixed here; what a user sets on purpose (where CUDA
looks, where temporary files go, the package index) is honoured. ``docs/guides/surroundings.md`` has the table.
"""

import os
from collections.abc import MutableMapping
from pathlib import Path

from learnability.results.errors import UserError

SOURCE = Path(__file__).resolve().parents[2]

FIXED = {
    "PYTHONPATH": str(SOURCE),
    "PYTHONNOUSERSITE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "agg",
}
"""Variables with one value, whatever the user's is."""

DROPPED = (
    "PYTHONHOME",
    "PYTHONOPTIMIZE",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONWARNINGS",
    "PYTHONSTARTUP",
    "PYTHONPLATLIBDIR",
    "PYTHONINSPECT",
    "MATPLOTLIBRC",
    "SOURCE_DATE_EPOCH",
    "LANGUAGE",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
    "NVIDIA_TF32_OVERRIDE",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "SNAKEMAKE_PROFILE",
    "SNAKEMAKE_OUTPUT_CACHE",
    "BASH_ENV",
    "ENV",
)
"""Variables that change results or runs and serve nobody here."""

DROPPED_PREFIXES = ("OMP_", "KMP_", "GOMP_", "MKL_", "OPENBLAS_", "BLIS_", "NUMEXPR_", "NUMBA_", "LC_")
"""The same, by how they begin. Numbers of threads are set by each job: the bytes of a result depend on them."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Variables that number the threads of a library; they are read when it is imported."""

_SET_HERE = ("NUMBA_CACHE_DIR", "LC_ALL")


def settle(environment: MutableMapping[str, str]) -> MutableMapping[str, str]:
    """Make the surrounding clean, in place; the same mapping."""
    for name in list(environment):
        if name in DROPPED or (name.startswith(DROPPED_PREFIXES) and name not in _SET_HERE):
            del environment[name]
    environment |= FIXED  # type: ignore[operator]
    return environment


def clean() -> dict[str, str]:
    """The clean surrounding made from that of this process."""
    return dict(settle(dict(os.environ)))


def threads(count: int) -> dict[str, str]:
    """The variables that give every library ``count`` threads."""
    return dict.fromkeys(THREADS, str(count))


def demand_own_source() -> None:
    """Raise UserError when this code is not that of the folder in which it runs."""
    here = Path("src").resolve()
    if Path("src/learnability").is_dir() and here != SOURCE:
        problem = f"the code that runs is that of {SOURCE}, not of this folder"
        remedy = "this folder was copied or moved with its .venv: remove .venv, and run make again"
        raise UserError(str(here), problem, remedy=remedy)

"""One surrounding for launcher, engine and jobs: what could change a result is fixed, the rest is the user's."""

import re
from pathlib import Path

import pytest

from learnability.pipeline import surroundings

TABLE = Path(__file__).parents[2] / "docs/guides/surroundings.md"


@pytest.mark.parametrize(
    "name",
    ["PYTHONPATH", "MPLBACKEND", "MATPLOTLIBRC", "SNAKEMAKE_PROFILE", "OMP_NUM_THREADS", "MKL_CBWR", "LC_NUMERIC",
     "NUMBA_DISABLE_JIT", "PYTHONOPTIMIZE", "PYTHONDONTWRITEBYTECODE", "BASH_ENV"],
)  # fmt: skip
def test_what_could_change_a_result_is_not_the_users(name: str) -> None:
    assert surroundings.settle({name: "/a/users/value"}).get(name) != "/a/users/value"


@pytest.mark.parametrize("name", ["CUDA_VISIBLE_DEVICES", "TMPDIR", "HOME", "PIP_INDEX_URL", "SNAKEMAKE_SLURM_X"])
def test_what_the_user_sets_on_purpose_stays(name: str) -> None:
    assert surroundings.settle({name: "/a/users/value"})[name] == "/a/users/value"


def test_the_source_that_runs_is_that_of_this_package() -> None:
    assert surroundings.clean()["PYTHONPATH"] == str(surroundings.SOURCE)
    assert (surroundings.SOURCE / "learnability/pipeline/surroundings.py").is_file()


def test_settling_twice_changes_nothing() -> None:
    once = dict(surroundings.settle({"OMP_NUM_THREADS": "3", "X": "1"}))
    assert dict(surroundings.settle(dict(once))) == once


def test_the_table_in_the_documents_names_every_variable() -> None:
    told = set(re.findall(r"`([A-Z][A-Z0-9_]*)`", TABLE.read_text(encoding="utf-8")))
    prefixes = {f"{name}*" for name in surroundings.DROPPED_PREFIXES}
    told |= set(re.findall(r"`([A-Z]+_\*)`", TABLE.read_text(encoding="utf-8")))
    assert {*surroundings.FIXED, *surroundings.DROPPED, *prefixes} <= told

"""The engine's private records: the releases for which they are known, and a round trip through them."""

from importlib.metadata import version
from pathlib import Path

import pytest

from learnability.archive import snakemake_records

RECORD = {
    "rule": "train",
    "input": ["a"],
    "log": ["b.log"],
    "shellcmd": "command",
    "params": ["'code'"],
    "code": None,
    "record_format_version": 6,
    "software_stack_hash": "0" * 32,
    "starttime": 1.0,
    "endtime": 2.0,
    "input_checksums": {"a": "sha256:00"},
}


def test_the_installed_engine_is_one_whose_records_are_known() -> None:
    """A new release: compare its ``snakemake.persistence`` with what the module uses, then add it to the list."""
    assert ".".join(version("snakemake").split(".")[:2]) in snakemake_records.RECORDS_KNOWN


def test_records_survive_writing_and_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert snakemake_records.read_records(["results/x"]) == {}
    snakemake_records.write_records({"results/x": RECORD})
    assert snakemake_records.read_records(["results/x", "results/y"]) == {"results/x": RECORD}

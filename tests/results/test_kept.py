"""What is kept in a cache is what was put there, or it counts as lost."""

from pathlib import Path

import pytest

from learnability.results import kept

CONTENT = {"a": [1, 2.5, None, True], "b": {"c": "ä"}}


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    kept.write(tmp_path / "deep/x.json", CONTENT)
    assert kept.read(tmp_path / "deep/x.json") == CONTENT


@pytest.mark.parametrize("spoil", [lambda raw: raw[:-1], lambda raw: raw.replace(b"2.5", b"2.6"), lambda raw: b""])
def test_what_was_changed_counts_as_lost(tmp_path: Path, spoil: object) -> None:
    file = tmp_path / "x.json"
    kept.write(file, CONTENT)
    file.write_bytes(spoil(file.read_bytes()))  # type: ignore[operator]
    assert kept.read(file) is None


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept.write(tmp_path / "file/x.json", CONTENT)
    assert kept.read(tmp_path / "file/x.json") is None
    kept.prune(tmp_path / "nowhere", 3)

"""Hostile archives are refused before anything of them is used; sound ones are packed to the same bytes."""

import shutil
import stat
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from learnability.archive.members import (
    UnsafeArchive,
    manifest,
    open_archive,
    read_manifest,
    write_archive,
)
from learnability.archive.restore import restore
from learnability.archive.verify import findings
from learnability.results.errors import UserError


def _zip(path: Path, *entries: tuple[zipfile.ZipInfo | str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for entry, content in entries:
            archive.writestr(entry, content, compress_type=compression)
    return path


def _link(name: str, target: bytes) -> tuple[zipfile.ZipInfo, bytes]:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry, target


def _twice(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a", b"2")
    return path


def _oversized(path: Path) -> Path:
    """A member whose entries claim 1 GB of a file of a few bytes."""
    _zip(path, ("results/big", b"x" * 10))
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    struct.pack_into("<II", data, central + 20, 2**30, 2**30)
    path.write_bytes(data)
    return path


HOSTILE = {
    "parent": lambda p: _zip(p, ("../outside.txt", b"x")),
    "parent inside": lambda p: _zip(p, ("results/../../outside.txt", b"x")),
    "absolute": lambda p: _zip(p, ("/outside.txt", b"x")),
    "drive": lambda p: _zip(p, ("C:/outside.txt", b"x")),
    "backslash": lambda p: _zip(p, ("results\\..\\..\\outside.txt", b"x")),
    "dot": lambda p: _zip(p, ("./outside.txt", b"x")),
    "control character": lambda p: _zip(p, ("out\x07side.txt", b"x")),
    "link": lambda p: _zip(p, _link("results/link", b"/etc/passwd")),
    "folder": lambda p: _zip(p, ("results/", b"")),
    "bomb": lambda p: _zip(p, ("results/bomb", b"\0" * 10**7), compression=zipfile.ZIP_DEFLATED),
    "oversized": _oversized,
    "twice": _twice,
    "twice by case": lambda p: _zip(p, ("a", b"1"), ("A", b"2")),
    "file and folder": lambda p: _zip(p, ("a", b"1"), ("a/b", b"2")),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_archives_are_refused_with_nothing_written(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = HOSTILE[kind](tmp_path / "hostile.zip")
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    with pytest.raises(UnsafeArchive, match="refused"):
        findings(path)
    with pytest.raises(UnsafeArchive, match="refused"):
        restore(path, force=True)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["hostile.zip", "inner"]


def test_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", ("a", b"1"))
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 8, 1)
    path.write_bytes(data)
    with pytest.raises(UnsafeArchive, match="encrypted"), open_archive(path):
        pass


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip file" * 100])
def test_what_is_no_zip_file_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a readable zip file"), open_archive(path):
        pass


def test_equal_members_give_equal_bytes_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content" * 1000)
    members = {"b/c": tmp_path / "file", "a": b"text"}
    write_archive(tmp_path / "1.zip", members)
    write_archive(tmp_path / "2.zip", dict(reversed(members.items())))
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    with open_archive(tmp_path / "1.zip") as archive:
        assert archive.namelist() == ["a", "b/c"]
        assert archive.read("b/c") == b"content" * 1000


def test_manifest_is_what_sha256sum_reads(tmp_path: Path) -> None:
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    (tmp_path / "hello").write_bytes(b"hello")
    (tmp_path / "manifest-sha256.txt").write_bytes(manifest({"hello": digest}))
    if shutil.which("sha256sum") is None:
        pytest.skip("no sha256sum on this machine")
    done = subprocess.run(["sha256sum", "-c", "manifest-sha256.txt"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0
    write_archive(tmp_path / "a.zip", {"manifest-sha256.txt": tmp_path / "manifest-sha256.txt"})
    with open_archive(tmp_path / "a.zip") as archive:
        assert read_manifest(archive) == {"hello": digest}


def test_missing_archive_and_missing_manifest_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        findings(tmp_path / "none.zip")
    write_archive(tmp_path / "a.zip", {"a": b"1"})
    assert [f.render() for f in findings(tmp_path / "a.zip")] == ["missing: manifest-sha256.txt"]


def test_verify_says_2_for_a_missing_file_and_1_for_a_hostile_one(tmp_path: Path) -> None:
    module = [sys.executable, "-m", "learnability.cli", "archive", "verify"]
    hostile = HOSTILE["parent"](tmp_path / "hostile.zip")
    for path, status in ((tmp_path / "none.zip", 2), (hostile, 1)):
        done = subprocess.run([*module, str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == status
        assert "learnability: error in" in done.stderr
        assert "Traceback" not in done.stderr

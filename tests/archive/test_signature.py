"""Signatures by OpenSSH: good ones say whose they are, others fail."""

import shutil
import subprocess
from pathlib import Path

import pytest

from learnability.archive import signature
from learnability.results.errors import UserError

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not installed")


def _key(path: Path) -> Path:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def _signers(path: Path, **keys: Path) -> Path:
    path.write_text("".join(f"{name} {key.with_suffix('.pub').read_text()}" for name, key in keys.items()))
    return path


def test_a_signature_says_who_made_an_archive(tmp_path: Path) -> None:
    archive, key, other = tmp_path / "a.zip", _key(tmp_path / "key"), _key(tmp_path / "other")
    archive.write_bytes(b"an archive")
    signers = _signers(tmp_path / "signers", ada=key)
    assert signature.check(archive) == (True, "not signed: nothing tells who made it")
    assert not signature.check(archive, signers)[0]
    assert signature.sign(archive, key) == tmp_path / "a.zip.sig"
    good, said = signature.check(archive)
    assert good
    assert "SHA256:" in said
    assert signature.check(archive, signers) == (True, "signed by ada")
    assert not signature.check(archive, _signers(tmp_path / "others", eve=other))[0]
    archive.write_bytes(b"another archive")
    assert not signature.check(archive)[0]
    assert not signature.check(archive, signers)[0]


def test_what_is_no_key_is_named(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(b"an archive")
    with pytest.raises(UserError, match="did not sign"):
        signature.sign(archive, tmp_path / "missing")
    signature.sign(archive, _key(tmp_path / "key"))
    with pytest.raises(UserError, match="there is no such file"):
        signature.check(archive, tmp_path / "missing")

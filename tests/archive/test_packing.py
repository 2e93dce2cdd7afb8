"""An archive and its signature are replaced together, wherever the packing is killed or refused."""

import shutil
from pathlib import Path

import pytest

from learnability.archive import pack
from learnability.archive.signature import beside
from learnability.results.atomic import replacing
from tests.faults import ERRORS, contents, faults


def _sign(path: Path, key: Path) -> Path:
    """A signature that says what it belongs to."""
    with replacing(beside(path)) as out:
        out.write(b"signature of " + path.read_bytes()[-300:-200] + key.name.encode())
    return beside(path)


@pytest.mark.parametrize("key", [Path("key"), None], ids=["signed", "unsigned"])
@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_an_archive_and_its_signature_are_old_or_new_after_a_fault_at_any_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, key: Path | None
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pack, "sign", _sign)
    folder = Path("results/archive")
    path = folder / "a.zip"

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        pack.put_in_place(path, {"member": b"new"}, key)
        states["new"] = contents(folder)
        shutil.rmtree(folder)
        pack.put_in_place(path, {"member": b"old"}, Path("old key"))
        states["old"] = contents(folder)

    states: dict[str, dict[str, bytes]] = {}
    seen = []
    for at, _ in faults(error, prepare, lambda: pack.put_in_place(path, {"member": b"new"}, key)):
        pack.finish_interrupted()
        found = contents(folder)
        assert found in states.values(), f"fault {at}"
        seen.append(found == states["new"])
        pack.put_in_place(path, {"member": b"new"}, key)
        assert contents(folder) == states["new"], f"fault {at}"
        assert not list(folder.glob(".journal*")), f"fault {at}"
    assert len(seen) > 10
    assert {*seen} == {False, True}


def test_what_cannot_be_signed_replaces_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("results/archive/a.zip")
    pack.put_in_place(path, {"member": b"old"})
    before = contents(path.parent, hidden=False)
    with pytest.raises(Exception, match=r"did not sign|not installed"):
        pack.put_in_place(path, {"member": b"new"}, Path("no-key"))
    assert contents(path.parent, hidden=False) == before

"""Results that live in a store: what is fetched, what is sent, what is refused. The store is a folder here."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from learnability.api import open_results
from learnability.archive import mirror
from learnability.results import manifest
from learnability.results.errors import UserError
from learnability.results.store import write

ANALYSIS = Path("results/smoke/demo/first/analysis.zarr.zip")
SECOND = ANALYSIS.parents[1] / "second/analysis.zarr.zip"
ATTRIBUTES = {"stage": "analyse", "study": "demo", "experiment": "first", "scale": "smoke"}


def _make(value: float, path: Path = ANALYSIS) -> None:
    attributes = {**ATTRIBUTES, "experiment": path.parent.name}
    write(xr.Dataset({"loss": ("time", [value, value / 2])}, attrs=attributes), path)
    manifest.record([path], "analyse", {"study": "demo"}, "code")


def _value() -> float:
    return float(open_results(ANALYSIS)["loss"][0])


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"file://{tmp_path}/store"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with results."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    _make(1.0)
    return tmp_path / "here"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """Another machine, without."""
    (tmp_path / "there").mkdir()
    return tmp_path / "there"


def test_what_was_sent_is_fetched_elsewhere(
    address: str, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "results/smoke/.half.tmp").write_text("half-written")
    (here / "results/smoke/demo/first/old.zarr.zip.damaged").write_text("set aside")
    assert "sent 2 files" in mirror.transfer(address, "smoke", "push")
    assert "nothing to be sent" in mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    assert "fetched 2 files" in mirror.transfer(address, "smoke", "pull")
    assert _value() == 1.0
    assert manifest.read(ANALYSIS) == manifest.Record(
        manifest.demand_recorded(ANALYSIS), "analyse", {"study": "demo"}, "code"
    )
    assert "nothing to be fetched" in mirror.transfer(address, "smoke", "pull")
    assert open_results(f"{address}/{ANALYSIS}").identical(open_results(ANALYSIS))
    assert open_results(f"{address}/{ANALYSIS.parent}").identical(open_results(ANALYSIS))


def test_the_newer_side_wins_where_the_last_transfer_tells(
    address: str, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    mirror.transfer(address, "smoke", "pull")
    _make(2.0)
    assert "nothing to be fetched" in mirror.transfer(address, "smoke", "pull"), "what was made here stays"
    assert _value() == 2.0
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(here)
    mirror.transfer(address, "smoke", "pull")
    assert _value() == 2.0


def test_what_is_newer_in_the_store_is_not_replaced(
    address: str, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    mirror.transfer(address, "smoke", "pull")
    monkeypatch.chdir(here)
    _make(2.0)
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    _make(5.0, SECOND)
    said = mirror.transfer(address, "smoke", "push")
    assert "2 files are newer in the store: not sent" in said
    assert "sent 2 files" in said, "what was made here alone, with its record"
    monkeypatch.chdir(here)
    mirror.transfer(address, "smoke", "pull")
    assert _value() == 2.0
    monkeypatch.chdir(there)
    mirror.transfer(address, "smoke", "pull")
    assert _value() == 2.0, "a push that sends not all forgets nothing of the rest"


def test_two_results_without_a_common_past_are_not_sent_unasked(
    address: str, here: Path, there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    _make(3.0)
    stored = (tmp_path / "store" / ANALYSIS).read_bytes()
    with pytest.raises(UserError, match="other results are in the store") as refused:
        mirror.transfer(address, "smoke", "push")
    assert "pull first" in refused.value.remedy
    assert (tmp_path / "store" / ANALYSIS).read_bytes() == stored
    mirror.transfer(address, "smoke", "push", force=True)
    assert (tmp_path / "store" / ANALYSIS).read_bytes() == ANALYSIS.read_bytes()


def test_what_was_made_here_is_sent_after_pulls_that_found_nothing(
    address: str, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.transfer(address, "smoke", "push")
    _make(2.0)
    for _ in range(2):
        assert "nothing to be fetched" in mirror.transfer(address, "smoke", "pull")
    assert "sent 2 files" in mirror.transfer(address, "smoke", "push")


def test_what_is_known_of_one_store_says_nothing_of_another(
    address: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = f"{address}-backup"
    mirror.transfer(backup, "smoke", "push")
    _make(2.0)
    mirror.transfer(address, "smoke", "push")
    mirror.transfer(backup, "smoke", "pull")
    assert _value() == 2.0
    assert "sent 2 files" in mirror.transfer(backup, "smoke", "push"), "of the backup, too, the past is known"


def test_what_an_older_version_remembered_of_no_store_is_no_past(address: str, here: Path, tmp_path: Path) -> None:
    mirror.transfer(address, "smoke", "push")
    _make(2.0)
    now = mirror.local_files(Path("results/smoke"))
    for old in (now, [], {f"{address}/results/smoke": 3}):
        Path("results/smoke/.store.json").write_text(json.dumps(old))
        with pytest.raises(UserError, match="other results are here"):
            mirror.transfer(address, "smoke", "pull")
    assert _value() == 2.0


def test_results_of_unknown_age_stay(address: str, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    _make(3.0)
    with pytest.raises(UserError, match="other results are here"):
        mirror.transfer(address, "smoke", "pull")
    assert _value() == 3.0
    mirror.transfer(address, "smoke", "pull", force=True)
    assert _value() == 1.0


def test_what_was_changed_in_the_store_is_not_taken_and_is_sent_again(
    address: str, here: Path, there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.transfer(address, "smoke", "push")
    stored = tmp_path / "store" / ANALYSIS
    stored.write_bytes(stored.read_bytes()[:-1])
    assert mirror.compare(address, "smoke")[0].splitlines()[0] == f"{ANALYSIS}: changed in the store"
    monkeypatch.chdir(there)
    said = mirror.transfer(address, "smoke", "pull")
    assert f"{ANALYSIS}: damaged in the store" in said
    assert not ANALYSIS.exists()
    assert manifest.read(ANALYSIS) is None, "the record of a result that is not here would speak of another"
    monkeypatch.chdir(here)
    assert f"{ANALYSIS}: was changed in the store: sent again" in mirror.transfer(address, "smoke", "push")
    assert mirror.compare(address, "smoke")[1]


@pytest.mark.parametrize("lost", ["damaged", "gone"])
def test_what_nobody_can_fetch_is_made_again_and_sent(
    address: str, here: Path, there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    mirror.transfer(address, "smoke", "push")
    stored = tmp_path / "store" / ANALYSIS
    stored.unlink() if lost == "gone" else stored.write_bytes(b"damaged")
    monkeypatch.chdir(there)
    mirror.transfer(address, "smoke", "pull")
    _make(1.5)  # on another machine, in other bytes
    assert "sent 2 files" in mirror.transfer(address, "smoke", "push")
    assert stored.read_bytes() == ANALYSIS.read_bytes()


def test_an_old_result_is_not_sent_in_the_place_of_a_newer_one_that_is_damaged(
    address: str, here: Path, there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    mirror.transfer(address, "smoke", "pull")
    monkeypatch.chdir(here)
    _make(2.0)
    mirror.transfer(address, "smoke", "push")
    (tmp_path / "store" / ANALYSIS).write_bytes(b"damaged")
    monkeypatch.chdir(there)
    assert "not taken; what is here stays" in mirror.transfer(address, "smoke", "pull")
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(here)
    mirror.transfer(address, "smoke", "pull")
    assert _value() == 2.0


def test_a_transfer_that_was_killed_leaves_the_list_as_it_was(
    address: str, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.transfer(address, "smoke", "push")
    _make(2.0)
    _make(5.0, SECOND)
    with monkeypatch.context() as patched:
        patched.setattr(mirror.Store, "write", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        patched.setattr(mirror, "held", lambda *_: __import__("contextlib").nullcontext())
        with pytest.raises(KeyboardInterrupt):
            mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    assert "damaged in the store" in mirror.transfer(address, "smoke", "pull")
    assert not ANALYSIS.exists(), "new bytes under the old list are not taken"
    monkeypatch.chdir(here)
    mirror.transfer(address, "smoke", "push")
    monkeypatch.chdir(there)
    mirror.transfer(address, "smoke", "pull")
    assert _value() == 2.0


def test_one_writes_at_a_time(address: str, here: Path, tmp_path: Path) -> None:
    store = mirror.Store(address, "smoke")
    with mirror.held(store), pytest.raises(UserError, match="another run writes there"):
        mirror.transfer(address, "smoke", "push")
    writer = tmp_path / "store/results/smoke/writer.json"
    assert not writer.exists()
    writer.write_text(json.dumps({"host": socket.gethostname(), "pid": 2**22 + 1}))
    assert "sent" in mirror.transfer(address, "smoke", "push"), "the process that held it is gone"
    writer.write_text(json.dumps({"host": "elsewhere", "pid": 1, "since": "noon"}))
    with pytest.raises(UserError, match="process 1 on elsewhere, since noon"):
        mirror.transfer(address, "smoke", "push")


DEAD = {"host": socket.gethostname(), "pid": 2**22 + 1}
RIVAL = {"host": "elsewhere", "pid": 7, "since": "noon"}


def _left_by_a_dead_writer(tmp_path: Path) -> Path:
    writer = tmp_path / "store/results/smoke/writer.json"
    writer.parent.mkdir(parents=True)
    writer.write_text(json.dumps(DEAD))
    return writer


def test_a_writer_that_took_over_meanwhile_is_not_removed(
    address: str, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = _left_by_a_dead_writer(tmp_path)

    def judge(*_: object) -> bool:
        """The judgement takes its time: meanwhile, a rival that judged the same takes over."""
        writer.write_text(json.dumps(RIVAL))
        return False

    monkeypatch.setattr(mirror, "alive", judge)
    with (
        pytest.raises(UserError, match="another run writes there"),
        mirror.held(mirror.Store(address, "smoke")),
    ):
        pass
    assert json.loads(writer.read_text()) == RIVAL


def test_who_was_removed_while_taking_over_writes_nothing(
    address: str, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = _left_by_a_dead_writer(tmp_path)
    write = mirror.Store.write

    def slowly(store: mirror.Store, name: str, content: Mapping[str, Any], alone: bool = False) -> None:
        """A rival, which had judged the dead writer just before, removes the file that was just created."""
        write(store, name, content, alone)
        writer.write_text(json.dumps(RIVAL))

    monkeypatch.setattr(mirror.Store, "write", slowly)
    with (
        pytest.raises(UserError, match="process 7 on elsewhere, since noon"),
        mirror.held(mirror.Store(address, "smoke")),
    ):
        pass
    assert json.loads(writer.read_text()) == RIVAL


def test_the_end_of_a_run_removes_its_own_name_alone(address: str, here: Path, tmp_path: Path) -> None:
    writer = tmp_path / "store/results/smoke/writer.json"
    with mirror.held(mirror.Store(address, "smoke")):
        writer.write_text(json.dumps(RIVAL))
    assert json.loads(writer.read_text()) == RIVAL


def test_in_a_folder_one_alone_creates_a_file(
    address: str, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look before either writes: fsspec's own way to create a file in a folder looks, and then writes."""
    store = mirror.Store(address, "smoke")
    monkeypatch.setattr(store._system, "exists", lambda *_, **__: False)
    store.write("writer.json", DEAD, alone=True)
    with pytest.raises(FileExistsError):
        store.write("writer.json", RIVAL, alone=True)
    assert store.writer() == DEAD


FILE = {"sha256": "0", "size": 1, "tag": "1"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "no list of results"),
        ([], "no list of results"),
        (None, "no list of results"),
        ({"files": {}}, "no list of results"),
        ({"files": [], "records": {}}, "no list of results"),
        ({"files": {ANALYSIS.as_posix(): {"size": 1, "tag": "1"}}, "records": {}}, "does not say sha256, size, tag of"),
        ({"files": {ANALYSIS.as_posix(): {**FILE, "size": "1"}}, "records": {}}, "does not say sha256, size, tag of"),
        ({"files": {ANALYSIS.as_posix(): "0"}, "records": {}}, "does not say sha256, size, tag of"),
        ({"files": {"results/smoke/": FILE}, "records": {}}, "outside the scale"),
        ({"files": {ANALYSIS.as_posix(): FILE}, "records": {ANALYSIS.as_posix(): {}}}, "by which rule"),
        ({"files": {ANALYSIS.as_posix(): FILE}, "records": {ANALYSIS.as_posix(): 0}}, "by which rule"),
    ],
)
def test_a_list_of_another_form_is_refused(address: str, here: Path, tmp_path: Path, content: Any, said: str) -> None:
    index = tmp_path / "store/results/smoke/index.json"
    index.parent.mkdir(parents=True)
    index.write_text(json.dumps(content))
    for verb in ("pull", "push"):
        with pytest.raises(UserError, match=said):
            mirror.transfer(address, "smoke", verb)
    with pytest.raises(UserError, match=said):
        mirror.compare(address, "smoke")
    assert json.loads(index.read_text()) == content


def test_a_list_that_leads_out_of_the_scale_is_refused(address: str, here: Path, tmp_path: Path) -> None:
    index = tmp_path / "store/results/smoke/index.json"
    index.parent.mkdir(parents=True)
    for name in ("results/laptop/claims.json", "results/smoke/../../Snakefile", "/etc/passwd", "results/smoke/.lease"):
        index.write_text(json.dumps({"files": {name: {"sha256": "0", "size": 1, "tag": "1"}}, "records": {}}))
        with pytest.raises(UserError, match="outside the scale"):
            mirror.transfer(address, "smoke", "pull")


@pytest.mark.parametrize(
    ("address", "said"),
    [("nowhere://bucket", "not known"), ("file:///does/not/exist", "nothing at this address")],
)
def test_what_is_not_there_is_said(address: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_results(f"{address}/results/smoke/demo/first")


def test_buckets_of_two_servers_are_two_stores() -> None:
    """Buckets of one name share no past; folders do not have a server."""
    one, other = ({"AWS_ENDPOINT_URL": f"http://{name}:9000/"} for name in ("one", "other"))
    names = {mirror.remembered_as("s3://bucket/results/laptop", place) for place in (one, other, {})}
    assert names == {
        "s3://bucket/results/laptop",
        "s3://bucket/results/laptop at http://one:9000",
        "s3://bucket/results/laptop at http://other:9000",
    }
    own = {**one, "AWS_ENDPOINT_URL_S3": "http://own:1"}
    assert mirror.remembered_as("s3://bucket/results/laptop", own).endswith(" at http://own:1")
    assert mirror.remembered_as("/disk/results/laptop", one) == "/disk/results/laptop"
